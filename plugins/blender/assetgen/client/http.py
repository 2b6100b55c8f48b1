"""Requests to the local assetgen server. Its address comes from the state file, read for each request."""

import hashlib
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from .trouble import Changed, Gone, NoServer, OtherApi, Trouble

API = "/api/v1"
NEEDED = (1, 1)
"""The version of the API that this extension was written for: the same major, at least this minor."""
NAME = "blender"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PATIENCE = 15.0
"""Timeout in seconds, added to the duration of a long poll."""
UPLOAD_PATIENCE = 120.0


@dataclass(frozen=True)
class State:
    """The content of the state file."""

    url: str
    token: str
    pid: int
    version: str


@dataclass(frozen=True)
class Status:
    """What a server reports of itself. Only `api` (major, minor) is compared; `version` is displayed."""

    version: str
    api: tuple[int, int]

    @property
    def is_older(self) -> bool:
        """Everything of the older API works, what is newer does not."""
        return self.api < NEEDED


def usual_place() -> Path:
    """The default path of the server's state file."""
    if sys.platform == "win32":
        return (
            Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local")) / "Temp/assetgen/assetgen/server.json"
        )
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/TemporaryItems/assetgen/server.json"
    known = (os.environ.get("XDG_RUNTIME_DIR"), f"/run/user/{os.getuid()}")
    own = next((folder for folder in known if folder and Path(folder).is_dir() and os.access(folder, os.W_OK)), None)
    return Path(own or f"/tmp/runtime-{os.getuid()}", "assetgen/server.json")


def read_state(state_path: Path) -> State:
    """Address and token. Raises `NoServer` if the file is missing, `Trouble` if the address is not local."""
    try:
        if hasattr(os, "getuid") and state_path.stat().st_uid not in (os.getuid(), 0):
            raise PermissionError(13, "it belongs to another user")
        stored = json.loads(state_path.read_text(encoding="utf-8"))
        state = State(str(stored["url"]), str(stored["token"]), int(stored["pid"]), str(stored["version"]))
    except FileNotFoundError as error:
        raise NoServer() from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Trouble(
            f"The state file {state_path} cannot be read.", "Restart the server: it writes the file anew."
        ) from error
    address = urllib.parse.urlsplit(state.url)
    if address.scheme != "http" or address.hostname not in LOOPBACK:
        cure = "Only a server on this computer is used: set its state file in the preferences."
        raise Trouble(f"The state file {state_path} points to another computer: {state.url}.", cure)
    return state


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Refuse redirects, which could leak the token."""

    def redirect_request(self, *words: Any) -> None:
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


@dataclass(frozen=True)
class Server:
    """The server of a state file; the process may change between requests."""

    state_path: Path

    def ask(self, method: str, path: str, body: Any = None, patience: float = PATIENCE) -> Any:
        """Send a request and return the JSON response. Raises `NoServer`, `Gone` or `Trouble`."""
        data = None if body is None else json.dumps(body).encode()
        return _json(self._send(method, path, data, "application/json", patience))

    def handshake(self, patience: float = PATIENCE) -> Status:
        """The server's status. Raises `NoServer`, or `OtherApi` if its API has another major version."""
        try:
            reply = self.ask("GET", "/status", patience=patience)
        except Gone as error:
            if error.is_slow:
                raise
            raise NoServer() from error
        except Trouble as error:
            if error.status != 404:
                raise
            reply = None
        needed = ".".join(map(str, NEEDED))
        if not isinstance(reply, dict) or reply.get("name") != "assetgen":
            raise OtherApi("2.0 or newer, or belongs to another program", needed)
        api = _api_of(str(reply.get("api", "1.0")))
        if api[0] != NEEDED[0]:
            raise OtherApi(".".join(map(str, api)), needed)
        return Status(str(reply.get("version", "?")), api)

    def project(self, folder: Path) -> str:
        """The id of a folder as a project, whose history is kept together. Raises `Trouble`."""
        return str(self.ask("POST", "/projects", {"path": str(folder)})["id"])

    def upload(self, data: bytes, name: str) -> str:
        """Upload an image or a mesh; returns its id for `inputs`."""
        path = f"/uploads?name={urllib.parse.quote(name)}"
        return str(_json(self._send("POST", path, data, "application/octet-stream", UPLOAD_PATIENCE))["id"])

    def thumbnail(self, preset: str) -> bytes:
        """The thumbnail of a preset, a PNG. Raises `Trouble` with status 404 if it has none."""
        return self._send("GET", f"/presets/{urllib.parse.quote(preset)}/thumbnail", None, "", PATIENCE)

    def preview(self, job: str, number: int, to: Path) -> None:
        """Download a variation as it is after the last sampler steps. Raises `Trouble` with status 404 without one."""
        save(self._send("GET", f"/jobs/{job}/previews/{number}", None, "", PATIENCE), to)

    def download(self, job: str, file: dict[str, Any], to: Path) -> None:
        """Download one file of a job atomically. Raises `Changed` if the server does not have this file any more."""
        path = f"/jobs/{job}/files/{urllib.parse.quote(file['path'])}"
        try:
            data = self._send("GET", path, None, "", UPLOAD_PATIENCE)
        except Trouble as trouble:
            if trouble.status == 404:
                raise Changed(to.name) from trouble
            raise
        if hashlib.sha256(data).hexdigest() != file["sha256"]:
            raise Changed(to.name)
        save(data, to)

    def _send(self, method: str, path: str, data: bytes | None, kind: str, patience: float) -> bytes:
        state = read_state(self.state_path)
        headers = {"Authorization": f"Bearer {state.token}", "X-Assetgen-Client": NAME}
        if data is not None:
            headers["Content-Type"] = kind
        request = urllib.request.Request(f"{state.url}{API}{path}", data, headers, method=method)
        try:
            with _opener.open(request, timeout=patience) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise _trouble(error.code, error.read(), state, self.state_path) from error
        except (HTTPException, OSError) as error:
            gone = Gone()
            gone.is_slow = isinstance(getattr(error, "reason", error), TimeoutError)
            raise gone from error


def save(data: bytes, to: Path) -> None:
    """Write a file atomically, with its folder. Raises `Trouble`."""
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        part = to.with_name(f".{to.name}.part")
        part.write_bytes(data)
        part.replace(to)
    except OSError as error:
        cure = "Make room there or check the permissions, or choose another folder in the preferences."
        raise Trouble(f"{to} cannot be written ({error.strerror}).", cure) from error


def _api_of(text: str) -> tuple[int, int]:
    major, _, minor = text.partition(".")
    return (int(major), int(minor or 0)) if major.isdigit() and minor.isdigit() else (0, 0)


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise Trouble("The server's address belongs to another program.", "Restart the server.") from error


def _trouble(status: int, body: bytes, state: State, state_path: Path) -> Trouble:
    """The error that the server reports."""
    try:
        reply = json.loads(body)["error"]
        what, cure = str(reply["what"]), str(reply["cure"])
    except (ValueError, TypeError, KeyError):
        what, cure = f"The server responds with status {status} without details.", "Restart the server."
    if status in (401, 403):
        what = f"The server at {state.url} does not accept the token in {state_path}."
        cure = f"End that server (process {state.pid}), then press Start Server: it writes the file anew."
    return Trouble(sentence(what), sentence(cure), status)


def sentence(words: str) -> str:
    """An error text of the server as a complete sentence."""
    words = words.strip()
    return words and words[:1].upper() + words[1:] + ("" if words.endswith((".", "?", "!", "`", '"')) else ".")

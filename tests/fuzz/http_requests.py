"""Raw HTTP requests to a server: every error is JSON, no status is 500, and `/status` answers after each case.

Requests hold the placeholders `HOST`, `TOKEN`, `PROJECT`, `JOB`, `UPLOAD` and
`LENGTH`, that of the body.
"""

import contextlib
import json
import re
import select
import socket
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from cases import SERVED, Defect, write_files
from hypothesis import strategies as st
from mutations import TEXTS, Files, mutated_bytes, mutated_trees

from assetgen.machine import Machine
from assetgen.pixels.image_files import encode_png
from assetgen.server.background import serve_in_background
from assetgen.server.run import Server
from assetgen.server.state import read_state
from assetgen.store.store import Store

_RUNNING = contextlib.ExitStack()
"""Holds the server until the process ends."""
_PATIENCE = 20.0
"""Seconds until an answer must be complete."""
_PAUSE = 0.5
"""Seconds until a request without an answer is ended: it is not complete."""
_PROJECT: Files = {
    "art/pack.yaml": b"pack: art\ntarget: art\nassets: {tree: {preset: tiny, prompt: a tree}, b: {preset: tiny}}\n",
    "art/tiny.yaml": b"preset: tiny\nuse: sprite\nsource: {fake: {size: [8, 8]}}\n",
}
_PIXELS = encode_png(np.zeros((8, 8, 3), np.uint8))
_MAKE = {"kind": "make", "preset": "pixel_sprite", "prompt": "a dragon", "negative": "x", "model": "mini", "count": 1,
         "seed": 3, "settings": {"pixelate": {"colors": 8}}, "inputs": {"fake.image": "UPLOAD"}, "engine": "plain",
         "draft": True, "project": "PROJECT"}  # fmt: skip
_OF_PACK = {"project": "PROJECT", "pack": "art", "only": "*"}
_BODIES: tuple[tuple[str, Any], ...] = (
    ("/jobs", _MAKE),
    ("/jobs", {"kind": "post", "steps": ["cutout", {"trim": {"padding": 1}}], "upload": "UPLOAD"}),
    ("/jobs", {"kind": "build", **_OF_PACK, "locked": False, "update": "tree", "draft": True, "overwrite": False}),
    ("/jobs", {"kind": "candidates", **_OF_PACK, "count": 1}),
    ("/jobs", {"kind": "pick", "project": "PROJECT", "pack": "art", "asset": "tree", "number": 1}),
    ("/jobs", {"kind": "check", "project": "PROJECT", "pack": "art"}),
    ("/projects", {"path": "/tmp"}),
)
_PATHS = (
    "/status",
    "/presets",
    "/presets/pixel_sprite",
    "/presets/pixel_sprite/thumbnail",
    "/models",
    "/parts",
    "/projects",
    "/jobs",
    "/jobs?limit=5",
    "/jobs/JOB",
    "/jobs/JOB?after=1&wait=0",
    "/jobs/JOB/files/a.png",
    "/nothing",
    "/presets?project=PROJECT",
    "/presets/tiny?project=PROJECT",
    "/../openapi.json",
)
_METHODS = ("GET", "POST", "DELETE", "PUT", "HEAD", "OPTIONS", "TRACE", "PATCH", "get", "\x7f")
_HEADERS = (
    "Content-Length: 5",
    "Content-Length: -1",
    "Content-Length: 99999999999999999999",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip",
    "Expect: 100-continue",
    "Host: evil.example",
    "Origin: null",
    "Content-Type: text/plain",
    "Content-Encoding: gzip",
    "If-None-Match: *",
    "Range: bytes=0-1",
    "X-Client: \u00e9\u202e",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "X: " + "a" * 70_000,
    "Authorization: Bearer x",
    "Cookie: a=b",
    "X-Assetgen-Client: x",
    ": x",
)
_WORDS = (
    "make",
    "post",
    "build",
    "check",
    "tiny",
    "fake",
    "image",
    "size",
    "PROJECT",
    "JOB",
    "UPLOAD",
    "art",
    "godot",
    "cutout",
)
_EXPECTED = (b"501", b"503")
"""An unknown transfer encoding, and a job whose weights are not installed."""
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


@dataclass(frozen=True)
class _Served:
    """The address of the server of this process, and what the placeholders stand for."""

    port: int
    words: dict[bytes, bytes]


def _request(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"{method} /api/v1{path} HTTP/1.1", "Host: HOST", "Authorization: Bearer TOKEN", *headers]
    lines += ["Content-Length: LENGTH"] if body else []
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("utf-8", "replace") + body


def _post(path: str, tree: Any) -> bytes:
    return _request("POST", path, "Content-Type: application/json", body=json.dumps(tree).encode())


@st.composite
def _requests(draw: st.DrawFn) -> bytes:
    match draw(st.sampled_from(("json", "json", "json", "get", "upload", "raw"))):
        case "json":
            path, tree = draw(st.sampled_from(_BODIES))
            changed = draw(mutated_trees(tree, _WORDS))
            if tree is _MAKE and isinstance(changed, dict):
                changed["draft"] = True  # without the model, whose import takes longer than a case may
            return _post(path, changed)
        case "get":
            path = draw(st.sampled_from(_PATHS)) + draw(
                st.sampled_from(("", "", "?x=%00", "?wait=nan", "?limit=-1", "/%2e%2e"))
            )
            headers = draw(st.lists(st.sampled_from(_HEADERS), max_size=2))
            return _request(draw(st.sampled_from(_METHODS)), path, *headers)
        case "upload":
            name = draw(
                st.sampled_from(("a.png", "a.glb", "a.obj", "%00.png", "..%2fa.png", "a.exe", "%ff.png", "a" * 300))
            )
            return _request("POST", f"/uploads?name={name}", body=draw(mutated_bytes(_PIXELS)))
    path, tree = draw(st.sampled_from(_BODIES))
    return draw(mutated_bytes(draw(st.sampled_from((_request("GET", "/jobs"), _post(path, tree))))))


def cases() -> st.SearchStrategy[Files]:
    """Up to three requests, each on its own connection."""
    return st.lists(_requests(), min_size=1, max_size=3).map(
        lambda found: {f"{number}.http": data for number, data in enumerate(found)}
    )


def known() -> list[Files]:
    """Each kind of request, and cases that failed once. Starts the server, before the first case."""
    _served()
    texts = [_post("/jobs", {**_MAKE, "prompt": text}) for text in TEXTS]
    whole = [_post(path, tree) for path, tree in _BODIES] + [_request("GET", path) for path in _PATHS]
    broken = [_request("GET", "/jobs", header) for header in _HEADERS] + [
        b"\0\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01",
    ]
    return [{"0.http": data} for data in (*whole, *broken, *texts)]


@cache
def _served() -> _Served:
    """Start the server of this process, with an opened project, an upload and a finished job."""
    root = Path(tempfile.mkdtemp(prefix=SERVED))
    write_files(root / "game", _PROJECT)
    machine = Machine(Store(root / "store"), root)
    state_file = root / "run/server.json"
    _RUNNING.enter_context(serve_in_background(Server(state_file, root / "data", machine)))
    state = read_state(state_file)
    assert state
    port = int(state.url.rpartition(":")[2])
    served = _Served(port, {b"HOST": f"127.0.0.1:{port}".encode(), b"TOKEN": state.token.encode()})
    made = {
        b"PROJECT": _post("/projects", {"path": str(root / "game")}),
        b"UPLOAD": _request("POST", "/uploads?name=a.png", body=_PIXELS),
        b"JOB": _post("/jobs", {"kind": "make", "preset": "pixel_sprite", "prompt": "x", "draft": True}),
    }
    for word, request in made.items():
        answer = _answer(served, request)
        assert b'"id"' in answer, answer
        served.words[word] = json.loads(_body(answer))["id"].encode()
    return served


def _answer(served: _Served, request: bytes, *, complete: bool = True) -> bytes:
    """The whole response. Raises `Defect` where it does not come in time. A request that may not be complete is ended
    after `_PAUSE`; it may have no response."""
    for word, value in served.words.items():
        request = request.replace(word, value)
    request = request.replace(b"LENGTH", str(len(request.partition(b"\r\n\r\n")[2])).encode())
    with socket.create_connection(("127.0.0.1", served.port), timeout=_PATIENCE) as wire:
        try:
            wire.sendall(request)
            if not complete and not select.select([wire], [], [], _PAUSE)[0]:
                wire.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: wire.recv(65_536), b""))
        except TimeoutError as error:
            raise Defect(f"no answer within {_PATIENCE:.0f} seconds") from error
        except ConnectionError:  # the server closes what is no HTTP
            return b""


def _body(response: bytes) -> bytes:
    head, _, body = response.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head.lower():
        return b"".join(part.partition(b"\r\n")[2] for part in re.split(rb"\r\n(?=[0-9a-f]+\r\n)", b"\r\n" + body))
    return body


def check(root: Path) -> None:
    """Send the requests; look at each answer and at the jobs that they started."""
    served = _served()
    for path in sorted(root.glob("*.http")):
        _judge(served, path.read_bytes(), _answer(served, path.read_bytes(), complete=False))
    if not _answer(served, _request("GET", "/status")).startswith(b"HTTP/1.1 200"):
        raise Defect("the server does not answer /status")


def _judge(served: _Served, request: bytes, response: bytes) -> None:
    if not response:
        return
    status = _STATUS.match(response)
    if not status:
        raise Defect(f"this is no HTTP response: {response[:200]!r}")
    if int(status[1]) >= 500 and status[1] not in _EXPECTED:
        raise Defect(f"status {status[1].decode()}: {response[:600]!r}")
    if int(status[1]) >= 400 and not request.startswith(b"HEAD"):
        error = json.loads(_body(response))["error"]
        if set(error) != {"what", "where", "cure"} or not error["what"]:
            raise Defect(f"an error of another form: {error}")
    if status[1] == b"202":
        _wait_for_job(served, json.loads(_body(response))["id"])


def _wait_for_job(served: _Served, id: str) -> None:
    """Cancel a job after a while; it must not have crashed."""
    until = time.monotonic() + 1.0
    while not (state := json.loads(_body(_answer(served, _request("GET", f"/jobs/{id}?wait=0.2")))))["ended"]:
        if time.monotonic() > until:
            _answer(served, _request("DELETE", f"/jobs/{id}"))
            return
        time.sleep(0.01)
    if state["error"] and state["error"]["cure"] == "Report it":
        raise Defect(state["error"]["what"])

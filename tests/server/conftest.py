"""A real server on loopback, and a client of it that uses the standard library only."""

import json
import os
import secrets
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from assetgen.machine import Machine
from assetgen.server.background import serve_in_background
from assetgen.server.run import Server
from assetgen.server.state import ServerState, read_state
from assetgen.store.store import Store

DRAWING = 'preset: drawing\nuse: sprite\nsource: {fake: {prompt: "{prompt}", size: [16, 16]}}\n'
MAKE = {"kind": "make", "preset": "pixel_sprite", "prompt": "a red dragon", "draft": True}
PATIENCE = 240.0
"""Seconds without any change, on a busy machine."""


@dataclass(frozen=True)
class Response:
    """A response of the server."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        return self.json["error"]


@dataclass(frozen=True)
class Client:
    """Sends requests as a plugin does."""

    state: ServerState
    headers: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        """One request. Keywords are headers, `_` for `-`; an empty one is left out."""
        values = {"Authorization": f"Bearer {self.state.token}", **self.headers}
        values |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if data is not None:
            values.setdefault("Content-Type", "application/json")
        url = path if path.startswith("http") else f"{self.state.url}{'' if path[1:5] == 'open' else '/api/v1'}{path}"
        sent = {name: value for name, value in values.items() if value}
        request = urllib.request.Request(url, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:
                return Response(response.status, response.read(), dict(response.headers))
        except urllib.error.HTTPError as error:
            with error:
                return Response(error.code, error.read(), dict(error.headers))

    def get(self, path: str, **headers: str) -> Any:
        response = self.request("GET", path, **headers)
        assert response.status == 200, response.body
        return response.json

    def job(self, **request: Any) -> Any:
        """A job in the queue."""
        response = self.request("POST", "/jobs", request)
        assert response.status == 202, response.body
        return response.json

    def wait(self, job: Any, done: Callable[[Any], object] | None = None, patience: float = PATIENCE) -> Any:
        """The job's state once it has ended or `done` is true. Fails after `patience` seconds without a change."""
        done = done or (lambda state: state["ended"])
        until, after = time.monotonic() + patience, 0
        while time.monotonic() < until:
            state = self.get(f"/jobs/{job['id']}?after={after}&wait=5")
            until = time.monotonic() + patience if state["seq"] > after else until
            after = state["seq"]
            if done(state):
                return self.get(f"/jobs/{job['id']}")
        raise TimeoutError(str(state))

    def make(self, **more: Any) -> Any:
        """A finished draft of a dragon."""
        return self.wait(self.job(**{**MAKE, **more}))

    def upload(self, data: bytes, name: str) -> Response:
        return self.request("POST", f"/uploads?name={name}", data, Content_Type="application/octet-stream")

    def open(self, folder: Path) -> str:
        response = self.request("POST", "/projects", {"path": str(folder)})
        assert response.status == 200, response.body
        return str(response.json["id"])


def ours() -> set[threading.Thread]:
    """The threads of running servers."""
    return {thread for thread in threading.enumerate() if thread.name.startswith("assetgen")}


@contextmanager
def serving(root: Path, folder: Path | None = None, **more: Any) -> Iterator[Client]:
    """A server in a thread, with its files below `root`, or its data in `folder`."""
    path = root / "run" / "server.json"
    machine = Machine(Store(root / "store"), root)
    before = ours()
    with serve_in_background(Server(path, folder or root / "data", machine, **more)):
        state = read_state(path)
        assert state
        yield Client(state)
    assert ours() <= before


@pytest.fixture
def serve(tmp_path: Path) -> Callable[..., Any]:
    """Starts servers, one after the other, on the same data."""
    return lambda **more: serving(tmp_path, **more)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """A client of a running server."""
    with serving(tmp_path) as client:
        yield client


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of one server for all tests of a file, which leave no state behind."""
    before = dict(os.environ)
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path_factory.mktemp("config"))
    with serving(tmp_path_factory.mktemp("shared")) as client:
        yield client
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def slow() -> Callable[..., Path]:
    """Writes a project whose pack has so many drawings that its build takes a while, and more with each name."""

    def write(folder: Path, count: int = 60, name: str = "pack", side: int = 512) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        preset = f"preset: slow\nuse: picture\nsource: {{fake: {{prompt: '{{prompt}}', size: [{side}, {side}]}}}}\n"
        (folder / "slow.yaml").write_text(preset)
        assets = "".join(f"  {name}_{n}: {{preset: slow, prompt: x{secrets.token_hex(4)}}}\n" for n in range(count))
        (folder / f"{name}.pack.yaml").write_text(f"pack: {name}\ntarget: {name}\nassets:\n{assets}")
        return folder

    return write


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the pack `art` of two drawings that need no model."""
    folder = tmp_path / "my game"
    (folder / "art").mkdir(parents=True)
    (folder / "art" / "drawing.yaml").write_text(DRAWING)
    pack = (
        "pack: art\ntarget: art\nassets: {tree: {preset: drawing, prompt: a tree}, rock: {preset: drawing, prompt: r}}"
    )
    (folder / "art" / "pack.yaml").write_text(pack)
    return folder


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], Client]]]:
    """Starts `assetgen serve` (or another command) as a process, which is killed at the end."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, command: str = "serve") -> tuple[subprocess.Popen[str], Client]:
        path = tmp_path / "server.json"
        before = read_state(path)
        line = [sys.executable, "-m", "assetgen.cli", command, "--state", str(path)]
        line += ["--store", str(tmp_path / "store"), *arguments]
        process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        started.append(process)
        until = time.monotonic() + PATIENCE
        while not (state := read_state(path)) or state == before:
            assert process.poll() is None and time.monotonic() < until, process.communicate()
            time.sleep(0.02)
        return process, Client(state)

    yield start
    for process in started:
        process.kill()
        process.communicate()

"""A local server that speaks the part of the Hugging Face hub's HTTP API that downloads use."""

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_LFS = (".safetensors", ".bin", ".pth")


@dataclass
class FakeHub:
    """Repositories (name → path → content) at one commit. `gated` ones refuse their files.

    `broken` holds the bytes that are sent of a file before its connection is closed, once for each entry; `damaged`
    files arrive as zeros. Of `stalled` files half is sent, until `released` is set. `requests` collects method, path
    and range of every request.
    """

    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    broken: dict[str, list[int]] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)
    stalled: set[str] = field(default_factory=set)
    released: threading.Event = field(default_factory=threading.Event)
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    url: str = ""

    def downloaded(self) -> list[str]:
        """The paths of the files whose content was requested."""
        return [
            path.partition(f"/{COMMIT}/")[2]
            for method, path, _ in self.requests
            if method == "GET" and "/resolve/" in path
        ]


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.hub.requests.append((self.command, self.path, self.headers.get("Range", "")))
        tree = re.fullmatch(r"/api/models/(\w+/[\w-]+)/tree/(\w+)\?.*", self.path)
        file = re.fullmatch(r"/(\w+/[\w-]+)/resolve/(\w+)/(.+)", self.path)
        found = tree or file
        if found is None or found[1] not in self.hub.repositories:
            self.answer(401, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif found[2] != COMMIT:
            self.answer(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        elif tree:
            self.answer(200, json.dumps(list(map(self.entry, self.hub.repositories[tree[1]].items()))).encode(), {})
        elif file:
            self.send_file(file[1], file[3])

    def entry(self, item: tuple[str, bytes]) -> Mapping[str, object]:
        path, data = item
        lfs = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
        known = {"type": "file", "path": path, "size": len(data), "oid": git_blob(data)}
        return {**known, "lfs": lfs} if path.endswith(_LFS) else known

    def send_file(self, repository: str, path: str) -> None:
        if repository in self.hub.gated:
            self.answer(403, b"{}", {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted"})
            return
        data = self.hub.repositories[repository].get(path)
        if data is None:
            self.answer(404, b"{}", {"X-Error-Code": "EntryNotFound"})
            return
        etag = hashlib.sha256(data).hexdigest() if path.endswith(_LFS) else git_blob(data)
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT}
        if path in self.hub.damaged and self.command == "GET":
            data = bytes(len(data))
        first = int((re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")) or ["", 0])[1])
        if first:
            headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
        if path in self.hub.stalled and self.command == "GET":
            self.send_half(data, headers)
            return
        cut = self.hub.broken.get(path, []) if self.command == "GET" else []
        self.answer(206 if first else 200, data[first:], headers, cut.pop(0) if cut else None)

    def send_half(self, data: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(200)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])
        self.wfile.flush()
        self.hub.released.wait(60)
        self.close_connection = True

    def answer(self, status: int, body: bytes, headers: Mapping[str, str], cut: int | None = None) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[:cut])
        self.close_connection = cut is not None

    def log_message(self, format: str, *args: object) -> None:
        pass


def git_blob(data: bytes) -> str:
    """The id that git gives a file."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def weights(size: int = 4) -> bytes:
    """A safetensors file with one tensor of `size` bytes."""
    header = json.dumps({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    return len(header).to_bytes(8, "little") + header + os.urandom(size)


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    """A hub with a model in diffusers layout, with files that no build needs, a control network and a LoRA."""
    index = {
        "_class_name": "StableDiffusionPipeline",
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
    }
    model = {
        "model_index.json": json.dumps(index).encode(),
        "README.md": b"# Model",
        "model.safetensors": weights(),
        "unet/config.json": b'{"of": "unet"}',
        "unet/diffusion_pytorch_model.safetensors": weights(3000),
        "unet/diffusion_pytorch_model.fp16.safetensors": weights(2000),
        "unet/diffusion_pytorch_model.non_ema.safetensors": weights(),
        "unet/diffusion_pytorch_model.bin": b"pickle",
        "vae/config.json": b'{"of": "vae"}',
        "vae/diffusion_pytorch_model.safetensors": weights(),
        "vae/diffusion_pytorch_model.fp16.safetensors": weights(),
        "vae/sd_vae.safetensors": weights(),
        "vae_decoder/model.onnx": b"onnx",
        "tokenizer/vocab.json": b'{"a": 0}',
        "tokenizer/merges.txt": b"#version: 0.2",
        "safety_checker/config.json": b'{"of": "safety_checker"}',
        "safety_checker/model.fp16.safetensors": weights(),
    }
    control = {"config.json": b"{}", "diffusion_pytorch_model.fp16.safetensors": weights(), "notes.md": b""}
    lora = {"style.safetensors": weights(), "other.safetensors": weights()}
    fake = FakeHub({"maker/model": model, "maker/control": control, "maker/lora": lora})
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": fake}))
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield fake
    server.shutdown()
    thread.join()
    server.server_close()


CARD = f"""
model: own
family: stable_diffusion
weights: {{hub: maker/model, revision: {COMMIT}, variant: fp16}}
licence: Apache-2.0
native: [64, 64]
loras: [{{hub: maker/lora, revision: {COMMIT}, file: style.safetensors, licence: MIT}}]
controls: {{depth: {{weights: {{hub: maker/control, revision: {COMMIT}, variant: fp16}}, licence: MIT}}}}
"""
Get = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path, hub: FakeHub) -> Start:
    """Start `assetgen COMMAND --pack tmp_path …` as a program that uses the local hub.

    `tmp_path/models/own.yaml` is the card of its model; the command is `models get own` by default.
    """
    (tmp_path / "models").mkdir()
    (tmp_path / "models/own.yaml").write_text(CARD)

    def run(
        *arguments: str,
        command: tuple[str, ...] = ("models", "get", "own"),
        stdin: int = subprocess.DEVNULL,
        **variables: str,
    ) -> object:
        mine = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "NO_COLOR": "1", **variables}
        words = [sys.executable, "-m", "assetgen.cli", *command, "--pack", str(tmp_path), *arguments]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("HF_")} | mine
        pipes = {"stdin": stdin, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(words, env=environment, text=True, **pipes)  # type: ignore[call-overload]

    return run  # type: ignore[return-value]


@pytest.fixture
def get(start: Start) -> Get:
    """Run the same command to its end."""

    def run(*arguments: str, **options: str) -> subprocess.CompletedProcess[str]:
        program = start(*arguments, **options)
        out, err = program.communicate(timeout=120)
        return subprocess.CompletedProcess(program.args, program.returncode, out, err)

    return run

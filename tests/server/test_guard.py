"""Unauthorized and malformed requests: the right status, an error message, and a server that keeps running."""

import contextlib
import http.client
import io
import json
import os
import socket
import struct
import threading
import time
import zipfile
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import trimesh
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from assetgen.pack.inbox import IMAGE_SUFFIXES, MESH_SUFFIXES
from assetgen.pixels.image_files import encode_png
from assetgen.server.uploads import UNREADABLE

CUBE = next((Path(__file__).parents[2] / "examples" / "dungeon").rglob("*.glb"))

MAKE = {"kind": "make", "preset": "pixel_sprite", "prompt": "a red dragon", "draft": True}


def connected(client: Any) -> socket.socket:
    url = urlsplit(client.state.url)
    return socket.create_connection((url.hostname, url.port), timeout=30)


def raw(client: Any, text: bytes) -> bytes:
    """The response to raw bytes."""
    with connected(client) as wire:
        wire.sendall(text)
        return b"".join(iter(lambda: wire.recv(65536), b""))


def head(client: Any, method: str, path: str, *lines: str) -> bytes:
    host = urlsplit(client.state.url).netloc
    head = [f"{method} {path} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {client.state.token}", *lines]
    return "\r\n".join([*head, "Connection: close", "", ""]).encode()


def test_status_alone_answers_without_a_token(shared: Any) -> None:
    assert set(shared.request("GET", "/status", Authorization="").json) == {"name", "version", "api"}


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic abc", "Bearer é", "TOKEN"])
@pytest.mark.parametrize("path", ["/jobs", "/presets", "/openapi.json", "/nothing"])
def test_all_other_paths_need_the_token(shared: Any, header: str, path: str) -> None:
    response = shared.request("GET", path, Authorization=header.replace("TOKEN", shared.state.token))
    assert response.status == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.error["cure"]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:PORT", "127.0.0.1", "127.0.0.1:1", "localhost.evil:PORT"]
)
def test_another_host_is_rejected(shared: Any, host: str) -> None:
    port = str(urlsplit(shared.state.url).port)
    assert shared.request("GET", "/jobs", Host=host.replace("PORT", port)).status == 403
    assert shared.request("GET", "/status", Host=host.replace("PORT", port)).status == 403


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])
def test_loopback_hosts_and_their_pages_are_accepted(shared: Any, name: str) -> None:
    host = f"{name}:{urlsplit(shared.state.url).port}"
    response = shared.request("GET", "/jobs", Host=host, Origin=f"http://{host}")
    assert response.status == 200
    assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "file://"])
def test_pages_of_other_origins_are_rejected(shared: Any, origin: str) -> None:
    assert shared.request("GET", "/jobs", Origin=origin).status == 403
    assert shared.request("OPTIONS", "/jobs", Origin=origin, Access_Control_Request_Method="POST").status == 403


@pytest.mark.slow
def test_a_body_of_a_gigabyte_is_rejected(shared: Any) -> None:
    response = raw(shared, head(shared, "POST", "/api/v1/jobs", "Content-Length: 1000000000") + b"x" * 100_000)
    assert response.startswith(b"HTTP/1.1 413")
    assert json.loads(response.partition(b"\r\n\r\n")[2])["error"]["what"] == "the body is larger than 1 MB"


@pytest.mark.parametrize(("path", "limit"), [("/api/v1/jobs", 1), ("/api/v1/uploads?name=a.png", 64)])
def test_a_body_without_a_length_is_counted(shared: Any, path: str, limit: int) -> None:
    url = urlsplit(shared.state.url)
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=30)
    headers = {"Authorization": f"Bearer {shared.state.token}"}
    connection.request("POST", path, (b"x" * 1_000_000 for _ in range(limit + 30)), headers, encode_chunked=True)
    response = connection.getresponse()
    assert (response.status, json.loads(response.read())["error"]["what"]) == (
        413,
        f"the body is larger than {limit} MB",
    )
    connection.close()


def test_a_large_body_is_not_held_in_memory(daemon: Any) -> None:
    process, client = daemon()
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        pytest.skip("needs /proc")
    memory = lambda: int(status.read_text().partition("VmHWM:")[2].split()[0])  # noqa: E731
    client.upload(b"x", "a.png")
    before = memory()
    assert client.upload(b"x" * 60_000_000, "a.png").status == 422
    assert client.upload(b"x" * 90_000_000, "a.png").status == 413
    assert memory() - before < 150_000  # kB: the decoder reads a picture as a whole, once


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"kind": "make"', b"[" * 100_000, b'{"kind": NaN}', b"1" * 9000],
)
@pytest.mark.parametrize("path", ["/jobs", "/projects"])
def test_a_malformed_body_is_rejected_with_a_message(shared: Any, path: str, body: bytes) -> None:
    response = shared.request("POST", path, body)
    assert response.status in (400, 422)
    assert set(response.error) == {"what", "where", "cure"}
    assert response.error["what"] and "\n" not in response.error["what"]


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "mak"}, {"count": 0}, {"count": 1e9}, {"count": "3"}, {"count": 1.5}, {"seed": -1}, {"seed": 2**64},
        {"prompt": "a\0b"}, {"prompt": "\ud800"}, {"prompt": 5}, {"settings": {"pixelate": {"colors": float("nan")}}},
        {"settings": {"seed": {}}}, {"settings": {"diffusion": {"model": "/etc/passwd"}}}, {"settings": 3},
        {"settings": {"diffusion": {"image": "/etc/passwd"}}}, {"settings": {"pixelate": {"palette": "../../x.hex"}}},
        {"settings": {"diffusion": {"loras": [{"file": "/etc/passwd"}]}}}, {"inputs": {"depth.mesh": "/etc/passwd"}},
        {"settings": {"plain": {"folder": "../../x"}}}, {"preset": "../secret"}, {"preset": "/etc/passwd"},
        {"engine": "../plain"}, {"model": "../../x"}, {"settings": {"a": {"b": [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}}},
        {"project": "../x"}, {"negative": ["x"]}, {"draft": "yes"}, {"inputs": {"depth": "x"}},
        {"inputs": {"pixelate.colors": "0" * 32}}, {"inputs": {"depth.mesh": "0" * 32}},
    ],
    ids=str,
)  # fmt: skip
def test_an_invalid_make_is_rejected(shared: Any, more: Any) -> None:
    response = shared.request("POST", "/jobs", json.dumps({**MAKE, **more}).encode())
    assert response.status in (404, 422), response.body
    assert "passwd:" not in response.error["what"] and response.error["what"]


@pytest.mark.parametrize(
    "path",
    [
        "../other", "a/../../other", "/etc", "\0", "a\0b", "link", "link/pack.yaml", "linked pack", "C:/x", "C:x",
        "\\\\host\\share", "a\\..\\..", "con", "nul.pack.yaml", "aux/pack.yaml", "x" * 3000, "a\nb", "\ud800",
        "missing", "fifo",
    ],
    ids=lambda path: ascii(path)[:40],
)  # fmt: skip
def test_paths_cannot_leave_the_project(client: Any, project: Path, path: str) -> None:
    other = project.parent / "other"
    other.mkdir()
    (other / "pack.yaml").write_text("pack: other\nassets: {a: {preset: pixel_sprite, prompt: x}}\n")
    (project / "link").symlink_to(other)
    (project / "linked pack").mkdir()
    (project / "linked pack" / "pack.yaml").symlink_to(other / "pack.yaml")
    os.mkfifo(project / "fifo")
    request = {"kind": "check", "project": client.open(project), "pack": path}
    response = client.request("POST", "/jobs", json.dumps(request).encode())
    assert response.status in (400, 422), response.body
    assert response.error["what"]


@pytest.mark.parametrize("path", ["", ".", "relative", "/", "/etc/passwd", "/no/such/folder", "/\0", "/proc/self/mem"])
def test_only_existing_folders_can_be_opened(shared: Any, path: str) -> None:
    assert shared.request("POST", "/projects", {"path": path}).status in (400, 404, 422)


def test_a_pack_whose_game_is_outside_is_rejected(client: Any, project: Path) -> None:
    pack = project / "art" / "pack.yaml"
    pack.write_text(pack.read_text().replace("target:", "game: ../../elsewhere\ntarget:"))
    response = client.request("POST", "/jobs", {"kind": "build", "project": client.open(project), "pack": "art"})
    assert (response.status, response.error["what"]) == (422, "the game '../../elsewhere' is in no opened project")
    assert response.error["where"].endswith("pack.yaml:2")


@pytest.mark.parametrize(
    "path", ["../../jobs.sqlite", "..%2f..%2fjobs.sqlite", "/etc/passwd", "%00", "a%5cb", ".assetgen"]
)
def test_only_files_that_a_job_lists_are_sent(client: Any, path: str) -> None:
    state = client.make()
    assert client.request("GET", f"/jobs/{state['id']}/files/{path}").status == 404


def bomb() -> bytes:
    """A PNG of 60,000 × 60,000 pixels in a few bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 10_000_000)) + chunk(b"IEND", b"")


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a", b"\0" * 50_000_000)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "a.png"), (b"no picture", "a.png"), (bomb(), "a.png"), (archive(), "a.png"), (archive(), "a.glb"),
        (b"glTF" + b"\xff" * 60, "a.glb"), (b"solid x", "a.stl"), (b"f 1 2 3\n", "a.obj"), (b"ply\n", "a.ply"),
        (b"{}", "a.gltf"), (b"x", "a.exe"), (b"x", "../a.png"), (b"x", "a"), (b"x", "%00.png"), (b"x", "a%0a.png"),
        (b"x", "C:a.png"), (b"x", "a" * 190 + ".png"), (b"x", ""),
    ],
    ids=lambda value: value if isinstance(value, str) else str(len(value)),
)  # fmt: skip
def test_invalid_uploads_are_rejected_and_leave_no_file(client: Any, tmp_path: Path, data: bytes, name: str) -> None:
    response = client.upload(data, name)
    assert response.status == 422, response.body
    assert response.error["what"] and str(tmp_path) not in response.error["what"]
    assert list((tmp_path / "data").glob("uploads/*")) + list((tmp_path / "data").glob("uploads/.*")) == []


@pytest.mark.slow
def test_disconnected_clients_leave_no_open_files(daemon: Any) -> None:
    process, client = daemon()
    handles = Path(f"/proc/{process.pid}/fd")
    if not handles.exists():
        pytest.skip("needs /proc")
    job = client.make()
    build = client.job(**{**MAKE, "count": 60})
    client.get(f"/jobs/{job['id']}")
    client.wait(build)
    before = len(list(handles.iterdir()))
    for path in (f"/jobs/{build['id']}?after=99999&wait=30", f"/jobs/{job['id']}"):
        for _ in range(20):
            with connected(client) as wire:
                wire.sendall(head(client, "GET", f"/api/v1{path}"))
    for _ in range(20):
        with connected(client) as wire:
            wire.sendall(head(client, "POST", "/api/v1/uploads?name=a.png", "Content-Length: 60000000") + b"x" * 50_000)
    until = time.monotonic() + 120
    while len(list(handles.iterdir())) > before and time.monotonic() < until:
        time.sleep(0.1)
    assert len(list(handles.iterdir())) <= before
    assert not list(Path(f"{client_folder(process)}").glob("uploads/.*"))


def client_folder(process: Any) -> Path:
    arguments = process.args
    return Path(f"{arguments[arguments.index('--state') + 1]}.data")


@pytest.mark.slow
def test_two_hundred_long_polls_wait_at_once(client: Any, slow: Any, tmp_path: Path) -> None:
    blocking = client.job(kind="build", project=client.open(slow(tmp_path / "big", 400)), pack="pack.pack.yaml")
    waiting = client.job(kind="build", project=client.open(slow(tmp_path / "next", 1)), pack="pack.pack.yaml")
    responses: list[str] = []

    def poll() -> None:
        state = client.get(f"/jobs/{waiting['id']}?after={waiting['seq']}&wait=30")
        responses.append(state["status"])

    threads = [threading.Thread(target=poll) for _ in range(200)]
    for thread in threads:
        thread.start()
    time.sleep(1.0)
    started = time.monotonic()
    client.request("DELETE", f"/jobs/{waiting['id']}")
    for thread in threads:
        thread.join()
    assert responses == ["cancelled"] * 200
    assert time.monotonic() - started < 25  # the polls end before their 30 seconds are over
    client.request("DELETE", f"/jobs/{blocking['id']}")


def valid_files() -> dict[str, bytes]:
    """A valid file of each kind that can be uploaded."""
    picture, mesh = Image.effect_noise((12, 12), 80), trimesh.creation.icosahedron()
    files = {f"a{suffix}": mesh.export(file_type=suffix[1:]) for suffix in MESH_SUFFIXES if suffix not in UNREADABLE}
    for suffix in IMAGE_SUFFIXES:
        stream = io.BytesIO()
        picture.save(stream, Image.registered_extensions()[suffix])
        files[f"a{suffix}"] = stream.getvalue()
    return {name: data.encode() if isinstance(data, str) else data for name, data in files.items()}


@pytest.mark.parametrize(("name", "whole"), valid_files().items(), ids=list(valid_files()))
def test_damaged_uploads_leave_the_server_up(shared: Any, name: str, whole: bytes) -> None:
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(start=st.integers(0, 10**6), junk=st.binary(max_size=8), cut=st.booleans())
    def damage(start: int, junk: bytes, cut: bool) -> None:
        start %= len(whole)
        rest = b"" if cut else whole[start + len(junk) :]
        response = shared.upload(whole[:start] + junk + rest, name)
        assert response.status in (201, 422), response.body
        assert response.status == 201 or set(response.error) == {"what", "where", "cure"}

    assert shared.upload(whole, name).status == 201
    damage()


def fill(disk: Path) -> Path:
    """Write until the disk is full."""
    filler = disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))
    return filler


def test_a_full_disk_is_reported_and_jobs_continue_once_there_is_space(
    serve: Any, slow: Any, small_disk: Any, tmp_path: Path
) -> None:
    small_disk(tmp_path / "disk", 4000)
    with serve(folder=tmp_path / "disk/data") as client:
        build = client.job(kind="build", project=client.open(slow(tmp_path / "big", 40)), pack="pack.pack.yaml")
        client.wait(build, lambda state: state["progress"]["done"] > 2)
        filler = fill(tmp_path / "disk")
        png = encode_png(np.zeros((64, 64, 3), np.uint8))
        rejected = [client.upload(png, "a.png"), client.request("POST", "/jobs", MAKE)]
        cure = "Make room on the disk, and make it writable"
        assert {(response.status, response.error["cure"]) for response in rejected} == {(507, cure)}
        assert client.get("/status")["name"] == "assetgen"
        filler.unlink()
        assert (client.wait(build)["status"], client.make()["status"]) == ("done", "done")
        assert client.upload(png, "a.png").status == 201
    assert len(list((tmp_path / "big").rglob("*.png"))) == 40

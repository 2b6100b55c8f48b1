"""The Blender extension's client, which needs no Blender: against the recorded examples, and a real server."""

import hashlib
import importlib
import importlib.util
import json
import os
import re
import signal
import sys
import threading
import time
import types
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.controls import _depth_tones as depth
from assetgen.machine import server_state
from assetgen.pixels.image_files import add_text, encode_png, read_image
from assetgen.server.catalog import part_details

ROOT = Path(__file__).parents[2]
EXAMPLES = {path.stem: json.loads(path.read_text()) for path in (ROOT / "plugins" / "examples").glob("*.json")}
PROGRAM = Path(sys.executable).with_name("assetgen")
MAKE = {"kind": "make", "preset": "pixel_sprite", "prompt": "a red dragon", "draft": True}


def part(name: str) -> Any:
    """A module of the client, imported as a separate package."""
    if "blender_client" not in sys.modules:
        path = ROOT / "plugins" / "blender" / "assetgen" / "client" / "__init__.py"
        spec = importlib.util.spec_from_file_location("blender_client", path)
        assert spec and spec.loader
        sys.modules["blender_client"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["blender_client"])
    return importlib.import_module(f"blender_client.{name}")


def _path(request: dict[str, Any]) -> str:
    """The path of a recorded request; that of a job without the events to wait for."""
    path: str = request["path"]
    return path.replace("JOB?after=0&wait=20", "JOB")


class _Recorded(BaseHTTPRequestHandler):
    """Respond as recorded in the examples."""

    def _answer(self) -> None:
        asked = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        for example in EXAMPLES.values():
            request, answer = example["request"], example["answer"]
            same_body = not asked or json.loads(asked) == request.get("body")
            if (self.command, self.path) == (request["method"], _path(request)) and same_body:
                body = json.dumps(answer["body"]).encode()
                self.send_response(answer["status"])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                return
        self.send_error(500, f"no example for {self.command} {self.path}")

    do_GET = do_POST = do_DELETE = _answer

    def log_message(self, *words: Any) -> None:
        pass


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[Any]:
    """A client of the recorded examples."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Recorded)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield _client(tmp_path / "server.json", f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of a real server, started as the extension does."""
    folder = tmp_path_factory.mktemp("server")
    with pytest.MonkeyPatch.context() as patch:
        for kind in ("CACHE", "DATA", "CONFIG"):
            patch.setenv(f"XDG_{kind}_HOME", str(folder / kind))
        part("start").Start(folder / "server.json", str(PROGRAM))()
    yield part("http").Server(folder / "server.json")
    _kill(part("http").Server(folder / "server.json"))


def _kill(server: Any) -> None:
    os.kill(json.loads(server.state_path.read_text())["pid"], signal.SIGKILL)
    part("start")._children.pop().wait(60)


def _client(state_path: Path, url: str, token: str = "x") -> Any:
    state_path.write_text(json.dumps({"url": url, "token": token, "pid": 1, "version": "0.1.0"}))
    return part("http").Server(state_path)


def _job(server: Any, folder: Path, **request: Any) -> Any:
    return part("job").Job(server, "a red dragon", {**MAKE, **request}, {}, folder)


def _until(job: Any, kind: Any, seconds: float = 240) -> list[Any]:
    """The updates of a job up to the first of a type."""
    updates, end = [], time.monotonic() + seconds
    while not updates or not isinstance(updates[-1], kind):
        updates.append(job.updates.get(timeout=max(end - time.monotonic(), 0.1)))
    return updates


@pytest.mark.parametrize("name", [name for name, each in EXAMPLES.items() if each["answer"]["status"] < 400])
def test_a_recorded_response_is_accepted(recorded: Any, name: str) -> None:
    request = EXAMPLES[name]["request"]
    path = _path(request).removeprefix("/api/v1")
    assert recorded.ask(request["method"], path, request.get("body")) == EXAMPLES[name]["answer"]["body"]


def test_the_handshake_returns_the_version(recorded: Any) -> None:
    assert recorded.handshake().version == "0.1.0"


class _Status(BaseHTTPRequestHandler):
    """A server that reports the API version of its class."""

    api: str | None = None

    def do_GET(self) -> None:
        reply = {"name": "assetgen", "version": "9.0", **({"api": self.api} if self.api else {})}
        body = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: Any) -> None:
        pass


@contextmanager
def _reporting(state_path: Path, api: str | None) -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Reporting", (_Status,), {"api": api}))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield _client(state_path, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(("api", "is_older"), [(None, True), ("1.0", True), ("1.1", False), ("1.12", False)])
def test_servers_are_compared_by_their_api_and_older_ones_are_usable(
    tmp_path: Path, api: str | None, is_older: bool
) -> None:
    with _reporting(tmp_path / "server.json", api) as client:
        assert client.handshake().is_older == is_older


def test_a_server_with_another_major_api_is_refused(tmp_path: Path) -> None:
    with (
        _reporting(tmp_path / "server.json", "2.0") as client,
        pytest.raises(part("trouble").OtherApi, match=r"has API 2\.0, but this extension needs 1\.1"),
    ):
        client.handshake()


def test_the_watch_sees_a_server_start_and_end_within_two_seconds(tmp_path: Path) -> None:
    watch = part("watch").Watch(part("http").Server(tmp_path / "server.json"))

    def seen_within(seconds: float, status: bool) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if watch.seen and bool(watch.seen.status) == status:
                return True
            time.sleep(0.05)
        return False

    try:
        assert seen_within(2, False)
        with _reporting(tmp_path / "server.json", "1.1"):
            assert seen_within(2, True)
        assert seen_within(2, False)
    finally:
        watch.end()


def test_the_program_that_installed_the_extension_starts_the_server(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    recorded = tmp_path / "program.json"
    recorded.write_text(json.dumps({"program": sys.executable, "arguments": ["-m", "assetgen.cli"]}))
    assert part("start").command_of("", recorded) == [sys.executable, "-m", "assetgen.cli"]
    assert part("start").command_of(str(PROGRAM), recorded) == [str(PROGRAM)], "the preference goes first"
    recorded.write_text(json.dumps({"program": str(tmp_path / "gone")}))
    with pytest.raises(part("trouble").Trouble, match="which installed this extension, no longer exists"):
        part("start").command_of("", recorded)


@pytest.mark.parametrize(
    ("words", "name"),
    [("Rote Äpfel!", "rote_aepfel"), ("меч", "mech"), ("ドラゴン", "doragon"), ("Ξίφος", "xifos"), ("…", "")],
)
def test_names_in_other_scripts_are_transliterated(words: str, name: str) -> None:
    assert part("names").file_name(words) == name


@pytest.mark.parametrize(
    ("shows", "frames"),
    [
        ({"kind": "picture", "pixel": True}, 1),
        ({"kind": "tile"}, 1),
        ({"kind": "animation", "columns": 4, "rows": 2, "frames": 7, "durations": [100] * 7}, 7),
        ({"kind": "sheet", "columns": 4, "rows": 2, "pixel": True}, 1),
        ({"kind": "panel", "margins": [8, 4, 8, 4]}, 1),
        ({"kind": "of a later version"}, 1),
    ],
)
def test_each_kind_has_its_preview(shows: dict[str, Any], frames: int) -> None:
    frames_of = part("frames")
    pixels = np.random.default_rng(1).random((32, 64, 4))
    pictures, seconds = frames_of.previewed(pixels, shows, onion=True)
    assert len(pictures) == len(seconds) == frames
    assert {picture.shape for picture in pictures} == {(frames_of.SIDE, frames_of.SIDE, 4)}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no_job", ("There is no job '0'.", "GET /api/v1/jobs lists them.")),
        ("wrong_preset", ("There is no preset 'pixel_sprit'.", "Did you mean 'pixel_sprite'?")),
    ],
)
def test_errors_are_complete_sentences(recorded: Any, name: str, words: tuple[str, str]) -> None:
    request = EXAMPLES[name]["request"]
    with pytest.raises(part("trouble").Trouble) as caught:
        recorded.ask(request["method"], request["path"].removeprefix("/api/v1"), request.get("body"))
    assert (caught.value.what, caught.value.cure) == words


def test_a_response_that_is_not_json_is_an_error(recorded: Any) -> None:
    with pytest.raises(part("trouble").Trouble, match="status 500"):
        recorded.ask("GET", "/nowhere")


@pytest.mark.parametrize("folder", [".", "missing", ""])
def test_client_and_server_use_the_same_state_file(tmp_path: Path, monkeypatch: Any, folder: str) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / folder) if folder else "")
    assert part("http").usual_place() == server_state()
    assert server_state().is_relative_to(tmp_path) == (folder == ".")


@pytest.mark.parametrize(
    "url", ["http://example.org:80", "https://127.0.0.1", "http://127.0.0.1.example.org", "file:///x"]
)
def test_a_server_on_another_computer_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(part("trouble").Trouble, match="points to another computer"):
        _client(tmp_path / "server.json", url).ask("GET", "/status")


def test_a_desktop_proxy_is_not_used(recorded: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert recorded.handshake().version == "0.1.0"


def test_a_job_downloads_its_files_one_by_one(running: Any, tmp_path: Path) -> None:
    job = _job(running, tmp_path / "out", count=3)
    updates = _until(job, part("job").Ended)
    found = [each for each in updates if isinstance(each, part("job").Candidate)]
    assert sorted(each.number for each in found) == [1, 2, 3] and updates[-1].status == "done"
    assert all(read_image(each.files["color"]).ndim == 3 for each in found)
    kept = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert [part("kept").readable(name) for name in kept] == [f"a_red_dragon_0{number}.png" for number in (1, 2, 3)]
    _until(_job(running, tmp_path / "out", count=3), part("job").Ended)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == kept, "the same content is kept once"


def test_an_edited_result_is_not_overwritten(tmp_path: Path) -> None:
    addressed, digest = part("kept").addressed, hashlib.sha256(b"ours").hexdigest()
    first = addressed(tmp_path / "wall_normal.png", digest)
    first.write_bytes(b"edited")
    second = addressed(tmp_path / "wall_normal.png", digest)
    second.write_bytes(b"ours")
    assert first.name == f"wall_normal_{digest[:8]}.png" != second.name
    assert addressed(tmp_path / "wall_normal.png", digest) == second


def test_the_server_post_processes_an_uploaded_image(running: Any, tmp_path: Path) -> None:
    picture = np.full((8, 8, 4), 200, np.uint8)
    request = {"kind": "post", "steps": [{"resize": {"size": [4, 4]}}]}
    uploads = {"upload": ("x.png", encode_png(picture))}
    job = part("job").Job(running, "Crate!", request, uploads, tmp_path / "out")
    [found] = [each for each in _until(job, part("job").Ended) if isinstance(each, part("job").Candidate)]
    name = found.files["color"].name
    assert part("kept").readable(name) == "crate.png" != name and read_image(found.files["color"]).shape[:2] == (4, 4)


@pytest.mark.slow
def test_a_job_continues_after_a_restart_of_its_server(running: Any, tmp_path: Path) -> None:
    job = _job(running, tmp_path / "out", count=32, preset="pbr_material")
    _until(job, part("job").Candidate)
    _kill(running)
    part("start").Start(running.state_path, str(PROGRAM))()
    ended = _until(job, part("job").Ended)[-1]
    assert (ended.status, ended.trouble) == ("done", None)
    assert len(list((tmp_path / "out").glob("*_normal_*.png"))) == 32


def test_a_cancelled_job_is_cancelled_on_the_server(running: Any, tmp_path: Path) -> None:
    job = _job(running, tmp_path / "out", count=64, preset="pbr_material")
    _until(job, part("job").Candidate)
    job.cancel()
    assert _until(job, part("job").Ended)[-1].status == "cancelled"
    assert running.ask("GET", f"/jobs/{job.id}")["status"] == "cancelled"


def test_a_running_server_is_used_again(running: Any) -> None:
    before = running.state_path.read_text()
    part("start").Start(running.state_path, "/nowhere")()
    assert running.state_path.read_text() == before


def test_blenders_python_does_not_reach_the_server(tmp_path: Path, monkeypatch: Any) -> None:
    program = tmp_path / "assetgen"
    program.write_text('#!/bin/sh\necho "home=$PYTHONHOME offline=$HF_HUB_OFFLINE" >&2; exit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PYTHONHOME", "/blender")
    with pytest.raises(part("trouble").Trouble, match=r"Home= offline=1"):
        part("start").Start(tmp_path / "server.json", str(program), online=False)()
    part("start")._children.pop().wait(60)


def test_a_form_has_a_field_for_each_supported_argument() -> None:
    fields = {field.word: field for field in part("form").fields_of(_page("seamless", "pbr_maps", "pixelate", "trim"))}
    assert (fields["axes"].kind, fields["axes"].choices) == ("CHOICE", ("x", "y", "xy"))
    assert (fields["roughness"].kind, fields["roughness"].low, fields["roughness"].high) == ("FLOAT", 0, 1)
    assert (fields["square"].kind, fields["grid"].kind, fields["cell"].kind) == ("BOOL", "NUMBER", "TEXT")
    assert "palette" not in fields, "files have no field"


def test_only_changed_values_are_sent() -> None:
    fields = {field.word: field for field in part("form").fields_of(_page("pixelate", "pbr_maps"))}
    values = [(fields["grid"], 32), (fields["colors"], None), (fields["roughness"], 0.75)]
    assert part("form").settings_of(values) == {"pixelate": {"grid": 32}}


@pytest.mark.parametrize(("text", "value"), [("", None), ("64 x 32", [64, 32]), ("1.5, 2", [1.5, 2])])
def test_number_fields_accept_common_notations(text: str, value: Any) -> None:
    assert part("form").Field("p", "size", "NUMBERS", None).value_of(text) == value


def _page(*names: str) -> dict[str, Any]:
    steps = [each for each in part_details() if each.kind == "step"]
    return {"parts": [each.model_dump(by_alias=True) for name in names for each in steps if each.name == name]}


def test_depth_tones_equal_those_of_the_server() -> None:
    tones = part("tones")
    for name in ("FAR_PERCENTILE", "FAR_SHARE", "NEAR_PERCENTILE", "FLAT_MARGIN"):
        assert getattr(tones, name) == getattr(depth, f"_{name}")


def test_an_empty_view_is_black() -> None:
    tones = part("tones")
    assert tones.graded(tones.nearness_of(np.full((4, 4), np.inf), True), True).max() == 0


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pngs_of_the_server_can_be_read(channels: int) -> None:
    y, x = np.mgrid[:37, :53]
    picture = np.stack([(x * x // 9 + 5 * y * number + (x * y) % 7) % 256 for number in range(channels)], axis=-1)
    noise = np.random.default_rng(1).integers(0, 256, (37, 53, channels), np.uint8)
    for each in (picture.astype(np.uint8), noise):
        assert np.array_equal(part("png").read_png(encode_png(each)), each)
        assert np.array_equal(part("png").read_png(part("png").write_png(each)), each)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_written_pngs_can_be_read(tmp_path: Path, kind: Any, channels: int) -> None:
    pixels = np.random.default_rng(1).integers(0, np.iinfo(kind).max, (5, 7, channels)).astype(kind)
    path = tmp_path / "x.png"
    path.write_bytes(part("png").write_png(pixels))
    assert np.array_equal(read_image(path).reshape(5, 7, -1)[..., :channels], pixels)


def test_the_origin_of_an_image_is_read_from_its_metadata(tmp_path: Path) -> None:
    metadata = {
        "prompt": "ein Drache ü",
        "model": "mini",
        "licences": {"mini": "Apache-2.0"},
        "source": {"words": {"seed": 9}},
    }
    data = add_text(encode_png(np.zeros((2, 2, 4), np.uint8)), {"assetgen": json.dumps(metadata, ensure_ascii=False)})
    (tmp_path / "x.png").write_bytes(data)
    origin = {"prompt": "ein Drache ü", "model": "mini", "licence": "Apache-2.0", "seed": 9}
    assert part("png").origin_of(tmp_path / "x.png") == origin


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"no picture", b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffiTXt"])
def test_an_image_without_metadata_has_no_origin(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.png").write_bytes(data)
    assert part("png").origin_of(tmp_path / "x.png") == {}


@pytest.mark.parametrize("aspect", [0.3, 9 / 16, 1.0, 4 / 3, 16 / 9, 2.35, 4.0])
def test_an_aspect_ratio_is_rounded_to_sizes_that_models_accept(aspect: float) -> None:
    width, height = part("sizes").units_of(aspect)
    assert abs(width / height / aspect - 1) < 0.04 and 0.8 <= width * height / 256 <= 1.1


def test_prompts_are_kept_newest_first_and_once(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "history.json"
    for prompt in ("a", "b", " a ", ""):
        part("prompts").remember(path, prompt)
    assert part("prompts").read_prompts(path) == ["a", "b"]


@pytest.mark.parametrize("text", ["", "{}", "[1, 2]", '["a"'])
def test_a_damaged_history_is_empty(tmp_path: Path, text: str) -> None:
    (tmp_path / "history.json").write_text(text)
    assert part("prompts").read_prompts(tmp_path / "history.json") == []


def test_every_german_text_translates_a_text_of_the_extension() -> None:
    folder = ROOT / "plugins" / "blender" / "assetgen"
    words = "".join(path.read_text() for path in folder.rglob("*.py") if not path.name.startswith("translations"))
    words = re.sub(r"\{[^{}]*\}", "{}", words) + "queued running"  # the server's
    sys.modules["blender_texts"] = types.ModuleType("blender_texts")
    sys.modules["blender_texts"].__path__ = [str(folder)]
    texts = importlib.import_module("blender_texts.translations")
    assert [text for _, text in texts.TEXTS["de_DE"] if text not in words] == []

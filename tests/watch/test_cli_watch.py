"""`assetgen watch`, in a separate process where signals matter."""

import json
import plistlib
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

Run = Callable[..., tuple[int, str, str]]
DRAWING = 'preset: drawing\nuse: picture\nsource: {fake: {prompt: "{prompt}", size: [128, 128]}}\n'
PACK = "pack: {name}\ntarget: art\nassets:\n"


def write(folder: Path, name: str = "p", assets: int = 1) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "drawing.yaml").write_text(DRAWING)
    lines = "".join(f"  a{number}: {{preset: drawing, prompt: thing {number}}}\n" for number in range(assets))
    (folder / "pack.yaml").write_text(PACK.format(name=name) + lines)
    return folder / "pack.yaml"


def words(folder: Path) -> list[str]:
    return ["watch", str(folder / "art"), "--game", str(folder / "game"), "--store", str(folder / "store"), "--json"]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    running: list[subprocess.Popen[str]] = []

    def start() -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "assetgen.cli", *words(tmp_path)]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def until(process: "subprocess.Popen[str]", event: str, count: int = 1) -> list[dict[str, Any]]:
    """The events up to the so many-th of a kind."""
    found: list[dict[str, Any]] = []
    assert process.stdout
    while sum(each["event"] == event for each in found) < count:
        line = process.stdout.readline()
        assert line, process.stderr and process.stderr.read()
        found.append(json.loads(line))
    return found


def test_once_builds_every_pack_and_exits_like_build(assetgen: Run, tmp_path: Path) -> None:
    write(tmp_path / "art/one", "one")
    write(tmp_path / "art/two", "two").with_name("drawing.yaml").unlink()
    options = ("--once", "--store", tmp_path / "store", "--game", tmp_path / "game")
    code, _, err = assetgen("watch", tmp_path / "art", *options)
    assert (code, "1 published" in err, "there is no preset 'drawing'" in err) == (1, True, True)
    assert (tmp_path / "art/two/pack.error.txt").is_file()
    assert assetgen("watch", tmp_path / "art/one", *options)[0] == 0
    assert assetgen("watch", tmp_path / "art/two/pack.yaml", *options)[0] == 2


def test_once_waits_for_an_incomplete_image_and_gives_up(assetgen: Run, tmp_path: Path) -> None:
    write(tmp_path / "art")
    (tmp_path / "art/inbox").mkdir()
    (tmp_path / "art/inbox/b.png").write_bytes(b"\x89PNG")
    (tmp_path / "art/inbox/b.yaml").write_text("{preset: drawing}")
    code, _, err = assetgen("watch", tmp_path / "art", "--once", "--store", tmp_path / "s", "--game", tmp_path / "game")
    assert (code, "b.png' is damaged" in err or "not a supported image" in err) == (1, True)
    assert (tmp_path / "art/inbox/b.error.txt").is_file()


def test_paths_without_packs_are_refused(assetgen: Run, tmp_path: Path) -> None:
    code, _, err = assetgen("watch", tmp_path, "--once")
    assert (code, "there is no pack in" in err) == (2, True)
    code, _, err = assetgen("watch", tmp_path / "nowhere")
    assert (code, "there is no '" in err) == (2, True)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_ends_the_watch_and_finished_files_are_kept(
    started: Any, tmp_path: Path, number: int, code: int
) -> None:
    write(tmp_path / "art")
    process = started()
    until(process, "finished")
    process.send_signal(number)
    assert process.wait(60) == code
    assert (tmp_path / "game/art/a0.png").is_file()


@pytest.mark.slow
def test_a_killed_watch_loses_nothing_and_samples_nothing_twice(started: Any, tmp_path: Path) -> None:
    write(tmp_path / "art", assets=200)
    process = started()
    until(process, "published", 20)
    process.kill()
    before = len(list((tmp_path / "store/sampled").rglob("*.zip"))) or sum(
        path.is_file() and not path.name.startswith(".") for path in (tmp_path / "store/sampled").rglob("*")
    )
    finished = until(started(), "finished")[-1]
    assert 20 <= before < 200
    assert (finished["published"] + finished["reused"], finished["sampled"] <= 200 - before) == (200, True)
    assert not list((tmp_path / "game").rglob(".assetgen-journal"))


def test_help_and_once_without_changes_load_no_watchfiles(tmp_path: Path) -> None:
    write(tmp_path / "art")
    code = "import sys; from assetgen.cli import main\ntry: main({!r})\nexcept SystemExit: print("
    code += "'watchfiles' in sys.modules)"
    for given in (["watch", "--help"], [*words(tmp_path), "--once"]):
        done = subprocess.run([sys.executable, "-c", code.format(given)], capture_output=True, text=True, timeout=60)
        assert done.stdout.splitlines()[-1] == "False"


def test_service_files_repeat_the_command_line(assetgen: Run, tmp_path: Path) -> None:
    place = tmp_path / 'my "art" 100%'
    options = (place, "--poll", "2", "--draft")
    expected = [sys.executable, "-m", "assetgen.cli", "watch", str(place), "--poll", "2", "--draft"]
    plist = plistlib.loads(assetgen("watch", *options, "--service", "launchd")[1].encode())
    assert (plist["ProgramArguments"], plist["RunAtLoad"]) == (expected, True)
    unit = assetgen("watch", *options, "--service", "systemd")[1]
    [line] = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
    assert shlex.split(line.removeprefix("ExecStart=").replace("%%", "%")) == expected
    task = assetgen("watch", tmp_path / "art", "--service", "windows")[1]
    assert task.startswith('schtasks /Create /TN "assetgen-watch-art" /SC ONLOGON /F /TR "')

"""Full disks, vanished stores, wrong clocks, links, damaged locks and concurrent builds: nothing is lost."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from assetgen.errors import AssetgenError, InputError, PublishError
from assetgen.events import Event, Failed, Finished, Published, Reused
from assetgen.pack.lock import read_lock

Build = Callable[..., list[Event]]
Cli = Callable[..., tuple[int, str, str]]
DRAWING = 'preset: drawing\nuse: sprite\nsource: {fake: {prompt: "{prompt}", size: [%d, %d]}}\nsteps: [cutout]\n'
TWO = "pack: p\ntarget: art\nassets:\n  a: {preset: drawing, prompt: x}\n  b: {preset: drawing, prompt: y}\n"
FAR_PAST, FAR_FUTURE = 1, 4_000_000_000
MANY = 400


def write(folder: Path, text: str, size: int = 16) -> None:
    (folder / "pack").mkdir(parents=True, exist_ok=True)
    (folder / "pack/drawing.yaml").write_text(DRAWING % (size, size))
    (folder / "pack/pack.yaml").write_text(text)


def finished(events: list[Event]) -> Finished:
    last = events[-1]
    assert isinstance(last, Finished)
    return last


def failures(build_in: Build, folder: Path) -> str:
    """The errors of a build, raised or as `Failed` events."""
    try:
        return "\n".join(event.reason for event in build_in(folder) if isinstance(event, Failed))
    except AssetgenError as error:
        return str(error)


def game(folder: Path) -> dict[str, bytes]:
    files = (file for file in (folder / "game").rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


@pytest.mark.parametrize("kilobytes", [4, 8, 12])
def test_after_a_full_game_disk_the_next_build_publishes_without_sampling(
    build_in: Build, tmp_path: Path, small_disk: Callable[[Path, int], None], kilobytes: int
) -> None:
    write(tmp_path, TWO, size=64)
    small_disk(tmp_path / "game", kilobytes)
    assert "No space left on device" in failures(build_in, tmp_path)
    small_disk(tmp_path / "game", 1000)
    done = finished(build_in(tmp_path))
    assert (done.sampled, done.failed) == (0, 0)
    assert {"game/art/a.png", "game/art/b.png", "game/art/index.html", "game/art/manifest.json"} == set(game(tmp_path))


def test_after_a_full_store_disk_the_next_build_samples_only_what_was_not_saved(
    build_in: Build, tmp_path: Path, small_disk: Callable[[Path, int], None]
) -> None:
    write(tmp_path, TWO, size=64)
    small_disk(tmp_path / "store", 16)
    assert "No space left on device" in failures(build_in, tmp_path)
    saved = len(list((tmp_path / "store/sampled").rglob("*.zip")))
    small_disk(tmp_path / "store", 1000)
    assert finished(build_in(tmp_path)).sampled == 2 - saved


def test_a_store_that_is_deleted_during_a_build_only_costs_sampling(build_in: Build, tmp_path: Path) -> None:
    write(tmp_path, TWO + "  all: {preset: atlas, members: [a, b]}\n")

    def vanish(event: Event) -> None:
        if isinstance(event, Published) and event.asset == "b":
            shutil.rmtree(tmp_path / "store", ignore_errors=True)

    build_in(tmp_path, vanish)
    assert finished(build_in(tmp_path)).failed == 0
    files = game(tmp_path)
    shutil.rmtree(tmp_path / "game")
    build_in(tmp_path)
    assert game(tmp_path) == files


def test_a_target_that_is_deleted_during_a_build_is_an_error_and_the_next_build_publishes_all(
    build_in: Build, tmp_path: Path
) -> None:
    write(tmp_path, TWO)

    def remove(event: Event) -> None:
        if isinstance(event, Published):
            shutil.rmtree(tmp_path / "game/art")

    with pytest.raises(PublishError, match="were removed during the build"):
        build_in(tmp_path, remove)
    done = finished(build_in(tmp_path))
    assert (done.sampled, done.failed, done.published + done.reused) == (0, 0, 2)
    assert {"game/art/a.png", "game/art/b.png", "game/art/index.html", "game/art/manifest.json"} == set(game(tmp_path))


def test_file_times_do_not_matter(build_in: Build, tmp_path: Path) -> None:
    write(tmp_path, TWO)
    build_in(tmp_path)
    files = game(tmp_path)
    for number, file in enumerate(file for file in tmp_path.rglob("*") if file.is_file()):
        os.utime(file, times=(FAR_PAST, FAR_FUTURE) if number % 2 else (FAR_FUTURE, FAR_PAST))
    assert [type(event) for event in build_in(tmp_path) if event.asset] == [Reused, Reused]
    assert game(tmp_path) == files


def test_a_changed_input_with_an_old_file_time_is_detected(build_in: Build, tmp_path: Path) -> None:
    write(tmp_path, TWO + "  c: {preset: drawing, prompt: z, fake: {image: in.png}}\n")
    Image.new("RGB", (8, 8), "red").save(tmp_path / "pack/in.png")
    build_in(tmp_path)
    Image.new("RGB", (8, 8), "blue").save(tmp_path / "pack/in.png")
    os.utime(tmp_path / "pack/in.png", times=(FAR_PAST, FAR_PAST))
    assert finished(build_in(tmp_path)).sampled == 1


def test_asset_names_that_differ_only_in_case_are_refused(build_in: Build, tmp_path: Path) -> None:
    write(tmp_path, TWO.replace("  b:", "  A:"))
    with pytest.raises(InputError, match="two assets are named 'A'"):
        build_in(tmp_path)


@pytest.mark.parametrize(("old", "new"), [("a", "A"), ("sub/a", "Sub/a")])
def test_renaming_an_asset_to_another_case_moves_its_files(build_in: Build, tmp_path: Path, old: str, new: str) -> None:
    write(tmp_path, TWO.replace("  a:", f"  {old}:"))
    build_in(tmp_path)
    write(tmp_path, TWO.replace("  a:", f"  {new}:"))
    done = finished(build_in(tmp_path))
    assert (done.sampled, done.failed) == (0, 0)
    files = sorted(name.casefold() for name in game(tmp_path))
    assert files == sorted(f"game/art/{name}" for name in (f"{old}.png", "b.png", "index.html", "manifest.json"))
    assert [type(event) for event in build_in(tmp_path) if event.asset] == [Reused, Reused]


@pytest.mark.parametrize(("linked", "built", "code"), [("sub", "b", 1), ("a.png", "b", 1), ("", "", 2)])
def test_a_build_writes_nothing_through_symlinks(
    assetgen: Cli, tmp_path: Path, linked: str, built: str, code: int
) -> None:
    write(tmp_path, TWO.replace("  a:", "  sub/a:") if linked == "sub" else TWO)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "game/art").parent.mkdir()
    (tmp_path / "game/art" / linked).parent.mkdir(exist_ok=True)
    (tmp_path / "game/art" / linked).symlink_to(elsewhere)
    ended, _, message = assetgen("build", tmp_path / "pack", "--game", tmp_path / "game", "--store", tmp_path / "store")
    assert (ended, "link" in message, list(elsewhere.iterdir())) == (code, True, [])
    assert [file.stem for file in (tmp_path / "game/art").glob("*.png") if not file.is_symlink()] == list(built)


def test_a_build_removes_nothing_through_symlinks(build_in: Build, tmp_path: Path) -> None:
    write(tmp_path, TWO.replace("  a:", "  sub/a:"))
    build_in(tmp_path)
    (tmp_path / "game/art/sub").rename(tmp_path / "elsewhere")
    (tmp_path / "game/art/sub").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/.assetgen-1.part").touch()
    write(tmp_path, TWO.partition("  b:")[0].replace("  a:", "  c:"))
    assert finished(build_in(tmp_path)).failed == 0
    assert sorted(file.name for file in (tmp_path / "elsewhere").iterdir()) == [".assetgen-1.part", "a.png"]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text.replace("lock: 1", "lock: 99"), "was written by a newer assetgen"),
        (lambda text: text.replace('\n"a":', '\n<<<<<<< ours\n"a":'), "has merge markers"),
        (lambda text: text.partition('\n"b":')[0], "is truncated"),
    ],
    ids=["newer", "unmerged", "cut between blocks"],
)
def test_an_unreadable_lock_stops_the_build_and_stays_unchanged(
    build_in: Build, tmp_path: Path, damage: Callable[[str], str], message: str
) -> None:
    write(tmp_path, TWO)
    build_in(tmp_path)
    lock, files = tmp_path / "pack/pack.lock", game(tmp_path)
    lock.write_text(damage(lock.read_text()))
    damaged = lock.read_text()
    with pytest.raises(InputError, match=message):
        build_in(tmp_path)
    assert (lock.read_text(), game(tmp_path)) == (damaged, files)


def test_a_truncated_lock_is_an_error_at_every_length(build_in: Build, tmp_path: Path) -> None:
    write(tmp_path, TWO.partition("  b:")[0])
    build_in(tmp_path)
    lock = tmp_path / "pack/pack.lock"
    whole = lock.read_bytes().rstrip(b"\n")
    for length in range(0, len(whole), 3):
        lock.write_bytes(whole[:length])
        with pytest.raises(InputError):
            read_lock(lock)


def start(folder: Path, name: str) -> "subprocess.Popen[str]":
    """Start the command line in a process with its own cache; its events go to `NAME.json`."""
    places = ("--game", str(folder / "game"), "--store", str(folder / "store"))
    words = [sys.executable, "-m", "assetgen.cli", "build", str(folder / "pack"), *places, "--json"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    with (folder / f"{name}.json").open("w") as stdout:
        return subprocess.Popen(words, env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True)


def events_of(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / f"{name}.json").read_text().splitlines()]


def wait_for(folder: Path, name: str, event: str) -> None:
    while f'"event": "{event}"' not in (folder / f"{name}.json").read_text():
        time.sleep(0.01)


def many(folder: Path) -> None:
    lines = "".join(f"  n{number}: {{preset: drawing, prompt: p{number}}}\n" for number in range(MANY))
    write(folder, "pack: p\nassets:\n" + lines, size=32)


@pytest.mark.slow
def test_a_cancelled_build_ends_with_130_and_keeps_finished_images(build_in: Build, tmp_path: Path) -> None:
    many(tmp_path)
    with start(tmp_path, "first") as process:
        wait_for(tmp_path, "first", "published")
        process.send_signal(signal.SIGINT)
        message = process.communicate()[1]
    saved = len(list((tmp_path / "store/sampled").rglob("*.zip")))
    assert (process.returncode, message) == (130, "assetgen: cancelled; finished work is kept\n")
    assert 0 < saved < MANY
    done = finished(build_in(tmp_path))
    assert (done.sampled, done.failed, done.reused > 0) == (MANY - saved, 0, True)


@pytest.mark.slow
def test_a_concurrent_build_of_the_same_target_waits_and_reuses_everything(tmp_path: Path) -> None:
    many(tmp_path)
    with start(tmp_path, "first") as first:
        wait_for(tmp_path, "first", "planned")
        with start(tmp_path, "second") as second:
            codes = (first.wait(), second.wait())
    one, other = events_of(tmp_path, "first"), events_of(tmp_path, "second")
    assert codes == (0, 0)
    assert [event["holder"].split(",")[0] for event in other if event["event"] == "waiting"] == [f"process {first.pid}"]
    assert (one[-1]["sampled"], other[-1]["sampled"], other[-1]["reused"]) == (MANY, 0, MANY)

"""One build of a target at a time."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from assetgen.build.build_lock import build_lock
from assetgen.errors import PublishError
from assetgen.events import Event, Waiting, ignore

HOLDER = """
import sys
from pathlib import Path
from assetgen.events import ignore
from assetgen.build.build_lock import build_lock
with build_lock(Path(sys.argv[1]), Path(sys.argv[2]), ignore):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(folder: Path, locks: Path) -> "subprocess.Popen[str]":
    """Another process that holds the build lock of a folder until its stdin closes or it ends."""
    words = [sys.executable, "-c", HOLDER, str(folder), str(locks)]
    other = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout and other.stdout.readline() == "held\n"
    return other


def test_a_free_lock_is_taken_without_waiting(tmp_path: Path) -> None:
    events: list[Event] = []
    for _ in range(2):
        with build_lock(tmp_path / "game", tmp_path / "locks", events.append):
            pass
    assert events == []


def test_two_folders_can_be_built_at_once(tmp_path: Path) -> None:
    events: list[Event] = []
    with (
        build_lock(tmp_path / "one", tmp_path / "locks", events.append),
        build_lock(tmp_path / "two", tmp_path / "locks", events.append),
    ):
        assert events == []


def test_a_second_build_waits_and_reports_the_holder_once(tmp_path: Path) -> None:
    events: list[Event] = []
    with hold(tmp_path / "game", tmp_path / "locks") as other:
        assert other.stdin
        release = threading.Timer(0.7, other.stdin.close)

        def note(event: Event) -> None:
            if not events:
                release.start()
            events.append(event)

        with build_lock(tmp_path / "game", tmp_path / "locks", note):
            assert other.wait(60) == 0
    [waiting] = events
    assert isinstance(waiting, Waiting) and f"process {other.pid}, since " in waiting.holder


def test_two_paths_to_one_folder_share_a_lock(tmp_path: Path) -> None:
    events: list[Event] = []
    (tmp_path / "game").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "game")
    with hold(tmp_path / "game", tmp_path / "locks") as other:

        def note(event: Event) -> None:
            events.append(event)
            other.kill()

        with build_lock(tmp_path / "x/../link", tmp_path / "locks", note):
            assert len(events) == 1


def test_a_killed_process_releases_the_lock(tmp_path: Path) -> None:
    events: list[Event] = []
    with hold(tmp_path / "game", tmp_path / "locks") as other:
        other.kill()
        other.wait()
        with build_lock(tmp_path / "game", tmp_path / "locks", events.append):
            assert events == []


def test_an_error_releases_the_lock(tmp_path: Path) -> None:
    events: list[Event] = []
    with pytest.raises(ZeroDivisionError), build_lock(tmp_path, tmp_path / "locks", ignore):
        raise ZeroDivisionError
    with build_lock(tmp_path, tmp_path / "locks", events.append):
        assert events == []


def test_no_lock_file_is_written_into_the_game(tmp_path: Path) -> None:
    with build_lock(tmp_path / "game", tmp_path / "locks", ignore):
        assert [path.name for path in tmp_path.iterdir()] == ["locks"]


def test_a_lock_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(PublishError, match="cannot lock"), build_lock(tmp_path, tmp_path / "cache/locks", ignore):
        pass


def test_a_lock_that_cannot_record_its_holder_is_an_error_and_is_released(tmp_path: Path) -> None:
    with build_lock(tmp_path, tmp_path / "locks", ignore):
        [holder] = (tmp_path / "locks").glob("*.holder")
    holder.unlink()
    holder.mkdir()
    for _ in range(2):
        with pytest.raises(PublishError, match="Get write access"), build_lock(tmp_path, tmp_path / "locks", ignore):
            pass

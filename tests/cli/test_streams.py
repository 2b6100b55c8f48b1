"""Output that cannot be written, interrupts during imports, and arguments that are no text."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

LINE = [sys.executable, "-m", "assetgen.cli"]


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """The result of a bash command, in which `assetgen` is this one."""
    function = f'assetgen() {{ "{sys.executable}" -m assetgen.cli "$@"; }}; '
    return subprocess.run(["bash", "-c", function + command], cwd=folder, capture_output=True)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A folder with a pack of so many assets that their plan does not fit into a pipe."""
    numbers = ", ".join(map(str, range(3000)))
    (tmp_path / "drawing.yaml").write_text("preset: drawing\nuse: sprite\nsource: {fake: {size: [16, 16]}}\n")
    (tmp_path / "pack.yaml").write_text(
        f'pack: p\nassets: {{"a_{{n}}": {{preset: drawing, prompt: x, matrix: {{n: [{numbers}]}}}}}}\n'
    )
    return tmp_path


def test_a_reader_that_ends_early_ends_the_command_quietly(pack: Path) -> None:
    done = shell("assetgen plan . | head -1; exit ${PIPESTATUS[0]}", pack)
    assert (done.returncode, done.stdout.count(b"\n"), done.stderr) == (130, 1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", ["--version", "--help", "plan .", "plan . --json"])
def test_a_full_disk_for_the_output_is_one_sentence(pack: Path, command: str) -> None:
    done = shell(f"assetgen {command} >/dev/full", pack)
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert done.stderr.startswith(b"assetgen: cannot write the output (No space left on device).")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("streams", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_errors_keep_their_exit_code_without_streams(tmp_path: Path, streams: str) -> None:
    assert shell(f"assetgen plan missing {streams}", tmp_path).returncode == 2


@pytest.mark.parametrize("streams", [">&-", ">&- 2>&-"])
def test_a_build_with_closed_streams_is_whole(pack: Path, streams: str) -> None:
    done = shell(f"assetgen build . --only a_1 --draft --json --game game --store store {streams}", pack)
    assert (done.returncode, (pack / "game" / "a_1.png").read_bytes()[1:4]) == (0, b"PNG")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_an_interrupt_during_imports_prints_no_traceback() -> None:
    code = "import time, assetgen.cli as c\nwith c._exit_at_interrupt(): print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert (process.wait(), process.stderr.read()) == (130, b"")


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux only")
@pytest.mark.parametrize(
    "arguments",
    [["plan", b"\xff"], ["plan", b"x" * 100_000], ["make", "pixel_sprite", b"\xff"], ["--version", b"\xff"], [b"\xff"]],
)
def test_arguments_that_are_no_text_or_too_long_are_one_sentence(tmp_path: Path, arguments: list[bytes]) -> None:
    done = subprocess.run([*LINE, *arguments], cwd=tmp_path, capture_output=True)
    assert (done.returncode in (0, 2), b"Traceback" in done.stderr) == (True, False), done.stderr


def test_terminal_escapes_in_an_argument_are_printed_as_text(tmp_path: Path) -> None:
    done = subprocess.run([*LINE, "plan", "\x1b]0;title\x07"], cwd=tmp_path, capture_output=True)
    assert (done.returncode, b"\x1b" in done.stderr, rb"\x1b]0;title\x07" in done.stderr) == (2, False, True)

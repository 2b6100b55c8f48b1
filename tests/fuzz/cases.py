"""One case: write its files, run the target under limits, judge what came out.

A target may raise errors of `assetgen.errors` only, in one printable line. It prints nothing to stderr, writes only
below the folders that it is given, and stays within `CPU_SECONDS` and `MEMORY`. A case that takes longer is killed by
the kernel, after a traceback; `__main__.py` reports it with the file of the case.
"""

import contextlib
import faulthandler
import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mutations import LINK, PIPE, Files

from assetgen.errors import AssetgenError
from assetgen.events import Event, Failed
from assetgen.store.atomic import PART_PREFIX

CPU_SECONDS, WALL_SECONDS = 5.0, 120.0
MEMORY = 1_000_000_000
"""Bytes of resident memory that a case may add."""
_ADDRESS_SPACE = 3 * MEMORY
"""Above what the process has: an allocation beyond it raises `MemoryError`, which counts as a defect."""
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_CRASHED = re.compile(r"the \w+ broke \(")
_LONGEST_MESSAGE = 2500
_WRITTEN = ("game/", "store/", "machine/", "pack/pack.lock/", f"pack/{PART_PREFIX}")
"""Prefixes of paths that a case may write."""
SERVED = "served-"
"""Prefix of the folder of a server, which lasts as long as the process."""
_CHANGES = dict.fromkeys(("os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate"), slice(1))
_CHANGES |= {"os.rename": slice(2), "os.link": slice(2), "os.symlink": slice(1, 2)}
"""Audit events that change files, and which of their arguments are paths."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Defect(Exception):
    """What a target must not do."""


@dataclass
class Watch:
    """What happens while a case runs. Writes below `allowed` are no defect."""

    folder: Path
    stderr: Path
    allowed: tuple[str, ...] = ()
    writes: list[str] = field(default_factory=list)

    def note(self, event: str, given: tuple[Any, ...]) -> None:
        """Audit hook: note writes outside of the allowed folders."""
        opens = event == "open" and isinstance(given[2], int) and given[2] & _WRITING
        if self.allowed and (opens or event in _CHANGES):
            held = "" if opens or given[-1] == -1 else f"/proc/self/fd/{given[-1]}"  # paths are relative to it
            for path in given[_CHANGES.get(event, slice(1))]:
                if isinstance(path, str | bytes | os.PathLike) and not self._is_allowed(
                    event, Path(held, os.fsdecode(path))
                ):
                    self.writes.append(f"{event} {os.fsdecode(path)!r}\n{''.join(traceback.format_stack(limit=9))}")

    def _is_allowed(self, event: str, path: Path) -> bool:
        real = path.parent.resolve() / path.name
        exists = event == "os.mkdir" and real.is_dir()
        return exists or str(real) == os.devnull or f"{real}/".startswith(self.allowed)


@contextlib.contextmanager
def watching(folder: Path) -> Iterator[Watch]:
    """Prepare this process: limits, audit hook, stderr into a file. Tracebacks of killed cases go to the terminal."""
    watch = Watch(folder, folder / "stderr")
    tempfile.tempdir = str(folder)
    sys.addaudithook(watch.note)
    warnings.simplefilter("always")
    for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
        warnings.simplefilter("ignore", kind)  # as by default: they are not shown to users
    terminal = os.fdopen(os.dup(2), "w")
    for number in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
        faulthandler.register(number, terminal, all_threads=True, chain=True)
    faulthandler.enable(terminal)
    os.dup2(os.open(watch.stderr, os.O_RDWR | os.O_CREAT | os.O_APPEND), 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + _ADDRESS_SPACE, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    yield watch


def _memory(kind: str) -> int:
    """`VmRSS` or `VmHWM` (the most since `_forget_peak`) of this process in bytes. See proc(5)."""
    found = re.search(rf"^{kind}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def run_case(check: Callable[[Path], None], files: Files, watch: Watch) -> None:
    """Run one case in a fresh folder. Raises `Defect`, or whatever else is no error of assetgen."""
    root = Path(tempfile.mkdtemp(prefix="case-", dir=watch.folder))
    write_files(root, files)
    before = watch.stderr.stat().st_size
    watch.writes.clear()
    _forget_peak()
    resident = _memory("VmRSS")
    watch.allowed = (
        f"{watch.folder}/{SERVED}",
        f"{watch.folder}/{tempfile.gettempprefix()}",
        *(f"{root}/{name}" for name in _WRITTEN),
    )
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    signal.setitimer(signal.ITIMER_REAL, WALL_SECONDS)
    try:
        with family_errors():
            check(root)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        watch.allowed = ()
        shutil.rmtree(root, ignore_errors=True)
    _judge(watch, before, _memory("VmHWM") - resident)


def _judge(watch: Watch, before: int, added: int) -> None:
    if watch.stderr.stat().st_size > before:
        with watch.stderr.open("rb") as stream:
            stream.seek(before)
            raise Defect(f"it printed to stderr: {stream.read(1000).decode(errors='replace')}")
    if watch.writes:
        raise Defect(f"it wrote outside of its folders: {watch.writes[0]}")
    if added > MEMORY:
        raise Defect(f"it took {added / 1e6:.0f} MB of memory")


@contextlib.contextmanager
def family_errors() -> Iterator[None]:
    """Accept the errors of assetgen, if each is one printable line and hides no lack of memory."""
    try:
        yield
    except AssetgenError as error:
        text = str(error)
        if found := _UNPRINTABLE.search(text):
            raise Defect(f"its message contains {found[0]!a}: {ascii(text)[:300]}") from error
        if len(text) > _LONGEST_MESSAGE:
            raise Defect(f"its message has {len(text)} characters: {ascii(text)[:300]}") from error
        if any(isinstance(cause, MemoryError) or "nsufficient memory" in str(cause) for cause in _causes(error)):
            raise Defect(f"it needed more memory than allowed: {text[:300]}") from error


def no_crash(event: Event) -> None:
    """An `Emit` that accepts failed assets, but not those whose part raised something unexpected."""
    if isinstance(event, Failed) and _CRASHED.search(event.reason):
        raise Defect(f"an asset failed: {event.reason}")


def _causes(error: BaseException) -> list[BaseException]:
    """An error and what caused it. An error may be its own cause: `raise error.at(…) from error`."""
    found = [error]
    while (cause := found[-1].__cause__ or found[-1].__context__) and cause not in found:
        found.append(cause)
    return found


def write_files(root: Path, files: Files) -> None:
    """Write the files of a case below a folder. Paths that the system refuses are left out."""
    for path, data in files.items():
        file = root / path
        with contextlib.suppress(OSError, ValueError):
            file.parent.mkdir(parents=True, exist_ok=True)
            if data.startswith(LINK):
                file.symlink_to(os.fsdecode(data.removeprefix(LINK)))
            elif data == PIPE:
                os.mkfifo(file)
            else:
                file.write_bytes(data)


def place_of(error: BaseException) -> str:
    """Which defect this is: the error's type and the innermost line of assetgen, or the message of a `Defect`."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if "/assetgen/" in each.filename]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].name}" if frames else ""
    text = re.sub(r"\d+|'[^']*'", "…", str(error))[:60] if isinstance(error, Defect) else ""
    return " ".join(filter(None, (type(error).__name__, where, text)))


def save_case(file: Path, target: str, number: int, files: Files) -> None:
    """Write a case, the `number`-th of its session, as JSON; bytes are latin-1."""
    data = {
        "target": target,
        "number": number,
        "files": {path: content.decode("latin-1") for path, content in files.items()},
    }
    file.write_text(json.dumps(data))


def load_case(file: Path) -> tuple[str, Files]:
    """The target and the files of a saved case."""
    data = json.loads(file.read_text())
    return data["target"], {path: content.encode("latin-1") for path, content in data["files"].items()}

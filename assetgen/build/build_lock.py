"""One build per target at a time on this machine; a second one waits and reports who holds the lock."""

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from assetgen.errors import PublishError
from assetgen.events import Emit, Waiting

_POLL_SECONDS = 0.2


@contextmanager
def build_lock(path: Path, locks: Path, emit: Emit, pause: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the right to write to a folder or file; emits `Waiting` once where another process holds it.

    `pause` is called repeatedly while waiting; it may raise `Cancelled`. The lock is a file in `locks`, named after the
    path. The operating system releases it when its process ends.
    """
    import filelock

    file = lock_file(path, locks)
    holder = file.with_suffix(".holder")
    lock = filelock.FileLock(file)
    try:
        locks.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            emit(Waiting(holder=_holder(holder)))
            while not lock.is_locked:
                pause()
                with contextlib.suppress(filelock.Timeout):
                    lock.acquire(timeout=_POLL_SECONDS)
        holder.write_text(f"process {os.getpid()}, since {time.strftime('%H:%M:%S')}", encoding="utf-8")
    except OSError as error:
        lock.release()
        cure = "Get write access to that folder in the user's cache"
        raise PublishError(f"cannot lock '{path}' with '{file}' ({error.strerror})", cure=cure) from error
    try:
        yield
    finally:
        lock.release()


def lock_file(path: Path, locks: Path) -> Path:
    """The file in the folder `locks` that stands for a folder or file."""
    return locks / f"{hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()[:32]}.lock"


def _holder(holder: Path) -> str:
    try:
        return holder.read_text(encoding="utf-8")
    except OSError:
        return "another process"

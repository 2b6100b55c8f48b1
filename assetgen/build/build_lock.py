"""One build of a target at a time, on this machine: the second waits and says for whom."""

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from assetgen.errors import PublishError
from assetgen.events import Emit, Waiting

EVERY = 0.2
"""Seconds between looks at a lock that another build holds."""


@contextmanager
def build_lock(place: Path, locks: Path, emit: Emit, meanwhile: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the right to write at a place (a folder or a file); `Waiting` is emitted once where another process has it.

    While it waits, `meanwhile` is called again and again: there a server lets other work go first, or gives up.
    The lock is a file in `locks` (of the user, not of the game), named after the place. The system frees it with the
    process that holds it, however that ends.
    """
    import filelock

    file = locks / f"{hashlib.sha256(os.path.realpath(place).encode()).hexdigest()[:32]}.lock"
    holder = file.with_suffix(".holder")
    lock = filelock.FileLock(file)
    try:
        locks.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            emit(Waiting(holder=_told(holder)))
            while not lock.is_locked:
                meanwhile()
                with contextlib.suppress(filelock.Timeout):
                    lock.acquire(timeout=EVERY)
        holder.write_text(f"process {os.getpid()}, since {time.strftime('%H:%M:%S')}", encoding="utf-8")
    except OSError as error:
        lock.release()
        cure = "Get write access to that folder: it is in the user's cache"
        raise PublishError(f"cannot lock '{place}' by '{file}' ({error.strerror})", cure=cure) from error
    try:
        yield
    finally:
        lock.release()


def _told(holder: Path) -> str:
    try:
        return holder.read_text(encoding="utf-8")
    except OSError:
        return "another process"

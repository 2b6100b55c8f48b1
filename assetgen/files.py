"""Files that others wrote: read only regular ones, never more than a limit; and the IDs by which engines find them."""

import errno
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


def is_regular_file(path: Path) -> bool:
    """Whether there is a regular file; False where none can be, such as at a name that is too long."""
    try:
        return path.is_file()
    except OSError:
        return False


def read_limited(path: Path, limit: int) -> bytes:
    """The bytes of a regular file of at most `limit` bytes.

    Raises `OSError` for a larger file, and for folders, devices and named pipes, which may block or never end.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit // 1_000_000} MB")
    return data


@dataclass(frozen=True)
class FileIds:
    """How an engine identifies files, so that no two files of a game have one ID.

    Files whose names end with one of `suffixes` hold an ID, the first group of `pattern`. `folders` of the game are
    searched, without hidden ones and those that hold a file `ignored_by`. `of` returns the ID that an exporter gives to
    the file at a path inside the game. `name` is the engine's word for it.
    """

    name: str
    suffixes: tuple[str, ...]
    pattern: re.Pattern[bytes]
    of: Callable[[str], str]
    folders: tuple[str, ...] = ("",)
    ignored_by: str = ""

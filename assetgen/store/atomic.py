"""Atomic file writes: readers see the old file or the new one, never a part."""

import os
import tempfile
from pathlib import Path

PART_PREFIX, PART_SUFFIX = ".assetgen-", ".part"
"""The name of a temporary file. Game engines and file watchers ignore names with a leading dot."""


def write_atomically(path: Path, data: bytes, *, durable: bool = True, mode: int = 0o644) -> None:
    """Write a temporary file beside `path`, flush it to disk and rename it over `path`; create missing folders.

    `durable=False` skips the flush, for data that carries a checksum: a power cut (not a crash) may then leave a torn
    file. Raises `OSError`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=PART_PREFIX, suffix=PART_SUFFIX, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

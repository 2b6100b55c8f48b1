"""Digests of files, and whether files are completely written."""

import hashlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from stat import S_ISREG

from assetgen.errors import AssetgenError
from assetgen.pack.inbox import IMAGE_SUFFIXES, MESH_SUFFIXES

_LARGE = 1_000_000_000
"""Bytes. Larger files are compared by size and time: reading them takes too long."""
_RECENT = 10.0
"""Seconds since the last write in which a file may still be written."""
_CLOCK_TICK = 2.0
"""Seconds. Two writes within the coarsest file system clock (FAT) may leave size and time equal."""
FileState = dict[Path, str]
"""SHA-256 by path, of the files that exist."""


class Digests:
    """Digests of files, each read again when its size, time or inode changed, or if it was written just before."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, ...], str]] = {}

    def of(self, paths: Iterable[Path]) -> FileState:
        """The state of these files; missing and unreadable files, devices and named pipes are left out."""
        return {path: digest for path in paths if (digest := self._digest(path))}

    def keep(self, paths: Iterable[Path]) -> None:
        """Forget all other files."""
        kept = set(paths)
        self._known = {path: known for path, known in self._known.items() if path in kept}

    def _digest(self, path: Path) -> str:
        try:
            stat = path.stat()
            if not S_ISREG(stat.st_mode):
                return ""
            stamp = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
            known = self._known.get(path)
            if known and known[0] == stamp:
                return known[1]
            is_settled = abs(time.time() - stat.st_mtime) > _CLOCK_TICK
            digest = _sha256(path) if stat.st_size < _LARGE else repr(stamp)
        except OSError:
            return ""
        if is_settled:
            self._known[path] = (stamp, digest)
        return digest


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_recent(path: Path) -> bool:
    """Whether a file was written a moment ago, so that it may be incomplete."""
    try:
        stat = path.stat()
    except OSError:
        return False
    return max(stat.st_mtime, stat.st_ctime) > time.time() - _RECENT


def is_complete(path: Path) -> bool:
    """Whether a file can be read to its end in the format of its suffix. Mostly false while it is being written."""
    from assetgen.controls._mesh import read_mesh
    from assetgen.diffusion.loading.weight_headers import check_file
    from assetgen.pack.yaml_files import read_yaml
    from assetgen.pixels.image_files import read_image
    from assetgen.pixels.palettes import read_palette

    readers: dict[str, Callable[[Path], object]] = {
        ".yaml": read_yaml,
        ".safetensors": check_file,
        **dict.fromkeys((".hex", ".gpl", ".pal"), read_palette),
    }
    readers |= {**dict.fromkeys(IMAGE_SUFFIXES, read_image), **dict.fromkeys(MESH_SUFFIXES, read_mesh)}
    reader = readers.get(path.suffix.lower())
    try:
        if reader and path.exists():
            reader(path)
    except (AssetgenError, OSError):
        return False
    return True

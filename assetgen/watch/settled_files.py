"""What stands in files now, and whether they are written whole."""

import hashlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from assetgen.errors import AssetgenError
from assetgen.pack.inbox import IMAGE_SUFFIXES, MESH_SUFFIXES

LARGE = 1_000_000_000
"""Bytes. Larger files are known by size and time: reading them takes longer than whoever saved them will wait."""
RECENT = 10.0
"""Seconds."""
State = dict[Path, str]
"""sha256 by path, of the files that are there."""


class Digests:
    """Digests of files, each read again only when its size or time changed, or when it was `touched`."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, ...], str]] = {}

    def of(self, paths: Iterable[Path]) -> State:
        """The state of these files; what is missing or cannot be read is left out."""
        return {path: digest for path in paths if (digest := self._digest(path))}

    def touched(self, paths: Iterable[Path]) -> None:
        """Two saves within a tick of the clock may leave time and size as they were."""
        for path in paths:
            self._known.pop(path, None)

    def keep(self, paths: Iterable[Path]) -> None:
        """Forget all others."""
        kept = set(paths)
        self._known = {path: known for path, known in self._known.items() if path in kept}

    def _digest(self, path: Path) -> str:
        try:
            stat = path.stat()
            stamp = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
            known = self._known.get(path)
            if known and known[0] == stamp:
                return known[1]
            digest = _sha256(path) if stat.st_size < LARGE else repr(stamp)
        except OSError:
            return ""
        self._known[path] = (stamp, digest)
        return digest


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_recent(path: Path) -> bool:
    """Whether a file was written a moment ago, so that somebody may be writing it still."""
    try:
        stat = path.stat()
    except OSError:
        return False
    return max(stat.st_mtime, stat.st_ctime) > time.time() - RECENT


def is_whole(path: Path) -> bool:
    """Whether a file can be read to its end as what its name says: one that is still being written mostly cannot."""
    from assetgen.controls._mesh import read_mesh
    from assetgen.diffusion.loading.weight_files import check_file
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

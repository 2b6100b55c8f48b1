"""The files of a job: their description, and reading them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from assetgen.server.http_errors import NotFound
from assetgen.server.responses import JobFile

_IMAGES = (".png", ".jpg", ".webp", ".tga", ".exr")


def describe_file(root: Path, path: str, number: int | None, asset: str) -> JobFile:
    """The JSON of a file. The channel of an image is in its name: `wall_normal.png` beside `wall.png`."""
    data = (root / path).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    channel = _channel(path, asset)
    return JobFile(path=path, asset=asset, channel=channel, number=number, bytes=len(data), sha256=digest)


def _channel(path: str, asset: str) -> str:
    stem, _, ending = path.rpartition(".")
    if f".{ending.lower()}" not in _IMAGES:
        return ""
    tail = stem.rpartition("/")[2].removeprefix(asset.rpartition("/")[2])
    return tail.removeprefix("_") or "color"


def read_file(root: Path, listed: Sequence[JobFile], path: str) -> tuple[bytes, JobFile]:
    """Read a file that a job lists. Raises `NotFound` for other files, and where it has changed since."""
    known = next((each for each in listed if each.path == path), None)
    if known is None:
        raise NotFound(f"the job has no file '{path[:200]}'", cure="Its 'files' lists them")
    file = root / path
    gone = NotFound(f"'{path}' is gone or has changed since the job made it", cure="Make it again")
    try:
        if file.is_symlink() or not file.resolve().is_relative_to(root.resolve()):
            raise gone
        data = file.read_bytes()
    except OSError as error:
        raise gone from error
    if hashlib.sha256(data).hexdigest() != known.sha256:
        raise gone
    return data, known

"""Files of a job: what is told of them, and reading them back."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assetgen.server.http_errors import Unknown

PICTURES = (".png", ".jpg", ".webp", ".tga", ".exr")


def described(root: Path, path: str, number: int | None, asset: str) -> dict[str, Any]:
    """What a job tells of a file: a picture's channel is in its name, `wall_normal.png` beside `wall.png`."""
    data = (root / path).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return {
        "path": path,
        "asset": asset,
        "channel": _channel(path, asset),
        "number": number,
        "bytes": len(data),
        "sha256": digest,
    }


def _channel(path: str, asset: str) -> str:
    stem, _, ending = path.rpartition(".")
    if f".{ending.lower()}" not in PICTURES:
        return ""
    tail = stem.rpartition("/")[2].removeprefix(asset.rpartition("/")[2])
    return tail.removeprefix("_") or "color"


def read_file(root: Path, listed: Sequence[Mapping[str, Any]], path: str) -> tuple[bytes, Mapping[str, Any]]:
    """A file that a job lists, as it was when the job made it. Raises `Unknown` for any other, and for changed ones."""
    known = next((file for file in listed if file["path"] == path), None)
    if known is None:
        raise Unknown(f"the job has no file '{path[:200]}'", cure="Its 'files' list those that it has")
    place = root / path
    gone = Unknown(f"'{path}' is not there any more as the job made it", cure="Ask for a new job")
    try:
        if place.is_symlink() or not place.resolve().is_relative_to(root.resolve()):
            raise gone
        data = place.read_bytes()
    except OSError as error:
        raise gone from error
    if hashlib.sha256(data).hexdigest() != known["sha256"]:
        raise gone
    return data, known

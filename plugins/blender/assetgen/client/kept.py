"""Results by content: a file's name ends with its digest, so the same content is kept once."""

import hashlib
import re
from pathlib import Path
from typing import Any

from .http import Server

LENGTHS = (8, 16, 64)
"""Digits of the SHA-256 in a name; more where a file with this name has been edited since."""
NAMED = re.compile(r"_([0-9a-f]{8}|[0-9a-f]{16}|[0-9a-f]{64})\.[a-z0-9.]+$")


def keep(server: Server, job: str, file: dict[str, Any], to: Path) -> Path:
    """Download a file of a job beside `to`, unless its content is there, and return its path. Raises `Trouble`."""
    place = addressed(to, str(file["sha256"]))
    if not place.is_file():
        server.download(job, file, place)
    return place


def addressed(to: Path, sha256: str) -> Path:
    """The path of a result, named `to` with its digest: the file that has this content, or where it is to be saved."""
    stem, _, ending = to.name.partition(".")
    for length in LENGTHS:
        place = to.with_name(f"{stem}_{sha256[:length]}.{ending}")
        if not place.is_file() or hashlib.sha256(place.read_bytes()).hexdigest() == sha256:
            return place
    return place


def readable(name: str) -> str:
    """A file name without the digest: `mossy_wall_1f3a9c2e.png` as `mossy_wall.png`."""
    found = NAMED.search(name)
    return name[: found.start()] + name[found.end(1) :] if found else name

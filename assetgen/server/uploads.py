"""Uploaded pictures and meshes: known by their content, looked at before use, kept while they are used."""

import contextlib
import hashlib
import json
import re
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from assetgen.controls._mesh import read_mesh
from assetgen.errors import AssetgenError
from assetgen.pack.inbox import IMAGE_SUFFIXES, MESH_SUFFIXES
from assetgen.pixels.image_files import read_image
from assetgen.server.http_errors import NoRoom, Refusal, Unknown
from assetgen.server.jobs import Jobs

NAME = re.compile(r"[^/\\\x00-\x1f\x7f:*?\"<>|]{1,200}")
ID_LENGTH = 32
KEPT_SECONDS = 7 * 24 * 3600.0
UNREADABLE = (".gltf",)
"""A mesh in several files cannot come as one."""


def suffix_of(name: str) -> str:
    """The kind of file that a name tells. Raises `Refusal` for one that is no picture's or mesh's."""
    suffix = Path(name).suffix.lower() if NAME.fullmatch(name) else ""
    if suffix in UNREADABLE:
        raise Refusal("a .gltf has its data in other files", where="name", cure="Export it as .glb")
    if suffix not in (*IMAGE_SUFFIXES, *MESH_SUFFIXES):
        known = ", ".join((*IMAGE_SUFFIXES, *(each for each in MESH_SUFFIXES if each not in UNREADABLE)))
        raise Refusal(
            f"'{name[:60]}' is no name of a picture or a mesh", where="name", cure=f"It ends in one of {known}"
        )
    return suffix


async def receive(folder: Path, chunks: AsyncIterator[bytes]) -> tuple[Path, str, int]:
    """A body into a temporary file, piece by piece: its place, sha256 and length. The caller removes or keeps it."""
    digest, length = hashlib.sha256(), 0
    place: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".", suffix=".part", delete=False) as stream:
            place = Path(stream.name)
            async for chunk in chunks:
                digest.update(chunk)
                length += len(chunk)
                stream.write(chunk)
    except BaseException as error:
        if place:
            place.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise NoRoom(f"cannot save the upload ({error.strerror})", cure="Make room on the disk") from error
        raise
    return place, digest.hexdigest(), length


def keep(jobs: Jobs, received: tuple[Path, str, int], name: str) -> dict[str, Any]:
    """Look at what was received, and keep it under its id. Raises `InputError` for what is no whole picture or mesh."""
    temporary, digest, length = received
    suffix = suffix_of(name)
    id = hashlib.sha256(f"{digest}{suffix}".encode()).hexdigest()[:ID_LENGTH]
    place = temporary.with_name(f"{id}{suffix}")
    try:
        if not place.exists():
            looked_at = temporary.rename(temporary.with_suffix(suffix))
            temporary = looked_at
            try:
                read_mesh(looked_at) if suffix in MESH_SUFFIXES else read_image(looked_at)
            except AssetgenError as error:
                what = error.what.replace(str(looked_at), name)
                raise Refusal(what, where=name, cure=error.cure) from error
            looked_at.replace(place)
    finally:
        temporary.unlink(missing_ok=True)
    data = {"id": id, "name": name, "sha256": digest, "bytes": length}
    with jobs.writing() as base:
        base.execute("REPLACE INTO uploads VALUES (?, ?, ?)", (id, json.dumps(data), time.time()))
    return data


def place_of(jobs: Jobs, folder: Path, id: str) -> Path:
    """Where an upload lies; it is kept from now on anew. Raises `Unknown`."""
    found = jobs.rows("SELECT data FROM uploads WHERE id = ?", id)
    place = folder / f"{id}{Path(json.loads(found[0][0])['name']).suffix.lower()}" if found else folder
    if not place.is_file():
        raise Unknown(f"there is no upload '{id}'", cure="POST /api/v1/uploads brings it")
    with jobs.writing() as base:
        base.execute("UPDATE uploads SET used = ? WHERE id = ?", (time.time(), id))
    return place


def drop_old(jobs: Jobs, folder: Path, now: float) -> None:
    """Remove uploads that nobody used for long, those of jobs that wait or run aside, and what came half."""
    asked = "".join(row[0] for row in jobs.rows("SELECT request FROM jobs WHERE ended IS NULL"))
    rows = jobs.rows("SELECT id FROM uploads WHERE used < ?", now - KEPT_SECONDS)
    with jobs.writing() as base:
        for (id,) in rows:
            if id not in asked:
                base.execute("DELETE FROM uploads WHERE id = ?", (id,))
                for file in folder.glob(f"{id}.*"):
                    file.unlink(missing_ok=True)
    for file in folder.glob(".*") if folder.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):  # an upload has just come to its end
            if file.stat().st_mtime < now - KEPT_SECONDS:
                file.unlink()

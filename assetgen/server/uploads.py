"""Uploaded images and meshes: named by their content, checked before use, removed after a week without use."""

import contextlib
import hashlib
import json
import re
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from assetgen.controls._mesh import read_mesh
from assetgen.errors import AssetgenError
from assetgen.pack.inbox import IMAGE_SUFFIXES, MESH_SUFFIXES
from assetgen.pixels.image_files import read_image
from assetgen.server.http_errors import MAKE_ROOM, DiskFull, NotFound, RequestError
from assetgen.server.jobs import Jobs
from assetgen.server.private import private_folder
from assetgen.server.responses import UploadInfo

_NAME = re.compile(r"[^/\\\x00-\x1f\x7f:*?\"<>|]{1,200}")
_ID_LENGTH = 32
_KEPT_SECONDS = 7 * 24 * 3600.0
UNREADABLE = (".gltf",)
"""Mesh formats of several files, which cannot be uploaded as one."""


def suffix_of(name: str) -> str:
    """The suffix of a file name. Raises `RequestError` unless it is that of an image or a mesh."""
    suffix = Path(name).suffix.lower() if _NAME.fullmatch(name) else ""
    if suffix in UNREADABLE:
        raise RequestError("a .gltf file has its data in other files", where="name", cure="Export it as .glb")
    if suffix not in (*IMAGE_SUFFIXES, *MESH_SUFFIXES):
        known = ", ".join((*IMAGE_SUFFIXES, *(each for each in MESH_SUFFIXES if each not in UNREADABLE)))
        raise RequestError(
            f"'{name[:60]}' is not the name of an image or a mesh", where="name", cure=f"Use one of {known}"
        )
    return suffix


async def receive_upload(folder: Path, chunks: AsyncIterator[bytes]) -> tuple[Path, str, int]:
    """Stream a body into a temporary file, which belongs to the caller: its path, sha256 and length."""
    digest, length = hashlib.sha256(), 0
    path: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=private_folder(folder), prefix=".", suffix=".part", delete=False
        ) as stream:
            path = Path(stream.name)
            async for chunk in chunks:
                digest.update(chunk)
                length += len(chunk)
                stream.write(chunk)
    except BaseException as error:
        if path:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise DiskFull(f"cannot save the upload ({error.strerror})", cure=MAKE_ROOM) from error
        raise
    return path, digest.hexdigest(), length


def store_upload(jobs: Jobs, received: tuple[Path, str, int], name: str) -> UploadInfo:
    """Check a received file and store it under its id. Raises `RequestError` for a damaged image or mesh."""
    temporary, digest, length = received
    suffix = suffix_of(name)
    id = hashlib.sha256(f"{digest}{suffix}".encode()).hexdigest()[:_ID_LENGTH]
    path = temporary.with_name(f"{id}{suffix}")
    try:
        if not path.exists():
            checked = temporary.rename(temporary.with_suffix(suffix))
            temporary = checked
            try:
                read_mesh(checked) if suffix in MESH_SUFFIXES else read_image(checked)
            except AssetgenError as error:
                what = error.what.replace(str(checked), name)
                raise RequestError(what, where=name, cure=error.cure) from error
            checked.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    upload = UploadInfo(id=id, name=name, sha256=digest, bytes=length)
    with jobs.transaction() as base:
        base.execute("REPLACE INTO uploads VALUES (?, ?, ?)", (id, json.dumps(upload.model_dump()), time.time()))
    return upload


def upload_path(jobs: Jobs, folder: Path, id: str) -> Path:
    """The path of an upload, whose week without use starts again. Raises `NotFound`."""
    found = jobs.rows("SELECT data FROM uploads WHERE id = ?", id)
    path = folder / f"{id}{Path(json.loads(found[0][0])['name']).suffix.lower()}" if found else folder
    if not path.is_file():
        raise NotFound(f"there is no upload '{id}'", cure="Upload it with POST /api/v1/uploads")
    with jobs.transaction() as base:
        base.execute("UPDATE uploads SET used = ? WHERE id = ?", (time.time(), id))
    return path


def drop_old(jobs: Jobs, folder: Path, now: float) -> None:
    """Remove old uploads, except those of queued and running jobs and of the history, and old unfinished files."""
    used = "ended IS NULL OR id IN (SELECT job FROM history)"
    requests = "".join(row[0] for row in jobs.rows(f"SELECT request FROM jobs WHERE {used}"))
    rows = jobs.rows("SELECT id FROM uploads WHERE used < ?", now - _KEPT_SECONDS)
    with jobs.transaction() as base:
        for (id,) in rows:
            if id not in requests:
                base.execute("DELETE FROM uploads WHERE id = ?", (id,))
                for file in folder.glob(f"{id}.*"):
                    file.unlink(missing_ok=True)
    for file in folder.glob(".*") if folder.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):  # the upload has just ended
            if file.stat().st_mtime < now - _KEPT_SECONDS:
                file.unlink()

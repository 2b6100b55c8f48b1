"""Opened projects: the folders in which requests may name packs. Packs read no file outside of them."""

import hashlib
import os
from pathlib import Path, PureWindowsPath

from assetgen.errors import InputError
from assetgen.pack.entries import DEVICE_NAMES
from assetgen.pack.library import PackFile, library_for, load_pack
from assetgen.pack.project import Project, detect_engine
from assetgen.parts import ReadGuard
from assetgen.server.http_errors import BadPath, NotFound, RequestError
from assetgen.server.jobs import Jobs
from assetgen.server.responses import OpenedProject

_MAX_SEGMENT = 255
"""Bytes of a file name, on all common file systems."""
_OPEN_IT = "Open that folder too: POST /api/v1/projects"


def open_project(jobs: Jobs, text: str) -> OpenedProject:
    """Open a folder by its absolute path. The same folder always has the same id."""
    _check_characters(text)
    path = Path(text)
    try:
        if not path.is_absolute():
            raise ValueError("not an absolute path")
        real = path.resolve(strict=True)
        _check_characters(str(real))
        is_folder = real.is_dir() and os.access(real, os.R_OK | os.X_OK)
    except (OSError, RuntimeError, ValueError) as error:
        raise NotFound(f"there is no folder '{text[:200]}'", cure="Use an existing folder") from error
    if not is_folder or real == Path(real.anchor):
        raise NotFound(f"'{text[:200]}' cannot be opened", cure="Use the game's folder")
    id = hashlib.sha256(os.fsencode(real)).hexdigest()[:16]
    with jobs.transaction() as base:
        base.execute("REPLACE INTO projects VALUES (?, ?)", (id, str(real)))
    return _project_info(id, real)


def opened_projects(jobs: Jobs) -> list[OpenedProject]:
    """The opened projects."""
    return [_project_info(id, Path(path)) for id, path in jobs.rows("SELECT id, path FROM projects ORDER BY path")]


def project_folder(jobs: Jobs, project: str) -> Path:
    """The folder of an opened project. Raises `NotFound`."""
    found = jobs.rows("SELECT path FROM projects WHERE id = ?", project)
    if not found:
        raise NotFound(f"the project '{project[:40]}' is not open", cure="POST /api/v1/projects opens one")
    return Path(found[0][0])


def load_project(jobs: Jobs, project: str, pack: str) -> Project:
    """A pack by its path in an opened project, with its game."""
    file = load_pack(resolve_inside(project_folder(jobs, project), pack), may_read_projects(jobs))
    return Project(file, _game_of(jobs, project, file))


def may_read_projects(jobs: Jobs, *more: Path) -> ReadGuard:
    """Allow reading inside opened projects, `more`, and the preset folders (symlinks resolved)."""
    opened = [Path(path) for (path,) in jobs.rows("SELECT path FROM projects")]
    folders = [*opened, *(folder.resolve() for folder in more)]
    presets = library_for().folders

    def read_guard(path: Path) -> None:
        is_preset = ".." not in path.parts and any(path.is_relative_to(folder) for folder in presets)
        real = Path(os.path.realpath(path))
        if not is_preset and not any(real.is_relative_to(folder) for folder in folders):
            raise InputError(f"the file '{real}' is in no opened project", cure=_OPEN_IT)

    return read_guard


def _game_of(jobs: Jobs, project: str, file: PackFile) -> Path:
    """The game folder of a pack: its `game`, else the project where that is a game, else `out/PACK` in it.

    Raises `RequestError` where the game is in no opened project."""
    folder = project_folder(jobs, project)
    if not file.pack.game:
        return folder if detect_engine(folder) else folder / "out" / file.pack.pack
    game = (file.folder / file.pack.game).resolve()
    if not any(game.is_relative_to(path) for (path,) in jobs.rows("SELECT path FROM projects")):
        what = f"the game '{file.pack.game}' is in no opened project"
        raise RequestError(what, where=file.document.where("game"), cure=_OPEN_IT)
    return game


def resolve_inside(folder: Path, text: str) -> Path:
    """Resolve a relative path in a folder. Raises `BadPath` where it leaves the folder, also through symlinks."""
    _check_characters(text)
    segments = [segment for segment in text.split("/") if segment not in ("", ".")]
    windows = PureWindowsPath(text)
    if text.startswith("/") or windows.drive or windows.root or "\\" in text or ".." in segments:
        raise BadPath(f"the path '{text[:200]}' leaves the project", cure="Write it relative to the project")
    if any(segment.split(".")[0].rstrip(" ").lower() in DEVICE_NAMES for segment in segments):
        raise BadPath(f"the path '{text[:200]}' names a device on Windows")
    if any(len(segment.encode()) > _MAX_SEGMENT for segment in segments):
        raise BadPath("a name in the path is too long")
    try:
        path = (folder / "/".join(segments)).resolve()
        packs = [path, (path / "pack.yaml").resolve()]
    except (OSError, RuntimeError, ValueError) as error:
        raise BadPath(f"the path '{text[:200]}' cannot be resolved") from error
    if not all(each.is_relative_to(folder) for each in packs):
        raise BadPath(f"the path '{text[:200]}' leaves the project through a link", cure=_OPEN_IT)
    return path


def _check_characters(text: str) -> None:
    if any(ord(letter) < 32 or 0xD800 <= ord(letter) < 0xE000 for letter in text):
        raise BadPath("a path cannot hold control characters")


def _project_info(id: str, path: Path) -> OpenedProject:
    try:
        engine = detect_engine(path)
    except InputError:
        engine = ""
    return OpenedProject(id=id, path=str(path), engine=engine)

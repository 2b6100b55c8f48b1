"""Opened projects: the folders that requests may name packs in, and that these may read from, and nothing outside."""

import hashlib
import os
from pathlib import Path, PureWindowsPath

from assetgen.errors import InputError
from assetgen.pack.entries import DEVICE_NAMES
from assetgen.pack.library import PackFile, library_for, load_pack
from assetgen.pack.project import Project, detect_engine
from assetgen.parts import ReadGuard
from assetgen.server.http_errors import BadPath, Refusal, Unknown
from assetgen.server.jobs import Jobs

MAX_SEGMENT = 255
"""Bytes of a name, on every common file system."""
OPEN_IT = "Open that folder, too: POST /api/v1/projects"


def open_project(jobs: Jobs, text: str) -> dict[str, str]:
    """Open a folder by its absolute path; opened again it has the same id."""
    _check_words(text)
    path = Path(text)
    try:
        if not path.is_absolute():
            raise ValueError("of another system")
        real = path.resolve(strict=True)
        _check_words(str(real))
        is_folder = real.is_dir() and os.access(real, os.R_OK | os.X_OK)
    except (OSError, RuntimeError, ValueError) as error:
        raise Unknown(f"there is no folder '{text[:200]}'", cure="Name one that exists") from error
    if not is_folder or real == Path(real.anchor):
        raise Unknown(f"'{text[:200]}' is no folder that can be opened", cure="Name the game's folder")
    id = hashlib.sha256(os.fsencode(real)).hexdigest()[:16]
    with jobs.writing() as base:
        base.execute("REPLACE INTO projects VALUES (?, ?)", (id, str(real)))
    return _told(id, real)


def projects(jobs: Jobs) -> list[dict[str, str]]:
    """The opened projects."""
    return [_told(id, Path(path)) for id, path in jobs.rows("SELECT id, path FROM projects ORDER BY path")]


def folder_of(jobs: Jobs, project: str) -> Path:
    """The folder of an opened project. Raises `Unknown`."""
    found = jobs.rows("SELECT path FROM projects WHERE id = ?", project)
    if not found:
        raise Unknown(f"no project '{project[:40]}' is open", cure="POST /api/v1/projects opens one")
    return Path(found[0][0])


def project_in(jobs: Jobs, project: str, pack: str) -> Project:
    """A pack by its path in an opened project, with its game."""
    file = load_pack(inside(folder_of(jobs, project), pack), readable(jobs))
    return Project(file, _game_in(jobs, project, file))


def readable(jobs: Jobs, *more: Path) -> ReadGuard:
    """Lets be read what lies in opened projects or in `more`, links followed, and the user's and shipped presets."""
    opened = [Path(path) for (path,) in jobs.rows("SELECT path FROM projects")]
    folders = [*opened, *(folder.resolve() for folder in more)]
    presets = library_for().folders

    def read_guard(path: Path) -> None:
        is_preset = ".." not in path.parts and any(path.is_relative_to(folder) for folder in presets)
        real = Path(os.path.realpath(path))
        if not is_preset and not any(real.is_relative_to(folder) for folder in folders):
            raise InputError(f"the file '{real}' is in no opened project", cure=OPEN_IT)

    return read_guard


def _game_in(jobs: Jobs, project: str, file: PackFile) -> Path:
    """The game that a pack is built into: the one that it names, else the project itself where that is a game, else
    `out/PACK` in it. Raises `Refusal` for one that no opened project holds."""
    folder = folder_of(jobs, project)
    if not file.pack.game:
        return folder if detect_engine(folder) else folder / "out" / file.pack.pack
    game = (file.folder / file.pack.game).resolve()
    if not any(game.is_relative_to(path) for (path,) in jobs.rows("SELECT path FROM projects")):
        what = f"the game '{file.pack.game}' is in no opened project"
        raise Refusal(what, where=file.document.where("game"), cure=OPEN_IT)
    return game


def inside(folder: Path, text: str) -> Path:
    """A relative path in a folder, as a real path. Raises `BadPath` for one that leaves it, through links or not."""
    _check_words(text)
    segments = [segment for segment in text.split("/") if segment not in ("", ".")]
    windows = PureWindowsPath(text)
    if text.startswith("/") or windows.drive or windows.root or "\\" in text or ".." in segments:
        raise BadPath(f"the path '{text[:200]}' leaves the project", cure="Write it relative to the project")
    if any(segment.split(".")[0].rstrip(" ").lower() in DEVICE_NAMES for segment in segments):
        raise BadPath(f"the path '{text[:200]}' names a device on Windows")
    if any(len(segment.encode()) > MAX_SEGMENT for segment in segments):
        raise BadPath("the path is longer than disks take")
    try:
        path = (folder / "/".join(segments)).resolve()
        packs = [path, (path / "pack.yaml").resolve()]
    except (OSError, RuntimeError, ValueError) as error:
        raise BadPath(f"the path '{text[:200]}' cannot be followed") from error
    if not all(each.is_relative_to(folder) for each in packs):
        raise BadPath(f"the path '{text[:200]}' leaves the project through a link", cure=OPEN_IT)
    return path


def _check_words(text: str) -> None:
    if any(ord(letter) < 32 or 0xD800 <= ord(letter) < 0xE000 for letter in text):
        raise BadPath("a path cannot hold control characters")


def _told(id: str, path: Path) -> dict[str, str]:
    try:
        engine = detect_engine(path)
    except InputError:
        engine = ""
    return {"id": id, "path": str(path), "engine": engine}

"""A project: a pack with its lock, the game that it is built into, and the presets and cards in reach.

What every command loads first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assetgen.errors import InputError, PublishError
from assetgen.pack.library import PackFile, load_pack
from assetgen.pack.licences import studio_of
from assetgen.pack.lock import LockEntry, lock_path, read_lock
from assetgen.pack.recipe import Recipe
from assetgen.pack.renames import resolve_with_lock
from assetgen.pack.schema import Pack
from assetgen.parts import part_names
from assetgen.terms import Studio

ENGINE_FILES = (
    ("godot", "project.godot"),
    ("unity", "ProjectSettings"),
    ("unreal", "*.uproject"),
    ("gamemaker", "*.yyp"),
)
"""An engine, and a file or folder that marks its game projects; the exporter has its name, else it is `plain`."""


@dataclass(frozen=True)
class Plan:
    """The recipes of a pack, members before the assets that need them; the inbox files that cannot be assets, by asset
    name; and the lock they were resolved with."""

    recipes: tuple[Recipe, ...]
    invalid: Mapping[str, InputError]
    lock: Mapping[str, LockEntry]


@dataclass(frozen=True)
class Project:
    """A loaded pack and the root folder of the game that it is built into."""

    file: PackFile
    game: Path

    @classmethod
    def load(cls, path: Path, game: Path | None = None) -> "Project":
        """A pack by its folder or file. `game` overrides the game that the pack names.

        Raises `InputError` where the pack cannot be read, `PublishError` where its game folder cannot.
        """
        file = load_pack(path)
        return cls(file, game or default_game(file))

    @property
    def pack(self) -> Pack:
        """The pack as written."""
        return self.file.pack

    @property
    def target(self) -> Path:
        """The folder inside the game that the pack is published into."""
        return self.game / self.pack.target

    @property
    def engine(self) -> str:
        """The exporter of assets whose pack and preset name none; "" where the game's engine is unknown."""
        return detect_engine(self.game)

    @property
    def lock_path(self) -> Path:
        """The lock beside the pack."""
        return lock_path(self.file)

    @property
    def studio(self) -> Studio:
        """The studio that licences are compared with, of the pack and of the user's settings."""
        return studio_of(self.pack)

    def check_game(self) -> None:
        """Raise `InputError` where the pack names a game folder that does not exist, as after a mistake in its path."""
        named = self.pack.game
        if named and self.game == self.file.folder / named and not self.game.exists():
            cure = "Correct the path, or create the folder with `assetgen build PACK --new-game`"
            raise InputError(f"there is no game folder '{named}'", where=self.file.document.where("game"), cure=cure)

    def read_lock(self) -> dict[str, LockEntry]:
        """The entries of the lock by asset; empty where there is no lock. Raises `InputError` for a damaged one."""
        return read_lock(self.lock_path) or {}

    def plan(self, only: str = "*", *, draft: bool = False, use_lock: bool = True) -> Plan:
        """Resolve the assets that match `only`, with the seeds of renamed assets and the picks that the lock records.

        Inbox files that cannot become assets are listed in the plan. Raises `InputError` with file and line for errors
        in the pack itself.
        """
        lock = self.read_lock() if use_lock else {}
        invalid: dict[str, InputError] = {}
        recipes = resolve_with_lock(self.file, lock, engine=self.engine, only=only, draft=draft, invalid=invalid)
        return Plan(recipes, invalid, lock)


def default_game(file: PackFile) -> Path:
    """The game folder that a pack names, else `out/PACK`. Raises `PublishError` for one that cannot be read."""
    if not file.pack.game:
        return Path("out") / file.pack.pack
    game = file.folder / file.pack.game
    try:
        detect_engine(game)
    except PublishError as error:
        raise error.at(file.document.where("game")) from error
    return game


def detect_engine(game: Path) -> str:
    """The exporter for a game folder, by the files of its engine; "" where none is known."""
    try:
        found = [engine for engine, marker in ENGINE_FILES if game.is_dir() and any(game.glob(marker))]
    except (OSError, ValueError) as error:
        what = f"the game folder '{str(game)[:60]}' cannot be read ({getattr(error, 'strerror', error)})"
        raise PublishError(what, cure="Name another folder") from error
    return next((engine for engine in found if engine in part_names("exporter")), "")

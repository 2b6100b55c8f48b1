"""The game project that a pack publishes into: which engine made it, and starting a new one."""

from collections.abc import Sequence
from pathlib import Path

from assetgen.build.publish import Target
from assetgen.errors import PublishError
from assetgen.pack.recipe import Recipe
from assetgen.pack.schema import Pack
from assetgen.parts import part_names

MARKERS = (("godot", "project.godot"), ("unity", "ProjectSettings"), ("unreal", "*.uproject"))


def detect_engine(game: Path) -> str:
    """The exporter for a game folder, told by the engine's own files; "" where none are there (or none fits)."""
    try:
        return _engine_of(game)
    except (OSError, ValueError) as error:
        what = f"the game folder '{str(game)[:60]}' cannot be read ({getattr(error, 'strerror', error)})"
        raise PublishError(what, cure="Name another folder") from error


def _engine_of(game: Path) -> str:
    found = (engine for engine, marker in MARKERS if game.is_dir() and any(game.glob(marker)))
    return next((engine for engine in found if engine in part_names("exporter")), "")


def open_target(pack: Pack, game: Path, recipes: Sequence[Recipe]) -> Target:
    """The pack's target in a game folder; an empty or missing folder becomes a project of the recipes' engine."""
    if game.exists() and not game.is_dir():
        raise PublishError(f"the game folder '{game}' is a file", cure="Name a folder")
    target = Target(game, pack.target, pack.pack)
    for start in dict.fromkeys(recipe.export.part.traits.new_project for recipe in recipes):
        if start:
            target.start_game(start(pack.pack))
    return target

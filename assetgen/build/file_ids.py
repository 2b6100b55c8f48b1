"""IDs by which engines find files: Unity's GUIDs and Godot's UIDs. No other file of the game may have one of ours.

A file that a person moved in the editor took its ID along. If it were published once more at its old place, the engine
would find two files of one ID, and give one of them another: scenes would lose the file or show the wrong one.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from assetgen.build.manifest import UNPUBLISHED
from assetgen.build.publish import Target
from assetgen.errors import InputError
from assetgen.files import FileIds
from assetgen.pack.file_names import FileOwners
from assetgen.pack.recipe import Recipe

_HEAD = 4096  # bytes of a file that are searched


def check_file_ids(recipes: Sequence[Recipe], target: Target) -> None:
    """Raise `InputError` where another file of the game has the ID of a file that these recipes will publish.

    Compared are the files that are known before anything is sampled, and those that the last build published.
    """
    names = FileOwners()
    for ids in dict.fromkeys(recipe.export.part.traits.file_ids for recipe in recipes):
        if ids is None:
            continue
        ours: dict[str, tuple[Recipe, str]] = {}
        for recipe in recipes:
            if recipe.export.part.traits.file_ids == ids:
                published = target.assets.get(recipe.name, UNPUBLISHED).files
                paths = {*names.file_names(recipe), *published}
                inside = (
                    PurePosixPath(target.folder, path).as_posix() for path in paths if path.endswith(ids.suffixes)
                )
                ours |= {ids.of(path): (recipe, path) for path in inside}
        for file, found in _ids(target.game, ids) if ours else ():
            if found in ours:
                _check_same(Path(file).relative_to(target.game).as_posix(), *ours[found], ids.name)


def _check_same(theirs: str, recipe: Recipe, path: str, name: str) -> None:
    if theirs.casefold() != path.casefold():
        what = f"'{theirs}' already has the {name} of '{path}', which asset '{recipe.name}' writes"
        cure = "Move it back or delete it, or move or rename the asset in the pack as you did the file"
        raise InputError(what, where=recipe.where, cure=cure)


def _ids(game: Path, ids: FileIds) -> Iterator[tuple[str, str]]:
    """The files of a game that may have an ID, with it; "" for those without one and for unreadable ones."""
    folders = [str(game / name) for name in ids.folders]
    while folders:
        try:
            entries = sorted(os.scandir(folders.pop()), key=lambda entry: entry.name)
        except OSError:
            continue
        if any(entry.name == ids.ignored_by for entry in entries):
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and not (entry.name[0] == "." or entry.name[-1] == "~"):
                folders.append(entry.path)
            elif entry.name.endswith(ids.suffixes) and entry.is_file(follow_symlinks=False):
                yield entry.path, _id(entry.path, ids)


def _id(path: str, ids: FileIds) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            found = ids.pattern.search(os.read(descriptor, _HEAD))
        finally:
            os.close(descriptor)
    except OSError:
        return ""
    return found[1].decode() if found else ""

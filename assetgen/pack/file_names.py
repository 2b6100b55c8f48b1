"""The files that assets will write, known before anything is sampled: no two assets may write one file.

A recipe's exporter is called with small placeholder images, which have the channels and the members of the real ones.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from assetgen.errors import InputError
from assetgen.images import Frames, ImageSet, Meta, Region
from assetgen.pack.recipe import Recipe

MANIFEST, JOURNAL = "manifest.json", ".assetgen-journal"
"""Files of assetgen itself in every target."""
_SIDE = 4  # pixels of a placeholder
_PROBE = "Folder/asset.1"
"""A name whose files show whether an exporter appends to the name, as all shipped ones do."""
_SEPARATORS = "_./-"
"""Characters after an asset's name in the names of its files, such as `wall_normal.png`."""


def related_names(names: Iterable[str]) -> set[str]:
    """The names whose assets may write the same files, ignoring case: one begins with the other, or with assetgen's."""
    folded = {name.casefold(): name for name in names}
    found = {name for key, name in folded.items() if MANIFEST.startswith(key)}
    for key, name in folded.items():
        for end in (position for position, character in enumerate(key) if character in _SEPARATORS):
            if key[:end] in folded:
                found |= {name, folded[key[:end]]}
    return found


@dataclass
class FileOwners:
    """Who writes which file, ignoring case: `Wall.png` and `wall.png` are one file on many disks."""

    files: dict[str, str] = field(default_factory=lambda: dict.fromkeys((MANIFEST, JOURNAL), ""))
    folders: dict[str, str] = field(default_factory=dict)
    _suffixes: dict[Hashable, frozenset[str] | None] = field(default_factory=dict)

    def add(self, recipe: Recipe) -> None:
        """Add a recipe's files. Raises `InputError` where another recipe, or assetgen, writes one of them."""
        paths = sorted(self.file_names(recipe))
        for path in paths:
            owner = self._owner(path.casefold())
            if owner is not None:
                other = f"asset '{owner}'" if owner else "assetgen itself"
                what = f"asset '{recipe.name}' and {other} both write '{path}'"
                raise InputError(what, where=recipe.where, cure="Rename one of the two" if owner else "Rename it")
        for path in paths:
            self.files[path.casefold()] = recipe.name
            self.folders |= dict.fromkeys(_folders(path.casefold()), recipe.name)

    def file_names(self, recipe: Recipe) -> frozenset[str]:
        """`file_names`, with one call of the exporter for all recipes that differ in their names alone."""
        kind = (
            recipe.source.name,
            recipe.export.name,
            repr(recipe.export.arguments),
            tuple(_added_channels(recipe)),
            _makes_frames(recipe),
            tuple(member.name for member in recipe.members),
        )
        if kind not in self._suffixes:
            paths = file_names(replace(recipe, name=_PROBE))
            appends = all(path.startswith(_PROBE) for path in paths)
            self._suffixes[kind] = frozenset(path.removeprefix(_PROBE) for path in paths) if appends else None
        suffixes = self._suffixes[kind]
        return file_names(recipe) if suffixes is None else frozenset(f"{recipe.name}{each}" for each in suffixes)

    def _owner(self, path: str) -> str | None:
        """The other asset that writes a file at this path, at one of its folders, or below it; "" for assetgen."""
        if path in self.folders:
            return self.folders[path]
        return next((self.files[each] for each in (path, *_folders(path)) if each in self.files), None)


def file_names(recipe: Recipe) -> frozenset[str]:
    """The paths that a recipe will write, relative to the target, without those that all assets of the exporter share.

    Raises `InputError` where the exporter fails on placeholders.
    """
    pixels = np.zeros((_SIDE, _SIDE, 3), np.uint8)
    frames = Frames((1,)) if _makes_frames(recipe) else None
    regions = {member.name: Region((0, 0, _SIDE, _SIDE)) for member in recipe.members if not frames}
    channels = dict.fromkeys(("color", *_added_channels(recipe)), pixels)
    images = ImageSet(channels, recipe.source.part.describes or Meta(regions=regions or None, frames=frames))
    try:
        paths = frozenset(recipe.export.part.run(images, recipe.name, **recipe.export.arguments))
    except Exception as error:  # of any kind: exporters can be parts of other packages
        what = f"the exporter '{recipe.export.name}' fails on a picture of {_SIDE} × {_SIDE} pixels ({error})"
        cure = "Correct the exporter: it must name the files before a build"
        raise InputError(what, where=recipe.where, cure=cure) from error
    return paths - set(recipe.export.part.traits.shared)


def _added_channels(recipe: Recipe) -> tuple[str, ...]:
    """The channels that a recipe's steps add, and those of its first member."""
    below = _added_channels(recipe.members[0]) if recipe.members else ()
    return (*(channel for step in recipe.steps for channel in step.part.adds), *below)


def _makes_frames(recipe: Recipe) -> bool:
    """True if the recipe makes a sequence."""
    if any(stage.part.adds_frames for stage in (recipe.source, *recipe.steps)):
        return True
    return recipe.source.part.keeps_frames and any(map(_makes_frames, recipe.members))


def _folders(path: str) -> list[str]:
    return [path[:position] for position, character in enumerate(path) if character == "/"]

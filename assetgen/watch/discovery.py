"""Which packs lie below a place, and which files each of them depends on, whether these are there already or not."""

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from assetgen.errors import AssetgenError, InputError
from assetgen.pack.inbox import is_ignored, walk_folders
from assetgen.pack.library import PACK_FILE, PACK_SUFFIX, Library, PackFile, ResolvedPreset
from assetgen.pack.resolve import entries_of
from assetgen.pack.schema import AssetSpec, ModelCard, SingleFile

FILE_NAME = re.compile(r"[^\0\n]{1,1000}\.[A-Za-z0-9]{1,12}")
"""Words in a pack that may be the path of a file."""


def find_packs(place: Path) -> list[Path]:
    """Every pack file at or below a place. A file is itself a pack."""
    if place.is_file():
        return [place]
    return [folder / name for folder, _, names in walk_folders(place) for name in sorted(names) if is_pack(name)]


def linked_below(place: Path) -> list[Path]:
    """The folders that links below a place lead to."""
    inside = (folder / name for folder, folders, _ in walk_folders(place) for name in folders)
    return [real(path) for path in inside if path.is_symlink()]


def real(path: Path) -> Path:
    """Where links lead to. Of a link that leads to itself, the link: `resolve` would raise an error."""
    return Path(os.path.realpath(path))


def is_pack(name: str) -> bool:
    """Whether a file of this name is a pack."""
    return name == PACK_FILE or (name.endswith(PACK_SUFFIX) and not is_ignored(name))


def inputs_of(file: PackFile) -> frozenset[Path]:
    """The files that change what a build of the pack makes, its inbox aside, and those that would if they were there.

    All words that look like the path of a file count, so that one that is missing now is known when it comes; and all
    places where presets, model cards and palettes that are named may lie, for one that comes to lie before another.
    """
    library, pack = file.library, file.pack
    specs = _specs(file)
    found = {Path(file.document.file), *_named([pack.defaults, pack.inbox], file.folder)}
    found |= set(_palettes(library, file.folder, [pack.palette, *_texts(pack.defaults)]))
    models = {pack.model, *(spec.model for spec in specs)}
    for spec in specs:
        found |= set(_named(spec.overrides, file.folder))
        found |= set(_palettes(library, file.folder, _texts(spec.overrides)))
    for name in {spec.preset for spec in specs}:
        found |= _of_preset(library, name, models)
    for model in models:
        found |= _of_model(library, model)
    return frozenset(map(Path.absolute, found))


def _specs(file: PackFile) -> list[AssetSpec]:
    try:
        return [entry.spec for entry in entries_of(file)[0].values()]
    except InputError:
        return list(file.pack.assets.values())


def _of_preset(library: Library, name: str, models: set[str | None]) -> set[Path]:
    """Where a preset and its ancestors may lie, and the files they name; the models they name are added."""
    found = {base / f"{name}.yaml" for base in library.folders if "/" not in name}
    kind: ResolvedPreset | None = None
    with contextlib.suppress(InputError):
        kind = library.preset(name)
    if kind is None:
        return found
    for ancestor in kind.lineage[1:]:
        found |= _of_preset(library, ancestor, models)
    folder = Path(kind.document.file).parent
    words = [*(word.arguments for word in kind.preset.parts), kind.preset.defaults]
    models.update(str(word.arguments["model"]) for word in kind.preset.parts if "model" in word.arguments)
    return found | set(_named(words, folder)) | set(_palettes(library, folder, _texts(words)))


def _of_model(library: Library, name: str | None) -> set[Path]:
    """Where a model card may lie, and the single files of weights it names."""
    found = {base / "models" / f"{name}.yaml" for base in library.folders if name and "/" not in name}
    card: ModelCard | None = None
    with contextlib.suppress(AssetgenError):
        card = library.card(str(name))
    if card:
        found |= {each.path for each in (*card.loras, *card.embeddings) if each.path}
        found |= {each.file for each in (card.weights, card.network, card.vae) if isinstance(each, SingleFile)}
    return found


def _palettes(library: Library, folder: Path, names: Iterable[str | None]) -> Iterator[Path]:
    for name in names:
        if name and Path(name).suffix.lower() in (".hex", ".gpl", ".pal", "") and FILE_NAME.fullmatch(f"{name}.hex"):
            yield folder / name
            file = name if Path(name).suffix else f"{name}.hex"
            yield from (base / "palettes" / file for base in library.folders if "/" not in name and " " not in name)


def _named(data: Any, folder: Path) -> Iterator[Path]:
    return (folder / text for text in _texts(data) if FILE_NAME.fullmatch(text))


def _texts(data: Any) -> Iterator[str]:
    """Every text in plain data."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, BaseModel):
        yield from _texts(data.model_dump(mode="json"))
    elif isinstance(data, Mapping | list | tuple):
        for item in data.values() if isinstance(data, Mapping) else data:
            yield from _texts(item)

"""Find packs in folders, and the files that each depends on, including files that do not exist yet.

Packs name any text as a path, and folders hold anything: `os.path` answers where `Path` raises an error, as for names
that are too long.
"""

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel

from assetgen.errors import AssetgenError, InputError
from assetgen.pack.inbox import is_ignored, walk_folders
from assetgen.pack.library import PACK_FILE, PACK_SUFFIX, Library, PackFile, ResolvedPreset
from assetgen.pack.locations import SingleFile
from assetgen.pack.resolve import entries_of
from assetgen.pack.schema import AssetSpec, ModelCard

_FILE_NAME = re.compile(r"[^\0\n]{1,1000}\.[A-Za-z0-9]{1,12}")
"""Texts in a pack that may be file paths."""


def find_packs(path: Path) -> list[Path]:
    """Every pack file below a folder. A file is returned itself."""
    if os.path.isfile(path):  # noqa: PTH113
        return [path]
    found = (folder / name for folder, _, names in walk_folders(path) for name in sorted(names) if _is_pack(name))
    return [pack for pack in found if os.path.isfile(pack)]  # noqa: PTH113


def linked_folders(folder: Path) -> list[Path]:
    """The targets of links to folders below a folder."""
    inside = (parent / name for parent, folders, _ in walk_folders(folder) for name in folders)
    return [real_path(path) for path in inside if os.path.islink(path)]  # noqa: PTH114


def real_path(path: Path) -> Path:
    """The path with links resolved. A link to itself stays as it is: `Path.resolve` would raise an error."""
    return Path(os.path.realpath(path))


def _is_pack(name: str) -> bool:
    return name == PACK_FILE or (name.endswith(PACK_SUFFIX) and not is_ignored(name))


def inputs_of(file: PackFile) -> frozenset[Path]:
    """The files that a build of the pack depends on, without its inbox, including files that do not exist yet.

    These are all texts that look like a file path, and all paths where the named presets, model cards and palettes
    could be: a new file there may take precedence over the present one.
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
    return frozenset(path.absolute() for path in found if "\0" not in str(path))


def _specs(file: PackFile) -> list[AssetSpec]:
    try:
        return [entry.spec for entry in entries_of(file)[0].values()]
    except InputError:
        return list(file.pack.assets.values())


def _of_preset(library: Library, name: str, models: set[str | None]) -> set[Path]:
    """The possible paths of a preset and its ancestors, and the files they name; adds models to `models`."""
    found = {base / f"{name}.yaml" for base in library.folders if "/" not in name}
    preset: ResolvedPreset | None = None
    with contextlib.suppress(InputError):
        preset = library.preset(name)
    if preset is None:
        return found
    for ancestor in preset.lineage[1:]:
        found |= _of_preset(library, ancestor, models)
    folder = Path(preset.document.file).parent
    arguments = [*(spec.arguments for spec in preset.preset.parts), preset.preset.defaults]
    models.update(str(spec.arguments["model"]) for spec in preset.preset.parts if "model" in spec.arguments)
    return found | set(_named(arguments, folder)) | set(_palettes(library, folder, _texts(arguments)))


def _of_model(library: Library, name: str | None) -> set[Path]:
    """The possible paths of a model card, and the single weight files it names."""
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
        if name and Path(name).suffix.lower() in (".hex", ".gpl", ".pal", "") and _FILE_NAME.fullmatch(f"{name}.hex"):
            yield folder / name
            file = name if Path(name).suffix else f"{name}.hex"
            yield from (base / "palettes" / file for base in library.folders if "/" not in name and " " not in name)


def _named(data: object, folder: Path) -> Iterator[Path]:
    return (folder / text for text in _texts(data) if _FILE_NAME.fullmatch(text))


def _texts(data: object) -> Iterator[str]:
    """Every text in plain data."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, BaseModel):
        yield from _texts(data.model_dump(mode="json"))
    elif isinstance(data, Mapping | list | tuple):
        for item in data.values() if isinstance(data, Mapping) else data:
            yield from _texts(item)

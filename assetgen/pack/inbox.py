"""The inbox of a pack: each mesh or picture that is laid into the folder `inbox` beside it is one of its assets.

What a file becomes is said by a YAML file of its name beside it (`boulder.yaml` for `boulder.glb`), else by the pack:

    inbox:
      "*.glb": {preset: concept_from_mesh, prompt: "a mossy {name}", depth: {mesh: "{file}", azimuth: 35}}
      "*_albedo.png": null          # such files are no assets

The file beside it is laid over the pack's entry. `{name}` is the file's name in words, `{file}` its path. What neither
says is filled in: the preset (concept art along a mesh's depth; a picture painted over), the prompt `{name}`, and the
file itself, as the depth of a mesh or as the image of the source. An asset that the pack has itself wins. A file that
cannot be an asset stops no other.
"""

import contextlib
import fnmatch
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

from assetgen.errors import InputError
from assetgen.pack.entries import Entry, check_name, expand, fill
from assetgen.pack.library import PackFile
from assetgen.pack.schema import AssetSpec
from assetgen.pack.yaml_files import Document, KeyPath, read_yaml, validate_at
from assetgen.parts import load_part

MESH_SUFFIXES = (".glb", ".gltf", ".obj", ".stl", ".ply")
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".tga")
_ENTRY_SUFFIX = ".yaml"
NOTE_SUFFIX = ".error.txt"
"""The end of the name of a file that tells what is wrong with the one beside it."""
_IGNORED = (
    "*~",
    ".*",
    "#*#",
    "*.sw[a-z]",
    "*.tmp",
    "*.temp",
    "*.part",
    "*.partial",
    "*.crdownload",
    "*.bak",
    "4913",
    f"*{NOTE_SUFFIX}",
)
"""Names of what editors, browsers and copying programs write beside a file: by its name, no file of anybody's."""
_MESH_PRESET, _IMAGE_PRESET = "concept_from_mesh", "painted_concept"
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What ends a line, moves a terminal's cursor, or stands for bytes that are no text."""
InvalidFiles = dict[str, InputError]
"""What is wrong with dropped files: by the name of the asset, or of the file where it can have none."""


def is_ignored(name: str) -> bool:
    """Whether a file of this name is an editor's, a half copied one, or a note of ours."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in _IGNORED)


def has_inbox(file: PackFile) -> bool:
    """Whether there is an inbox beside the pack, empty or not."""
    return file.inbox is not None and file.inbox.is_dir()


def inbox_entries(file: PackFile, taken: Set[str]) -> tuple[list[Entry], InvalidFiles]:
    """An entry for each file in the pack's inbox that is to be one, but for the names (in lower case) that are taken;
    and what keeps others from it: bad names, two files of one name, bad entries. Raises `InputError` for mistakes in
    what the pack says of its inbox."""
    found: list[Entry] = []
    refused: InvalidFiles = {}
    dropped = defaultdict[str, list[Path]](list)
    for path, name in inbox_files(file):
        dropped[name].append(path)
    for name, paths in dropped.items():
        if name not in taken:
            try:
                found.append(_entry(file, _only(file, paths, name), name))
            except InputError as error:
                if is_in_pack_file(file, error):
                    raise
                refused[name] = error
    return found, refused


def is_in_pack_file(file: PackFile, error: InputError) -> bool:
    """Whether a mistake stands in the pack's own file."""
    return error.where.startswith(f"{file.document.file}:")


def inbox_files(file: PackFile) -> Iterator[tuple[Path, str]]:
    """The files in the pack's inbox that are to be assets, and the names of these. A file whose name no asset can have
    stands by its path, relative to the pack."""
    for path in files_below(file.inbox) if file.inbox else ():
        if path.suffix.lower() in MESH_SUFFIXES + IMAGE_SUFFIXES and _rule(file, path)[0] is not None:
            name = _name(file, path)
            yield path, _one_line(path.relative_to(file.folder)) if _wrong_name(path, name) else name


def files_below(folder: Path) -> Iterator[Path]:
    """Every file of a person's below a folder, sorted. Links are followed, each folder once."""
    for place, _, names in walk_folders(folder):
        yield from (place / name for name in sorted(names) if not is_ignored(name))


def walk_folders(folder: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Folders below one, each once however links lead to it, but for hidden ones: as `os.walk` gives them."""
    seen = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        if (real := os.path.realpath(place)) in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not is_ignored(name))
        yield Path(place), folders, names


def asset_name(path: str) -> str:
    """The name of an asset from that of a file: `Old Boulder (2)` as `old_boulder_2`."""
    return "/".join(re.sub(r"[^a-z0-9.-]+", "_", part.lower()).strip("_.-") or "asset" for part in path.split("/"))


def _name(file: PackFile, path: Path) -> str:
    return asset_name(path.relative_to(file.inbox or path).with_suffix("").as_posix())


def _rule(file: PackFile, path: Path) -> tuple[Mapping[str, Any] | None, KeyPath]:
    """What the pack says of a file, and where it does."""
    name = path.relative_to(file.inbox or path).as_posix().lower()
    for pattern, rule in file.pack.inbox.items():
        if fnmatch.fnmatchcase(name, pattern.lower()) or fnmatch.fnmatchcase(path.name.lower(), pattern.lower()):
            return rule, ("inbox", pattern)
    return {}, ()


def _entry(file: PackFile, path: Path, name: str) -> Entry:
    rule, keys = _rule(file, path)
    document = file.document if keys else Document(str(path), {})
    beside = path.with_suffix(_ENTRY_SUFFIX)
    said = dict(rule or {})
    if beside.is_file():
        file.library.read_guard(beside)
        document, keys = read_yaml(beside), ()
        if not isinstance(document.data, Mapping):
            raise InputError("the file should be a mapping, KEY: VALUE", where=document.where())
        said = _over(said, document.data)
    words = path.stem.replace("_", " ").replace("-", " ").strip()
    place = path.relative_to(file.folder).as_posix()
    entry = fill(_over(_unsaid(file, path, said), said), {"{name}": words, "{file}": place})
    try:
        spec = validate_at(AssetSpec, entry, document, keys)
        [only] = expand({name: spec}, {name: keys}, lambda keys: document.where(*keys))
    except InputError as error:
        raise error.at(document.where(*keys)) from error
    return replace(only, document=document)


def _only(file: PackFile, paths: Sequence[Path], name: str) -> Path:
    """The one file of a name. Raises `InputError` for several, and for one that cannot be an asset's or be read."""
    [path, *others] = paths
    if others:
        what = f"'{others[0].name}' and '{path.name}' would both be the asset '{name}'"
        raise InputError(what, where=str(others[0]), cure="Rename one of the two")
    if error := _wrong_name(path, _name(file, path)):
        raise error
    file.library.read_guard(path)
    if not path.is_file():
        raise InputError("the link leads to no file", where=_one_line(path), cure="Remove it")
    return path


def _wrong_name(path: Path, name: str) -> InputError | None:
    """Why a file's name gives none for an asset, if so. It may be no text: disks of Unix take any bytes."""
    try:
        if _UNPRINTABLE.search(path.name):
            raise InputError("the file's name is no line of text")
        check_name(name)
    except InputError as error:
        return InputError(error.what, where=_one_line(path), cure="Rename it")
    return None


def _one_line(path: Path) -> str:
    """A path in one line of text: what cannot be shown is escaped."""
    return _UNPRINTABLE.sub(lambda found: repr(found.group())[1:-1], str(path))


def _unsaid(file: PackFile, path: Path, said: Mapping[str, Any]) -> dict[str, Any]:
    """What fills the gaps of an entry for a file. Mistakes in its preset are told where recipes are made."""
    is_mesh = path.suffix.lower() in MESH_SUFFIXES
    entry: dict[str, Any] = {"preset": _MESH_PRESET if is_mesh else _IMAGE_PRESET}
    with contextlib.suppress(InputError):
        source = file.library.preset(str(said.get("preset", entry["preset"]))).source
        takes = load_part("source", source.part).params.model_fields
        if "prompt" in takes:
            entry["prompt"] = "{name}"
        if "{file}" in repr(said) or path.name in repr(said):
            return entry
        if is_mesh:
            entry["depth"] = {"mesh": "{file}"}
        elif "image" in takes:
            entry[source.alias] = {"image": "{file}"}
    return entry


def _over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """One entry laid over another, argument by argument."""
    both = {key: {**under[key], **over[key]} for key in over if _is_words(under.get(key)) and _is_words(over[key])}
    return {**under, **over, **both}


def _is_words(value: Any) -> bool:
    return isinstance(value, Mapping)

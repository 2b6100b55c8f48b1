"""The inbox of a pack: every mesh or image in the folder `inbox` beside the pack becomes an asset.

A YAML file of the same name (`boulder.yaml` for `boulder.glb`) or else the pack configures the asset:

    inbox:
      "*.glb": {preset: concept_from_mesh, prompt: "a mossy {name}", depth: {mesh: "{file}", azimuth: 35}}
      "*_albedo.png": null          # these files are not assets

The YAML file's settings override the pack's. `{name}` is the file's name as words, `{file}` its path. Defaults fill the
rest: the preset (concept art along a mesh's depth, or painting over an image), the prompt `{name}`, and the file itself
as the mesh of `depth` or the image of the source. An asset of the same name in the pack takes precedence. A file that
cannot become an asset does not stop the others.
"""

import contextlib
import fnmatch
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path

from assetgen.errors import InputError, printable
from assetgen.pack.entries import Entry, check_name, expand, replace_texts
from assetgen.pack.library import PackFile
from assetgen.pack.schema import AssetSpec
from assetgen.pack.yaml_files import Document, KeyPath, read_yaml, validate_at
from assetgen.parts import load_part

MESH_SUFFIXES = (".glb", ".gltf", ".obj", ".stl", ".ply")
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".tga")
_ENTRY_SUFFIX = ".yaml"
MAX_INBOX_FILES = 100_000
NOTE_SUFFIX = ".error.txt"
"""Suffix of the text file that `assetgen watch` writes beside a file with an error."""
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
"""Names of temporary files of editors, browsers and file managers, and of error notes."""
_MESH_PRESET, _IMAGE_PRESET = "concept_from_mesh", "painted_concept"
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Line breaks, control characters, and surrogates of bytes that are not UTF-8."""
InvalidFiles = dict[str, InputError]
"""Errors of inbox files by asset name, or by path where the file name is no valid asset name."""


def is_ignored(name: str) -> bool:
    """Whether a file name is that of a temporary file, an unfinished copy or an error note."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in _IGNORED)


def has_inbox(file: PackFile) -> bool:
    """Whether the pack has an inbox folder, empty or not."""
    return file.inbox is not None and file.inbox.is_dir()


def inbox_entries(file: PackFile, taken: Set[str]) -> tuple[list[Entry], InvalidFiles]:
    """The assets of a pack's inbox, except the names (in lower case) in `taken`, and the errors of invalid files.

    A file is invalid if its name yields no asset name, if another file yields the same one, or if its YAML file has an
    error. Raises `InputError` for errors in the pack's own `inbox` settings.
    """
    entries: list[Entry] = []
    invalid: InvalidFiles = {}
    paths_by_name = defaultdict[str, list[Path]](list)
    for path, name in inbox_files(file):
        paths_by_name[name].append(path)
    for name, paths in paths_by_name.items():
        if name not in taken:
            try:
                entries.append(_entry(file, _single_file(file, paths, name), name))
            except InputError as error:
                if is_in_pack_file(file, error):
                    raise
                invalid[name] = error
    return entries, invalid


def is_in_pack_file(file: PackFile, error: InputError) -> bool:
    """Whether an error is located in the pack's own file."""
    return error.where.startswith(f"{file.document.file}:")


def inbox_files(file: PackFile) -> Iterator[tuple[Path, str]]:
    """Each inbox file that should become an asset, with the asset's name; with its path if its name is not valid."""
    for number, path in enumerate(files_below(file.inbox) if file.inbox else ()):
        if number == MAX_INBOX_FILES:
            what = f"the inbox has more than {MAX_INBOX_FILES:,} files"
            raise InputError(what, where=str(file.inbox), cure="Remove links to folders that hold other files")
        if path.suffix.lower() in MESH_SUFFIXES + IMAGE_SUFFIXES and _pack_settings(file, path)[0] is not None:
            name = _name(file, path)
            yield path, printable(str(path.relative_to(file.folder))) if _name_error(path, name) else name


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below a folder that is not ignored, sorted. Links are followed, each folder is listed once."""
    for parent, _, names in walk_folders(folder):
        yield from (parent / name for name in sorted(names) if not is_ignored(name))


def walk_folders(folder: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """`os.walk` that follows links but lists each folder once, and skips ignored folders.

    A link to a folder that contains `folder`, such as `/`, is not followed.
    """
    seen = set(map(str, Path(os.path.realpath(folder)).parents))
    for parent, folders, names in os.walk(folder, followlinks=True):
        if (real := os.path.realpath(parent)) in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not is_ignored(name))
        yield Path(parent), folders, names


def asset_name(path: str) -> str:
    """The asset name of a file path without suffix: `old_boulder_2` for `Old Boulder (2)`."""
    return "/".join(re.sub(r"[^a-z0-9.-]+", "_", part.lower()).strip("_.-") or "asset" for part in path.split("/"))


def _name(file: PackFile, path: Path) -> str:
    return asset_name(path.relative_to(file.inbox or path).with_suffix("").as_posix())


def _pack_settings(file: PackFile, path: Path) -> tuple[Mapping[str, object] | None, KeyPath]:
    """The pack's settings for an inbox file and their key path; {} where no pattern matches, None for "no asset"."""
    name = path.relative_to(file.inbox or path).as_posix().lower()
    for pattern, settings in file.pack.inbox.items():
        if fnmatch.fnmatchcase(name, pattern.lower()) or fnmatch.fnmatchcase(path.name.lower(), pattern.lower()):
            return settings, ("inbox", pattern)
    return {}, ()


def _entry(file: PackFile, path: Path, name: str) -> Entry:
    pack_settings, keys = _pack_settings(file, path)
    document = file.document if keys else Document(str(path), {})
    settings = dict(pack_settings or {})
    own = path.with_suffix(_ENTRY_SUFFIX)
    if own.is_file():
        file.library.read_guard(own)
        document, keys = read_yaml(own), ()
        if not isinstance(document.data, Mapping):
            raise InputError("the file should be a mapping, KEY: VALUE", where=document.where())
        settings = _merge(settings, document.data)
    texts = {
        "{name}": path.stem.replace("_", " ").replace("-", " ").strip(),
        "{file}": path.relative_to(file.folder).as_posix(),
    }
    entry = replace_texts(_merge(_defaults(file, path, settings), settings), texts)
    try:
        spec = validate_at(AssetSpec, entry, document, keys)
        [single] = expand({name: spec}, {name: keys}, lambda keys: document.where(*keys))
    except InputError as error:
        raise error.at(document.where(*keys)) from error
    return replace(single, document=document)


def _single_file(file: PackFile, paths: Sequence[Path], name: str) -> Path:
    """The only file of an asset name. Raises `InputError` for several, for an invalid name and for unreadable files."""
    [path, *others] = paths
    if others:
        what = f"'{others[0].name}' and '{path.name}' would both become the asset '{name}'"
        raise InputError(what, where=str(others[0]), cure="Rename one of the two")
    if error := _name_error(path, _name(file, path)):
        raise error
    file.library.read_guard(path)
    if not path.is_file():
        raise InputError("the link points to a missing file", where=str(path), cure="Remove it")
    return path


def _name_error(path: Path, name: str) -> InputError | None:
    """Why a file name is no valid asset name; None if it is one. On Unix a name may be bytes that are not text."""
    try:
        if _NO_TEXT.search(path.name):
            raise InputError("the file name contains characters that cannot be printed")
        check_name(name)
    except InputError as error:
        return InputError(error.what, where=str(path), cure="Rename it")
    return None


def _defaults(file: PackFile, path: Path, settings: Mapping[str, object]) -> dict[str, object]:
    """Preset, prompt and input of an asset that is made from a file, as far as its settings leave them open.

    An unknown or broken preset is reported later, when the recipe is made.
    """
    is_mesh = path.suffix.lower() in MESH_SUFFIXES
    entry: dict[str, object] = {"preset": _MESH_PRESET if is_mesh else _IMAGE_PRESET}
    with contextlib.suppress(InputError):
        source = file.library.preset(str(settings.get("preset", entry["preset"]))).source
        parameters = load_part("source", source.part).params.model_fields
        if "prompt" in parameters:
            entry["prompt"] = "{name}"
        if "{file}" in repr(settings) or path.name in repr(settings):
            return entry
        if is_mesh:
            entry["depth"] = {"mesh": "{file}"}
        elif "image" in parameters:
            entry[source.alias] = {"image": "{file}"}
    return entry


def _merge(under: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """Settings overridden by others; the arguments of a part merge one by one."""
    merged = {**under, **over}
    for key, value in over.items():
        below = under.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            merged[key] = {**below, **value}
    return merged

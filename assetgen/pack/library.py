"""Read packs, presets and model cards from disk: search path, `extends`, errors with file and line."""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from assetgen.errors import InputError, did_you_mean
from assetgen.files import is_regular_file, read_limited
from assetgen.machine import user_presets
from assetgen.pack.completion import CaptionFile
from assetgen.pack.locations import SingleFile
from assetgen.pack.schema import ModelCard, Pack, PartArguments, PartSpec, Preset, parse_part
from assetgen.pack.weights import local_path, with_digests
from assetgen.pack.yaml_files import MAX_YAML_BYTES, Document, KeyPath, read_yaml, validate
from assetgen.parts import ReadGuard, allow_any_file, part_names
from assetgen.pixels.palettes import PALETTE_KINDS

PACK_FILE = "pack.yaml"
PACK_SUFFIX = ".pack.yaml"
INBOX = "inbox"
"""The folder beside a pack whose files become assets."""
_MAX_LINEAGE = 50
"""Presets in a chain of `extends`."""
REST = "..."
"""In the steps, controls or checks of a preset: those of the preset that it extends."""
_OF_LICENCE = frozenset({"licence_url", "commercial", "not_in"})
_OF_WEIGHTS = _OF_LICENCE | {"licence", "digest", "facts", "captions", "add_colors"}
"""Keys of a model card that describe its licence and its weights."""
_Loaded = TypeVar("_Loaded")
_FIRST: Mapping[str, tuple[tuple[str, ...], str]] = {
    "": (
        ("pixel_sprite", "item_icon", "character", "tile_texture", "pbr_material", "painted_concept", "atlas"),
        "assetgen presets list",
    ),
    "models": (("mini", "sdxl", "z_image_turbo", "flux2_klein_4b", "qwen_image"), "assetgen models list"),
}
"""By folder of a library: the names that a message lists first, and the command that lists all."""
_PRESET_KEY = re.compile(rb"^preset\s*:", re.MULTILINE)


def shipped_presets() -> Path:
    """The folder of shipped presets: inside the package in a wheel, beside it in a checkout."""
    inside = Path(__file__).parents[1] / "presets"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "presets"


def is_preset(path: Path) -> bool:
    """Whether a YAML file claims to be a preset, even a broken one."""
    try:
        document = read_yaml(path)
    except InputError:
        with contextlib.suppress(OSError):
            return bool(_PRESET_KEY.search(read_limited(path, MAX_YAML_BYTES)))
        return False
    return isinstance(document.data, Mapping) and "preset" in document.data


@dataclass(frozen=True)
class ResolvedPreset:
    """A preset merged with its ancestors. `lineage` (names) and `documents` list all of them, nearest first."""

    preset: Preset
    lineage: tuple[str, ...]
    documents: tuple[Document, ...]

    @property
    def document(self) -> Document:
        """The preset's own file."""
        return self.documents[0]

    @property
    def source(self) -> PartSpec:
        """The source. Raises `InputError` if there is none."""
        if self.preset.source is None:
            cure = "Add one, like source: diffusion, or extend a preset that has one"
            raise InputError(f"preset '{self.preset.preset}' has no source", where=self.document.file, cure=cure)
        return self.preset.source

    def where(self, alias: str, *keys: str) -> str:
        """`FILE:LINE` of an argument of a part: in `defaults`, which win, else at the part; the nearest file first."""
        found = [(document, path) for document in self.documents for path in _part_keys(document.data, alias)]
        found.sort(key=lambda each: each[1][0] != "defaults")
        exact = [(document, path) for document, path in found if (*path, *keys) in document.lines]
        document, path = next(iter(exact or found), (self.document, ()))
        return document.where(*path, *keys)


@dataclass(frozen=True)
class Library:
    """Presets, model cards and palettes by name, looked up in `folders`; the first match wins.

    `read_guard` raises `InputError` for a file that presets and packs of this library must not read.
    """

    folders: tuple[Path, ...]
    read_guard: ReadGuard = allow_any_file
    _presets: dict[str, ResolvedPreset] = field(default_factory=dict, repr=False)
    _written: dict[str, tuple[Document, Preset]] = field(default_factory=dict, repr=False)
    _cards: dict[str, ModelCard] = field(default_factory=dict, repr=False)
    _captions: dict[Path, CaptionFile] = field(default_factory=dict, repr=False)

    def preset_names(self) -> tuple[str, ...]:
        """Names of all presets, sorted. YAML files without the key `preset` are skipped."""
        found = (path for path in self._files("", ".yaml") if self._is_readable(path) and is_preset(path))
        return tuple(sorted({path.name.removesuffix(".yaml") for path in found}))

    def _is_readable(self, path: Path) -> bool:
        try:
            self.read_guard(path)
        except InputError:
            return False
        return True

    def card_names(self) -> tuple[str, ...]:
        """Names of all model cards, sorted."""
        return self._names("models")

    def preset(self, name: str) -> ResolvedPreset:
        """A preset merged with its ancestors. Raises `InputError` for an unknown name, cycles and long chains."""
        return self._inherit(name, ())

    def card(self, name: str) -> ModelCard:
        """A model card, with the digests of local weights. Raises `InputError` for an unknown name."""
        if name not in self._cards:
            self._cards[name] = with_digests(self.card_as_written(name))
        return self._cards[name]

    def card_as_written(self, name: str) -> ModelCard:
        """A model card, merged with those it extends, with only the digests that their files have."""
        return self._extend(name, ())

    def captions(self, card: ModelCard) -> CaptionFile | None:
        """The captions that a model was trained on; None where its card has none. Raises `InputError` for a file that
        must not be read."""
        if card.captions is None:
            return None
        if isinstance(card.captions, SingleFile):
            self.read_guard(card.captions.file)
        path = local_path(card.captions)
        return self._captions.setdefault(path, CaptionFile(path)) if path else None

    def palette(self, name: str, folder: Path) -> Path:
        """A palette file in `folder`, else the library's of that name. Raises `InputError` for an unknown one."""
        own = folder / name
        if "\0" not in name and is_regular_file(own):
            return own.absolute()
        suffix = Path(name).suffix or ".hex"
        known = self.palette_names()
        if "\0" in name or f"{name.removesuffix(suffix)}{suffix}" in known:
            return self.find("palettes", name, "palette", suffix)
        stems = {Path(each).stem: each for each in known}
        near = get_close_matches(Path(name).stem, stems, n=1)
        cure = f"Did you mean '{stems[near[0]]}'?" if near else "`assetgen palettes list` shows those"
        what = f"there is no palette '{name}', neither a file beside the pack nor a shipped one of this name"
        raise InputError(what, cure=cure)

    def palette_names(self) -> tuple[str, ...]:
        """File names of all palettes, sorted."""
        return tuple(sorted({path.name for kind in PALETTE_KINDS for path in self._files("palettes", kind)}))

    def find(self, folder: str, name: str, what: str, suffix: str = ".yaml") -> Path:
        """The file `FOLDER/NAME.yaml` in the first library folder that has it; `what` names its kind in errors."""
        if "\0" in name:
            raise InputError(f"the name of a {what} cannot contain a NUL character")
        for candidate in (base / folder / f"{name.removesuffix(suffix)}{suffix}" for base in self.folders):
            if is_regular_file(candidate) and "/" not in name and "\\" not in name:
                self.read_guard(candidate)
                return candidate
        first, listing = _FIRST.get(folder, ((), ""))
        cure = did_you_mean(name, self._names(folder, suffix), first, listing)
        raise InputError(f"there is no {what} '{name}'", cure=cure)

    def _names(self, folder: str, suffix: str = ".yaml") -> tuple[str, ...]:
        return tuple(sorted({path.name.removesuffix(suffix) for path in self._files(folder, suffix)}))

    def _files(self, folder: str, suffix: str) -> Iterator[Path]:
        for base in self.folders:
            for path in (base / folder).glob(f"*{suffix}"):
                if not path.name.endswith(PACK_SUFFIX) and path.name != PACK_FILE:
                    yield path

    def _inherit(self, name: str, below: tuple[str, ...]) -> ResolvedPreset:
        if name in self._presets and len(below) + len(self._presets[name].lineage) <= _MAX_LINEAGE:
            return self._presets[name]
        document, preset = self._as_written(name)
        _check_lineage("preset", name, below, document)
        found = ResolvedPreset(preset, (name,), (document,))
        if preset.extends is not None:
            parent = _parent(self._inherit, preset.extends, (*below, name), document)
            merged, documents = _merge(preset, parent.preset), (document, *parent.documents)
            found = ResolvedPreset(merged, (name, *parent.lineage), documents)
        self._presets[name] = _checked(found, preset)
        return found

    def _extend(self, name: str, below: tuple[str, ...]) -> ModelCard:
        path = self.find("models", name, "model")
        document = read_yaml(path)
        _check_lineage("model card", name, below, document)
        extends = document.data.get("extends") if isinstance(document.data, Mapping) else None
        if isinstance(extends, str):
            parent = _parent(self._extend, extends, (*below, name), document)
            document = replace(document, data=_merge_card(document.data, parent))
        return _with_absolute_paths(validate(document, ModelCard), path.parent)

    def _as_written(self, name: str) -> tuple[Document, Preset]:
        if name not in self._written:
            path = self.find("", name, "preset")
            document = read_yaml(path)
            preset = validate(document, Preset)
            if preset.preset != path.name.removesuffix(".yaml"):
                cure = f"Rename the file to '{preset.preset}.yaml'"
                what = f"the preset is named '{preset.preset}', but its file is '{path.name}'"
                raise InputError(what, where=document.where("preset"), cure=cure)
            self._written[name] = document, preset
        return self._written[name]


def library_for(folder: Path | None = None, read_guard: ReadGuard = allow_any_file) -> Library:
    """The search path of a pack: its folder, `presets/` in it, the user's presets, then the shipped ones."""
    own = (folder, folder / "presets") if folder else ()
    return Library((*own, user_presets(), shipped_presets()), read_guard)


@dataclass(frozen=True)
class PackFile:
    """A loaded pack: its data, its document for error lines, its folder and its library.

    `inbox` is its inbox folder, which may not exist; None for a pack that was not read from a file.
    """

    pack: Pack
    document: Document
    folder: Path
    library: Library
    inbox: Path | None = None


def load_pack(path: Path, read_guard: ReadGuard = allow_any_file) -> PackFile:
    """Load a pack from a folder with `pack.yaml`, from a game project whose folder `assetgen` has one, as
    `assetgen init` writes it, or from a `*.pack.yaml` file. Raises `InputError`."""
    inside = (path / PACK_FILE, path / "assetgen" / PACK_FILE)
    file = next((each for each in inside if is_regular_file(each)), path)
    if not is_regular_file(file):
        cure = f"A pack is a folder with {PACK_FILE}, or one file *{PACK_SUFFIX}; `assetgen init` writes one"
        what = "there is no pack in this folder" if path == Path() else f"there is no pack '{path}'"
        raise InputError(what, cure=cure)
    document = read_yaml(file)
    library = library_for(file.parent, read_guard)
    return PackFile(validate(document, Pack), document, file.parent, library, file.parent / INBOX)


def _part_keys(preset: Mapping[str, Any], alias: str) -> Iterator[KeyPath]:
    """The key paths in a preset's file where a part has arguments."""
    if alias in (preset.get("defaults") or {}):
        yield "defaults", alias
    single = [((key,), preset[key]) for key in ("source", "export") if preset.get(key)]
    several = [
        ((key, number), written)
        for key in ("controls", "steps", "checks")
        for number, written in enumerate(preset.get(key) or ())
    ]
    for path, written in (*single, *several):
        part = parse_part(written)
        if part.alias == alias:
            yield *path, part.part


def _checked(resolved: ResolvedPreset, own: Preset) -> ResolvedPreset:
    """The preset itself. Raises `InputError` if its own `defaults` name a part that it does not use."""
    if any(part.part == REST for part in resolved.preset.parts):
        what = f"`{REST}` stands for the parts of another preset, and '{own.preset}' extends none"
        raise InputError(what, where=resolved.document.file, cure=f"Add `extends`, or leave out `{REST}`")
    known = {part.alias for part in resolved.preset.parts} | set(part_names("exporter"))
    for alias in own.defaults:
        if alias not in known:
            where = resolved.document.where("defaults", alias)
            raise InputError(f"unknown part '{alias}'", where=where, cure=did_you_mean(alias, known))
    return resolved


def _check_lineage(what: str, name: str, below: tuple[str, ...], document: Document) -> None:
    """Raise `InputError` where `name` extends itself, or the first of `below` extends too many others."""
    if name in below:
        circle = f"{what}s extend each other in a circle: {' → '.join((*below, name))}"
        raise InputError(circle, where=document.file, cure="Remove one `extends`")
    if len(below) == _MAX_LINEAGE:
        long = f"{what} '{below[0]}' extends more than {_MAX_LINEAGE - 1} others"
        raise InputError(long, where=document.file, cure="Shorten the chain of `extends`")


def _parent(
    load: Callable[[str, tuple[str, ...]], _Loaded], name: str, below: tuple[str, ...], document: Document
) -> _Loaded:
    """What a document extends. Errors are placed at its key `extends`."""
    try:
        return load(name, below)
    except InputError as error:
        raise error.at(document.where("extends")) from error


def _merge_card(child: Mapping[str, Any], parent: ModelCard) -> dict[str, Any]:
    """The keys that the child sets, else the parent's. `defaults` and `prompts` merge by key. What describes weights or
    a licence is not inherited by a card that has its own: it has to state its licence."""
    described = {*(_OF_WEIGHTS if "weights" in child else ()), *(_OF_LICENCE if "licence" in child else ())}
    found = {**parent.model_dump(exclude=described, exclude_defaults=True), **child}
    del found["extends"]
    for key in ("defaults", "prompts"):
        if isinstance(child.get(key), Mapping):
            found[key] = {**getattr(parent, key), **child[key]}
    return found


def _merge(child: Preset, parent: Preset) -> Preset:
    """The fields that the child sets, else the parent's. `defaults` and a source of the same part merge by argument."""
    changes = {name: value for name in Preset.model_fields if (value := getattr(child, name)) is not None}
    for name in ("controls", "steps", "checks"):
        if name in changes:
            changes[name] = _merge_parts(changes[name], getattr(parent, name) or ())
    changes["defaults"] = _merge_defaults(parent.defaults, child.defaults)
    if child.source and parent.source and child.source.part == parent.source.part:
        arguments = {**parent.source.arguments, **child.source.arguments}
        changes["source"] = child.source.model_copy(update={"arguments": arguments})
    return parent.model_copy(update=changes)


def _merge_parts(written: Sequence[PartSpec], inherited: Sequence[PartSpec]) -> tuple[PartSpec, ...]:
    """The parts that a preset lists. One that its parent has, too, keeps the parent's arguments beside its own; `...`
    stands for the parent's parts that the list does not name."""
    of_parent = {(part.part, part.alias): part for part in inherited}
    named = {part.alias for part in written}
    found: list[PartSpec] = []
    for part in written:
        if part.part == REST:
            found += [each for each in inherited if each.alias not in named]
            named |= {each.alias for each in inherited}
        elif parent := of_parent.get((part.part, part.alias)):
            found.append(part.model_copy(update={"arguments": {**parent.arguments, **part.arguments}}))
        else:
            found.append(part)
    return tuple(found)


def _merge_defaults(
    parent: Mapping[str, PartArguments], child: Mapping[str, PartArguments]
) -> dict[str, PartArguments]:
    return {alias: {**parent.get(alias, {}), **child.get(alias, {})} for alias in (*parent, *child)}


def _with_absolute_paths(card: ModelCard, folder: Path) -> ModelCard:
    """The card with its relative paths resolved against its own folder."""

    def resolve(value: object) -> object:
        if isinstance(value, Mapping):
            return {key: resolve(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [resolve(item) for item in value]
        return folder / value if isinstance(value, Path) else value

    return ModelCard.model_validate(resolve(card.model_dump()))

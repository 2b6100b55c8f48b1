"""Packs, presets and model cards from disk: the search path, `extends`, and errors with file and line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assetgen.errors import InputError
from assetgen.machine import user_presets
from assetgen.pack.schema import ModelCard, Pack, PartSpec, Preset, parse_part
from assetgen.pack.weights import with_digests
from assetgen.pack.yaml_files import MAX_YAML_BYTES, Document, KeyPath, read_yaml, validate
from assetgen.parts import ReadGuard, allow_any_file, did_you_mean, part_names

PACK_FILE = "pack.yaml"
PACK_SUFFIX = ".pack.yaml"
INBOX = "inbox"
_PRESET_KEY = re.compile(rb"^preset\s*:", re.MULTILINE)


def shipped_presets() -> Path:
    """The folder of presets that comes with assetgen (inside the wheel, or beside the package in a checkout)."""
    inside = Path(__file__).parents[1] / "presets"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "presets"


def is_preset(path: Path) -> bool:
    """Whether a `.yaml` means to be a preset, if perhaps a broken one: a pack, or another program's file, does not."""
    try:
        document = read_yaml(path)
    except InputError:
        return path.is_file() and path.stat().st_size < MAX_YAML_BYTES and bool(_PRESET_KEY.search(path.read_bytes()))
    return isinstance(document.data, Mapping) and "preset" in document.data


@dataclass(frozen=True)
class ResolvedPreset:
    """A preset with all that it inherits; `lineage` and `documents` are its and its ancestors', nearest first."""

    preset: Preset
    lineage: tuple[str, ...]
    documents: tuple[Document, ...]

    @property
    def document(self) -> Document:
        """The preset's own file."""
        return self.documents[0]

    @property
    def source(self) -> PartSpec:
        """The source word; a preset without one is refused when it is loaded."""
        if self.preset.source is None:
            raise InputError(f"preset '{self.preset.preset}' has no source", where=self.document.file)
        return self.preset.source

    def where(self, alias: str, *keys: str) -> str:
        """`FILE:LINE` of a word of a part: in `defaults`, which win, or beside the part, the nearest file first."""
        found = [(document, place) for document in self.documents for place in _part_keys(document.data, alias)]
        found.sort(key=lambda each: each[1][0] != "defaults")
        saying = [(document, place) for document, place in found if (*place, *keys) in document.lines]
        document, place = next(iter(saying or found), (self.document, ()))
        return document.where(*place, *keys)


@dataclass(frozen=True)
class Library:
    """Presets, model cards and palettes by name, looked up in `folders`, first hit wins.

    `read_guard` raises `InputError` for a file that presets and packs of this library must not read.
    """

    folders: tuple[Path, ...]
    read_guard: ReadGuard = allow_any_file
    _kinds: dict[str, ResolvedPreset] = field(default_factory=dict, repr=False)
    _cards: dict[str, ModelCard] = field(default_factory=dict, repr=False)

    def preset_names(self) -> tuple[str, ...]:
        """Every preset that can be named, sorted. A `.yaml` that has no key `preset` is something else, and passed."""
        return tuple(sorted({path.name.removesuffix(".yaml") for path in self._files("", ".yaml") if is_preset(path)}))

    def card_names(self) -> tuple[str, ...]:
        """Every model card that can be named, sorted."""
        return self._names("models")

    def preset(self, name: str) -> ResolvedPreset:
        """A preset with all that it inherits. Raises `InputError` for an unknown one and for cycles."""
        if name not in self._kinds:
            self._kinds[name] = self._inherit(name, ())
        return self._kinds[name]

    def card(self, name: str) -> ModelCard:
        """A model card by name, or from a path that ends in `.yaml`."""
        if name not in self._cards:
            self._cards[name] = with_digests(self.card_as_written(name))
        return self._cards[name]

    def card_as_written(self, name: str) -> ModelCard:
        """The same with no digest but those that stand in its file."""
        path = self.find("models", name, "model")
        return _anchored(validate(read_yaml(path), ModelCard), path.parent)

    def palette(self, name: str, folder: Path) -> Path:
        """A palette file in a folder, else one of the library's."""
        own = folder / name
        if "\0" not in name and own.is_file():
            return own.absolute()
        return self.find("palettes", name, "palette", Path(name).suffix or ".hex")

    def find(self, folder: str, name: str, what: str, suffix: str = ".yaml") -> Path:
        """The file `FOLDER/NAME.yaml` in the first of the library's folders that has it."""
        if "\0" in name:
            raise InputError(f"a {what} cannot have such a name")
        for candidate in (base / folder / f"{name.removesuffix(suffix)}{suffix}" for base in self.folders):
            if candidate.is_file() and "/" not in name and "\\" not in name:
                self.read_guard(candidate)
                return candidate
        raise InputError(f"there is no {what} '{name}'", cure=did_you_mean(name, self._names(folder, suffix)))

    def _names(self, folder: str, suffix: str = ".yaml") -> tuple[str, ...]:
        return tuple(sorted({path.name.removesuffix(suffix) for path in self._files(folder, suffix)}))

    def _files(self, folder: str, suffix: str) -> Iterator[Path]:
        for base in self.folders:
            for path in (base / folder).glob(f"*{suffix}"):
                if not path.name.endswith(PACK_SUFFIX) and path.name != PACK_FILE:
                    yield path

    def _inherit(self, name: str, below: tuple[str, ...]) -> ResolvedPreset:
        path = self.find("", name, "preset")
        document = read_yaml(path)
        preset = validate(document, Preset)
        if preset.preset != path.name.removesuffix(".yaml"):
            raise InputError(f"preset '{preset.preset}' must be in a file of that name", where=document.where("preset"))
        if name in below:
            raise InputError(
                f"presets extend each other in a circle: {' → '.join((*below, name))}", where=document.file
            )
        if preset.extends is None:
            return _checked(ResolvedPreset(preset, (name,), (document,)), preset)
        try:
            parent = self._inherit(preset.extends, (*below, name))
        except InputError as error:
            raise error.at(document.where("extends")) from error
        merged, documents = _merge(preset, parent.preset), (document, *parent.documents)
        return _checked(ResolvedPreset(merged, (name, *parent.lineage), documents), preset)


def library_for(folder: Path | None = None, read_guard: ReadGuard = allow_any_file) -> Library:
    """The search path of a pack: its folder and `presets/` in it, the user's own presets, then the shipped ones."""
    own = (folder, folder / "presets") if folder else ()
    return Library((*own, user_presets(), shipped_presets()), read_guard)


@dataclass(frozen=True)
class PackFile:
    """A pack as loaded: the spec, where its words stand, its folder, the library that it sees, and where its inbox may
    be (None for one that is no file)."""

    pack: Pack
    document: Document
    folder: Path
    library: Library
    inbox: Path | None = None


def load_pack(path: Path, read_guard: ReadGuard = allow_any_file) -> PackFile:
    """A pack from `pack.yaml`, from the folder that holds it, or from a `*.pack.yaml` file."""
    file = path / PACK_FILE if path.is_dir() else path
    if not file.is_file():
        cure = f"A pack is a folder with {PACK_FILE}, or one file *{PACK_SUFFIX}; `assetgen init` writes one"
        raise InputError(f"there is no pack '{path}'", cure=cure)
    document = read_yaml(file)
    library = library_for(file.parent, read_guard)
    return PackFile(validate(document, Pack), document, file.parent, library, file.parent / INBOX)


def _part_keys(preset: Mapping[str, Any], alias: str) -> Iterator[KeyPath]:
    """The keys in a preset's file under which a part's words stand."""
    if alias in (preset.get("defaults") or {}):
        yield "defaults", alias
    single = [((key,), preset[key]) for key in ("source", "export") if preset.get(key)]
    several = [
        ((key, number), word)
        for key in ("controls", "steps", "checks")
        for number, word in enumerate(preset.get(key) or ())
    ]
    for place, written in (*single, *several):
        word = parse_part(written)
        if word.alias == alias:
            yield *place, word.part


def _checked(kind: ResolvedPreset, own: Preset) -> ResolvedPreset:
    """The preset, if its own `defaults` are for parts that it has."""
    known = {word.alias for word in kind.preset.parts} | set(part_names("exporter"))
    for alias in own.defaults:
        if alias not in known:
            where = kind.document.where("defaults", alias)
            raise InputError(f"unknown part '{alias}'", where=where, cure=did_you_mean(alias, known))
    return kind


def _merge(child: Preset, parent: Preset) -> Preset:
    """The child where it says something, else the parent; `defaults` change arguments of inherited parts."""
    said = {name: value for name in Preset.model_fields if (value := getattr(child, name)) is not None}
    said["defaults"] = _merge_defaults(parent.defaults, child.defaults)
    if child.source and parent.source and child.source.part == parent.source.part:
        words = {**parent.source.arguments, **child.source.arguments}
        said["source"] = child.source.model_copy(update={"arguments": words})
    return parent.model_copy(update=said)


def _merge_defaults(
    under: Mapping[str, Mapping[str, Any]], over: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    return {key: {**under.get(key, {}), **over.get(key, {})} for key in (*under, *over)}


def _anchored(card: ModelCard, folder: Path) -> ModelCard:
    """The card with its relative paths made relative to its own folder."""

    def anchor(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: anchor(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [anchor(item) for item in value]
        return folder / value if isinstance(value, Path) and not value.is_absolute() else value

    return ModelCard.model_validate(anchor(card.model_dump()))

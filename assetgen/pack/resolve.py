"""Assets to recipes: the words of preset, pack and asset laid over each other, then checked by each part's signature.

Later wins: card defaults, preset, pack defaults, asset. Words that the pack shares (seed, model, palette, target) fill
those that nobody said.
"""

import contextlib
import fnmatch
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from assetgen.errors import InputError
from assetgen.pack.entries import Entry, check_name, expand
from assetgen.pack.inbox import InvalidFiles, has_inbox, inbox_entries, is_in_pack_file
from assetgen.pack.library import Library, PackFile, ResolvedPreset
from assetgen.pack.licences import terms_of
from assetgen.pack.recipe import Recipe, RecipeFacts, Stage, seed_from
from assetgen.pack.schema import ImageSize, ModelCard, PartSpec
from assetgen.pack.yaml_files import KeyPath, explain
from assetgen.parts import KINDS, InputFile, Part, PartKind, did_you_mean, load_part, named_types, part_names

ASSET_KEYS = ("preset", "prompt", "negative", "model", "seed", "members", "matrix", "tries")
_DEFAULT_TRIES = 3
_DEFAULT_EXPORTER = "plain"


@dataclass(frozen=True)
class LockedChoices:
    """What a lock remembers and the pack does not say, by asset.

    `named`: the name that the seed comes from, where it is not its own (of renamed ones); `picks`: the number of the
    candidate that a person chose, with the sampled key of the request that it was chosen for.
    """

    named: Mapping[str, str] = field(default_factory=dict)
    picks: Mapping[str, tuple[str, int]] = field(default_factory=dict)


def resolve_pack(
    file: PackFile,
    *,
    engine: str = "",
    only: str = "*",
    draft: bool = False,
    taste: LockedChoices | None = None,
    refused: InvalidFiles | None = None,
) -> tuple[Recipe, ...]:
    """Every asset of a pack as a recipe, members before the atlases that need them.

    `engine` is the exporter where neither pack nor preset names one. With `only` (a glob) the matching assets and their
    members alone. Raises `InputError` with file and line; what is wrong with dropped files goes into `refused`, where
    that is given.
    """
    pack = file.pack
    _check_target(file)
    _check_defaults(file)
    entries, wrong = entries_of(file)
    resolver = _Resolver(file, entries, pack.engine or engine or _DEFAULT_EXPORTER, draft, taste or LockedChoices())
    if not entries and not has_inbox(file):
        raise InputError(f"pack '{pack.pack}' has no assets", where=file.document.where("assets"))
    wanted = fnmatch.filter(entries, only)
    if entries and not wanted and not fnmatch.filter(wrong, only):
        raise InputError(f"no asset of pack '{pack.pack}' matches '{only}'", cure=did_you_mean(only, entries))
    for name in wanted:
        try:
            resolver.recipe(name)
        except InputError as error:
            if entries[name].document is None or is_in_pack_file(file, error):
                raise
            wrong[name] = error
    if refused is None and wrong:
        raise next(iter(wrong.values()))
    if refused is not None:
        refused |= wrong
    return tuple(resolver.done.values())


def entries_of(file: PackFile) -> tuple[dict[str, Entry], InvalidFiles]:
    """The entries of a pack, matrices unfolded, and those of its inbox that it does not have itself, by asset name; and
    what is wrong with dropped files."""
    written_as_list = isinstance(file.document.data.get("assets"), list)
    keys: dict[str, KeyPath] = {
        name: ("assets", index if written_as_list else name) for index, name in enumerate(file.pack.assets)
    }
    where = file.document.where
    written = {entry.name: entry for entry in expand(file.pack.assets, keys, lambda keys: where(*keys))}
    dropped, wrong = inbox_entries(file, {name.lower() for name in written})
    return written | {entry.name: entry for entry in dropped}, wrong


def _where(file: PackFile, entry: Entry, *keys: str | int) -> str:
    return (entry.document or file.document).where(*entry.keys, *keys)


def _check_target(file: PackFile) -> None:
    if file.pack.engine and file.pack.engine not in part_names("exporter"):
        cure = did_you_mean(file.pack.engine, part_names("exporter"))
        where = file.document.where("engine")
        raise InputError(f"there is no exporter for the engine '{file.pack.engine}'", where=where, cure=cure)
    try:
        for segment in file.pack.target.rstrip("/").split("/") if file.pack.target not in ("", ".") else ():
            check_name(segment)
    except InputError as error:
        where = file.document.where("target")
        what = f"the target {file.pack.target!r} is not a folder inside the game"
        raise InputError(what, where=where, cure="Write it like art/dungeon") from error


def _check_defaults(file: PackFile) -> None:
    if not file.pack.defaults:
        return
    known = {name for kind in KINDS for name in part_names(kind)}
    known |= {word.alias for kind in _readable(file.library) for word in kind.preset.parts}
    for alias in file.pack.defaults:
        if alias not in known:
            where = file.document.where("defaults", alias)
            raise InputError(f"unknown part '{alias}'", where=where, cure=did_you_mean(alias, known))


def _readable(library: Library) -> Iterator[ResolvedPreset]:
    """Every preset in sight but those with mistakes, which are told to who uses them."""
    for name in library.preset_names():
        with contextlib.suppress(InputError):
            yield library.preset(name)


@dataclass(frozen=True)
class _Layer:
    """Arguments for one part from one place, and where that place is."""

    arguments: Mapping[str, Any]
    folder: Path
    where: Any  # (key, …) -> "file:line"


class _Resolver:
    """Resolves the entries of one pack, each once, members first."""

    def __init__(
        self, file: PackFile, entries: Mapping[str, Entry], engine: str, draft: bool, taste: LockedChoices
    ) -> None:
        self.file, self.entries, self.engine, self.draft, self.taste = file, entries, engine, draft, taste
        self.done: dict[str, Recipe] = {}

    def recipe(self, name: str, below: tuple[str, ...] = ()) -> Recipe:
        if name in below:
            raise InputError(f"assets are members of each other in a circle: {' → '.join((*below, name))}")
        if name not in self.done:
            entry = self.entries[name]
            needs = tuple(self.recipe(member, (*below, name)) for member in self._members(entry))
            try:
                self.done[name] = self._picked(_Asset(self, entry).recipe(needs))
            except InputError as error:
                raise error.at(_where(self.file, entry)) from error
        return self.done[name]

    def _picked(self, recipe: Recipe) -> Recipe:
        """With the candidate that a person chose, if it was chosen for this request."""
        request, pick = self.taste.picks.get(recipe.name, ("", 0))
        return replace(recipe, pick=pick) if request and request == recipe.sampled_key() else recipe

    def _members(self, entry: Entry) -> list[str]:
        """Sorted: a key must not depend on the order of the pack."""
        found: list[str] = []
        others = [name for name in self.entries if name != entry.name]
        for pattern in entry.spec.members:
            matching = fnmatch.filter(others, pattern)
            if not matching:
                where = _where(self.file, entry, "members")
                raise InputError(
                    f"no asset matches the member '{pattern}'", where=where, cure=did_you_mean(pattern, others)
                )
            single = [name for name in matching if not self.entries[name].spec.members]
            if not single:
                where = _where(self.file, entry, "members")
                raise InputError(f"the member '{matching[0]}' is itself made of members", where=where)
            found += [name for name in single if name not in found]
        return sorted(found)


class _Asset:
    """One entry on its way to a recipe."""

    def __init__(self, resolver: _Resolver, entry: Entry) -> None:
        self.resolver, self.entry, self.spec = resolver, entry, entry.spec
        self.file = resolver.file
        self.pack = resolver.file.pack
        try:
            self.kind: ResolvedPreset = self.file.library.preset(entry.spec.preset)
        except InputError as error:
            raise error.at(self._where("preset")) from error

    def recipe(self, needs: tuple[Recipe, ...]) -> Recipe:
        preset = self.kind.preset
        controls = preset.controls or ()
        added = [name for name in self.spec.overrides if name in part_names("control")]
        controls += tuple(PartSpec(part=n, alias=n) for n in added if n not in {word.alias for word in controls})
        export = preset.export or PartSpec(part=self.resolver.engine, alias=self.resolver.engine)
        self._check_overrides((self.kind.source, *controls, *(preset.steps or ()), *(preset.checks or ()), export))
        asked = self._source()
        source = self._draft(asked) if self.resolver.draft else asked
        size = asked.arguments.get("size")
        drawn = tuple(self._stage("control", word, size=size) for word in controls)
        return Recipe(
            name=self.entry.name,
            preset=preset.preset,
            source=source,
            controls=drawn,
            steps=tuple(self._stage("step", word) for word in preset.steps or ()),
            checks=tuple(self._stage("check", word) for word in preset.checks or ()),
            export=self._stage("exporter", export, use=preset.use, folder=self.pack.target),
            tries=self.spec.tries or self.pack.tries or preset.tries or _DEFAULT_TRIES,
            members=needs,
            facts=self._facts(source, drawn),
            where=self._where(),
        )

    def _where(self, *keys: str | int) -> str:
        return _where(self.file, self.entry, *keys)

    def _check_overrides(self, words: Iterable[PartSpec]) -> None:
        aliases = {word.alias for word in words}
        for alias, arguments in self.spec.overrides.items():
            if alias not in aliases and alias not in part_names("exporter"):
                cure = did_you_mean(alias, {*ASSET_KEYS, *aliases, *part_names("control")})
                raise InputError(
                    f"unknown key '{alias}' for preset '{self.spec.preset}'", where=self._where(alias), cure=cure
                )
            if not isinstance(arguments, Mapping):
                raise InputError(f"'{alias}' wants {{ARGUMENT: VALUE}}", where=self._where(alias))

    def _source(self) -> Stage:
        word = self.kind.source
        part = self._part("source", word)
        said = {key for layer in self._layers(word) for key in layer.arguments}
        shared: dict[str, Any] = {}
        if "seed" in part.params.model_fields:
            seed = self.spec.seed
            shared["seed"] = seed_from(self.pack.seed, self._seed_name) if seed is None else seed
        if "negative" in part.params.model_fields and self.spec.negative is not None:
            shared["negative"] = self.spec.negative
        card = self._card(part, word)
        if card:
            shared["model"] = card
            shared |= {key: value for key, value in card.defaults.items() if key not in said and key not in shared}
            if "size" not in said:
                shared["size"] = scaled(card.native, self._argument(word, "scale"))
        if "prompt" in part.params.model_fields:
            shared["prompt"] = self._prompt(word, card)
        elif self.spec.prompt:
            what = f"preset '{self.spec.preset}' has no use for a prompt"
            raise InputError(what, where=self._where("prompt"), cure="Remove it")
        if self.spec.members and not part.traits.members:
            what = f"preset '{self.spec.preset}' has no use for members"
            raise InputError(what, where=self._where("members"), cure="Use a preset like atlas, or remove them")
        return self._stage("source", word, **shared)

    def _card(self, part: Part, word: PartSpec) -> ModelCard | None:
        if "model" not in part.params.model_fields:
            return None
        name = self.spec.model or self._argument(word, "model") or self.pack.model
        try:
            return self.file.library.card(str(name))
        except InputError as error:
            raise error.at(self._where("model") if self.spec.model else self.file.document.where("model")) from error

    def _prompt(self, word: PartSpec, card: ModelCard | None) -> str:
        asset_says = self.spec.overrides.get(word.alias, {}).get("prompt")
        pack_says = self.pack.defaults.get(word.alias, {}).get("prompt")
        card_says = (
            next((card.prompts[name] for name in self.kind.lineage if name in card.prompts), None) if card else None
        )
        template = str(asset_says or pack_says or card_says or word.arguments.get("prompt", "{prompt}"))
        if "{prompt}" in template and not self.spec.prompt.strip():
            raise InputError(f"asset '{self.entry.name}' has no prompt", where=self._where(), cure="Say what it shows")
        wish = ", ".join(filter(None, (self.spec.prompt.strip(), self.pack.style.strip())))
        before, after = card.affixes if card else ("", "")
        return before + template.replace("{prompt}", wish) + after

    @property
    def _seed_name(self) -> str:
        return self.resolver.taste.named.get(self.entry.name, self.entry.name)

    def _facts(self, source: Stage, controls: Sequence[Stage]) -> RecipeFacts:
        from_name = source.arguments.get("seed") == seed_from(self.pack.seed, self._seed_name)
        card = source.arguments.get("model")
        return RecipeFacts(
            prompt=self.spec.prompt,
            pack=self.pack.pack,
            seed_name=self._seed_name if from_name else None,
            model=card.model if isinstance(card, ModelCard) else None,
            licences={terms.name: terms.text for terms in terms_of(source, controls)},
        )

    def _draft(self, source: Stage) -> Stage:
        if "prompt" not in source.arguments:
            return source
        fake = load_part("source", "fake")
        words = {
            key: value for key, value in source.arguments.items() if key in fake.params.model_fields and key != "model"
        }
        return Stage("source", "fake", source.alias, fake.traits.version, words)

    def _argument(self, word: PartSpec, key: str) -> Any:
        values = [layer.arguments[key] for layer in self._layers(word) if key in layer.arguments]
        return values[-1] if values else None

    def _layers(self, word: PartSpec) -> list[_Layer]:
        """From the weakest to the strongest."""
        kind, pack = self.kind, self.file
        preset_folder = Path(kind.document.file).parent
        preset_words = {**word.arguments, **kind.preset.defaults.get(word.alias, {})}
        return [
            _Layer(preset_words, preset_folder, lambda *keys: kind.where(word.alias, *keys)),
            _Layer(
                pack.pack.defaults.get(word.alias, {}),
                pack.folder,
                lambda *keys: pack.document.where("defaults", word.alias, *keys),
            ),
            _Layer(self.spec.overrides.get(word.alias, {}), pack.folder, lambda *keys: self._where(word.alias, *keys)),
        ]

    def _part(self, kind: PartKind, word: PartSpec) -> Part:
        try:
            return load_part(kind, word.part)
        except InputError as error:
            raise error.at(self.kind.where(word.alias)) from error

    def _stage(self, kind: PartKind, word: PartSpec, **shared: Any) -> Stage:
        """The part with its words: `shared` ones yield to those said, but for the prompt and the model."""
        part = self._part(kind, word)
        fields = part.params.model_fields
        words: dict[str, Any] = {key: value for key, value in shared.items() if key in fields and value is not None}
        if self.pack.palette and "palette" in fields:
            words["palette"] = self._palette()
        layers = self._layers(word)
        for layer in layers:
            for key, value in layer.arguments.items():
                if not (key in ("prompt", "model") and key in shared):
                    words[key] = self._anchored(part, key, value, layer)
        try:
            valid = part.params.model_validate(words, context={"read_guard": self.file.library.read_guard})
        except ValidationError as error:
            key = str(next(iter(error.errors()[0]["loc"]), ""))
            layer = next((layer for layer in reversed(layers) if key in layer.arguments), layers[-1])
            said = explain(error, part.params, self.file.document)
            raise InputError(f"{word.alias}: {said.what}", where=layer.where(key), cure=said.cure) from error
        return Stage(kind, word.part, word.alias, part.traits.version, {key: getattr(valid, key) for key in fields})

    def _palette(self) -> Path:
        try:
            return self.file.library.palette(str(self.pack.palette), self.file.folder)
        except InputError as error:
            raise error.at(self.file.document.where("palette")) from error

    def _anchored(self, part: Part, key: str, value: Any, layer: _Layer) -> Any:
        """A word with the path of its input file made relative to the file that names it."""
        if key == "palette" and isinstance(value, str):
            try:
                return self.file.library.palette(value, layer.folder)
            except InputError as error:
                raise error.at(layer.where(key)) from error
        info = part.params.model_fields.get(key)
        return _in_folder(value, info.annotation, layer.folder) if info else value


def scaled(native: ImageSize, scale: Any) -> ImageSize | None:
    """A native size times what the word `scale` says; None for what is no pair of numbers, which is told elsewhere."""
    pair = scale if scale is not None else (1, 1)
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        return None
    if not all(isinstance(each, int | float) and 0 < each < inf for each in pair):
        return None
    return round(native[0] * pair[0]), round(native[1] * pair[1])


def _in_folder(value: Any, kind: Any, folder: Path) -> Any:
    """A value of this type with paths relative to a folder: a file, or a list of things that have files (LoRAs)."""
    kinds = named_types(kind)
    if InputFile in kinds:
        return (folder / value).absolute() if isinstance(value, str) and "\0" not in value else value
    thing = next((each for each in kinds if isinstance(each, type) and issubclass(each, BaseModel)), None)
    if thing is None or not isinstance(value, list):
        return value
    types = {name: info.annotation for name, info in thing.model_fields.items()}
    return [
        {name: _in_folder(item, types.get(name), folder) for name, item in entry.items()}
        if isinstance(entry, Mapping)
        else entry
        for entry in value
    ]

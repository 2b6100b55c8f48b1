"""Resolve the assets of a pack to recipes.

Later settings override earlier ones: model card defaults, preset, pack defaults, asset (`layers.py`). Seed, model,
palette and target of the pack apply where no layer sets them (`source.py`).
"""

import contextlib
import fnmatch
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from assetgen.errors import InputError, did_you_mean
from assetgen.pack.entries import Entry, check_name, expand
from assetgen.pack.file_names import FileOwners, related_names
from assetgen.pack.inbox import InvalidFiles, has_inbox, inbox_entries, is_in_pack_file
from assetgen.pack.key_errors import not_a_mapping, unknown_key
from assetgen.pack.layers import AssetLayers, line_of
from assetgen.pack.library import Library, PackFile, ResolvedPreset
from assetgen.pack.licences import terms_of
from assetgen.pack.motions import drawn_by, sheet_arguments, sheet_in_use
from assetgen.pack.recipe import Recipe, RecipeFacts, Stage, seed_from, with_quantization
from assetgen.pack.references import referenced_members, with_reference_kinds
from assetgen.pack.schema import ModelCard, PartSpec, Quantization, Selection, Start
from assetgen.pack.source import completion_of, draft_stage, model_card, source_stage
from assetgen.pack.starts import card_steps, draws_start, start_in_use, start_stages, started
from assetgen.pack.yaml_files import KeyPath
from assetgen.parts import PART_KINDS, Part, part_names

_DEFAULT_TRIES = 3
_MAX_MEMBERS = 1_000_000
"""More members of all assets together take minutes to plan."""
_DEFAULT_EXPORTER = "plain"
_RATING = "prompt_match"
_SHAPES = "content"


@dataclass(frozen=True)
class LockedChoices:
    """Choices that are recorded in the lock only, by asset.

    `seed_names`: the names that seeds are derived from. `picks`: the attempt that a person chose, with the sampled key
    of the request it was chosen for. `formats`: the number format in which a card with `quantize: auto` was run, by
    asset and model; by "" and model the one for assets that the lock does not have. `batches`: the members of each
    atlas, those of its first build first, then those that each later build added.
    """

    seed_names: Mapping[str, str] = field(default_factory=dict)
    picks: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    formats: Mapping[tuple[str, str], Quantization] = field(default_factory=dict)
    batches: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)


def resolve_pack(
    file: PackFile,
    *,
    engine: str = "",
    only: str = "*",
    draft: bool = False,
    locked: LockedChoices | None = None,
    invalid: InvalidFiles | None = None,
) -> tuple[Recipe, ...]:
    """Every asset that matches the glob `only` as a recipe, members before the atlases that need them.

    `engine` is the exporter where neither pack nor preset names one. Raises `InputError` with file and line; errors of
    inbox files are added to `invalid` instead where it is given.
    """
    if draft:  # its source draws no prompts
        file = replace(file, pack=file.pack.model_copy(update={"exact_prompt": True}))
    _check_target(file)
    _check_defaults(file)
    entries, errors = entries_of(file)
    if not entries and not has_inbox(file):
        what = f"pack '{file.pack.pack}' has no assets"
        raise InputError(what, where=file.document.where("assets"), cure="Add one under `assets`")
    matching = fnmatch.filter(entries, only)
    if entries and not matching and not fnmatch.filter(errors, only):
        raise InputError(f"no asset of pack '{file.pack.pack}' matches '{only}'", cure=did_you_mean(only, entries))
    exporter = file.pack.engine or engine or _DEFAULT_EXPORTER
    resolver = _Resolver(file, entries, exporter, draft, locked or LockedChoices())
    for name in matching:
        try:
            resolver.recipe(name)
        except InputError as error:
            if entries[name].document is None or is_in_pack_file(file, error):
                raise
            errors[name] = error
    recipes = tuple(resolver.done.values())
    errors |= _clashes(resolver)
    if invalid is None and errors:
        raise next(iter(errors.values()))
    if invalid is not None:
        invalid |= errors
    return tuple(recipe for recipe in recipes if recipe.name not in errors)


def _clashes(resolver: "_Resolver") -> InvalidFiles:
    """The errors of inbox files whose assets would write files of other assets. Raises `InputError` for other assets.

    All assets are compared, also those that are not resolved yet: the verdict does not depend on `only`.
    """
    owners, errors = FileOwners(), InvalidFiles()
    related = related_names(resolver.entries)
    for name, entry in resolver.entries.items():
        if name not in related:
            continue
        try:
            recipe = resolver.recipe(name)
        except InputError:
            continue  # it was reported, or is not to be built
        try:
            owners.add(recipe)
        except InputError as error:
            if entry.document is None:
                raise
            errors[name] = error
    return errors


def entries_of(file: PackFile) -> tuple[dict[str, Entry], InvalidFiles]:
    """The assets of a pack and of its inbox by name, matrices expanded; and the errors of inbox files."""
    written_as_list = isinstance(file.document.data.get("assets"), list)
    keys: dict[str, KeyPath] = {
        name: ("assets", index if written_as_list else name) for index, name in enumerate(file.pack.assets)
    }
    where = file.document.where
    written = {entry.name: entry for entry in expand(file.pack.assets, keys, lambda keys: where(*keys))}
    dropped, errors = inbox_entries(file, {name.lower() for name in written})
    return written | {entry.name: entry for entry in dropped}, errors


def _check_target(file: PackFile) -> None:
    pack = file.pack
    if pack.engine and pack.engine not in part_names("exporter"):
        cure = did_you_mean(pack.engine, part_names("exporter"))
        where = file.document.where("engine")
        raise InputError(f"there is no exporter for the engine '{pack.engine}'", where=where, cure=cure)
    try:
        for segment in pack.target.rstrip("/").split("/") if pack.target not in ("", ".") else ():
            check_name(segment)
    except InputError as error:
        what = f"the target {pack.target!r} is not a folder inside the game"
        raise InputError(what, where=file.document.where("target"), cure="Write it like art/dungeon") from error


def _check_defaults(file: PackFile) -> None:
    if not file.pack.defaults:
        return
    known = {name for kind in PART_KINDS for name in part_names(kind)}
    known |= {part.alias for resolved in _readable_presets(file.library) for part in resolved.preset.parts}
    for alias in file.pack.defaults:
        if alias not in known:
            where = file.document.where("defaults", alias)
            raise InputError(f"unknown part '{alias}'", where=where, cure=did_you_mean(alias, known))


def _readable_presets(library: Library) -> Iterator[ResolvedPreset]:
    """Every readable preset; broken ones are reported where they are used."""
    for name in library.preset_names():
        with contextlib.suppress(InputError):
            yield library.preset(name)


@dataclass
class _Resolver:
    """Resolves the entries of one pack, each once, members first."""

    file: PackFile
    entries: Mapping[str, Entry]
    exporter: str
    draft: bool
    locked: LockedChoices
    done: dict[str, Recipe] = field(default_factory=dict)
    matches: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    members: int = 0

    @cached_property
    def sorted_names(self) -> list[str]:
        """The names of all assets."""
        return sorted(self.entries)

    def recipe(self, name: str, below: tuple[str, ...] = ()) -> Recipe:
        if name in below:
            what = f"assets are members of each other in a circle: {' → '.join((*below, name))}"
            raise InputError(what, cure="Remove one of them")
        if name not in self.done:
            entry = self.entries[name]
            members = tuple(self.recipe(member, (*below, name)) for member in self._members(entry))
            try:
                self.done[name] = self._with_pick(self._resolve(entry, members, (*below, name)))
            except InputError as error:
                raise error.at(line_of(self.file, entry)) from error
        return self.done[name]

    def _members(self, entry: Entry) -> list[str]:
        """The names of an asset's members, sorted unless its source receives them in the order of the pack."""
        if not entry.spec.members:
            return []
        source, found = self._source(entry), dict[str, None]()
        for pattern in entry.spec.members:
            if (source.name, pattern) not in self.matches:
                matching = _matching(self.sorted_names, pattern)
                self.matches[source.name, pattern] = [
                    name for name in matching if name == pattern or self._may_match(name, source)
                ]
            names = [name for name in self.matches[source.name, pattern] if name != entry.name]
            if not names:
                raise self._no_member(entry, pattern)
            found |= dict.fromkeys(names)
            self.members += len(names)
            if self.members > _MAX_MEMBERS:
                what = f"the assets of a pack have at most {_MAX_MEMBERS:,} members in all"
                raise InputError(what, where=line_of(self.file, entry, "members"), cure="Split the pack")
        return list(found) if source.traits.ordered else sorted(found)

    def _may_match(self, name: str, source: Part) -> bool:
        """Whether a glob of an asset with this source may match another: not where the same source combines it, too."""
        entry = self.entries[name]
        with contextlib.suppress(InputError):  # reported where the asset itself is resolved
            return not entry.spec.members or self._source(entry) != source
        return False

    def _source(self, entry: Entry) -> Part:
        layers = self._layers(entry)
        return layers.load_part("source", layers.preset.source)

    def _no_member(self, entry: Entry, pattern: str) -> InputError:
        others = [name for name in self.sorted_names if name != entry.name]
        what, cure = f"no asset matches the member '{pattern}'", did_you_mean(pattern, others)
        if matching := _matching(others, pattern):
            what = (
                f"'{pattern}' matches only assets that combine others as '{entry.name}' does, such as '{matching[0]}'"
            )
            cure = "List their members, or name them without a pattern"
        return InputError(what, where=line_of(self.file, entry, "members"), cure=cure)

    def _added(self, entry: Entry, members: tuple[Recipe, ...]) -> list[list[str]]:
        """The members that joined an atlas after its first build, one list for each later build. The lock records them,
        so that members keep their places in the atlas."""
        names = {member.name for member in members}
        known = [[name for name in batch if name in names] for batch in self.locked.batches.get(entry.name, ())]
        new = sorted(names - {name for batch in known for name in batch})
        return [batch for batch in (*known, new) if batch][1:]

    def _with_pick(self, recipe: Recipe) -> Recipe:
        """The recipe with the attempt that a person chose, if it was chosen for the same request."""
        request, pick = self.locked.picks.get(recipe.name, ("", 0))
        return replace(recipe, pick=pick) if request and request == recipe.sampled_key() else recipe

    def _resolve(self, entry: Entry, members: tuple[Recipe, ...], below: tuple[str, ...]) -> Recipe:
        layers = self._layers(entry)
        spec, pack, preset = entry.spec, self.file.pack, layers.preset.preset
        choices: tuple[Selection, ...] = (spec, pack, preset)
        controls = (*(preset.controls or ()), *_added_controls(layers))
        export = preset.export or PartSpec(part=self.exporter, alias=self.exporter)
        card = model_card(layers, controls)
        start = start_in_use(layers, card, controls)
        step_parts = (*card_steps(layers, card, start), *(preset.steps or ()))
        parts = (layers.preset.source, *controls, *step_parts, *(preset.checks or ()), export)
        rating = {_RATING} if any(each and (each.best_of or 1) > 1 for each in (*choices, start, card)) else set[str]()
        _check_overrides(layers, {*rating, *(part.alias for part in parts)})
        seed_name = self.locked.seed_names.get(entry.name, entry.name)
        requested = source_stage(layers, card, seed_name, self._added(entry, members))
        requested = started(layers, self._with_locked_format(entry.name, requested), start)
        size, card = requested.arguments.get("size"), requested.arguments.get("model")
        sheet = sheet_in_use(layers, card)
        own = [each for each in controls if draws_start(each)]
        others = [each for each in controls if each not in own and not drawn_by(each, sheet)]
        control_stages = with_reference_kinds(requested, [layers.stage("control", each, size=size) for each in others])
        if not self.draft:
            control_stages += start_stages(layers, requested, control_stages, start, own)
        referenced = tuple(self._referenced(layers, name, below) for name in referenced_members(control_stages))
        steps = [layers.stage("step", part, **sheet_arguments(part, sheet)) for part in step_parts]
        best_of = 1 if self.draft else _best_of(requested, *choices, start, card)
        unjudged = self.draft and any(stage.part.adds_frames for stage in (requested, *steps))
        checks = () if unjudged else _with_rating(preset.checks or (), layers, best_of)
        recipe = Recipe(
            name=entry.name,
            preset=preset.preset,
            source=draft_stage(requested) if self.draft else requested,
            controls=control_stages,
            steps=tuple(step.without_cards if self.draft else step for step in steps),
            checks=tuple(layers.stage("check", part, prompt=spec.prompt) for part in checks),
            tries=next((each.tries for each in choices if each.tries), _DEFAULT_TRIES),
            best_of=best_of,
            on_fail=next((each.on_fail for each in choices if each.on_fail), "reject"),
            export=layers.stage("exporter", export, use=preset.use, folder=pack.target),
            members=(*members, *referenced),
            where=layers.where(),
        )
        return replace(recipe, facts=self._facts(recipe, layers, seed_name))

    def _with_locked_format(self, asset: str, source: Stage) -> Stage:
        """The source stage, where `quantize: auto` of its card is the number format that the lock records."""
        card, formats = source.arguments.get("model"), self.locked.formats
        if not isinstance(card, ModelCard) or card.quantize != "auto":
            return source
        locked = formats.get((asset, card.model)) or formats.get(("", card.model))
        return with_quantization(source, locked) if locked else source

    def _referenced(self, layers: AssetLayers, name: str, below: tuple[str, ...]) -> Recipe:
        """The asset whose finished image another one refers to."""
        if name not in self.entries:
            what = f"there is no asset '{name}' to refer to"
            raise InputError(what, where=layers.where("reference"), cure=did_you_mean(name, self.entries))
        return self.recipe(name, below)

    def _layers(self, entry: Entry) -> AssetLayers:
        try:
            return AssetLayers(self.file, entry, self.file.library.preset(entry.spec.preset))
        except InputError as error:
            raise error.at(line_of(self.file, entry, "preset")) from error

    def _facts(self, recipe: Recipe, layers: AssetLayers, seed_name: str) -> RecipeFacts:
        derived = recipe.source.arguments.get("seed") == seed_from(self.file.pack.seed, seed_name)
        card = recipe.source.arguments.get("model")
        completion = (
            completion_of(layers, card) if isinstance(card, ModelCard) and "prompt" in recipe.source.arguments else None
        )
        return RecipeFacts(
            prompt=layers.entry.spec.prompt,
            pack=self.file.pack.pack,
            seed_name=seed_name if derived else None,
            model=card.model if isinstance(card, ModelCard) else None,
            licences={terms.name: terms.text for terms in terms_of(recipe)},
            known_to_model=completion.near if completion else None,
        )


def _matching(names: Sequence[str], pattern: str) -> list[str]:
    """The sorted names that match a glob. Only those that begin as the glob does are compared."""
    prefix = re.split(r"[*?[]", pattern, maxsplit=1)[0]
    begin = bisect_left(names, prefix)
    end = bisect_right(names, prefix, begin, key=lambda name: name[: len(prefix)])
    return fnmatch.filter(names[begin:end], pattern)


def _added_controls(layers: AssetLayers) -> Iterator[PartSpec]:
    """Controls that the asset uses and its preset does not list."""
    listed = {part.alias for part in layers.preset.preset.controls or ()}
    for name in layers.entry.spec.overrides:
        part = name.partition(" ")[0]
        if part in part_names("control") and name not in listed:
            yield PartSpec(part=part, alias=name)


def _check_overrides(layers: AssetLayers, aliases: Iterable[str]) -> None:
    """Raise `InputError` for a key of the asset that is neither one of its own nor a part of its preset."""
    for alias, arguments in layers.entry.spec.overrides.items():
        if alias not in aliases and alias not in part_names("exporter"):
            raise unknown_key(layers, alias)
        if not isinstance(arguments, Mapping):
            raise not_a_mapping(layers, alias)


def _best_of(source: Stage, *layers: Selection | Start | ModelCard | None) -> int:
    """The number of attempts to compare, from the first of `layers` that sets it."""
    return next((each.best_of for each in layers if each and each.best_of), 1) if "seed" in source.arguments else 1


def _with_rating(checks: tuple[PartSpec, ...], layers: AssetLayers, best_of: int) -> tuple[PartSpec, ...]:
    """The checks, with one that rates images by the prompt where several attempts are compared and none of them does;
    `content` rates their shapes only."""
    rated = any(each.part != _SHAPES and layers.load_part("check", each).traits.ranks for each in checks)
    if best_of == 1 or rated or not layers.entry.spec.prompt:
        return checks
    return *checks, PartSpec(part=_RATING, alias=_RATING)

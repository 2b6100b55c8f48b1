"""Why an asset is stale: compare the request in the pack with the request in the lock."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from assetgen.pack.locations import Hub
from assetgen.pack.lock import LockEntry, StageRecord, StageRecords
from assetgen.pack.recipe import Recipe, Stage, identity_json
from assetgen.pack.schema import ControlModel, ModelCard
from assetgen.parts import InputFile

_SOURCE = "source"
"""Changes of source arguments are reported without it: `prompt changed`."""
_FREE_TEXT = ("prompt", "negative")
_KEYED = ("preset", "source", "export", "members", "licences", "seed_name", "tries", "best_of", "on_fail", "pick")
"""Facts of a lock entry that its keys are made of."""
_MAX_SHOWN = 24
"""Longer values, free text and mappings are not printed, only reported as changed."""


def request_entry(recipe: Recipe, folder: Path) -> LockEntry:
    """The lock entry of a recipe that is not built yet. Input files are listed relative to `folder`, the pack's."""
    return LockEntry(
        preset=recipe.preset,
        tries=recipe.tries,
        best_of=recipe.best_of if recipe.best_of > 1 else None,
        on_fail=recipe.on_fail if recipe.on_fail != "reject" else "",
        keys=keys_of(recipe),
        seed_name=recipe.facts.seed_name or "",
        pick=recipe.pick,
        source=stage_record(recipe.source),
        controls={stage.alias: stage_record(stage) for stage in recipe.controls},
        steps={stage.alias: stage_record(stage) for stage in recipe.steps},
        checks={stage.alias: stage_record(stage) for stage in recipe.checks},
        export=stage_record(recipe.export),
        members={need.name: need.accepted_key for need in recipe.members},
        inputs=dict(_inputs(recipe, folder)),
        weights=dict(_weights(recipe)),
        licences=recipe.facts.licences,
    )


def keys_of(recipe: Recipe) -> dict[str, str]:
    """The cache keys of a recipe that a lock records."""
    return {"sampled": recipe.sampled_key(), "images": recipe.images_key(), "files": recipe.files_key}


def stage_record(stage: Stage) -> dict[str, JsonValue]:
    """A stage as a lock records it: the part with its version, and the arguments that are neither None nor empty."""
    arguments = {key: identity_json(value) for key, value in sorted(stage.arguments.items())}
    used = {key: value for key, value in arguments.items() if value not in (None, [])}
    return {"part": f"{stage.name}@{stage.version}", **used}


def _inputs(recipe: Recipe, folder: Path) -> Iterator[tuple[str, str]]:
    for stage in (recipe.source, *recipe.controls, *recipe.steps, *recipe.checks):
        for value in stage.arguments.values():
            for file in _files(value):
                yield _relative(file.path, folder), file.sha256


def _files(value: Any) -> Iterator[InputFile]:
    """The input files in an argument: the value itself, or the `file` of each entry of a list (LoRAs)."""
    if isinstance(value, InputFile):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _files(getattr(item, "file", None))


def _relative(path: Path, folder: Path) -> str:
    """The path relative to the pack; only the name of a file outside it, which lies elsewhere on other machines."""
    inside = path.absolute().is_relative_to(folder.absolute())
    return path.absolute().relative_to(folder.absolute()).as_posix() if inside else path.name


def _weights(recipe: Recipe) -> Iterator[tuple[str, str]]:
    card = recipe.source.arguments.get("model")
    if not isinstance(card, ModelCard):
        return
    used: list[tuple[str, ModelCard | ControlModel]] = [(card.model, card)]
    kinds = [stage.control_kind for stage in recipe.controls if stage.control_kind in card.controls]
    used += [(f"{card.model}/{kind}", card.controls[kind]) for kind in kinds]
    for name, model in used:
        location = model.weights
        revision = f"{location.hub}@{location.revision}" if isinstance(location, Hub) else ""
        yield name, model.digest or revision


def changes_between(now: LockEntry, locked: LockEntry) -> list[str]:
    """What changed in the request, one short reason each; empty if nothing did."""
    if now.keys == locked.keys:
        return [f"its '{name}' in the lock does not fit its keys" for name in wrong_facts(now, locked)]
    files = {path: digest for path, digest in now.inputs.items() if locked.inputs.get(path, digest) != digest}
    models = [name for name, digest in now.weights.items() if locked.weights.get(name, digest) != digest]
    has_prompt = now.source.get("prompt") != locked.source.get("prompt")
    known = _Reported(frozenset(files.values()), bool(models), has_prompt)
    reasons = [f"{path} changed" for path in files] + [f"weights of {name} differ" for name in models]
    reasons += _stage_changes(_SOURCE, now.source, locked.source, known)
    for kind in ("controls", "steps", "checks"):
        reasons += _list_changes(kind.removesuffix("s"), getattr(now, kind), getattr(locked, kind), known)
    reasons += _stage_changes("export", now.export, locked.export, known)
    reasons += _member_changes(now.members, locked.members)
    reasons += [
        f"{name} {_change(name, getattr(locked, name), getattr(now, name))}"
        for name in ("preset", "tries", "best_of", "on_fail", "pick", "licences")
        if getattr(locked, name) != getattr(now, name)
    ]
    return reasons or [_other_reason(now, locked)]


def wrong_facts(now: LockEntry, locked: LockEntry) -> list[str]:
    """The fields of a lock entry that were edited: equal keys, but other facts than those the keys are made of.

    Names of stages and paths of input files are in no key, so only what they name is compared.
    """
    if now.keys != locked.keys:
        return []
    found = [name for name in _KEYED if getattr(now, name) != getattr(locked, name)]
    stages = ("controls", "steps", "checks")
    found += [name for name in stages if [*getattr(now, name).values()] != [*getattr(locked, name).values()]]
    for name in ("inputs", "weights"):
        known, recorded = getattr(now, name), getattr(locked, name)
        if any(recorded[key] != known[key] for key in set(known) & set(recorded)):
            found.append(name)
    return found


@dataclass(frozen=True)
class _Reported:
    """Changes that are reported by name already: the new digests of input files, whether weights differ, and whether
    the prompt does, which checks and drawn controls repeat."""

    files: frozenset[str]
    weights: bool
    prompt: bool


def _other_reason(now: LockEntry, locked: LockEntry) -> str:
    """The reason if keys differ but no argument does."""
    if now.pick is not None:
        return f"candidate {now.pick + 1} was picked and is not built yet"
    if locked.keys.get("files") == "":
        return "it is not built yet"
    same = now.keys.get("sampled") == locked.keys.get("sampled")
    return "what is written into its files changed" if same else "assetgen itself changed"


def _list_changes(kind: str, now: StageRecords, locked: StageRecords, known: _Reported) -> Iterator[str]:
    """Changes of the controls, steps or checks."""
    yield from (f"{kind} {alias} added" for alias in now if alias not in locked)
    yield from (f"{kind} {alias} removed" for alias in locked if alias not in now)
    both = [alias for alias in now if alias in locked]
    for alias in both:
        yield from _stage_changes(f"{kind} {alias}", now[alias], locked[alias], known)
    if both != [alias for alias in locked if alias in now]:
        yield f"{kind}s in another order"


def _stage_changes(where: str, now: StageRecord, locked: StageRecord, known: _Reported) -> Iterator[str]:
    """Changed part and arguments of one stage."""
    for key in dict.fromkeys((*locked, *now)):
        old, new = locked.get(key), now.get(key)
        if old == new or any(digest in json.dumps(new) for digest in known.files):
            continue
        if key == "prompt" and where != _SOURCE and known.prompt:
            continue
        if key == "part":
            yield _part_change(where, str(old), str(new))
        elif key != "model":
            yield f"{key if where == _SOURCE else f'{where}.{key}'} {_change(key, old, new)}"
        elif not known.weights or _without_digest(old) != _without_digest(new):
            yield "model changed"


def _part_change(where: str, old: str, new: str) -> str:
    """`step pixelate 2 → 3`, or `export plain → godot`."""
    (name, _, version), (new_name, _, new_version) = old.partition("@"), new.partition("@")
    if name != new_name:
        return f"{where} {name} → {new_name}"
    return f"{where if where.endswith(f' {name}') else f'{where} {name}'} {version} → {new_version}"


def _without_digest(card: JsonValue) -> JsonValue:
    return {key: value for key, value in card.items() if key != "digest"} if isinstance(card, dict) else card


def _change(key: str, old: JsonValue, new: JsonValue) -> str:
    if old is None or new is None:
        return "added" if old is None else "removed"
    if key in _FREE_TEXT or isinstance(new, Mapping):
        return "changed"
    shown = [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in (old, new)]
    brief = all(0 < len(text) <= _MAX_SHOWN and text.isprintable() for text in shown)
    return f"{shown[0]} → {shown[1]}" if brief else "changed"


def _member_changes(now: Mapping[str, str], locked: Mapping[str, str]) -> Iterator[str]:
    for name in dict.fromkeys((*locked, *now)):
        if name not in now:
            yield f"member {name} removed"
        elif name not in locked:
            yield f"member {name} added"
        elif now[name] != locked[name]:
            yield f"member {name} changed"
    if now.keys() == locked.keys() and list(now) != list(locked):
        yield "order of the members changed"

"""Resolve a pack with the choices that its lock records, and keep the seed of a renamed asset.

Seeds are derived from names, but an accepted image should survive a new name.

A new asset whose request equals that of an asset which left the pack, apart from the seed, is that asset renamed. It
keeps the seed of the old name, and the lock records the old name as `seed_name`.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import cast, get_args

from pydantic import JsonValue

from assetgen.pack.changes import stage_record
from assetgen.pack.inbox import InvalidFiles
from assetgen.pack.library import PackFile
from assetgen.pack.lock import Lock, LockEntry, StageRecord, StageRecords
from assetgen.pack.recipe import Recipe
from assetgen.pack.resolve import LockedChoices, entries_of, resolve_pack
from assetgen.pack.schema import Quantization


def resolve_with_lock(
    file: PackFile,
    lock: Lock,
    *,
    engine: str = "",
    only: str = "*",
    draft: bool = False,
    invalid: InvalidFiles | None = None,
) -> tuple[Recipe, ...]:
    """`resolve_pack` with the picks, seed names and formats that the lock records; renamed assets keep their seeds.

    Errors of inbox files are added to `invalid`.
    """
    invalid = {} if invalid is None else invalid
    seed_names = {name: entry.seed_name for name, entry in lock.items() if entry.seed_name}
    picks = {
        name: (entry.keys.get("sampled", ""), entry.pick) for name, entry in lock.items() if entry.pick is not None
    }

    formats = dict(_number_formats(lock))
    atlases = {name: _batches(entry) for name, entry in lock.items() if entry.members}

    def resolve(renamed: Mapping[str, str]) -> tuple[Recipe, ...]:
        names = {**seed_names, **{new: lock[old].seed_name for new, old in renamed.items()}}
        moved = {new: picks[old] for new, old in renamed.items() if old in picks}
        locked = LockedChoices(names, {**picks, **moved}, formats, atlases)
        return resolve_pack(file, engine=engine, only=only, draft=draft, locked=locked, invalid=invalid)

    recipes = resolve({})
    renamed = _renamed_assets(recipes, lock, {*entries_of(file)[0], *invalid})
    return resolve(renamed) if renamed else recipes


def _number_formats(lock: Lock) -> Iterator[tuple[tuple[str, str], Quantization]]:
    """The number formats of `LockedChoices`. Assets that the lock does not have get that of the first by name, so that
    a pack does not load one model in two formats."""
    for name, entry in sorted(lock.items(), reverse=True):
        card = entry.source.get("model")
        if isinstance(card, Mapping) and entry.weights:
            model, found = next(iter(entry.weights)), str(card.get("quantize", "none"))
            for key in (name, ""):
                if found in get_args(Quantization):
                    yield (key, model), cast(Quantization, found)


def _batches(entry: LockEntry) -> list[list[str]]:
    """The members of an atlas in the lock: those of its first build, then those of each later one."""
    later = [[str(name) for name in names] for names in _lists(entry.source.get("added"))]
    joined_later = {name for names in later for name in names}
    return [[name for name in entry.members if name not in joined_later], *later]


def _lists(value: JsonValue) -> Iterator[list[JsonValue]]:
    """The lists in a list; none where a lock that was edited has another value."""
    yield from (each for each in (value if isinstance(value, list) else []) if isinstance(each, list))


def _renamed_assets(recipes: Sequence[Recipe], lock: Lock, names: Set[str]) -> dict[str, str]:
    """The old name of each renamed asset. `names` are those of all assets of the pack."""
    gone = sorted(set(lock) - names)
    if not gone:
        return {}
    known = {name: _request(entry.source, entry.controls) for name, entry in lock.items()}
    taken = {(known[name], lock[name].seed_name) for name in known if name in names}
    lost: dict[str, list[str]] = {}
    for name in gone:
        seed_name = lock[name].seed_name
        if seed_name and (known[name], seed_name) not in taken:
            lost.setdefault(known[name], []).append(name)
    renamed = {}
    for recipe in recipes:
        if recipe.name in lock or not recipe.facts.seed_name:
            continue
        controls = {stage.alias: stage_record(stage) for stage in recipe.controls}
        if old := lost.get(_request(stage_record(recipe.source), controls)):
            renamed[recipe.name] = old.pop(0)
    return renamed


def _request(source: StageRecord, controls: StageRecords) -> str:
    """The request apart from its seed, which a drawn start has, too, as a comparable text."""
    seed = source.get("seed")
    records = {
        name: {key: value for key, value in sorted(record.items()) if key != "seed" or value != seed}
        for name, record in {"": source, **controls}.items()
    }
    return repr(records)

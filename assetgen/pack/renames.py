"""Renamed assets: the seed of an asset comes from its name, but a picture that somebody liked outlives a new name.

An asset that the lock does not know, and that asks for just what a lost one asked for, seed aside, is that one under
another name: it keeps the old name's seed, and the lock remembers so (`seed_name`).
"""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from assetgen.pack.changes import stage_record
from assetgen.pack.inbox import InvalidFiles
from assetgen.pack.library import PackFile
from assetgen.pack.lock import Lock
from assetgen.pack.recipe import Recipe
from assetgen.pack.resolve import LockedChoices, entries_of, resolve_pack


def plan_with(
    file: PackFile,
    lock: Lock,
    *,
    engine: str = "",
    only: str = "*",
    draft: bool = False,
    refused: InvalidFiles | None = None,
) -> tuple[Recipe, ...]:
    """`resolve.plan`, with the seeds of renamed assets taken from the names that the lock remembers or still has.

    Dropped files that cannot be assets stop no other: what is wrong with them goes into `refused`, where that is given.
    """
    refused = {} if refused is None else refused
    named = {name: block.seed_name for name, block in lock.items() if block.seed_name}
    picks = {
        name: (block.keys.get("sampled", ""), block.pick) for name, block in lock.items() if block.pick is not None
    }
    recipes = resolve_pack(
        file, engine=engine, only=only, draft=draft, taste=LockedChoices(named, picks), refused=refused
    )
    found = _found(recipes, lock, {*entries_of(file)[0], *refused})
    if not found:
        return recipes
    moved = {new: picks[old] for new, old in found.items() if old in picks}
    taste = LockedChoices({**named, **{new: lock[old].seed_name for new, old in found.items()}}, {**picks, **moved})
    return resolve_pack(file, engine=engine, only=only, draft=draft, taste=taste, refused=refused)


def _found(recipes: Sequence[Recipe], lock: Lock, names: Set[str]) -> dict[str, str]:
    """The old name of each new asset that is a lost one. `names` are the pack's."""
    gone = sorted(set(lock) - names)
    if not gone:
        return {}
    known = {name: _request(block.source, block.controls) for name, block in lock.items()}
    taken = {(known[name], lock[name].seed_name) for name in known if name in names}
    lost: dict[str, list[str]] = {}
    for name in gone:
        seed_name = lock[name].seed_name
        if seed_name and (known[name], seed_name) not in taken:
            lost.setdefault(known[name], []).append(name)
    found = {}
    for recipe in recipes:
        if recipe.name in lock or not recipe.facts.seed_name:
            continue
        old = lost.get(
            _request(stage_record(recipe.source), {stage.alias: stage_record(stage) for stage in recipe.controls})
        )
        if old:
            found[recipe.name] = old.pop(0)
    return found


def _request(source: Mapping[str, Any], controls: Mapping[str, Any]) -> str:
    return repr(({key: value for key, value in sorted(source.items()) if key != "seed"}, dict(controls)))

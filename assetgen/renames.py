"""Renamed assets: the seed of an asset comes from its name, but a picture that somebody liked outlives a new name.

An asset that the lock does not know, and that asks for just what a lost one asked for, seed aside, is that one under
another name: it keeps the old name's seed, and the lock remembers so (`seed_name`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from assetgen.differences import told
from assetgen.load import PackFile
from assetgen.lock import Lock
from assetgen.recipe import Recipe
from assetgen.resolve import plan


def plan_with(
    file: PackFile, lock: Lock, *, engine: str = "", only: str = "*", draft: bool = False
) -> tuple[Recipe, ...]:
    """`resolve.plan`, with the seeds of renamed assets taken from the names that the lock remembers or still has."""
    known = {name: block.seed_name for name, block in lock.items() if block.seed_name}
    everything = plan(file, engine=engine, draft=draft, named=known)
    found = _found(everything, lock)
    if only == "*" and not found:
        return everything
    return plan(file, engine=engine, only=only, draft=draft, named={**known, **found})


def _found(recipes: Sequence[Recipe], lock: Lock) -> dict[str, str]:
    """For each new asset that is a lost one: the name that the lost one's seed came from."""
    names = {recipe.name for recipe in recipes}
    lost: dict[Any, list[str]] = {}
    for name in sorted(set(lock) - names):
        block = lock[name]
        if block.seed_name:
            lost.setdefault(_request(block.source, block.controls), []).append(block.seed_name)
    found = {}
    for recipe in recipes if lost else ():
        if recipe.name in lock or not recipe.facts.get("seed_name"):
            continue
        old = lost.get(_request(told(recipe.source), {stage.alias: told(stage) for stage in recipe.controls}))
        if old:
            found[recipe.name] = old.pop(0)
    return found


def _request(source: Mapping[str, Any], controls: Mapping[str, Any]) -> str:
    return repr(({key: value for key, value in sorted(source.items()) if key != "seed"}, dict(controls)))

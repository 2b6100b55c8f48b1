"""What a build would do, and why: the questions that `build` asks of target and store, asked without doing anything."""

import fnmatch
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from assetgen.build.attempts import finished_attempt, first_attempt
from assetgen.build.history import Forecast, forecast, read_history
from assetgen.build.publish import Target
from assetgen.events import Surveyed, Work
from assetgen.pack.changes import changes_between, request_entry
from assetgen.pack.inbox import InvalidFiles
from assetgen.pack.library import PackFile
from assetgen.pack.licences import noncommercial
from assetgen.pack.lock import LockEntry, lock_path, read_lock
from assetgen.pack.recipe import Recipe
from assetgen.pack.renames import plan_with
from assetgen.store.store import Store

MADE: tuple[Work, ...] = ("sample", "finish", "export")
"""Work that makes files."""


@dataclass(frozen=True)
class Survey:
    """The work left on each asset, and what it will take."""

    found: tuple[Surveyed, ...]
    forecast: Forecast


def survey(file: PackFile, game: Path, store: Store, history: Path, *, engine: str = "", only: str = "*") -> Survey:
    """Ask of every asset what a build would do. Raises `InputError` where pack or lock cannot be read."""
    lock = read_lock(lock_path(file)) or {}
    refused: InvalidFiles = {}
    recipes = plan_with(file, lock, engine=engine, only=only, refused=refused)
    target = Target(game, file.pack.target, file.pack.pack)
    work = {recipe.name: work_left(recipe, store, target) for recipe in recipes}
    lost = dict(_lost_members(recipes, work, store))
    work |= {need.name: work_from_store(need, store) for need in recipes if need.name in lost}
    found = []
    for recipe in recipes:
        why = [f"'{lost[recipe.name]}' needs its images"] if recipe.name in lost else []
        if not why and work[recipe.name] != "reuse":
            why = list(_why(request_entry(recipe, file.folder), lock.get(recipe.name), target, recipe))
        if work[recipe.name] != "reuse":
            why += noncommercial(recipe)
        found.append(Surveyed(asset=recipe.name, work=work[recipe.name], reasons=tuple(why)))
    bad = fnmatch.filter(refused, only)
    found += [Surveyed(asset=name, work="fail", reasons=(str(refused[name]),)) for name in bad]
    if only == "*":
        found += _leaving(target, {each.asset for each in found})
    to_sample = [recipe for recipe in recipes if work[recipe.name] == "sample"]
    to_finish = sum(each in MADE for each in work.values())
    return Survey(tuple(found), forecast(to_sample, to_finish, read_history(history)))


def work_left(recipe: Recipe, store: Store, target: Target) -> Work:
    """The nearest save point from which an asset can be published."""
    if target.is_current(recipe.name, recipe.files_key):
        return "reuse"
    return "publish" if store.has("files", recipe.files_key) else work_from_store(recipe, store)


def work_from_store(recipe: Recipe, store: Store) -> Work:
    """The nearest save point from which an asset's files can be made."""
    attempt = first_attempt(recipe, store)
    if store.has("images", attempt.images_key):
        return "export"
    return "finish" if store.has("sampled", attempt.sampled_key) else "sample"


def _lost_members(recipes: Sequence[Recipe], work: Mapping[str, Work], store: Store) -> Iterator[tuple[str, str]]:
    """Members that are in order but for their images, which the store has lost, and the asset that needs these."""
    for recipe in recipes:
        if work[recipe.name] in MADE:
            lost = (
                need for need in recipe.members if work[need.name] not in MADE and not finished_attempt(need, store)
            )
            yield from ((need.name, recipe.name) for need in lost)


def _why(now: LockEntry, known: LockEntry | None, target: Target, recipe: Recipe) -> Iterator[str]:
    if known is None:
        seed_name = recipe.facts.get("seed_name", recipe.name)
        yield "it is not in the lock" if seed_name == recipe.name else f"it has the picture of '{seed_name}', renamed"
    elif changed := changes_between(now, known):
        yield from changed
    elif target.assets.get(recipe.name, {}).get("key", recipe.files_key) != recipe.files_key:
        yield "the game has another build of it"
    else:
        yield "its files are not in the game"
    yield from (
        f"{path} was edited by hand, so that only --overwrite replaces it" for path in target.edited(recipe.name)
    )


def _leaving(target: Target, names: Set[str]) -> Iterator[Surveyed]:
    for name in sorted(set(target.assets) - names):
        yield Surveyed(asset=name, work="remove", reasons=("it is no longer in the pack",))


def totals(found: Sequence[Surveyed]) -> Mapping[Work, int]:
    """How many assets need which work."""
    return {work: count for work in get_args(Work) if (count := sum(each.work == work for each in found))}

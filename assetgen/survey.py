"""What a build would do, and why: the questions that `build` asks of target and store, asked without doing anything."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assetgen.differences import asked, differences
from assetgen.events import Surveyed, Work
from assetgen.history import Forecast, forecast, read_history
from assetgen.load import PackFile
from assetgen.lock import Block, Lock, lock_place, read_lock
from assetgen.publish import Target
from assetgen.recipe import Recipe
from assetgen.renames import plan_with
from assetgen.store import Store
from assetgen.tries import first_try


@dataclass(frozen=True)
class Survey:
    """The work left on each asset, and what it will take."""

    found: tuple[Surveyed, ...]
    forecast: Forecast


def survey(file: PackFile, game: Path, store: Store, history: Path, *, engine: str = "", only: str = "*") -> Survey:
    """Ask of every asset what a build would do. Raises `InputError` where pack or lock cannot be read."""
    lock = read_lock(lock_place(file)) or {}
    recipes = plan_with(file, lock, engine=engine, only=only)
    target = Target(game, file.pack.target, file.pack.pack)
    work = {recipe.name: work_left(recipe, store, target) for recipe in recipes}
    found = [Surveyed(asset=r.name, work=work[r.name], reasons=_why(r, work[r.name], file, lock)) for r in recipes]
    if only == "*":
        found += _leaving(recipes, target)
    to_sample = [recipe for recipe in recipes if work[recipe.name] == "sample"]
    to_finish = sum(each in ("sample", "finish", "export") for each in work.values())
    return Survey(tuple(found), forecast(to_sample, to_finish, read_history(history)))


def work_left(recipe: Recipe, store: Store, target: Target) -> Work:
    """The nearest save point from which an asset can be published."""
    if target.is_current(recipe.name, recipe.files_key):
        return "reuse"
    if store.has("files", recipe.files_key):
        return "publish"
    attempt = first_try(recipe, store)
    if store.has("images", attempt.images_key):
        return "export"
    return "finish" if store.has("sampled", attempt.sampled_key) else "sample"


def _why(recipe: Recipe, work: Work, file: PackFile, lock: Lock) -> tuple[str, ...]:
    if work == "reuse":
        return ()
    block: Block | None = lock.get(recipe.name)
    if block is None:
        return ("it is not in the lock",)
    return tuple(differences(asked(recipe, file.folder), block)) or ("its files are not in the game",)


def _leaving(recipes: Sequence[Recipe], target: Target) -> Iterator[Surveyed]:
    names = {recipe.name for recipe in recipes}
    for name in sorted(set(target.assets) - names):
        yield Surveyed(asset=name, work="remove", reasons=("it is no longer in the pack",))


def totals(found: Sequence[Surveyed]) -> Mapping[Work, int]:
    """How many assets need which work."""
    kinds: tuple[Work, ...] = ("sample", "finish", "export", "publish", "reuse", "remove")
    return {work: count for work in kinds if (count := sum(each.work == work for each in found))}

"""Does what stands in the game folder still match the lock and the pack? Answered without a model, a store or a GPU."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from assetgen.differences import asked, differences
from assetgen.events import Audited, State
from assetgen.load import PackFile
from assetgen.lock import Block, lock_place, read_lock
from assetgen.looks import SIMILAR, apart, look
from assetgen.publish import Target, matches
from assetgen.recipe import Recipe
from assetgen.renames import plan_with

WORST_FIRST: tuple[State, ...] = ("stale", "missing", "edited")


def audit(file: PackFile, game: Path, engine: str = "", *, similar: bool = False) -> Iterator[Audited]:
    """A verdict on every asset of the pack and of its lock, sorted.

    With `similar`, pictures that a build published with other bytes are in order where they look as the lock says (see
    `looks`): for files that were built on other hardware. Raises `InputError` where the pack or its lock cannot be read.
    """
    lock = read_lock(lock_place(file)) or {}
    target = Target(game, file.pack.target, file.pack.pack)
    recipes = {recipe.name: recipe for recipe in plan_with(file, lock, engine=engine)}
    for name in sorted({*lock, *recipes}):
        recipe, block = recipes.get(name), lock.get(name)
        if block is None:
            yield Audited(asset=name, state="new", reasons=("it was never built",))
        elif recipe is None:
            yield _gone(name, block, target.root)
        else:
            yield _verdict(recipe, asked(recipe, file.folder), block, target, similar)


def _gone(name: str, block: Block, root: Path) -> Audited:
    left = [path for path in block.outputs if (root / path).is_file()]
    reasons = [f"{path} is left in the game" for path in left] or ["only its lock entry is left"]
    return Audited(asset=name, state="gone", reasons=("it is no longer in the pack", *reasons))


def _verdict(recipe: Recipe, now: Block, block: Block, target: Target, similar: bool) -> Audited:
    found: list[tuple[State, str]] = [("stale", reason) for reason in differences(now, block)]
    found += _files(recipe, block, target, similar)
    states = {state for state, _ in found}
    state: State = next((state for state in WORST_FIRST if state in states), "ok")
    return Audited(asset=recipe.name, state=state, reasons=tuple(reason for _, reason in found))


def _files(recipe: Recipe, block: Block, target: Target, similar: bool) -> Iterator[tuple[State, str]]:
    """What is wrong with the published files of one asset."""
    owned = recipe.export.part.traits.engine_owned
    published = target.assets.get(recipe.name, {}).get("files", {})
    for path, wanted in block.outputs.items():
        try:
            data = (target.root / path).read_bytes()
        except OSError:
            yield "missing", f"{path} is missing"
            continue
        digest = hashlib.sha256(data).hexdigest()
        if digest == wanted or matches(path, owned):
            continue
        if digest != published.get(path):
            yield "edited", f"{path} was edited by hand"
        elif not _looks(data, block.looks.get(path)):
            yield "stale", f"{path} is of another build, such as a draft"
        elif not similar:
            yield "stale", f"{path} has other bytes and the same look, as from other hardware; --similar accepts it"


def _looks(data: bytes, said: str | None) -> bool:
    return said is not None and apart(look(data), said) <= SIMILAR


def counts(verdicts: Sequence[Audited]) -> Mapping[State, int]:
    """How many assets are in each state, the good one first."""
    states: tuple[State, ...] = ("ok", "stale", "missing", "edited", "gone", "new")
    return {state: n for state in states if (n := sum(verdict.state == state for verdict in verdicts))}

"""Candidates: one request with several seeds, for a person to choose from; the choice goes into the lock.

Candidate N (from 1) of an asset is its try N − 1. A pick holds for the request that it was made for: with another
prompt, model or seed it is forgotten, with other steps it is kept.
"""

import fnmatch
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from assetgen.errors import AssetgenError, InputError
from assetgen.events import Emit
from assetgen.exclusive import exclusively
from assetgen.images import ImageSet
from assetgen.load import PackFile
from assetgen.lock import lock_place, read_lock, write_lock
from assetgen.making import Maker
from assetgen.rebuild import Machine
from assetgen.recipe import Recipe
from assetgen.registry import Verdict, did_you_mean
from assetgen.renames import plan_with
from assetgen.tries import Try, finished_try

MOST = 64


@dataclass(frozen=True)
class Candidate:
    """One finished try with what its checks say."""

    recipe: Recipe
    attempt: int
    images: ImageSet
    verdicts: tuple[tuple[str, Verdict], ...]

    @property
    def number(self) -> int:
        """What a person calls it, from 1."""
        return self.attempt + 1


def choosable(recipes: Sequence[Recipe]) -> list[Recipe]:
    """The assets that another seed would change."""
    return [recipe for recipe in recipes if "seed" in recipe.source.words and not recipe.needs]


def make_candidates(recipes: Sequence[Recipe], count: int, machine: Machine, emit: Emit) -> Iterator[Candidate]:
    """`count` candidates of each asset, as they come; what the store has is not made again. Failures are news."""
    maker = Maker(machine.store, emit, pause=machine.pause)
    wanted = [Try(recipe, attempt) for recipe in choosable(recipes) for attempt in range(count)]
    for attempt, images, is_finished in maker.sampled(wanted):
        try:
            done = images if is_finished else maker.finish(attempt, images)
            yield Candidate(attempt.recipe, attempt.attempt, done, tuple(maker.judge(attempt, done)))
        except AssetgenError as error:
            maker.fail(attempt.recipe, error)


def stored_candidates(recipe: Recipe, machine: Machine) -> Iterator[Candidate]:
    """The candidates of an asset that the store has, in order; nothing is sampled."""
    maker = Maker(machine.store, lambda _: None)
    for attempt in (Try(recipe, number) for number in range(MOST)):
        if images := machine.store.read_images("images", attempt.images_key):
            yield Candidate(recipe, attempt.attempt, images, tuple(maker.judge(attempt, images)))


def current(recipe: Recipe, machine: Machine) -> int | None:
    """The number of the candidate that is built, if one is."""
    attempt = finished_try(recipe, machine.store)
    return attempt.attempt + 1 if attempt else None


def pick(file: PackFile, asset: str, number: int | None, machine: Machine, emit: Emit) -> None:
    """Write a choice into the lock (None takes it back). The next build follows it.

    Raises `InputError` for an asset that the lock does not have as the pack asks for it now, and for a number that is
    not from 1 to `MOST`.
    """
    place = lock_place(file)
    if number is not None and not 1 <= number <= MOST:
        raise InputError(f"candidate {number} is not from 1 to {MOST}")
    with exclusively(place, machine.locks, emit):
        lock = read_lock(place) or {}
        recipes = {recipe.name: recipe for recipe in plan_with(file, lock)}
        if asset not in recipes:
            raise InputError(f"pack '{file.pack.pack}' has no asset '{asset}'", cure=did_you_mean(asset, recipes))
        if recipes[asset] not in choosable([recipes[asset]]):
            raise InputError(f"'{asset}' has no candidates: another seed changes nothing of it")
        block = lock.get(asset)
        if block is None or block.keys.get("sampled") != recipes[asset].sampled_key():
            cure = f"Build it first: `assetgen build PACK --only {asset}`"
            raise InputError(f"the lock does not have '{asset}' as the pack asks for it now", cure=cure)
        write_lock(place, {**lock, asset: replace(block, pick=None if number is None else number - 1)})


def matching(recipes: Sequence[Recipe], only: str) -> list[Recipe]:
    """The assets whose names match a glob."""
    return [recipe for recipe in recipes if fnmatch.fnmatchcase(recipe.name, only)]

"""Candidates: one request with several seeds, for a person to choose from; the choice goes into the lock.

Candidate N (from 1) of an asset is its try N − 1. A pick holds for the request that it was made for: with another
prompt, model or seed it is forgotten, with other steps it is kept.
"""

import fnmatch
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from assetgen.build.attempts import Attempt, finished_attempt
from assetgen.build.build_lock import build_lock
from assetgen.build.run import BuildOptions, Machine, build_pack
from assetgen.build.sampling import WAITING_LIMIT, Sampled, Sampler, worker_threads
from assetgen.errors import AssetgenError, InputError
from assetgen.events import Emit, Finished, ignore
from assetgen.images import ImageSet
from assetgen.pack.changes import request_entry
from assetgen.pack.library import PackFile
from assetgen.pack.licences import refuse_noncommercial
from assetgen.pack.lock import LockEntry, lock_path, read_lock, write_lock
from assetgen.pack.recipe import Recipe
from assetgen.pack.renames import plan_with
from assetgen.parts import Verdict, did_you_mean

MOST = 64
UNBUILT = {"images": "", "files": ""}
"""Keys of a block that a pick wrote before any build did."""


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
    return [recipe for recipe in recipes if "seed" in recipe.source.arguments and not recipe.members]


def make_candidates(
    recipes: Sequence[Recipe], count: int, machine: Machine, emit: Emit, wish: BuildOptions
) -> Iterator[Candidate]:
    """`count` candidates of each asset, as they come; what the store has is not made again. Failures are news.

    Of the wish, its price counts and whether it allows what forbids commercial use; else that raises `InputError`.
    """
    refuse_noncommercial(recipes, wish.allow_noncommercial)
    maker = Sampler(machine.store, emit, wish.price, pause=machine.pause, device=machine.device)
    wanted = [Attempt(recipe, attempt) for recipe in choosable(recipes) for attempt in range(count)]
    under_way: deque[Future[Candidate | None]] = deque()
    with closing(maker), worker_threads() as workers:
        for sampled in maker.sampled(wanted):
            while under_way and (len(under_way) == WAITING_LIMIT or under_way[0].done()):
                yield from _made(under_way.popleft())
            under_way.append(workers.submit(_candidate, maker, sampled))
        while under_way:
            yield from _made(under_way.popleft())


def _candidate(maker: Sampler, sampled: Sampled) -> Candidate | None:
    attempt = sampled.attempt
    try:
        done = maker.apply_steps(sampled)
        return Candidate(attempt.recipe, attempt.attempt, done, tuple(maker.run_checks(attempt, done)))
    except AssetgenError as error:
        maker.fail(attempt.recipe, error)
        return None


def _made(future: "Future[Candidate | None]") -> Iterator[Candidate]:
    if candidate := future.result():
        yield candidate


def stored_candidates(recipe: Recipe, machine: Machine) -> Iterator[Candidate]:
    """The candidates of an asset that the store has, in order; nothing is sampled."""
    maker = Sampler(machine.store, ignore)
    for attempt in (Attempt(recipe, number) for number in range(MOST)):
        if images := machine.store.read_images("images", attempt.images_key):
            yield Candidate(recipe, attempt.attempt, images, tuple(maker.run_checks(attempt, images)))


def current(recipe: Recipe, machine: Machine) -> int | None:
    """The number of the candidate that is built, if one is."""
    attempt = finished_attempt(recipe, machine.store)
    return attempt.attempt + 1 if attempt else None


def pick(file: PackFile, asset: str, number: int | None, machine: Machine, emit: Emit) -> None:
    """Write a choice into the lock (None takes it back). The next build follows it.

    An asset that was not built yet, or not as the pack asks for it now, may be picked as well: its block is stale until
    it is built. Raises `InputError` for an asset without candidates and a number not from 1 to `MOST`.
    """
    place = lock_path(file)
    if number is not None and not 1 <= number <= MOST:
        raise InputError(f"candidate {number} is not from 1 to {MOST}")
    with build_lock(place, machine.locks, emit, machine.pause):
        lock = read_lock(place) or {}
        recipes = {recipe.name: recipe for recipe in plan_with(file, lock)}
        if asset not in recipes:
            raise InputError(f"pack '{file.pack.pack}' has no asset '{asset}'", cure=did_you_mean(asset, recipes))
        if recipes[asset] not in choosable([recipes[asset]]):
            raise InputError(f"'{asset}' has no candidates: another seed changes nothing of it")
        block = _block(recipes[asset], lock.get(asset), file.folder)
        write_lock(place, {**lock, asset: replace(block, pick=None if number is None else number - 1)})


def _block(recipe: Recipe, known: LockEntry | None, folder: Path) -> LockEntry:
    """The block of an asset as its pack asks for it now. One that no build wrote keeps a key that fits no build."""
    if known and known.keys.get("sampled") == recipe.sampled_key():
        return known
    keys = {**(known.keys if known else UNBUILT), "sampled": recipe.sampled_key()}
    block = replace(request_entry(recipe, folder), keys=keys)
    return replace(block, outputs=known.outputs, looks=known.looks) if known else block


def build_picked(
    file: PackFile, game: Path, machine: Machine, emit: Emit, asset: str, wish: BuildOptions
) -> list[Finished]:
    """Build an asset, and the atlases that hold it; for the rest as the wish says."""
    recipes = plan_with(file, read_lock(lock_path(file)) or {})
    atlases = [recipe.name for recipe in recipes if any(need.name == asset for need in recipe.members)]
    return [build_pack(file, game, machine, emit, replace(wish, only=name)) for name in atlases or [asset]]


def matching(recipes: Sequence[Recipe], only: str) -> list[Recipe]:
    """The assets whose names match a glob."""
    return [recipe for recipe in recipes if fnmatch.fnmatchcase(recipe.name, only)]

"""Candidates: one request with several seeds, for a person to choose from; the choice is recorded in the lock.

Candidate N (from 1) of an asset is its attempt N - 1. A pick holds for the request that it was made for: another
prompt, model or seed drops it, other steps keep it.
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
from assetgen.build.options import BuildOptions
from assetgen.build.precision import with_number_formats
from assetgen.build.run import build_pack
from assetgen.build.sampling import WAITING_LIMIT, Sampled, Sampler, worker_threads
from assetgen.errors import AssetgenError, InputError, did_you_mean
from assetgen.events import Emit, Finished, ignore
from assetgen.images import ImageSet
from assetgen.machine import Machine
from assetgen.pack.changes import request_entry
from assetgen.pack.licences import check_licences
from assetgen.pack.lock import LockEntry, write_lock
from assetgen.pack.project import Project
from assetgen.pack.recipe import Recipe
from assetgen.parts import Verdict
from assetgen.terms import UNKNOWN_STUDIO, Studio

MAX_CANDIDATES = 64
_UNBUILT = {"images": "", "files": ""}
"""Keys of an entry that a pick wrote before any build did."""


@dataclass(frozen=True)
class Candidate:
    """A finished attempt with the verdicts of its checks."""

    recipe: Recipe
    attempt: int
    images: ImageSet
    verdicts: tuple[tuple[str, Verdict], ...]

    @property
    def number(self) -> int:
        """Its number for people, from 1."""
        return self.attempt + 1


def choosable(recipes: Sequence[Recipe]) -> list[Recipe]:
    """The assets that another seed changes; atlases and animations of other assets are not among them."""
    return [each for each in recipes if "seed" in each.source.arguments]


def make_candidates(
    recipes: Sequence[Recipe],
    count: int,
    machine: Machine,
    emit: Emit,
    *,
    studio: Studio = UNKNOWN_STUDIO,
    allow_noncommercial: bool = False,
) -> Iterator[Candidate]:
    """`count` candidates of each asset, as they are finished; those in the store are not made again.

    An asset that fails is a `Failed` event. Raises `InputError` as `check_licences` does.
    """
    check_licences(recipes, studio, emit, allowed=allow_noncommercial)
    sampler = Sampler(machine, emit)
    attempts = [Attempt(recipe, number) for recipe in choosable(recipes) for number in range(count)]
    running: deque[Future[Candidate | None]] = deque()
    with closing(sampler), worker_threads() as workers:
        for sampled in sampler.sampled(attempts):
            while running and (len(running) == WAITING_LIMIT or running[0].done()):
                yield from _result(running.popleft())
            running.append(workers.submit(_candidate, sampler, sampled))
        while running:
            yield from _result(running.popleft())


def _candidate(sampler: Sampler, sampled: Sampled) -> Candidate | None:
    attempt = sampled.attempt
    try:
        done = sampler.apply_steps(sampled)
        return Candidate(attempt.recipe, attempt.attempt, done, tuple(sampler.run_checks(attempt, done)))
    except AssetgenError as error:
        sampler.fail(attempt.recipe, error)
        return None


def _result(future: "Future[Candidate | None]") -> Iterator[Candidate]:
    if candidate := future.result():
        yield candidate


def stored_candidates(recipe: Recipe, machine: Machine) -> Iterator[Candidate]:
    """The candidates of an asset that the store has, in order; of an asset without a seed its only image. Nothing is
    sampled."""
    sampler = Sampler(machine, ignore)
    count = MAX_CANDIDATES if choosable([recipe]) else 1
    for attempt in (Attempt(recipe, number) for number in range(count)):
        if images := machine.store.read_images("images", attempt.images_key):
            yield Candidate(recipe, attempt.attempt, images, tuple(sampler.run_checks(attempt, images)))


def built_candidate(recipe: Recipe, machine: Machine) -> int | None:
    """The number of the candidate that is built; None where none is."""
    attempt = finished_attempt(recipe, machine.store)
    return attempt.attempt + 1 if attempt else None


def pick(project: Project, asset: str, number: int | None, machine: Machine, emit: Emit) -> None:
    """Record a choice in the lock; None removes it. The next build follows it.

    An asset may be picked before it was built, or built as the pack now requests it: its entry is stale until then.
    Raises `InputError` for an asset without candidates and for a number outside 1 to `MAX_CANDIDATES`.
    """
    if number is not None and not 1 <= number <= MAX_CANDIDATES:
        raise InputError(f"candidate {number} is not from 1 to {MAX_CANDIDATES}")
    with build_lock(project.lock_path, machine.locks, emit, machine.pause):
        plan = project.plan()
        recipes = {recipe.name: recipe for recipe in with_number_formats(plan.recipes, machine)}
        if asset not in recipes:
            raise InputError(f"pack '{project.pack.pack}' has no asset '{asset}'", cure=did_you_mean(asset, recipes))
        if recipes[asset] not in choosable([recipes[asset]]):
            raise InputError(f"'{asset}' has no candidates: another seed does not change it")
        entry = _picked_entry(recipes[asset], plan.lock.get(asset), project.file.folder)
        attempt = None if number is None else number - 1
        write_lock(project.lock_path, {**plan.lock, asset: replace(entry, pick=attempt)})


def _picked_entry(recipe: Recipe, locked: LockEntry | None, folder: Path) -> LockEntry:
    """The lock entry of an asset as its pack requests it now. Before a build, it has keys that match no build."""
    if locked and locked.keys.get("sampled") == recipe.sampled_key():
        return locked
    keys = {**(locked.keys if locked else _UNBUILT), "sampled": recipe.sampled_key()}
    entry = replace(request_entry(recipe, folder), keys=keys)
    return replace(entry, outputs=locked.outputs, looks=locked.looks) if locked else entry


def build_picked(project: Project, asset: str, machine: Machine, options: BuildOptions, emit: Emit) -> list[Finished]:
    """Build an asset after a pick: the assets that are made from it, else the asset itself."""
    made_from = [recipe.name for recipe in dependents(project.plan().recipes, asset)]
    return [build_pack(project, machine, replace(options, only=name), emit) for name in made_from or [asset]]


def dependents(recipes: Sequence[Recipe], asset: str) -> list[Recipe]:
    """The assets that have an asset among their members, or among the members of these. `recipes` are in the order of a
    plan: members before the assets that need them."""
    changed = {asset}
    for recipe in recipes:
        if any(member.name in changed for member in recipe.members):
            changed.add(recipe.name)
    return [recipe for recipe in recipes if recipe.name in changed - {asset}]


def matching(recipes: Sequence[Recipe], only: str) -> list[Recipe]:
    """The assets whose names match a glob."""
    return [recipe for recipe in recipes if fnmatch.fnmatchcase(recipe.name, only)]

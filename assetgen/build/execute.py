"""The straight line from recipes to published files.

Each save point is asked first, from the far end: are the published files current, are the files in the store, are the
finished images, are the sampled ones? Only what is missing runs. Assets that a source can make together are sampled
together; while one batch samples, those of the last are saved and go through steps, checks and export in other threads.
"""

import fnmatch
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from assetgen.build.attempts import Attempt, accepted, finished_attempt, first_attempt
from assetgen.build.cost import summed
from assetgen.build.publish import Target
from assetgen.build.sampling import (
    WAITING_LIMIT,
    Outcome,
    Runner,
    Sampler,
    Work,
    local_runner,
    no_pause,
    worker_threads,
)
from assetgen.errors import AssetgenError
from assetgen.events import Emit, Finished, Planned, Published, Reused
from assetgen.pack.recipe import Recipe
from assetgen.pixels.fingerprint import fingerprints_of
from assetgen.store.store import Store


@dataclass(frozen=True)
class Made:
    """A published asset: the accepted try, sha256 and looks of its files by path, what its sampling cost."""

    attempt: int
    outputs: Mapping[str, str]
    looks: Mapping[str, str]
    cost: Mapping[str, Any]


@dataclass(frozen=True)
class Manner:
    """How to build: `overwrite` lets hand-edited files be replaced; the files of assets that match `prune` (a glob, ""
    for none) and are not among the recipes are removed; assets that need one of `refused` fail; `price`, `pause` and
    `device` are those of a `Maker`; `runner` makes the images."""

    overwrite: bool = False
    prune: str = "*"
    refused: frozenset[str] = frozenset()
    price: float = 0.0
    pause: Callable[[], None] = no_pause
    device: str = "auto"
    runner: Runner = local_runner


def build_recipes(
    recipes: Sequence[Recipe], store: Store, target: Target, emit: Emit, manner: Manner | None = None
) -> tuple[Finished, dict[str, Made]]:
    """Build and publish recipes (members before what needs them). One asset's failure never stops the others.

    Gives the closing event, and every asset that was published now.
    """
    manner = manner or Manner()
    maker = Sampler(store, emit, manner.price, set(manner.refused), manner.pause, manner.device)
    run = _Run(maker, target, manner)
    started = time.perf_counter()
    others = (name for name in target.assets if not fnmatch.fnmatchcase(name, manner.prune))
    target.expect({*others, *manner.refused, *(recipe.name for recipe in recipes)})
    try:
        pending = [recipe for recipe in recipes if not run.is_current(recipe)]
        pending = [recipe for recipe in pending if not run.publish_stored(recipe)]
        pending = run.with_lost_members(pending)
        maker.news(Planned(assets=len(recipes), to_sample=sum(not maker.is_sampled(recipe) for recipe in pending)))
        if pending:
            store.check_writable()
        for wave in _waves(pending):
            run.build(wave)
        run.publish_deferred()
        run.prune()
    finally:
        run.close()
    finished = run.summary(time.perf_counter() - started)
    emit(finished)
    return finished, run.made


@dataclass
class _Run:
    """The state of one build."""

    maker: Sampler
    target: Target
    manner: Manner
    made: dict[str, Made] = field(default_factory=dict)
    deferred: list[Outcome] = field(default_factory=list)
    workers: ThreadPoolExecutor = field(default_factory=worker_threads)
    publishing: threading.Lock = field(default_factory=threading.Lock)

    def is_current(self, recipe: Recipe) -> bool:
        if not self.target.is_current(recipe.name, recipe.files_key):
            return False
        edited = self.target.edited(recipe.name)
        if edited and self.manner.overwrite:
            return False
        self.maker.counts["reused"] += 1
        self.maker.news(Published(asset=recipe.name, kept=edited) if edited else Reused(asset=recipe.name))
        return True

    def publish_stored(self, recipe: Recipe) -> bool:
        files = self.maker.store.read("files", recipe.files_key)
        if files is None:
            return False
        try:
            known = accepted(recipe, self.maker.store) or {}
            attempt = Attempt(recipe, int(known.get("attempt", 0)))
            self.publish(Outcome(attempt, files, fingerprints_of(files), known.get("cost", {})))
        except AssetgenError as error:
            self.maker.fail(recipe, error)
        return True

    def with_lost_members(self, pending: list[Recipe]) -> list[Recipe]:
        """Also the members whose finished images the store has lost, though their files are current."""
        needs = {need.name: need for recipe in pending for need in recipe.members if need.name not in self.maker.failed}
        needed = {name: need for name, need in needs.items() if not finished_attempt(need, self.maker.store)}
        names = {recipe.name for recipe in pending}
        return [need for name, need in needed.items() if name not in names] + pending

    def build(self, wave: Sequence[Recipe]) -> None:
        """Attempts, round by round, until each recipe of the wave is accepted or out of tries."""
        tries = [first_attempt(recipe, self.maker.store) for recipe in wave]
        while tries:
            tries = self.round(tries)

    def round(self, tries: Sequence[Attempt]) -> list[Attempt]:
        """One attempt each; what was rejected comes back as its next attempt, in the order of the tries."""
        under_way: set[Future[Attempt | None]] = set()
        again: list[Attempt] = []
        for attempt, work in self.manner.runner(self.maker, tries):
            if len(under_way) == WAITING_LIMIT:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                again += _results(done)
            under_way.add(self.workers.submit(self.complete, attempt, work))
        again += _results(under_way)
        places = {attempt.recipe.name: place for place, attempt in enumerate(tries)}
        return sorted(again, key=lambda attempt: places[attempt.recipe.name])

    def complete(self, attempt: Attempt, work: Work) -> Attempt | None:
        """Do the work that is left, and publish. Gives the next try where a check said no."""
        try:
            outcome = work()
            if isinstance(outcome, Attempt):
                return outcome
            self.publish(outcome)
        except AssetgenError as error:
            self.maker.fail(attempt.recipe, error)
        return None

    def publish(self, outcome: Outcome, *, can_wait: bool = True) -> None:
        recipe, number = outcome.attempt.recipe, outcome.attempt.attempt
        owned = recipe.export.part.traits.engine_owned
        facts = {"key": recipe.files_key, "preset": recipe.preset, "engine_owned": owned, **recipe.facts}
        facts["attempt"] = number
        with self.publishing, self.maker.timed("publish"):
            if can_wait and self.target.is_taken(recipe.name, outcome.files):
                self.deferred.append(outcome)
                return
            done = self.target.publish(recipe.name, outcome.files, facts, overwrite=self.manner.overwrite)
            self.maker.counts["published"] += 1
            outputs = self.target.assets[recipe.name]["files"]
            self.made[recipe.name] = Made(number, outputs, outcome.looks, outcome.cost)
            self.maker.news(Published(asset=recipe.name, files=done.written, removed=done.removed, kept=done.kept))

    def publish_deferred(self) -> None:
        """What wanted files that another asset of this build has given up meanwhile."""
        waiting, self.deferred = self.deferred, []
        for outcome in waiting:
            try:
                self.publish(outcome, can_wait=False)
            except AssetgenError as error:
                self.maker.fail(outcome.attempt.recipe, error)

    def prune(self) -> None:
        outcome = self.target.forget_the_leaving()
        if outcome.removed or outcome.kept:
            self.maker.news(Published(removed=outcome.removed, kept=outcome.kept))

    def close(self) -> None:
        self.workers.shutdown()
        self.maker.close()
        self.target.finish()

    def summary(self, seconds: float) -> Finished:
        profile = {what: round(spent, 3) for what, spent in sorted(self.maker.seconds.items())}
        return Finished(
            seconds=seconds,
            published=self.maker.counts["published"],
            reused=self.maker.counts["reused"],
            sampled=self.maker.counts["sampled"],
            failed=len(self.maker.failed),
            target=str(self.target.root),
            profile=profile,
            cost=summed(self.maker.costs.values()),
        )


def remembered(recipe: Recipe, store: Store, target: Target) -> Made:
    """An asset that stands published from an earlier build, as manifest, game folder and store tell."""
    told = target.assets[recipe.name]
    known = accepted(recipe, store) or {}
    untouched = {path: data for path in told["files"] if (data := target.read_published(recipe.name, path)) is not None}
    return Made(told.get("attempt", 0), told["files"], fingerprints_of(untouched), known.get("cost", {}))


def _results(futures: Iterable[Future[Attempt | None]]) -> list[Attempt]:
    return [again for future in futures if (again := future.result())]


def _waves(recipes: Sequence[Recipe]) -> Iterator[list[Recipe]]:
    """Recipes in groups, each of which needs earlier groups alone."""
    left = {recipe.name: recipe for recipe in recipes}
    while left:
        wave = [recipe for recipe in left.values() if not any(need.name in left for need in recipe.members)]
        yield wave
        for recipe in wave:
            del left[recipe.name]

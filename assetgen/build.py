"""The straight line from recipes to published files.

Each save point is asked first, from the far end: are the published files current, are the files in the store, are the
finished images, are the sampled ones? Only what is missing runs. Assets that a source can make together are sampled
together; while one batch samples, the finished ones of the last go through steps, checks and export in worker threads.
"""

import fnmatch
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from assetgen.cost import cost_of, summed
from assetgen.errors import AssetgenError, BuildError, NotInstalledError
from assetgen.events import Checked, Drawn, Emit, Event, Failed, Finished, Planned, Published, Reused
from assetgen.images import ImageSet
from assetgen.looks import looks_of
from assetgen.provenance import stamp
from assetgen.publish import Target
from assetgen.recipe import Recipe
from assetgen.registry import Context, Files, Job, Verdict
from assetgen.stages import alike, export, finish, judge, render_control, sample
from assetgen.store import Store
from assetgen.tries import Try, accepted, finished_try, first_try

WAITING_LIMIT = 32
"""Sampled images that may wait for a worker: bounds memory when steps are slower than sampling."""


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
    for none) and are not among the recipes are removed; assets that need one of `refused` fail; `price` is USD an hour
    of this machine."""

    overwrite: bool = False
    prune: str = "*"
    refused: frozenset[str] = frozenset()
    price: float = 0.0


def build_pack(
    recipes: Sequence[Recipe], store: Store, target: Target, emit: Emit, manner: Manner | None = None
) -> tuple[Finished, dict[str, Made]]:
    """Build and publish recipes (members before what needs them). One asset's failure never stops the others.

    Gives the closing event, and every asset that was published now.
    """
    run = _Run(store, target, emit, manner or Manner())
    started = time.perf_counter()
    others = (name for name in target.assets if not fnmatch.fnmatchcase(name, run.manner.prune))
    target.expect({*others, *(recipe.name for recipe in recipes)})
    try:
        pending = [recipe for recipe in recipes if not run.is_current(recipe)]
        pending = [recipe for recipe in pending if not run.publish_stored(recipe)]
        pending = run.with_lost_members(pending)
        run.news(Planned(assets=len(recipes), to_sample=sum(not run.is_sampled(recipe) for recipe in pending)))
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

    store: Store
    target: Target
    emit: Emit
    manner: Manner
    made: dict[str, Made] = field(default_factory=dict)
    costs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    deferred: list[tuple[Recipe, Files, int, Mapping[str, Any]]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    failed: set[str] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)
    workers: ThreadPoolExecutor = field(default_factory=ThreadPoolExecutor)
    clock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.failed |= self.manner.refused

    def news(self, event: Event) -> None:
        with self.lock:
            self.emit(event)

    def is_current(self, recipe: Recipe) -> bool:
        if not self.target.is_current(recipe.name, recipe.files_key):
            return False
        edited = self.target.edited(recipe.name)
        if edited and self.manner.overwrite:
            return False
        self.counts["reused"] += 1
        self.news(Published(asset=recipe.name, kept=edited) if edited else Reused(asset=recipe.name))
        return True

    def publish_stored(self, recipe: Recipe) -> bool:
        files = self.store.read("files", recipe.files_key)
        if files is None:
            return False
        try:
            known = accepted(recipe, self.store) or {}
            self.publish(recipe, files, int(known.get("attempt", 0)), known.get("cost", {}))
        except AssetgenError as error:
            self.fail(recipe, error)
        return True

    def with_lost_members(self, pending: list[Recipe]) -> list[Recipe]:
        """Also the members whose finished images the store has lost, though their files are current."""
        needs = {need.name: need for recipe in pending for need in recipe.needs if need.name not in self.failed}
        needed = {name: need for name, need in needs.items() if not finished_try(need, self.store)}
        names = {recipe.name for recipe in pending}
        return [need for name, need in needed.items() if name not in names] + pending

    def is_sampled(self, recipe: Recipe) -> bool:
        attempt = first_try(recipe, self.store)
        return self.store.has("images", attempt.images_key) or self.store.has("sampled", attempt.sampled_key)

    def build(self, wave: Sequence[Recipe]) -> None:
        """Attempts, round by round, until each recipe of the wave is accepted or out of tries."""
        tries = [first_try(recipe, self.store) for recipe in wave]
        while tries:
            tries = self.round(tries)

    def round(self, tries: Sequence[Try]) -> list[Try]:
        """One attempt each; what was rejected comes back as its next attempt."""
        under_way: deque[tuple[Try, Future[Try | None]]] = deque()
        again: list[Try] = []
        try:
            for attempt, images, is_finished in self.sampled(tries):
                if len(under_way) == WAITING_LIMIT:
                    again += self.settled(*under_way.popleft())
                under_way.append((attempt, self.workers.submit(self.complete, attempt, images, is_finished)))
        finally:
            while under_way:
                again += self.settled(*under_way.popleft())
        return again

    def settled(self, attempt: Try, future: "Future[Try | None]") -> list[Try]:
        """Wait for what a worker does; its next attempt, if there is one."""
        try:
            return [again] if (again := future.result()) else []
        except AssetgenError as error:
            self.fail(attempt.recipe, error)
            return []

    def sampled(self, tries: Sequence[Try]) -> Iterator[tuple[Try, ImageSet, bool]]:
        """Each try with its images; True where they are the finished ones, False where they were only sampled."""
        groups: dict[Any, list[Try]] = {}
        for attempt in tries:
            recipe = attempt.recipe
            lost = [need.name for need in recipe.needs if need.name in self.failed]
            if lost:
                self.fail(recipe, BuildError(f"its member '{lost[0]}' failed"))
            elif images := self.store.read_images("images", attempt.images_key):
                yield attempt, images, True
            elif images := self.store.read_images("sampled", attempt.sampled_key):
                yield attempt, images, False
            else:
                groups.setdefault(alike(recipe.source.part, attempt.words, recipe.controls), []).append(attempt)
        for group in groups.values():
            yield from ((attempt, images, False) for attempt, images in self.sample(group))

    def sample(self, group: Sequence[Try]) -> Iterator[tuple[Try, ImageSet]]:
        """Run one source for alike tries. What was under way when it failed is tried again one by one."""
        runs = deque([tuple(group)])
        while runs:
            unread, sent = deque(runs.popleft()), deque[Try]()
            alone = len(unread) == 1
            try:
                yield from self.sample_run(unread, sent)
            except AssetgenError as error:
                if sent and not alone and not isinstance(error, NotInstalledError):
                    runs.extend((attempt,) for attempt in sent)
                    runs.extend([tuple(unread)] if unread else [])
                    continue
                for attempt in (*sent, *unread):
                    self.fail(attempt.recipe, error)

    def sample_run(self, unread: deque[Try], sent: deque[Try]) -> Iterator[tuple[Try, ImageSet]]:
        """One run of a source; its images are saved as they come. `sent` holds the tries that it is making."""
        part = unread[0].recipe.source.part
        results = sample(part, self.jobs(unread, sent))
        while True:
            with self.timed("sampling"):
                images = next(results, None)
            if images is None:
                return
            attempt = sent.popleft()
            self.counts["sampled"] += 1
            try:
                if cost := self.costs.get(attempt.sampled_key):
                    self.store.write_json("cost", attempt.sampled_key, cost)
                self.store.write_images("sampled", attempt.sampled_key, images)
            except AssetgenError as error:
                self.fail(attempt.recipe, error)
            else:
                yield attempt, images

    def jobs(self, unread: deque[Try], sent: deque[Try]) -> Iterator[Job]:
        while unread:
            attempt = unread.popleft()
            recipe = attempt.recipe
            try:
                controls = tuple(render_control(stage) for stage in recipe.controls)
                needs = {need.name: self.finished(need) for need in recipe.needs}
            except AssetgenError as error:
                self.fail(recipe, error)
                continue
            sent.append(attempt)
            yield Job(Context(recipe.name, needs, controls, self.metered(attempt)), attempt.words)

    def metered(self, attempt: Try) -> Emit:
        """An `Emit` for a source, which notes what drawing this try cost."""

        def note(event: Event) -> None:
            if isinstance(event, Drawn):
                self.costs[attempt.sampled_key] = cost_of(event, self.manner.price)
            self.news(event)

        return note

    def finished(self, recipe: Recipe) -> ImageSet:
        """The accepted images of a recipe that was built before."""
        attempt = finished_try(recipe, self.store)
        images = self.store.read_images("images", attempt.images_key) if attempt else None
        if images is None:
            raise BuildError(f"the images of '{recipe.name}' are damaged in the store", cure="Build again")
        return images

    def complete(self, attempt: Try, images: ImageSet, is_finished: bool) -> Try | None:
        """Steps, checks, export, publish. Gives the next try where a check said no."""
        done = images if is_finished else self.finish(attempt, images)
        verdicts = self.judge(attempt, done)
        rejected = [f"{name} {verdict.score:.3g}: {verdict.reason}" for name, verdict in verdicts if not verdict.passed]
        if rejected:
            if again := attempt.next():
                return again
            raise BuildError(f"rejected by its checks after {attempt.attempt + 1} tries ({'; '.join(rejected)})")
        scores = {name: float(verdict.score) for name, verdict in verdicts}
        cost = self.cost(attempt)
        judgement = {"attempt": attempt.attempt, "scores": scores, "cost": cost}
        self.store.write_json("accepted", attempt.recipe.accepted_key, judgement)
        self.export(attempt, done, cost)
        return None

    def cost(self, attempt: Try) -> dict[str, Any]:
        """What the tries up to this one took to sample."""
        keys = [attempt.recipe.sampled_key(number) for number in range(attempt.attempt + 1)]
        return summed(self.costs.get(key) or self.store.read_json("cost", key) or {} for key in keys)

    def judge(self, attempt: Try, images: ImageSet) -> list[tuple[str, Verdict]]:
        with self.timed("checks"):
            verdicts = list(judge(images, attempt.recipe.checks).items())
        for name, verdict in verdicts:
            self.news(
                Checked(
                    asset=attempt.recipe.name,
                    check=name,
                    passed=bool(verdict.passed),
                    score=float(verdict.score),
                    attempt=attempt.attempt,
                    reason=verdict.reason,
                )
            )
        return verdicts

    def finish(self, attempt: Try, images: ImageSet) -> ImageSet:
        with self.timed("steps"):
            done = finish(images, attempt.recipe.steps, attempt.recipe.name, self.news)
            self.store.write_images("images", attempt.images_key, done)
        return done

    def export(self, attempt: Try, images: ImageSet, cost: Mapping[str, Any]) -> None:
        recipe = attempt.recipe
        with self.timed("export"):
            files = stamp(export(images, recipe.export, recipe.name), recipe, attempt.attempt)
            self.store.write("files", recipe.files_key, files)
        self.publish(recipe, files, attempt.attempt, cost)

    def publish(
        self, recipe: Recipe, files: Files, attempt: int, cost: Mapping[str, Any], *, can_wait: bool = True
    ) -> None:
        owned = recipe.export.part.traits.engine_owned
        facts = {"key": recipe.files_key, "preset": recipe.preset, "engine_owned": owned, **recipe.facts}
        facts["attempt"] = attempt
        looks = looks_of(files)
        with self.lock, self.timed("publish"):
            if can_wait and self.target.is_taken(recipe.name, files):
                self.deferred.append((recipe, files, attempt, cost))
                return
            outcome = self.target.publish(recipe.name, files, facts, overwrite=self.manner.overwrite)
            self.counts["published"] += 1
            self.made[recipe.name] = Made(attempt, self.target.assets[recipe.name]["files"], looks, cost)
            self.news(Published(asset=recipe.name, files=outcome.written, removed=outcome.removed, kept=outcome.kept))

    def publish_deferred(self) -> None:
        """What wanted files that another asset of this build has given up meanwhile."""
        waiting, self.deferred = self.deferred, []
        for recipe, files, attempt, cost in waiting:
            try:
                self.publish(recipe, files, attempt, cost, can_wait=False)
            except AssetgenError as error:
                self.fail(recipe, error)

    def prune(self) -> None:
        outcome = self.target.forget_the_leaving()
        if outcome.removed or outcome.kept:
            self.news(Published(removed=outcome.removed, kept=outcome.kept))

    def fail(self, recipe: Recipe, error: AssetgenError) -> None:
        with self.lock:
            self.failed.add(recipe.name)
            self.emit(Failed(asset=recipe.name, reason=str(error), exit_code=error.exit_code))

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - started
            with self.clock:
                self.seconds[what] += spent

    def close(self) -> None:
        self.workers.shutdown()
        self.target.finish()

    def summary(self, seconds: float) -> Finished:
        profile = {what: round(spent, 3) for what, spent in sorted(self.seconds.items())}
        return Finished(
            seconds=seconds,
            published=self.counts["published"],
            reused=self.counts["reused"],
            sampled=self.counts["sampled"],
            failed=len(self.failed),
            target=str(self.target.root),
            profile=profile,
            cost=summed(self.costs.values()),
        )


def remembered(recipe: Recipe, store: Store, target: Target) -> Made:
    """An asset that stands published from an earlier build, as manifest, game folder and store tell."""
    told = target.assets[recipe.name]
    known = accepted(recipe, store) or {}
    untouched = {path: data for path in told["files"] if (data := target.read_published(recipe.name, path)) is not None}
    return Made(told.get("attempt", 0), told["files"], looks_of(untouched), known.get("cost", {}))


def _waves(recipes: Sequence[Recipe]) -> Iterator[list[Recipe]]:
    """Recipes in groups, each of which needs earlier groups alone."""
    left = {recipe.name: recipe for recipe in recipes}
    while left:
        wave = [recipe for recipe in left.values() if not any(need.name in left for need in recipe.needs)]
        yield wave
        for recipe in wave:
            del left[recipe.name]

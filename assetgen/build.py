"""The straight line from recipes to published files.

Each save point is asked first, from the far end: are the published files current, are the files in the store, are the
finished images, are the sampled ones? Only what is missing runs. Assets that a source can make together are sampled
together; while one batch samples, the finished ones of the last go through steps, checks and export in worker threads.
"""

import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from assetgen.errors import AssetgenError, BuildError, NotInstalledError
from assetgen.events import Checked, Emit, Event, Failed, Finished, Planned, Published, Reused
from assetgen.images import ImageSet
from assetgen.provenance import stamp
from assetgen.publish import Target
from assetgen.recipe import Recipe
from assetgen.registry import Context, Files, Job, Verdict
from assetgen.stages import alike, export, finish, judge, render_control, sample
from assetgen.store import Store

WAITING_LIMIT = 32
"""Sampled images that may wait for a worker: bounds memory when steps are slower than sampling."""


def build_pack(
    recipes: Sequence[Recipe], store: Store, target: Target, emit: Emit, *, overwrite: bool = False, prune: bool = True
) -> Finished:
    """Build and publish recipes (members before what needs them). One asset's failure never stops the others.

    `overwrite` lets hand-edited files be replaced; `prune` removes the files of assets that are not among the recipes.
    """
    run = _Run(store, target, emit, overwrite)
    started = time.perf_counter()
    try:
        pending = [recipe for recipe in recipes if not run.is_current(recipe)]
        pending = [recipe for recipe in pending if not run.publish_stored(recipe)]
        pending = run.with_lost_members(pending)
        run.news(Planned(assets=len(recipes), to_sample=sum(not run.is_sampled(recipe) for recipe in pending)))
        for wave in _waves(pending):
            run.build(wave)
        if prune:
            run.prune(recipes)
    finally:
        run.close()
    finished = run.summary(time.perf_counter() - started)
    emit(finished)
    return finished


@dataclass(frozen=True)
class _Try:
    """One attempt at one recipe."""

    recipe: Recipe
    attempt: int

    @property
    def sampled_key(self) -> str:
        return self.recipe.sampled_key(self.attempt)

    @property
    def images_key(self) -> str:
        return self.recipe.images_key(self.attempt)

    @property
    def words(self) -> dict[str, Any]:
        return dict(self.recipe.source_for(self.attempt).words)

    def next(self) -> "_Try | None":
        """The next attempt, if the budget allows one and another seed can change anything."""
        more = self.attempt + 1 < self.recipe.tries and "seed" in self.recipe.source.words
        return _Try(self.recipe, self.attempt + 1) if more else None


@dataclass
class _Run:
    """The state of one build."""

    store: Store
    target: Target
    emit: Emit
    overwrite: bool
    counts: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    failed: set[str] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)
    workers: ThreadPoolExecutor = field(default_factory=ThreadPoolExecutor)
    waiting: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(WAITING_LIMIT))

    def news(self, event: Event) -> None:
        with self.lock:
            self.emit(event)

    def is_current(self, recipe: Recipe) -> bool:
        if not self.target.is_current(recipe.name, recipe.files_key):
            return False
        edited = self.target.edited(recipe.name)
        if edited and self.overwrite:
            return False
        self.counts["reused"] += 1
        self.news(Published(asset=recipe.name, kept=edited) if edited else Reused(asset=recipe.name))
        return True

    def publish_stored(self, recipe: Recipe) -> bool:
        files = self.store.read("files", recipe.files_key)
        if files is None:
            return False
        try:
            self.publish(recipe, files)
        except AssetgenError as error:
            self.fail(recipe, error)
        return True

    def with_lost_members(self, pending: list[Recipe]) -> list[Recipe]:
        """Also the members whose finished images the store has lost, though their files are current."""
        needed = {need.name: need for recipe in pending for need in recipe.needs if not self.first_try(need, "images")}
        names = {recipe.name for recipe in pending}
        return [need for name, need in needed.items() if name not in names] + pending

    def first_try(self, recipe: Recipe, level: str = "") -> _Try | None:
        """The accepted try, else the first; with a level, only if the store has it there."""
        known = self.store.read_json("accepted", recipe.accepted_key)
        attempt = _Try(recipe, int(known["attempt"]) if known else 0)
        return attempt if level != "images" or (known and self.store.has("images", attempt.images_key)) else None

    def is_sampled(self, recipe: Recipe) -> bool:
        attempt = self.first_try(recipe)
        return attempt is not None and (
            self.store.has("images", attempt.images_key) or self.store.has("sampled", attempt.sampled_key)
        )

    def build(self, wave: Sequence[Recipe]) -> None:
        """Attempts, round by round, until each recipe of the wave is accepted or out of tries."""
        tries = [attempt for recipe in wave if (attempt := self.first_try(recipe))]
        while tries:
            tries = self.round(tries)

    def round(self, tries: Sequence[_Try]) -> list[_Try]:
        """One attempt each; what was rejected comes back as its next attempt."""
        futures: list[tuple[_Try, Future[_Try | None]]] = []
        again: list[_Try] = []
        try:
            for attempt, images, is_finished in self.sampled(tries):
                self.waiting.acquire()
                future = self.workers.submit(self.complete, attempt, images, is_finished)
                future.add_done_callback(lambda _: self.waiting.release())
                futures.append((attempt, future))
        finally:
            for attempt, future in futures:
                try:
                    again += filter(None, [future.result()])
                except AssetgenError as error:
                    self.fail(attempt.recipe, error)
        return again

    def sampled(self, tries: Sequence[_Try]) -> Iterator[tuple[_Try, ImageSet, bool]]:
        """Each try with its images; True where they are the finished ones, False where they were only sampled."""
        groups: dict[Any, list[_Try]] = {}
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

    def sample(self, group: Sequence[_Try]) -> Iterator[tuple[_Try, ImageSet]]:
        """Run one source for alike tries. What was under way when it failed is tried again one by one."""
        runs = deque([tuple(group)])
        while runs:
            unread, sent = deque(runs.popleft()), deque[_Try]()
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

    def sample_run(self, unread: deque[_Try], sent: deque[_Try]) -> Iterator[tuple[_Try, ImageSet]]:
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
                self.store.write_images("sampled", attempt.sampled_key, images)
            except AssetgenError as error:
                self.fail(attempt.recipe, error)
            else:
                yield attempt, images

    def jobs(self, unread: deque[_Try], sent: deque[_Try]) -> Iterator[Job]:
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
            yield Job(Context(asset=recipe.name, needs=needs, controls=controls, emit=self.news), attempt.words)

    def finished(self, recipe: Recipe) -> ImageSet:
        """The accepted images of a recipe that was built before."""
        attempt = self.first_try(recipe, "images")
        images = self.store.read_images("images", attempt.images_key) if attempt else None
        if images is None:
            raise BuildError(f"the images of '{recipe.name}' are damaged in the store", cure="Build again")
        return images

    def complete(self, attempt: _Try, images: ImageSet, is_finished: bool) -> _Try | None:
        """Steps, checks, export, publish. Gives the next try where a check said no."""
        done = images if is_finished else self.finish(attempt, images)
        verdicts = self.judge(attempt, done)
        rejected = [f"{name} {verdict.score:.3g}: {verdict.reason}" for name, verdict in verdicts if not verdict.passed]
        if rejected:
            if again := attempt.next():
                return again
            raise BuildError(f"rejected by its checks after {attempt.attempt + 1} tries ({'; '.join(rejected)})")
        accepted = {"attempt": attempt.attempt, "scores": {name: float(verdict.score) for name, verdict in verdicts}}
        self.store.write_json("accepted", attempt.recipe.accepted_key, accepted)
        self.export(attempt, done)
        return None

    def judge(self, attempt: _Try, images: ImageSet) -> list[tuple[str, Verdict]]:
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

    def finish(self, attempt: _Try, images: ImageSet) -> ImageSet:
        with self.timed("steps"):
            done = finish(images, attempt.recipe.steps, attempt.recipe.name, self.news)
            self.store.write_images("images", attempt.images_key, done)
        return done

    def export(self, attempt: _Try, images: ImageSet) -> None:
        recipe = attempt.recipe
        with self.timed("export"):
            files = stamp(export(images, recipe.export, recipe.name), recipe, attempt.attempt)
            self.store.write("files", recipe.files_key, files)
        self.publish(recipe, files)

    def publish(self, recipe: Recipe, files: Files) -> None:
        owned = recipe.export.part.traits.engine_owned
        facts = {"key": recipe.files_key, "preset": recipe.preset, "engine_owned": list(owned), **recipe.facts}
        with self.lock, self.timed("publish"):
            outcome = self.target.publish(recipe.name, files, facts, overwrite=self.overwrite)
            self.counts["published"] += 1
            self.news(Published(asset=recipe.name, files=outcome.written, removed=outcome.removed, kept=outcome.kept))

    def prune(self, recipes: Sequence[Recipe]) -> None:
        outcome = self.target.forget_all_but(recipe.name for recipe in recipes)
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
            with self.lock:
                self.seconds[what] += time.perf_counter() - started

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
        )


def _waves(recipes: Sequence[Recipe]) -> Iterator[list[Recipe]]:
    """Recipes in groups, each of which needs earlier groups alone."""
    left = {recipe.name: recipe for recipe in recipes}
    while left:
        wave = [recipe for recipe in left.values() if not any(need.name in left for need in recipe.needs)]
        yield wave
        for recipe in wave:
            del left[recipe.name]

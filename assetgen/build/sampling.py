"""From attempts to finished images and files, for builds and for candidates, on this machine or on others.

Assets that a source can make together are sampled together. What the store has is not made again.
"""

import os
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import cast

from assetgen.build.attempts import Attempt, Judged, finished_attempt
from assetgen.build.background import BackgroundWork
from assetgen.build.cost import Cost, cost_of, summed
from assetgen.build.provenance import stamp
from assetgen.build.stages import apply_steps, batch_key, render_control, run_checks, run_exporter, run_source
from assetgen.errors import AssetgenError, BuildError, NotInstalledError
from assetgen.events import Checked, Drawn, Emit, Event, Warned, failed
from assetgen.images import ImageSet
from assetgen.machine import Machine
from assetgen.pack.recipe import Recipe, Stage
from assetgen.pack.references import referenced_members
from assetgen.parts import Context, Control, Files, SourceJob, Verdict
from assetgen.pixels.fingerprint import fingerprints_of
from assetgen.store.store import Store

WAITING_LIMIT = 32
"""Sampled images that may wait for a worker thread: bounds memory when steps are slower than sampling."""
CONTROLS_AHEAD = 16
"""Attempts whose control images are rendered while others are sampled: a batch of a fast model."""
FEWEST_WORKERS = 2


def worker_threads() -> ThreadPoolExecutor:
    """Threads for steps, checks and export: one a core, less one for sampling and one for saving."""
    return ThreadPoolExecutor(max(FEWEST_WORKERS, (os.cpu_count() or 1) - 2), "assetgen-worker")


def _import_libraries() -> None:
    """Import what several worker threads import otherwise at once: OpenCV and SciPy's submodules break then."""
    import cv2  # noqa: F401
    import scipy.fft
    import scipy.ndimage
    import scipy.spatial  # noqa: F401


def by_model(groups: Iterable[list[Attempt]]) -> list[list[Attempt]]:
    """Groups ordered by the first use of their model, so that each model is loaded once."""
    models: dict[str, list[list[Attempt]]] = {}
    for group in groups:
        models.setdefault(group[0].model, []).append(group)
    return [group for found in models.values() for group in found]


@dataclass(frozen=True)
class FinishedAttempt:
    """An accepted attempt: its files, their fingerprints by path, the cost of all attempts up to it."""

    attempt: Attempt
    files: Files
    looks: Mapping[str, str]
    cost: Cost


@dataclass(frozen=True)
class Sampled:
    """The images of an attempt: finished, or only sampled; `saved` is done when the store has the sampled ones."""

    attempt: Attempt
    images: ImageSet
    is_finished: bool = False
    saved: "Future[None] | None" = None


@dataclass
class Sampler:
    """Samples and finishes images, reports events from any thread, counts and times what it does."""

    machine: Machine
    emit: Emit
    failed: set[str] = field(default_factory=set)
    costs: dict[str, Cost] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    lock: threading.RLock = field(default_factory=threading.RLock)
    clock: threading.Lock = field(default_factory=threading.Lock)
    background: BackgroundWork = field(default_factory=BackgroundWork)

    @property
    def store(self) -> Store:
        """The store of the machine."""
        return self.machine.store

    def close(self) -> None:
        """Wait until all sampled images are saved."""
        self.background.close()

    def report(self, event: Event) -> None:
        """Emit an event; one thread at a time."""
        with self.lock:
            self.emit(event)

    def fail(self, recipe: Recipe, error: AssetgenError) -> None:
        """Report once that an asset failed."""
        with self.lock:
            if recipe.name in self.failed:
                return
            self.failed.add(recipe.name)
            self.emit(failed(error, recipe.name, recipe.where))

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Add the time of a block to the profile entry `what`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - started
            with self.clock:
                self.seconds[what] += spent

    def with_members(self, attempts: Sequence[Attempt]) -> Iterator[Attempt]:
        """The attempts whose members were made; the others fail."""
        for attempt in attempts:
            lost = [need.name for need in attempt.recipe.members if need.name in self.failed]
            if lost:
                self.fail(attempt.recipe, BuildError(f"its member '{lost[0]}' failed"))
            else:
                yield attempt

    def sampled(self, attempts: Sequence[Attempt]) -> Iterator[Sampled]:
        """The images of each attempt, from the store or as they are sampled."""
        groups: dict[Hashable, list[Attempt]] = {}
        for attempt in self.with_members(attempts):
            recipe = attempt.recipe
            try:
                finished = self.store.read_images("images", attempt.images_key)
                images = finished or self.store.read_images("sampled", attempt.sampled_key)
            except AssetgenError as error:
                self.fail(recipe, error)
                continue
            if finished is None or recipe.checks:
                _import_libraries()
            if images:
                yield Sampled(attempt, images, finished is not None)
            else:
                groups.setdefault(batch_key(recipe.source.part, attempt.arguments, recipe.controls), []).append(attempt)
        for group in by_model(groups.values()):
            yield from self._sample(group)

    def _sample(self, group: Sequence[Attempt]) -> Iterator[Sampled]:
        """Run one source for attempts of one batch key. Those in progress when it fails are repeated one by one."""
        runs = deque([tuple(group)])
        while runs:
            unread, sent = deque(runs.popleft()), deque[Attempt]()
            alone = len(unread) == 1
            try:
                yield from self._sample_run(unread, sent)
            except AssetgenError as error:
                if sent and not alone and not isinstance(error, NotInstalledError):
                    runs.extend((attempt,) for attempt in sent)
                    runs.extend([tuple(unread)] if unread else [])
                    continue
                for attempt in (*sent, *unread):
                    self.fail(attempt.recipe, error)

    def _sample_run(self, unread: deque[Attempt], sent: deque[Attempt]) -> Iterator[Sampled]:
        """One run of a source; images are saved while the next are sampled. `sent` holds the attempts in progress."""
        part = unread[0].recipe.source.part
        results = run_source(part, self._jobs(unread, sent))
        while True:
            self.machine.pause()
            with self.timed("sampling"):
                images = next(results, None)
            if images is None:
                return
            attempt = sent.popleft()
            self.counts["sampled"] += 1
            yield Sampled(attempt, images, saved=self.background.save(partial(self._save, attempt, images)))

    def _save(self, attempt: Attempt, images: ImageSet) -> None:
        with self.timed("saving"):
            if cost := self.costs.get(attempt.sampled_key):
                self.store.write_json("cost", attempt.sampled_key, cost)
            self.store.write_images("sampled", attempt.sampled_key, images)

    def _jobs(self, unread: deque[Attempt], sent: deque[Attempt]) -> Iterator[SourceJob]:
        begun: deque[Callable[[], tuple[Control, ...]]] = deque()
        while unread:
            begun.extend(self._begin_controls(each) for each in islice(unread, len(begun), CONTROLS_AHEAD))
            attempt = unread.popleft()
            recipe = attempt.recipe
            try:
                controls = begun.popleft()()
                members = {need.name: self._finished(need) for need in recipe.members}
            except AssetgenError as error:
                self.fail(recipe, error)
                continue
            sent.append(attempt)
            context = Context(
                recipe.name,
                members,
                controls,
                self._metered(attempt),
                self.machine.device,
                remaining=len(unread) + 1,
                preview=self.machine.preview,
            )
            yield SourceJob(context, attempt.arguments)

    def _begin_controls(self, attempt: Attempt) -> Callable[[], tuple[Control, ...]]:
        """Start rendering the control images of an attempt. Detector networks run later, on the sampling thread,
        because they share its device."""
        recipe = attempt.recipe
        names = referenced_members(recipe.controls)
        members = {need.name: partial(self._finished, need) for need in recipe.members if need.name in names}
        begun = [self._begin_control(stage, members) for stage in recipe.controls_for(attempt.attempt)]
        return lambda: tuple(result() for result in begun)

    def _begin_control(self, stage: Stage, members: Mapping[str, Callable[[], ImageSet]]) -> Callable[[], Control]:
        render = partial(render_control, stage, self.machine.device, members)
        return render if stage.part.traits.detector else self.background.ahead(render, self.machine.pause)

    def _metered(self, attempt: Attempt) -> Emit:
        """An `Emit` for a source that records the cost of sampling this attempt: the sum over its frames."""
        key = attempt.sampled_key

        def note(event: Event) -> None:
            if isinstance(event, Drawn):
                self.costs[key] = summed([self.costs.get(key, {}), cost_of(event, self.machine.price)])
            self.report(event)

        return note

    def _finished(self, recipe: Recipe) -> ImageSet:
        """The accepted images of a recipe that was built before."""
        attempt = finished_attempt(recipe, self.store)
        if attempt is None:
            raise BuildError(f"its member '{recipe.name}' is not built yet", cure="Build it first")
        images = self.store.read_images("images", attempt.images_key)
        if images is None:
            raise BuildError(f"the images of '{recipe.name}' are damaged in the store", cure="Build again")
        return images

    def complete(self, attempt: Attempt, made: Sequence[Sampled]) -> FinishedAttempt | Attempt:
        """Steps and checks of the attempts of a round, and export of the best, saved in the store. Returns the next
        attempt where the checks rejected them all."""
        judged = [self.judge(sampled) for sampled in made]
        best, last = max(judged, key=lambda each: each.rank), attempt.round[-1]
        if not best.passed and attempt.recipe.pick is None:
            if following := attempt.next():
                return following
            if attempt.recipe.on_fail == "reject":
                what = f"its checks rejected {_all(last.attempt + 1)} ({best.rejections})"
                raise BuildError(
                    what, cure="Try another prompt or seed, or more attempts (`make --best-of 8`, in a pack `tries: 8`)"
                )
            best = self._best_rejected(last)
        return self._export(best, last)

    def judge(self, sampled: Sampled) -> Judged:
        """Run the steps and the checks of an attempt."""
        done = self.apply_steps(sampled)
        return Judged(sampled.attempt, done, tuple(self.run_checks(sampled.attempt, done)))

    def _best_rejected(self, last: Attempt) -> Judged:
        """The best of all attempts of a recipe with `on_fail: best`, none of which its checks accept."""
        recipe, count = last.recipe, last.attempt + 1
        judged = [
            Judged(attempt, images, tuple(run_checks(images, recipe.checks).items()))
            for attempt in (Attempt(recipe, number) for number in range(count))
            if (images := self.store.read_images("images", attempt.images_key))
        ]
        best = max(judged, key=lambda each: each.rank)
        what = f"its checks rejected {_all(count)}, so the best is published ({best.rejections})"
        self.report(Warned(reason=f"{recipe.name}: {what}"))
        return best

    def _export(self, accepted: Judged, last: Attempt) -> FinishedAttempt:
        attempt, recipe = accepted.attempt, accepted.attempt.recipe
        scores = {name: float(verdict.score) for name, verdict in accepted.verdicts}
        cost = self.cost(last)
        judgement = {"attempt": attempt.attempt, "scores": scores, "cost": cost, "quality": accepted.quality}
        self.store.write_json("accepted", recipe.accepted_key, judgement)
        with self.timed("export"):
            files = stamp(run_exporter(accepted.images, recipe.export, recipe.name), recipe, attempt.attempt)
            self.store.write("files", recipe.files_key, files)
        return FinishedAttempt(attempt, files, fingerprints_of(files), cost)

    def apply_steps(self, sampled: Sampled) -> ImageSet:
        """Run the steps on sampled images and save the result, once the sampled images are saved."""
        if sampled.is_finished:
            return sampled.images
        if sampled.saved:
            sampled.saved.result()
        attempt = sampled.attempt
        with self.timed("steps"):
            steps, device = attempt.recipe.steps, self.machine.device
            done = apply_steps(sampled.images, steps, attempt.recipe.name, self.report, device)
            self.store.write_images("images", attempt.images_key, done)
        return done

    def run_checks(self, attempt: Attempt, images: ImageSet) -> list[tuple[str, Verdict]]:
        """Run the checks and report their verdicts."""
        with self.timed("checks"):
            verdicts = list(run_checks(images, attempt.recipe.checks).items())
        for name, verdict in verdicts:
            self.report(
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

    def cost(self, attempt: Attempt) -> Cost:
        """The sampling cost of the attempts up to this one."""
        keys = [attempt.recipe.sampled_key(number) for number in range(attempt.attempt + 1)]
        return summed(self.costs.get(key) or cast(Cost, self.store.read_json("cost", key) or {}) for key in keys)


Completion = Callable[[], FinishedAttempt | Attempt]
"""The rest of an attempt, to run in any thread: returns the accepted result, or the next attempt."""
Runner = Callable[[Sampler, Sequence[Attempt]], Iterator[tuple[Attempt, Completion]]]
"""Samples attempts, here or elsewhere, and yields each with the rest of its work as soon as it is sampled.

Attempts that fail on the way are reported to the sampler and are not yielded.
"""


def local_runner(sampler: Sampler, attempts: Sequence[Attempt]) -> Iterator[tuple[Attempt, Completion]]:
    """The `Runner` that samples in this process; steps, checks and export are left to do."""
    first = {attempt.recipe.name: attempt for attempt in attempts}
    made: dict[str, list[Sampled]] = defaultdict(list)
    for sampled in sampler.sampled([each for attempt in attempts for each in attempt.round]):
        name = sampled.attempt.recipe.name
        made[name].append(sampled)
        if len(made[name]) == len(first[name].round):
            yield first[name], partial(sampler.complete, first[name], made.pop(name))


def _all(attempts: int) -> str:
    return f"all {attempts} attempts" if attempts > 1 else "its only attempt"

"""From tries to finished images and files: what a build and a search for candidates share, here or on other machines.

Assets that a source can make together are sampled together. Whatever the store has is taken from it.
"""

import os
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

from assetgen.build.attempts import Attempt, finished_attempt, first_attempt
from assetgen.build.background import BackgroundWork
from assetgen.build.cost import cost_of, summed
from assetgen.build.provenance import stamp
from assetgen.build.stages import apply_steps, batch_key, render_control, run_checks, run_exporter, run_source
from assetgen.errors import AssetgenError, BuildError, NotInstalledError
from assetgen.events import Checked, Drawn, Emit, Event, Failed
from assetgen.images import ImageSet
from assetgen.pack.recipe import Recipe
from assetgen.parts import Context, Control, Files, SourceJob, Verdict
from assetgen.pixels.fingerprint import fingerprints_of
from assetgen.store.store import Store

WAITING_LIMIT = 32
"""Sampled images that may wait for a worker thread: bounds memory when steps are slower than sampling."""
CONTROLS_AHEAD = 16
"""Tries whose control images are drawn while others are sampled: a batch of a fast model."""
FEWEST_WORKERS = 2


def worker_threads() -> ThreadPoolExecutor:
    """Threads for steps, checks and export: one a core, but for that of sampling and one for saving."""
    return ThreadPoolExecutor(max(FEWEST_WORKERS, (os.cpu_count() or 1) - 2), "assetgen-worker")


def by_model(groups: Iterable[list[Attempt]]) -> list[list[Attempt]]:
    """Groups in the order in which their models first come, so that each model is loaded once."""
    models: dict[str, list[list[Attempt]]] = {}
    for group in groups:
        models.setdefault(group[0].model, []).append(group)
    return [group for found in models.values() for group in found]


def no_pause() -> None:
    """The pause of who has nothing else to do."""


@dataclass(frozen=True)
class Outcome:
    """A try that was accepted: its files, their looks by path, and what all tries up to it cost."""

    attempt: Attempt
    files: Files
    looks: Mapping[str, str]
    cost: Mapping[str, Any]


@dataclass(frozen=True)
class Sampled:
    """The images of a try: finished ones, or those that were only sampled; `saved` is done when the store has them."""

    attempt: Attempt
    images: ImageSet
    is_finished: bool = False
    saved: "Future[None] | None" = None


@dataclass
class Sampler:
    """Makes images, tells the news from any thread, and keeps count.

    `price` is USD an hour of this machine; `pause` is called between batches, on the thread that samples: there a
    server lets other work go first. `device` is that of `Context`.
    """

    store: Store
    emit: Emit
    price: float = 0.0
    failed: set[str] = field(default_factory=set)
    pause: Callable[[], None] = no_pause
    device: str = "auto"
    costs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    lock: threading.RLock = field(default_factory=threading.RLock)
    clock: threading.Lock = field(default_factory=threading.Lock)
    beside: BackgroundWork = field(default_factory=BackgroundWork)

    def close(self) -> None:
        """Wait until everything that was sampled is saved."""
        self.beside.close()

    def news(self, event: Event) -> None:
        """Tell what happened; one thread at a time."""
        with self.lock:
            self.emit(event)

    def fail(self, recipe: Recipe, error: AssetgenError) -> None:
        """Tell that an asset cannot be made."""
        with self.lock:
            self.failed.add(recipe.name)
            place = f"{recipe.where}: " if recipe.where else ""
            self.emit(Failed(asset=recipe.name, reason=f"{place}{error}", exit_code=error.exit_code))

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Add the seconds of a block to those of its kind."""
        started = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - started
            with self.clock:
                self.seconds[what] += spent

    def is_sampled(self, recipe: Recipe) -> bool:
        """Whether the store spares the first sampling."""
        attempt = first_attempt(recipe, self.store)
        return self.store.has("images", attempt.images_key) or self.store.has("sampled", attempt.sampled_key)

    def with_members(self, tries: Sequence[Attempt]) -> Iterator[Attempt]:
        """Those whose members were made; the others fail."""
        for attempt in tries:
            lost = [need.name for need in attempt.recipe.members if need.name in self.failed]
            if lost:
                self.fail(attempt.recipe, BuildError(f"its member '{lost[0]}' failed"))
            else:
                yield attempt

    def sampled(self, tries: Sequence[Attempt]) -> Iterator[Sampled]:
        """The images of each try, from the store or as they are sampled."""
        groups: dict[Any, list[Attempt]] = {}
        for attempt in self.with_members(tries):
            recipe = attempt.recipe
            try:
                finished = self.store.read_images("images", attempt.images_key)
                images = finished or self.store.read_images("sampled", attempt.sampled_key)
            except AssetgenError as error:
                self.fail(recipe, error)
                continue
            if images:
                yield Sampled(attempt, images, finished is not None)
            else:
                groups.setdefault(batch_key(recipe.source.part, attempt.arguments, recipe.controls), []).append(attempt)
        for group in by_model(groups.values()):
            yield from self._sample(group)

    def _sample(self, group: Sequence[Attempt]) -> Iterator[Sampled]:
        """Run one source for alike tries. What was under way when it failed is tried again one by one."""
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
        """One run of a source; its images are saved while others are sampled. `sent` holds the tries that it makes."""
        part = unread[0].recipe.source.part
        results = run_source(part, self._jobs(unread, sent))
        while True:
            self.pause()
            with self.timed("sampling"):
                images = next(results, None)
            if images is None:
                return
            attempt = sent.popleft()
            self.counts["sampled"] += 1
            yield Sampled(attempt, images, saved=self.beside.save(partial(self._save, attempt, images)))

    def _save(self, attempt: Attempt, images: ImageSet) -> None:
        with self.timed("saving"):
            if cost := self.costs.get(attempt.sampled_key):
                self.store.write_json("cost", attempt.sampled_key, cost)
            self.store.write_images("sampled", attempt.sampled_key, images)

    def _jobs(self, unread: deque[Attempt], sent: deque[Attempt]) -> Iterator[SourceJob]:
        begun: deque[Callable[[], tuple[Control, ...]]] = deque()
        while unread:
            begun.extend(self._begin_controls(each.recipe) for each in islice(unread, len(begun), CONTROLS_AHEAD))
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
                recipe.name, members, controls, self._metered(attempt), self.device, remaining=len(unread) + 1
            )
            yield SourceJob(context, attempt.arguments)

    def _begin_controls(self, recipe: Recipe) -> Callable[[], tuple[Control, ...]]:
        """Begin the control images of a recipe. Networks that draw them run on the thread that samples, in their turn:
        they share its device."""

        def draw() -> tuple[Control, ...]:
            return tuple(render_control(stage, self.device) for stage in recipe.controls)

        waits = not recipe.controls or any(stage.part.traits.detector for stage in recipe.controls)
        return draw if waits else self.beside.ahead(draw)

    def _metered(self, attempt: Attempt) -> Emit:
        """An `Emit` for a source, which notes what drawing this try cost."""

        def note(event: Event) -> None:
            if isinstance(event, Drawn):
                self.costs[attempt.sampled_key] = cost_of(event, self.price)
            self.news(event)

        return note

    def _finished(self, recipe: Recipe) -> ImageSet:
        """The accepted images of a recipe that was built before."""
        attempt = finished_attempt(recipe, self.store)
        images = self.store.read_images("images", attempt.images_key) if attempt else None
        if images is None:
            raise BuildError(f"the images of '{recipe.name}' are damaged in the store", cure="Build again")
        return images

    def complete(self, sampled: Sampled) -> Outcome | Attempt:
        """Steps, checks, export, into the store. Gives the next try where a check said no."""
        attempt, recipe = sampled.attempt, sampled.attempt.recipe
        done = self.apply_steps(sampled)
        verdicts = self.run_checks(attempt, done)
        rejected = [f"{name} {verdict.score:.3g}: {verdict.reason}" for name, verdict in verdicts if not verdict.passed]
        if rejected and recipe.pick is None:
            if again := attempt.next():
                return again
            raise BuildError(f"rejected by its checks after {attempt.attempt + 1} tries ({'; '.join(rejected)})")
        scores = {name: float(verdict.score) for name, verdict in verdicts}
        cost = self.cost(attempt)
        judgement = {"attempt": attempt.attempt, "scores": scores, "cost": cost}
        self.store.write_json("accepted", recipe.accepted_key, judgement)
        with self.timed("export"):
            files = stamp(run_exporter(done, recipe.export, recipe.name), recipe, attempt.attempt)
            self.store.write("files", recipe.files_key, files)
        return Outcome(attempt, files, fingerprints_of(files), cost)

    def apply_steps(self, sampled: Sampled) -> ImageSet:
        """Sampled images through their steps, and into the store, as soon as they are saved as they are."""
        if sampled.is_finished:
            return sampled.images
        if sampled.saved:
            sampled.saved.result()
        attempt = sampled.attempt
        with self.timed("steps"):
            done = apply_steps(sampled.images, attempt.recipe.steps, attempt.recipe.name, self.news)
            self.store.write_images("images", attempt.images_key, done)
        return done

    def run_checks(self, attempt: Attempt, images: ImageSet) -> list[tuple[str, Verdict]]:
        """What each check says."""
        with self.timed("checks"):
            verdicts = list(run_checks(images, attempt.recipe.checks).items())
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

    def cost(self, attempt: Attempt) -> dict[str, Any]:
        """What the tries up to this one took to sample."""
        keys = [attempt.recipe.sampled_key(number) for number in range(attempt.attempt + 1)]
        return summed(self.costs.get(key) or self.store.read_json("cost", key) or {} for key in keys)


Work = Callable[[], Outcome | Attempt]
"""What is left to do for a try, in any thread: it gives what was made, or the next try where a check said no."""
Runner = Callable[[Sampler, Sequence[Attempt]], Iterator[tuple[Attempt, Work]]]
"""Makes the images of tries, somewhere, and gives each try with the work that is left as soon as it is that far.

What fails on the way is told through the maker, and comes no more.
"""


def local_runner(maker: Sampler, tries: Sequence[Attempt]) -> Iterator[tuple[Attempt, Work]]:
    """The `Runner` that samples in this process; steps, checks and export are the work that is left."""
    for sampled in maker.sampled(tries):
        yield sampled.attempt, partial(maker.complete, sampled)

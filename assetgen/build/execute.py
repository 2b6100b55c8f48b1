"""From recipes to published files.

For each recipe the nearest result is taken: published files that are current, files in the store, finished images,
sampled images. Only the rest runs. Assets that a source can make together are sampled together; while one batch is
sampled, the images of the last go through steps, checks and export in other threads.
"""

import fnmatch
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue

from assetgen.build.attempts import Attempt, read_acceptance
from assetgen.build.cost import Cost, machine_class, summed
from assetgen.build.file_ids import check_file_ids
from assetgen.build.lock_rules import FREE, LockRules
from assetgen.build.manifest import ManifestEntry
from assetgen.build.options import BuildOptions
from assetgen.build.publish import Target
from assetgen.build.sampling import WAITING_LIMIT, Completion, FinishedAttempt, Sampler, local_runner, worker_threads
from assetgen.build.status import lost_members, work_from_store, work_needed
from assetgen.errors import AssetgenError
from assetgen.events import Emit, Finished, Planned, Published, Reused, Work
from assetgen.machine import Machine
from assetgen.pack.recipe import Recipe
from assetgen.pack.source import is_draft, prompted
from assetgen.pixels.fingerprint import fingerprints_of
from assetgen.store.store import Store


@dataclass(frozen=True)
class Made:
    """A published asset: the accepted attempt, sha256 and fingerprints of its files by path, the cost of sampling."""

    attempt: int
    outputs: Mapping[str, str]
    looks: Mapping[str, str]
    cost: Cost


def build_recipes(
    recipes: Sequence[Recipe],
    target: Target,
    machine: Machine,
    options: BuildOptions,
    emit: Emit,
    rules: LockRules = FREE,
) -> tuple[Finished, dict[str, Made]]:
    """Build and publish recipes, members before the assets that need them. A failure stops no other asset.

    Assets that need one of `rules.refused` fail. Returns the closing event, and the assets that this build published.
    """
    sampler = Sampler(machine, emit, failed=set(rules.refused))
    run = _Run(sampler, target, machine, options, rules)
    started = time.perf_counter()
    others = (name for name in target.assets if not fnmatch.fnmatchcase(name, options.prune))
    target.expect({*others, *rules.refused, *(recipe.name for recipe in recipes)})
    try:
        work = work_needed(recipes, machine.store, target)
        check_file_ids([recipe for recipe in recipes if work[recipe.name] != "reuse"], target)
        pending = [recipe for recipe in recipes if not run.is_done(recipe, work[recipe.name])]
        pending = run.with_lost_members(pending)
        starts = [rules.start(recipe, machine.store) for recipe in pending]
        rounds = [start.round for start in starts if work_from_store(start, machine.store) == "sample"]
        to_sample, images = [first.recipe for first, *_ in rounds], sum(map(len, rounds))
        sampler.report(Planned(assets=len(recipes), to_sample=len(to_sample), images=images))
        for event in {event.prompt: event for recipe in reversed(to_sample) if (event := prompted(recipe))}.values():
            sampler.report(event)
        _check_device(to_sample, machine)
        if pending:
            machine.store.check_writable()
        for wave in _waves(pending):
            run.build(wave)
        run.publish_deferred()
        run.prune()
    finally:
        run.close()
    finished = run.summary(time.perf_counter() - started)
    emit(finished)
    return finished, run.made


def _check_device(to_sample: Sequence[Recipe], machine: Machine) -> None:
    """Raise `InputError` for a device that this machine lacks, before a model is loaded."""
    if (
        machine.runner in (None, local_runner)
        and machine.device != "auto"
        and any("model" in each.source.arguments for each in to_sample)
    ):
        from assetgen.diffusion.speed.devices import resolve_device

        resolve_device(machine.device)


@dataclass
class _Run:
    """The state of one build."""

    sampler: Sampler
    target: Target
    machine: Machine
    options: BuildOptions
    rules: LockRules
    made: dict[str, Made] = field(default_factory=dict)
    deferred: list[FinishedAttempt] = field(default_factory=list)
    workers: ThreadPoolExecutor = field(default_factory=worker_threads)
    publishing: threading.Lock = field(default_factory=threading.Lock)

    def is_done(self, recipe: Recipe, work: Work) -> bool:
        """Whether an asset's files are current, or are now, published from the store."""
        edited = self.target.edited(recipe.name)
        holds = work == "reuse" and self.rules.allows(recipe, self.target.assets[recipe.name].attempt)
        if holds and not (edited and self.options.overwrite):
            self.sampler.counts["reused"] += 1
            self.sampler.report(Published(asset=recipe.name, kept=edited) if edited else Reused(asset=recipe.name))
            return True
        files = self.machine.store.read("files", recipe.files_key) if work in ("reuse", "publish") else None
        if files is None:  # absent, or damaged and dropped by reading
            return False
        try:
            known = read_acceptance(recipe, self.machine.store)
            attempt, cost = (known.attempt, known.cost) if known else (Attempt(recipe, 0), Cost())
            if not self.rules.allows(recipe, attempt.attempt):
                return False
            self.publish(FinishedAttempt(attempt, files, fingerprints_of(files), cost))
        except AssetgenError as error:
            self.sampler.fail(recipe, error)
        return True

    def with_lost_members(self, pending: list[Recipe]) -> list[Recipe]:
        """Also the members whose finished images the store has lost, though their files are current."""
        names = {*self.sampler.failed, *(recipe.name for recipe in pending)}
        lost = lost_members(pending, self.machine.store)
        return [member for member in lost if member.name not in names] + pending

    def build(self, wave: Sequence[Recipe]) -> None:
        """Attempts, round by round, until each recipe of the wave is accepted or has no attempts left."""
        attempts = [self.rules.start(recipe, self.machine.store) for recipe in wave]
        while attempts:
            attempts = self.round(attempts)

    def round(self, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Run these attempts. Returns the next attempt of each rejected one, in the order of `attempts`."""
        finished: SimpleQueue[Future[Attempt | None]] = SimpleQueue()
        running = 0
        rejected: list[Attempt | None] = []
        runner = self.machine.runner or local_runner
        for attempt, work in runner(self.sampler, attempts):
            if running == WAITING_LIMIT:
                rejected.append(finished.get().result())
                running -= 1
            self.workers.submit(self.complete, attempt, work).add_done_callback(finished.put)
            running += 1
        rejected += [finished.get().result() for _ in range(running)]
        order = {attempt.recipe.name: number for number, attempt in enumerate(attempts)}
        return sorted(filter(None, rejected), key=lambda attempt: order[attempt.recipe.name])

    def complete(self, attempt: Attempt, work: Completion) -> Attempt | None:
        """Do the work that is left, and publish. Returns the next attempt where a check rejected this one."""
        try:
            outcome = work()
            if isinstance(outcome, Attempt):
                return outcome
            self.publish(outcome)
        except AssetgenError as error:
            self.sampler.fail(attempt.recipe, error)
        return None

    def publish(self, outcome: FinishedAttempt, *, can_wait: bool = True) -> None:
        """Publish an asset. Raises `BuildError` where the lock must hold and its files are others."""
        if error := self.rules.refusal(outcome):
            raise error
        recipe, number = outcome.attempt.recipe, outcome.attempt.attempt
        traits = recipe.export.part.traits
        facts = {"preset": recipe.preset, **recipe.facts.to_json(), "attempt": number}
        facts |= {"machine": name} if (name := machine_class(outcome.cost)) else {}
        facts |= {"draft": True} if is_draft(recipe) else {}
        shared = tuple(path for path in traits.shared if path in outcome.files)
        entry = ManifestEntry(recipe.files_key, engine_owned=traits.engine_owned, shared=shared, facts=facts)
        with self.publishing, self.sampler.timed("publish"):
            if can_wait and self.target.is_taken(recipe.name, outcome.files):
                self.deferred.append(outcome)
                return
            done = self.target.publish(recipe.name, outcome.files, entry, overwrite=self.options.overwrite)
            self.sampler.counts["published"] += 1
            outputs = self.target.assets[recipe.name].files
            self.made[recipe.name] = Made(number, outputs, outcome.looks, outcome.cost)
            self.sampler.report(Published(asset=recipe.name, files=done.written, removed=done.removed, kept=done.kept))

    def publish_deferred(self) -> None:
        """Publish the assets whose files belonged to another asset, which may have released them by now."""
        waiting, self.deferred = self.deferred, []
        for outcome in waiting:
            try:
                self.publish(outcome, can_wait=False)
            except AssetgenError as error:
                self.sampler.fail(outcome.attempt.recipe, error)

    def prune(self) -> None:
        outcome = self.target.remove_leaving()
        if outcome.removed or outcome.kept:
            self.sampler.report(Published(removed=outcome.removed, kept=outcome.kept))

    def close(self) -> None:
        self.workers.shutdown()
        self.sampler.close()
        self.target.finish()

    def summary(self, seconds: float) -> Finished:
        profile = {what: round(spent, 3) for what, spent in sorted(self.sampler.seconds.items())}
        return Finished(
            seconds=seconds,
            published=self.sampler.counts["published"],
            reused=self.sampler.counts["reused"],
            sampled=self.sampler.counts["sampled"],
            failed=len(self.sampler.failed),
            target=str(self.target.root),
            profile=profile,
            cost=dict(summed(self.sampler.costs.values())),
        )


def made_before(recipe: Recipe, store: Store, target: Target) -> Made:
    """An asset that an earlier build published, from the manifest, the game folder and the store."""
    published = target.assets[recipe.name]
    known = read_acceptance(recipe, store)
    files = {path: data for path in published.files if (data := target.read_published(recipe.name, path)) is not None}
    return Made(published.attempt, published.files, fingerprints_of(files), known.cost if known else {})


def _waves(recipes: Sequence[Recipe]) -> Iterator[list[Recipe]]:
    """Recipes in groups; each group needs members of earlier groups only."""
    left = {recipe.name: recipe for recipe in recipes}
    while left:
        wave = [recipe for recipe in left.values() if not any(need.name in left for need in recipe.members)]
        yield wave
        for recipe in wave:
            del left[recipe.name]

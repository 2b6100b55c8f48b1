"""The Ray actor that runs tasks: it keeps its model loaded, writes files into the store and reports events.

Sampling, steps, checks and export all run here, so that the build has only to publish. While one task is sampled, the
steps of the last one run.
"""

import contextlib
import os
import queue
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from assetgen import __version__
from assetgen.build.attempts import Attempt
from assetgen.build.cost import Cost
from assetgen.build.sampling import Completion, Sampler, local_runner
from assetgen.errors import AssetgenError, Cancelled
from assetgen.events import Event, Failed, Joined
from assetgen.machine import Machine, this_machine
from assetgen.runners.inputs import fetch_inputs

TASKS_AT_ONCE = 2
"""One is sampled while the steps, checks and export of the other go on."""
CONCURRENCY = TASKS_AT_ONCE + 2
"""Calls of an actor at once: the tasks, `updates` and `stop`."""
_PATIENCE = 1.0
"""Seconds that `updates` waits for an event."""
_GATHERING = 0.1
"""Seconds in which events gather for one reply."""


@dataclass(frozen=True)
class Setup:
    """What all workers of a build share: the address of the store, a key that it has, USD an hour of one worker."""

    store: str
    marker: str
    price: float
    version: str = __version__


@dataclass(frozen=True)
class Accepted:
    """The number of an attempt whose files are in the store, their fingerprints by path, and the cost."""

    attempt: int
    fingerprints: Mapping[str, str]
    cost: Cost


@dataclass(frozen=True)
class TaskResult:
    """What became of each asset of a task; None means that its checks rejected the attempt.

    `counts`, `seconds` and `costs` are those of a `Sampler`.
    """

    number: int
    outcomes: Mapping[str, Accepted | Failed | None]
    counts: Counter[str]
    seconds: Mapping[str, float]
    costs: Mapping[str, Cost]


class WorkerRestarted(Exception):
    """A call to a worker that Ray has started again, and that must join the build again first."""


class Worker:
    """A Ray actor with several threads. Ray starts it again, elsewhere if need be, when its process or machine dies."""

    def __init__(self, cores: int) -> None:
        self.messages: queue.SimpleQueue[Event | TaskResult] = queue.SimpleQueue()
        self.stopped = threading.Event()
        self.running = threading.Semaphore(TASKS_AT_ONCE)
        self.sampling = threading.Lock()
        self.cores = cores
        self.machine: Machine | None = None

    def join(self, setup: Setup) -> Joined | str:
        """Join a build. Returns a sentence where this machine cannot."""
        if setup.version != __version__:
            what = f"it has assetgen {__version__}, and the build {setup.version}"
            return f"{what}. Install the same version on every machine."
        try:
            machine = this_machine(setup.store, price=setup.price)
            if not machine.store.has("inputs", setup.marker):
                cure = "Set one that all machines reach with --store: a shared folder, or a URL like s3://bucket/folder"
                return f"it cannot read the build's store '{machine.store}'. {cure}."
        except AssetgenError as error:
            return str(error)
        self.machine = machine
        return Joined(worker=f"{socket.gethostname()}/{os.getpid()}")

    def updates(self) -> list[Event | TaskResult]:
        """What happened since the last call, in order; waits a moment for something to happen."""
        if self.machine is None:
            raise WorkerRestarted
        messages = []
        with contextlib.suppress(queue.Empty):
            messages.append(self.messages.get(timeout=_PATIENCE))
            time.sleep(_GATHERING)
            while True:
                messages.append(self.messages.get_nowait())
        return messages

    def run(self, number: int, attempts: Sequence[Attempt]) -> None:
        """Run a task; its `TaskResult` is the last message about it. Only one task samples at a time.

        A cancelled task ends without a result, as soon as the images that it sampled are saved. Raises
        `WorkerRestarted`.
        """
        if self.machine is None:
            raise WorkerRestarted
        machine, failed = self.machine, dict[str, Failed]()

        def emit(event: Event) -> None:
            if self.stopped.is_set():
                raise Cancelled
            if isinstance(event, Failed):
                failed[event.asset] = event
            else:
                self.messages.put(event)

        sampler = Sampler(machine, emit)
        completed: dict[str, Future[Accepted | None]] = {}
        with self.running, contextlib.suppress(Cancelled):
            with contextlib.closing(sampler), ThreadPoolExecutor(self.cores) as threads, self.sampling:
                for attempt, complete in local_runner(sampler, list(_fetch(sampler, attempts))):
                    completed[attempt.recipe.name] = threads.submit(_complete, sampler, attempt, complete)
            outcomes = {name: future.result() for name, future in completed.items()}
            seconds = dict(sampler.seconds)
            self.messages.put(TaskResult(number, {**outcomes, **failed}, sampler.counts, seconds, sampler.costs))

    def stop(self) -> None:
        """End the running tasks before the next sampler step, and wait for that; unfinished images are not saved."""
        self.stopped.set()
        for _ in range(TASKS_AT_ONCE):
            self.running.acquire()


def _fetch(sampler: Sampler, attempts: Sequence[Attempt]) -> Iterator[Attempt]:
    """The attempts with their input files on this machine; the others fail."""
    for attempt in attempts:
        try:
            recipe = fetch_inputs(attempt.recipe, sampler.store, sampler.machine.cache / "inputs")
            yield replace(attempt, recipe=recipe)
        except AssetgenError as error:
            sampler.fail(attempt.recipe, error.at(socket.gethostname()))


def _complete(sampler: Sampler, attempt: Attempt, complete: Completion) -> Accepted | None:
    try:
        outcome = complete()
    except AssetgenError as error:
        sampler.fail(attempt.recipe, error)
        return None
    if isinstance(outcome, Attempt):
        return None
    return Accepted(outcome.attempt.attempt, outcome.looks, outcome.cost)

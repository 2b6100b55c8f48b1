"""One process of a cluster: it keeps a model warm, makes slices of a build, and tells what becomes of them.

Sampling, steps, checks and export all happen here, and only small things go back: files lie in the store. So the
machine that builds has but to publish them, and the steps of one slice overlap the sampling of the next.
"""

import os
import queue
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from assetgen import __version__
from assetgen.build.attempts import Attempt
from assetgen.build.cost import Cost
from assetgen.build.sampling import Completion, FinishedAttempt, Sampler, local_runner
from assetgen.errors import AssetgenError, Cancelled
from assetgen.events import Event
from assetgen.machine import Machine, user_cache
from assetgen.runners.inputs import arrived
from assetgen.store.store import Store

PATIENCE = 1.0
"""Seconds that a question for news waits for some."""
GATHERING = 0.05
"""Seconds in which news gather, so that one answer tells many."""
METHODS = 5
"""Calls at once: two slices, a question for news, a wish to stop, one to spare."""


@dataclass(frozen=True)
class Order:
    """What all workers of a build are told: the store, a mark that is in it, and USD an hour of one worker."""

    store: str
    mark: str
    price: float = 0.0
    version: str = __version__


@dataclass(frozen=True)
class Hello:
    """Who a worker is, and why it cannot take part ("" where it can)."""

    name: str
    refusal: str = ""


@dataclass(frozen=True)
class Accepted:
    """An asset's files are in the store; see `Outcome`."""

    asset: str
    looks: Mapping[str, str]
    cost: Cost


@dataclass(frozen=True)
class Rejected:
    """An asset wants its next try."""

    asset: str


@dataclass(frozen=True)
class Ended:
    """Of this slice nothing more will be told."""

    slice: int


@dataclass(frozen=True)
class Tally:
    """What was counted since the last one (see `Maker`)."""

    counts: Counter[str]
    seconds: Counter[str]


Message = Event | Accepted | Rejected | Ended | Tally


class Worker:
    """Called from another machine, by several threads at once."""

    def __init__(self, order: Order, hands: int) -> None:
        self.order = order
        self.box: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self.stopped = threading.Event()
        self.sampling = threading.Lock()
        self.hands = ThreadPoolExecutor(hands)
        self.told = Tally(Counter(), Counter())

    @cached_property
    def maker(self) -> Sampler:
        """The maker of all its slices. Opening the store may fail, which `hello` tells."""
        return Sampler(Machine(Store(self.order.store), user_cache(), price=self.order.price), self.tell)

    def hello(self) -> Hello:
        """Look whether this machine has what the build needs."""
        name = f"{socket.gethostname()}/{os.getpid()}"
        if self.order.version != __version__:
            told = f"it has assetgen {__version__}, and the build {self.order.version}"
            return Hello(name, f"{told}. Install the same on every machine.")
        try:
            seen = self.maker.store.has("inputs", self.order.mark)
        except AssetgenError as error:
            return Hello(name, str(error))
        if seen:
            return Hello(name)
        cure = (
            "Name one that all machines reach with --store: a folder on a shared disk, or a URL like s3://bucket/folder"
        )
        return Hello(name, f"it does not see the store '{self.maker.store}' of the build. {cure}.")

    def tell(self, event: Event) -> None:
        """News from any thread; here a build that was cancelled ends, between two steps of the sampler."""
        if self.stopped.is_set():
            raise Cancelled
        self.box.put(event)

    def take(self, number: int, tries: Sequence[Attempt]) -> None:
        """Make a slice. Only one is sampled at a time; what is left to do for each picture is done meanwhile.

        One that is cancelled ends when what was sampled is saved: a worker is ended soon after, and amid no writing.
        """
        under_way: list[Future[None]] = []
        try:
            with self.sampling:
                for attempt, work in local_runner(self.maker, list(self._arrived(tries))):
                    under_way.append(self.hands.submit(self._finish, attempt, work))
            for future in under_way:
                future.result()
        except Cancelled:
            wait(under_way)
            return
        self.box.put(Ended(number))

    def _arrived(self, tries: Sequence[Attempt]) -> Iterator[Attempt]:
        folder = _input_folder()
        for attempt in tries:
            if self.stopped.is_set():
                raise Cancelled
            try:
                yield Attempt(arrived(attempt.recipe, self.maker.store, folder), attempt.attempt)
            except AssetgenError as error:
                self.maker.fail(attempt.recipe, error.at(socket.gethostname()))

    def _finish(self, attempt: Attempt, work: Completion) -> None:
        name = attempt.recipe.name
        try:
            outcome = work()
        except AssetgenError as error:
            self.maker.fail(attempt.recipe, error)
            return
        if isinstance(outcome, FinishedAttempt):
            self.box.put(Accepted(name, outcome.looks, outcome.cost))
        else:
            self.box.put(Rejected(name))

    def news(self) -> list[Message]:
        """What happened since the last answer, in order; waits a while for something to happen."""
        try:
            told = [self.box.get(timeout=PATIENCE)]
        except queue.Empty:
            return []
        time.sleep(GATHERING)
        while not self.box.empty():
            told.append(self.box.get())
        return [self._tally(), *told]

    def _tally(self) -> Tally:
        """What was added to the counts since the last answer."""
        counts, seconds = Counter(self.maker.counts), Counter(self.maker.seconds)
        tally = Tally(counts - self.told.counts, seconds - self.told.seconds)
        self.told = Tally(counts, seconds)
        return tally

    def stop(self) -> None:
        """Come to an end before the next step of the sampler, and save nothing unfinished."""
        self.stopped.set()


def _input_folder() -> Path:
    return user_cache() / "inputs"

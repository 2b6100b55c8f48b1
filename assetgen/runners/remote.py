"""A build's pictures by workers elsewhere: tries go out in slices, news and finished files come back."""

import itertools
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, Self

from assetgen.build.attempts import Attempt
from assetgen.build.cost import Cost, cost_of
from assetgen.build.sampling import Completion, FinishedAttempt, Sampler
from assetgen.errors import AssetgenError, BuildError
from assetgen.events import Drawn, Event, Failed, Lost
from assetgen.runners.inputs import send_inputs
from assetgen.runners.queue import RETRIES, Queue, Slice, cut
from assetgen.runners.worker import Accepted, Ended, Message, Order, Rejected, Tally


@dataclass(frozen=True)
class Gone:
    """A worker is no more; what it had under way is lost."""

    reason: str


@dataclass(frozen=True)
class Broke:
    """A slice came to no end, though its worker lives."""

    slice: int
    reason: str


class Crew(Protocol):
    """The workers of a build."""

    @property
    def size(self) -> int:
        """How many there are or may be soon."""

    @property
    def ready(self) -> Sequence[str]:
        """The names of those that take slices now."""

    @property
    def deserted(self) -> str:
        """Why nobody is left and nobody can come; "" otherwise."""

    def give(self, worker: str, number: int, tries: Sequence[Attempt]) -> None:
        """Send a slice to a worker."""

    def news(self) -> Iterable[tuple[str, Message | Gone | Broke]]:
        """What was heard, by worker, each one's in order; waits a moment for some.

        Raises `InputError` where no worker can ever take part.
        """

    def close(self) -> None:
        """Stop what is under way, unfinished, and let the workers go."""


@dataclass
class Remote:
    """A `Runner` by a crew, which is hired for the first try that comes and stays until the end."""

    hire: Callable[[Order], Crew]
    crew: Crew | None = None
    sent: set[str] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        crew, self.crew = self.crew, None
        if crew:
            crew.close()

    def __call__(self, maker: Sampler, tries: Sequence[Attempt]) -> Iterator[tuple[Attempt, Completion]]:
        """See `Runner`."""
        ready = list(self._with_inputs(maker, tries))
        if not ready:
            return
        self.crew = self.crew or self.hire(_order(maker))
        run = _Run(maker, self.crew, self.numbers)
        run.queue.add(cut(ready, self.crew.size))
        yield from run.through()

    def _with_inputs(self, maker: Sampler, tries: Sequence[Attempt]) -> Iterator[Attempt]:
        """Tries whose input files are in the store; the others fail."""
        for attempt in maker.with_members(tries):
            try:
                send_inputs(attempt.recipe, maker.store, self.sent)
            except AssetgenError as error:
                maker.fail(attempt.recipe, error)
            else:
                yield attempt


def _order(maker: Sampler) -> Order:
    """What the workers are told. The mark in the store shows them that it is the same one."""
    mark = secrets.token_hex(32)
    maker.store.write_json("inputs", mark, {})
    return Order(maker.store.address, mark, maker.machine.price)


@dataclass
class _Run:
    """The tries of one call."""

    maker: Sampler
    crew: Crew
    numbers: Iterator[int]
    queue: Queue = field(default_factory=Queue)
    slices: dict[int, Slice] = field(default_factory=dict)
    places: dict[str, Slice] = field(default_factory=dict)

    def through(self) -> Iterator[tuple[Attempt, Completion]]:
        """Until nothing is left."""
        while self.queue.unfinished:
            self.maker.machine.pause()
            for worker, slice in self.queue.hand_out(self.crew.ready):
                number = next(self.numbers)
                self.slices[number] = slice
                self.places |= dict.fromkeys(slice.open, slice)
                self.crew.give(worker, number, list(slice.open.values()))
            for worker, message in self.crew.news():
                yield from self.hear(worker, message)
            if self.crew.deserted:
                self.fail(self.queue.give_up(), BuildError(self.crew.deserted, cure="Build again"))

    def hear(self, worker: str, message: Message | Gone | Broke) -> Iterator[tuple[Attempt, Completion]]:
        """Take one piece of news."""
        match message:
            case Accepted():
                attempt = self.closed(message.asset)
                yield attempt, partial(_fetched, self.maker, attempt, message.looks, message.cost)
            case Rejected():
                attempt = self.closed(message.asset)
                yield attempt, partial(_next, attempt)
            case Ended():
                slice = self.slices.pop(message.slice)
                self.queue.end(worker, slice)
                self.fail(list(slice.open.values()), BuildError("its worker told nothing of it", cure="Build again"))
            case Tally():
                self.add(message)
            case Gone():
                self.maker.report(Lost(worker=worker, reason=message.reason))
                self.fail(self.queue.died(worker), _given_up(message.reason))
            case Broke():
                self.fail(self.queue.broke(worker, self.slices.pop(message.slice)), _given_up(message.reason))
            case Event():
                self.note(message)

    def note(self, event: Event) -> None:
        if isinstance(event, Failed) and event.asset in self.places:
            self.maker.failed.add(event.asset)
            self.closed(event.asset)
        if isinstance(event, Drawn) and event.asset in self.places:
            attempt = self.places[event.asset].open[event.asset]
            self.maker.costs[attempt.sampled_key] = cost_of(event, self.maker.machine.price)
        self.maker.report(event)

    def closed(self, asset: str) -> Attempt:
        """The try of an asset of which nothing more will be heard."""
        return self.places.pop(asset).open.pop(asset)

    def add(self, tally: Tally) -> None:
        self.maker.counts.update(tally.counts)
        with self.maker.clock:
            for what, spent in tally.seconds.items():
                self.maker.seconds[what] += spent

    def fail(self, tries: Iterable[Attempt], error: AssetgenError) -> None:
        for attempt in tries:
            self.maker.fail(attempt.recipe, error)


def _given_up(reason: str) -> BuildError:
    what = f"the worker that was making it was lost {RETRIES + 1} times (the last time: {reason})"
    return BuildError(what, cure="See whether that machine has enough memory")


def _next(attempt: Attempt) -> Attempt:
    again = attempt.next()
    if again is None:
        raise BuildError("it was rejected by its checks")
    return again


def _fetched(maker: Sampler, attempt: Attempt, looks: Mapping[str, str], cost: Cost) -> FinishedAttempt:
    """The files that a worker put into the store."""
    files = maker.store.read("files", attempt.recipe.files_key)
    if files is None:
        raise BuildError("its files are damaged in the store", cure="Build again")
    return FinishedAttempt(attempt, files, looks, cost)

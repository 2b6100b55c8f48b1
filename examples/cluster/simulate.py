"""A build of very many assets by simulated workers: the real queue and the real loop of a build, in simulated time.

    python examples/cluster/simulate.py --assets 1000000 --workers 256 --seconds 0.9 --load 5 --lifetime 24

No process is started and no picture made: workers are numbers in a heap. What is measured is real, the time and memory
of the machine that builds (without Ray's own, and without publishing; see README.md beside this file).
"""

import argparse
import heapq
import random
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from assetgen.build.attempts import Attempt
from assetgen.build.sampling import Sampler
from assetgen.pack.library import PackFile, library_for
from assetgen.pack.resolve import resolve_pack
from assetgen.pack.schema import Pack
from assetgen.pack.yaml_files import Document, validate
from assetgen.runners.remote import Gone, Remote
from assetgen.runners.worker import Accepted, Ended, Message, Order
from assetgen.store.store import Store

HOUR = 3600.0
NEW_MACHINE = 120.0
"""Seconds until a lost worker is replaced."""


@dataclass
class SimulatedCrew:
    """Workers that take so many seconds a picture and a model, and last so many hours on average."""

    size: int
    seconds: float
    load: float
    lifetime: float
    now: float = 0.0
    busy: float = 0.0
    loads: int = 0
    deaths: int = 0
    deserted: str = ""
    due: list[tuple[float, int, str, int, Sequence[Attempt]]] = field(default_factory=list)
    free_at: dict[str, float] = field(default_factory=dict)
    comes: dict[str, float] = field(default_factory=dict)
    warm: dict[str, str] = field(default_factory=dict)
    under_way: Counter[str] = field(default_factory=Counter)
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def __post_init__(self) -> None:
        self.names = iter(range(10**9))
        for _ in range(self.size):
            self.free_at[f"worker {next(self.names)}"] = 0.0

    @property
    def ready(self) -> Sequence[str]:
        """Those with room for another slice; the queue would pass over all others anyway."""
        return [name for name in self.free_at if self.under_way[name] < 2 and self.comes.get(name, 0) <= self.now]

    def give(self, worker: str, number: int, tries: Sequence[Attempt]) -> None:
        """Note when it will be done."""
        start = max(self.now, self.free_at[worker])
        model = tries[0].recipe.source.arguments["model"].model
        if self.warm.get(worker) != model:
            self.warm[worker] = model
            self.loads += 1
            start += self.load
        end = start + self.seconds * len(tries)
        self.busy += self.seconds * len(tries)
        self.free_at[worker] = end
        self.under_way[worker] += 1
        heapq.heappush(self.due, (end, number, worker, number, tries))

    def news(self) -> Iterable[tuple[str, Message | Gone]]:
        """The next slice that is done, or the death of its worker."""
        if not self.due:
            self.now = min(time for time in self.comes.values() if time > self.now)
            return
        self.now, _, worker, number, tries = heapq.heappop(self.due)
        if worker not in self.free_at:
            return  # it died with an earlier slice
        if self.chance.random() < self.seconds * len(tries) / (self.lifetime * HOUR):
            del self.free_at[worker]
            self.deaths += 1
            self._comes_later(self.now + NEW_MACHINE)
            yield worker, Gone("simulated")
            return
        self.under_way[worker] -= 1
        for attempt in tries:
            yield worker, Accepted(attempt.recipe.name, {}, {})
        yield worker, Ended(number)

    def _comes_later(self, moment: float) -> None:
        name = f"worker {next(self.names)}"
        self.comes[name] = self.free_at[name] = moment

    def close(self) -> None:
        """Nothing is there to be ended."""


def many(count: int, models: int) -> Iterator[Attempt]:
    """Tries at that many assets, of some models in turn, as a pack would give them."""
    asset = {"preset": "painted_concept", "prompt": "a dragon"}
    document = Document("simulation", {"pack": "p", "engine": "plain", "assets": {"a": asset}})
    [first] = resolve_pack(PackFile(validate(document, Pack), document, Path.cwd(), library_for(Path.cwd())))
    card = first.source.arguments["model"]
    cards = [card.model_copy(update={"model": f"model{n}", "digest": f"{n:064}"}) for n in range(models)]
    for number in range(count):
        words = {**first.source.arguments, "model": cards[number % models], "seed": number}
        source = replace(first.source, words=words)
        yield Attempt(replace(first, name=f"asset_{number}", source=source), 0)


def memory() -> float:
    """The most that this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main() -> None:
    """Simulate, and print a line of figures."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--assets", type=int, default=10_000)
    arguments.add_argument("--workers", type=int, default=16)
    arguments.add_argument("--models", type=int, default=3)
    arguments.add_argument("--seconds", type=float, default=0.9, help="a picture")
    arguments.add_argument("--load", type=float, default=5.0, help="seconds a model")
    arguments.add_argument("--lifetime", type=float, default=24.0, help="hours until a worker is lost, on average")
    asked = arguments.parse_args()
    before = memory()
    tries = list(many(asked.assets, asked.models))
    crew = SimulatedCrew(asked.workers, asked.seconds, asked.load, asked.lifetime)
    with tempfile.TemporaryDirectory() as folder:
        maker = Sampler(Store(folder), lambda _: None)

        def hire(order: Order) -> SimulatedCrew:
            return crew

        started = time.process_time()
        with Remote(hire) as runner:
            made = sum(1 for _ in runner(maker, tries))
        spent = time.process_time() - started
    print(f"{made} made, {len(maker.failed)} failed, by {asked.workers} workers in {crew.now / HOUR:.2f} h (simulated)")
    print(f"  busy {crew.busy / crew.now / asked.workers:.1%}, {crew.loads} models loaded, {crew.deaths} workers lost")
    kilobytes = (memory() - before) * 1e3 / asked.assets
    print(f"  here: {1e3 * spent / asked.assets:.3f} ms of CPU and {kilobytes:.1f} KB of memory an asset")


if __name__ == "__main__":
    main()

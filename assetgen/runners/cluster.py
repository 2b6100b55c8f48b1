"""Workers on a Ray cluster: one a GPU, or one for every few cores where no machine has any. All that knows of Ray."""

import contextlib
import logging
import re
import socket
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from assetgen.build.attempts import Attempt
from assetgen.errors import InputError, NotInstalledError
from assetgen.events import Joined
from assetgen.runners.remote import Broke, Gone
from assetgen.runners.worker import METHODS, Hello, Message, Order, Worker
from assetgen.store.backends import short_reason

CORES = 4
"""Of a CPU worker; more give little, see the cost of a batch by cores in `examples/cluster`."""
LOOK = 5.0
"""Seconds between looks for machines that came."""
MOMENT = 0.5
"""Seconds that a question for news waits at most."""
START = 600.0
"""Seconds for the first worker to come: machines of a cloud need minutes."""
ABSENCE = 300.0
"""Seconds without any worker after which the build gives up what is left."""
GRACE = 30.0
"""Seconds for samplers to come to the end of a step, before their processes are ended."""
BAD_LUCK = 6
"""Workers lost on one machine, with no slice made in between, after which it gets none any more."""
CALL_TIMEOUT = 5.0
ADDRESS = re.compile(r"(?:ray://)?(\[[0-9a-fA-F:]+\]|[^/:\s]+):(\d{1,5})")
KILLED = "its process or its machine ended"


def checked_address(address: str | None) -> str | None:
    """An address as it was given. Raises `InputError` for what can be none."""
    if address in (None, "auto") or ADDRESS.fullmatch(address):
        return address
    cure = "Write auto, HOST:PORT or ray://HOST:PORT"
    raise InputError(f"'{address}' is no address of a Ray cluster", cure=cure)


def connect(address: str | None) -> Any:
    """`ray`, connected to a cluster, or to one of this machine alone that ends with the connection."""
    try:
        import ray
        from ray._private import worker as driver
    except ImportError as error:
        raise NotInstalledError("--runner ray needs Ray", cure='pip install "assetgen[ray]"') from error

    driver._worker_logs_enabled = False  # else it prints deaths of workers to stdout, where our JSON lines go
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    if address is None:
        alone = {"address": "local", "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
        ray.init(**alone, **options)
        return ray
    cure = "Start one with `ray start --head`; where it wants a token, set RAY_AUTH_MODE=token"
    try:
        if match := ADDRESS.fullmatch(address):  # Ray itself would wait for minutes
            socket.create_connection((match[1].strip("[]"), int(match[2])), CALL_TIMEOUT).close()
        ray.init(address=address, **options)
    except (OSError, OverflowError) as error:
        told = short_reason(error) if address != "auto" else "none runs on this machine"
        raise InputError(f"no Ray cluster answers at '{address}' ({told})", cure=cure) from error
    except (RuntimeError, ValueError, ray.exceptions.RayError) as error:
        cure = "Use the same versions of Ray and Python on every machine"
        raise InputError(f"cannot join the Ray cluster at '{address}' ({short_reason(error)})", cure=cure) from error
    return ray


@dataclass
class Hand:
    """A worker's process: the actor, the machine that it runs on, and its name once it has said hello."""

    actor: Any
    node: str
    host: str
    name: str = ""


@dataclass(frozen=True)
class Call:
    """What was asked of whom; `slice` where it was to make one."""

    hand: Hand
    what: Literal["hello", "news", "take"]
    slice: int = -1


@dataclass
class RayCrew:
    """See `Crew`. Machines that come while the build runs get workers too; those that go are missed soon enough."""

    address: str | None
    order: Order
    cores: int = CORES
    hands: list[Hand] = field(default_factory=list)
    calls: dict[Any, Call] = field(default_factory=dict)
    luck: Counter[str] = field(default_factory=Counter)
    refused: str = ""
    joined: int = 0
    gpus: bool = False
    looked: float = 0.0
    left: float = 0.0

    def __post_init__(self) -> None:
        self.ray = connect(self.address)
        self.began = time.monotonic()
        self._hire()

    @property
    def size(self) -> int:
        """See `Crew`."""
        return max(1, len(self.hands))

    @property
    def ready(self) -> Sequence[str]:
        """See `Crew`."""
        return [hand.name for hand in self.hands if hand.name]

    @property
    def deserted(self) -> str:
        """See `Crew`. Machines that a cloud took away come back in a while."""
        if self.hands or not self.joined or time.monotonic() - self.left < ABSENCE:
            return ""
        return f"no worker of the cluster is left ({self.refused or KILLED})"

    def _hire(self) -> None:
        """Workers for every place that has none."""
        self.looked = time.monotonic()
        busy = Counter(hand.node for hand in self.hands)
        nodes = [node for node in self.ray.nodes() if node["Alive"]]
        self.gpus = self.gpus or any(node["Resources"].get("GPU") for node in nodes)
        for node in nodes:
            name, host = node["NodeID"], node["NodeManagerHostname"]
            count, needs = _places(node["Resources"], self.cores, self.gpus)
            wanted = count - busy[name] if self.luck[name] < BAD_LUCK else 0
            self.hands += [Hand(self._actor(name, needs), name, host) for _ in range(wanted)]
        for hand in self.hands:
            if not hand.name and not any(call.hand is hand for call in self.calls.values()):
                self._ask(hand, "hello")

    def _actor(self, node: str, needs: dict[str, int]) -> Any:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        place = NodeAffinitySchedulingStrategy(node, soft=False)
        remote = self.ray.remote(**needs, max_concurrency=METHODS, scheduling_strategy=place)(Worker)
        return remote.remote(self.order, needs["num_cpus"])

    def _ask(self, hand: Hand, what: Literal["hello", "news"]) -> None:
        self.calls[getattr(hand.actor, what).remote()] = Call(hand, what)

    def give(self, worker: str, number: int, tries: Sequence[Attempt]) -> None:
        """See `Crew`."""
        hand = next(hand for hand in self.hands if hand.name == worker)
        self.calls[hand.actor.take.remote(number, list(tries))] = Call(hand, "take", number)

    def news(self) -> Iterator[tuple[str, Message | Gone | Broke]]:
        """See `Crew`."""
        if time.monotonic() - self.looked > LOOK:
            self._hire()
        for ref in self._answered():
            if call := self.calls.pop(ref, None):
                yield from self._hear(call, ref)
        if not self.joined and ((self.refused and not self.hands) or time.monotonic() - self.began > START):
            told = self.refused or "none came"
            raise InputError(f"no worker of the cluster can take part: {told}", cure="`ray status` tells what is there")

    def _answered(self) -> list[Any]:
        refs = list(self.calls)
        if not refs:
            time.sleep(MOMENT)
            return []
        first, _ = self.ray.wait(refs, num_returns=1, timeout=MOMENT)
        return list(self.ray.wait(refs, num_returns=len(refs), timeout=0)[0]) if first else []

    def _hear(self, call: Call, ref: Any) -> Iterator[tuple[str, Message | Gone | Broke]]:
        hand, errors = call.hand, self.ray.exceptions
        try:
            answer = self.ray.get(ref)
        except errors.ActorUnschedulableError:  # its machine left before it began
            self._forget(hand)
        except errors.RayActorError as error:
            yield from self._lose(hand, KILLED if hand.name else _last_line(error))
        except errors.RayError as error:
            if call.what == "take":
                yield hand.name, Broke(call.slice, _last_line(error))
            else:
                yield from self._lose(hand, _last_line(error))
        else:
            yield from self._take_answer(call, answer)

    def _take_answer(self, call: Call, answer: Any) -> Iterable[tuple[str, Message | Gone]]:
        hand = call.hand
        if call.what == "hello":
            return self._welcome(hand, answer)
        if call.what == "take":
            self.luck[hand.node] = 0
            return ()
        self._ask(hand, "news")
        return ((hand.name, message) for message in answer)

    def _welcome(self, hand: Hand, hello: Hello) -> Iterable[tuple[str, Message | Gone]]:
        if hello.refusal:
            return self._lose(hand, hello.refusal)
        hand.name = hello.name
        self.joined += 1
        self._ask(hand, "news")
        return [(hand.name, Joined(worker=hand.name))]

    def _lose(self, hand: Hand, why: str) -> list[tuple[str, Gone]]:
        """Forget a worker, and the machine where one could not even begin."""
        self._forget(hand)
        self.luck[hand.node] += 1 if hand.name else BAD_LUCK
        self.left, self.looked = time.monotonic(), 0.0
        if not hand.name:
            self.refused = why
        return [(hand.name or hand.host, Gone(why))]

    def _forget(self, hand: Hand) -> None:
        with contextlib.suppress(self.ray.exceptions.RayError):
            self.ray.kill(hand.actor)
        self.hands.remove(hand)
        self.calls = {ref: call for ref, call in self.calls.items() if call.hand is not hand}

    def close(self) -> None:
        """See `Crew`."""
        takes = [ref for ref, call in self.calls.items() if call.what == "take"]
        with contextlib.suppress(self.ray.exceptions.RayError, ConnectionError):
            for hand in self.hands:
                hand.actor.stop.remote()
            if takes:
                self.ray.wait(takes, num_returns=len(takes), timeout=GRACE)
            for hand in self.hands:
                self.ray.kill(hand.actor)
        self.ray.shutdown()


def _places(resources: dict[str, float], cores: int, gpus: bool) -> tuple[int, dict[str, int]]:
    """How many workers a machine has room for, and what each takes of it. Where any has a GPU, only GPUs count: a
    picture by a CPU would come hours later, and with other bytes. A machine without cores to give is left alone."""
    cpus = int(resources.get("CPU", 0))
    count = min(cpus, int(resources.get("GPU", 0)) if gpus else cpus // max(1, min(cores, cpus)))
    if not count:
        return 0, {}
    return count, {"num_cpus": cpus // count if gpus else min(cores, cpus)} | ({"num_gpus": 1} if gpus else {})


def _last_line(error: Exception) -> str:
    """Of Ray's pages about an error the line that says it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200] if lines else type(error).__name__

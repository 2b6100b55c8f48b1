"""The order of the queue: jobs that a person waits for go before pack builds, and clients take turns."""

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

URGENT = ("make", "post", "candidates", "pick", "check")
"""Kinds of job that a person waits for. The other kind, `build`, may take hours."""


@dataclass(frozen=True)
class QueuedJob:
    """The facts of a queued job that decide its turn. `holds` is the pack lock that it writes ("" for none)."""

    id: str
    client: str
    urgent: bool
    holds: str
    made: float


def fair_order(queued: Iterable[QueuedJob], served: Mapping[str, int]) -> list[QueuedJob]:
    """Urgent jobs first; then one job of each client in turn, starting with the client `served` longest ago."""
    rounds: dict[tuple[bool, str], int] = {}
    ranked = []
    for job in sorted(queued, key=lambda each: each.made):
        turn = rounds.get((job.urgent, job.client), 0)
        rounds[job.urgent, job.client] = turn + 1
        ranked.append(((not job.urgent, turn, served.get(job.client, 0), job.made), job))
    return [job for _, job in sorted(ranked, key=lambda each: each[0])]


@dataclass
class FairLock:
    """A first-in-first-out lock: `threading.Lock` may give it to the same thread again and again."""

    _waiting: deque[object] = field(default_factory=deque)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def __enter__(self) -> None:
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                self._changed.wait_for(lambda: self._waiting[0] is ticket)
            except BaseException:
                self._waiting.remove(ticket)
                self._changed.notify_all()
                raise

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._waiting.popleft()
            self._changed.notify_all()

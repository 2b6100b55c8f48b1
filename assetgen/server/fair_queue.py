"""Whose turn it is: what a person waits for goes before pack builds, and clients take turns."""

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

URGENT = ("make", "post", "candidates", "pick", "check")
"""Kinds of job that a person waits for; the other, `build`, may take hours."""


@dataclass(frozen=True)
class Waiting:
    """What of a queued job decides its turn. `holds` is the lock that it writes ("" for none)."""

    id: str
    client: str
    urgent: bool
    holds: str
    made: float


def in_order(queued: Iterable[Waiting], served: Mapping[str, int]) -> list[Waiting]:
    """Urgent ones first; among equals one of each client in turn, the client first that was `served` longest ago."""
    rounds: dict[tuple[bool, str], int] = {}
    ranked = []
    for job in sorted(queued, key=lambda each: each.made):
        turn = rounds.get((job.urgent, job.client), 0)
        rounds[job.urgent, job.client] = turn + 1
        ranked.append(((not job.urgent, turn, served.get(job.client, 0), job.made), job))
    return [job for _, job in sorted(ranked, key=lambda each: each[0])]


@dataclass
class Turn:
    """A lock that goes to whoever has waited longest: of two that want it again and again, none is left out."""

    _waiting: deque[object] = field(default_factory=deque)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def __enter__(self) -> None:
        ticket = object()
        with self._news:
            self._waiting.append(ticket)
            try:
                self._news.wait_for(lambda: self._waiting[0] is ticket)
            except BaseException:
                self._waiting.remove(ticket)
                self._news.notify_all()
                raise

    def __exit__(self, *_: object) -> None:
        with self._news:
            self._waiting.popleft()
            self._news.notify_all()

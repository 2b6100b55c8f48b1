"""Whose turn it is: what a person waits for goes before pack builds, and clients take turns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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

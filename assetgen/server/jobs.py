"""Jobs on disk: what was asked, how far it is, what happened, which files came out. Survives the end of the process.

SQLite in write-ahead mode: what is committed stays through a kill of the process (not flushed one by one, so that a
power cut may lose the last moments). Every change of a job is an event with the job's next number, `seq`.
"""

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from assetgen.server.database import opened
from assetgen.server.fair_queue import URGENT, Waiting, in_order
from assetgen.server.http_errors import NoRoom, TooMany, Unknown
from assetgen.server.notifier import Notifier

Result = TypeVar("Result")
Status = Literal["queued", "running", "done", "failed", "cancelled"]
MOST_QUEUED = 1000
MOST_STARTS = 5
"""A job that was under way each time the process died, and came no further, is not begun again: it may be why."""
MOST_EVENTS = 500
"""Events in one answer; the client asks for the rest."""
AGAIN = 1.0
"""Seconds until another try, where the disk is full."""
KEPT_SECONDS, KEPT_JOBS = 7 * 24 * 3600.0, 1000
"""For how long, and how many, ended jobs are kept."""


@dataclass(frozen=True)
class Job:
    """A job as it stands. `root` is the folder of its files, `holds` the pack lock that it writes ("" for none)."""

    id: str
    kind: str
    client: str
    request: Mapping[str, Any]
    holds: str
    root: str
    status: Status
    seq: int
    starts: int
    made: float
    started: float | None
    ended: float | None
    progress: Mapping[str, Any]
    error: Mapping[str, str] | None
    result: Mapping[str, Any]

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.ended is not None


class Jobs:
    """The jobs of one server, in one file; used from any thread."""

    def __init__(self, place: Path, bell: Notifier, tell: Callable[[str], None] = lambda _: None) -> None:
        self.bell = bell
        self.news = threading.Condition(threading.RLock())
        """Notified whenever a job joins the queue."""
        self._served: dict[str, int] = {}
        self._base = opened(place, tell)

    def close(self) -> None:
        """Close the file."""
        with self.news:
            self._base.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction. Raises `NoRoom` where the disk does not take it."""
        with self.news:
            try:
                self._base.execute("BEGIN IMMEDIATE")
                try:
                    yield self._base
                except BaseException:
                    self._base.execute("ROLLBACK")
                    raise
                self._base.execute("COMMIT")
            except sqlite3.OperationalError as error:
                if self._base.in_transaction:
                    self._base.execute("ROLLBACK")
                raise NoRoom(f"cannot save the job ({error})", cure="Make room on the disk") from error

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows that a query finds."""
        with self.news, closing(self._base.execute(query, values)) as found:
            return found.fetchall()

    def add(self, kind: str, client: str, request: Mapping[str, Any], holds: str, root: Path | None) -> Job:
        """Put a job into the queue; without a `root` its files get a folder of its own. Raises `TooMany`."""
        id = secrets.token_hex(8)
        with self.writing() as base:
            [(queued,)] = self.rows("SELECT count(*) FROM jobs WHERE status = 'queued'")
            if queued >= MOST_QUEUED:
                raise TooMany(f"{queued} jobs are waiting already", cure="Wait, or cancel some")
            base.execute(
                "INSERT INTO jobs (id, kind, client, request, holds, root, made) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (id, kind, client, _text(request), holds, str(root or f"jobs/{id}"), time.time()),
            )
            self._note(id, {"event": "status", "status": "queued"})
            self.news.notify_all()
        return self.get(id)

    def get(self, id: str) -> Job:
        """A job by its id. Raises `Unknown`."""
        found = self._select("WHERE id = ?", id)
        if not found:
            raise Unknown(f"there is no job '{id[:40]}'", cure="GET /api/v1/jobs lists them")
        return found[0]

    def latest(self, limit: int) -> list[Job]:
        """The newest jobs, newest first."""
        return self._select("ORDER BY number DESC LIMIT ?", limit)

    def _select(self, which: str, *values: Any) -> list[Job]:
        columns = "id, kind, client, request, holds, root, status, seq, starts, made, started, ended, progress"
        found = []
        for row in self.rows(f"SELECT {columns}, error, result FROM jobs {which}", *values):
            progress, error, result = (_data(text) if text else None for text in row[12:])
            facts = dict(zip(columns.split(", "), (*row[:3], _data(row[3]), *row[4:12]), strict=False))
            found.append(Job(**{**facts, "progress": progress, "error": error, "result": result}))
        return found

    def events(self, id: str, after: int) -> list[dict[str, Any]]:
        """The first `MOST_EVENTS` events after this number."""
        query = "SELECT seq, data FROM events WHERE job = ? AND seq > ? ORDER BY seq LIMIT ?"
        return [{"seq": seq, **_data(data)} for seq, data in self.rows(query, id, after, MOST_EVENTS)]

    def files(self, id: str) -> list[dict[str, Any]]:
        """The files that came out so far, in the order in which they did."""
        query = "SELECT data FROM files WHERE job = ? ORDER BY rowid"
        return [_data(data) for (data,) in self.rows(query, id)]

    def positions(self) -> dict[str, int]:
        """The places in the queue, from 1, of all jobs that wait."""
        return {job.id: place for place, job in enumerate(self._queue(), 1)}

    def _queue(self) -> list[Waiting]:
        rows = self.rows("SELECT id, client, kind, holds, made FROM jobs WHERE status = 'queued'")
        queued = [Waiting(id, client, kind in URGENT, holds, made) for id, client, kind, holds, made in rows]
        return in_order(queued, self._served)

    def note(
        self,
        id: str,
        event: Mapping[str, Any],
        progress: Mapping[str, Any] | None = None,
        files: Sequence[Mapping[str, Any]] = (),
    ) -> bool:
        """Something happened to a running job, and files came out of it; False where it runs no more."""
        with self.writing() as base:
            if self.rows("SELECT status FROM jobs WHERE id = ?", id) != [("running",)]:
                return False
            self._note(id, event)
            if progress is not None:
                base.execute("UPDATE jobs SET progress = ? WHERE id = ?", (_text(progress), id))
            for file in files:
                base.execute("REPLACE INTO files VALUES (?, ?, ?)", (id, file["path"], _text(file)))
        return True

    def claim(self, *, urgent: bool = False, holding: Sequence[str] = ()) -> Job | None:
        """The next job, running from now on: an urgent one alone where asked so, and none that waits for a lock."""
        with self.writing() as base:
            waiting = [job for job in self._queue() if job.urgent or not urgent]
            chosen = next((job for job in waiting if not job.holds or job.holds not in holding), None)
            if chosen is None:
                return None
            self._served[chosen.client] = max(self._served.values(), default=0) + 1
            base.execute(
                "UPDATE jobs SET status = 'running', starts = starts + 1, started = ?, progress = '{}' WHERE id = ?",
                (time.time(), chosen.id),
            )
            own = "SELECT 1 FROM jobs WHERE id = job AND root = 'jobs/' || id"
            base.execute(f"DELETE FROM files WHERE job = ? AND EXISTS ({own})", (chosen.id,))
            self._note(chosen.id, {"event": "status", "status": "running"})
        return self.get(chosen.id)

    def end(
        self,
        id: str,
        status: Status,
        error: Mapping[str, str] | None = None,
        result: Mapping[str, Any] | None = None,
    ) -> None:
        """A job is over; one that is over already stays as it is."""
        with self.writing() as base:
            if self.get(id).is_over:
                return
            base.execute(
                "UPDATE jobs SET status = ?, ended = ?, error = ?, result = ? WHERE id = ?",
                (status, time.time(), _text(error) if error else None, _text(result or {}), id),
            )
            self._note(id, {"event": "status", "status": status})

    def put_back(self, id: str, *, counts: bool = True) -> None:
        """A running job back into the queue, at its old place. Without `counts` its start is not held against it."""
        with self.writing() as base:
            if self.get(id).status != "running":
                return
            base.execute(
                "UPDATE jobs SET status = 'queued', starts = starts - ? WHERE id = ?",
                (0 if counts else 1, id),
            )
            self._note(id, {"event": "status", "status": "queued"})

    def recover(self) -> None:
        """What ran when the process died runs again, unless it has had its chances."""
        for job in self._select("WHERE status = 'running'"):
            came_further = self._came_further(job.id)
            if job.starts >= MOST_STARTS and not came_further:
                what = f"the server ended {job.starts} times while it did this job"
                self.end(job.id, "failed", {"what": what, "where": "", "cure": "Ask for less at once"})
            else:
                self.put_back(job.id, counts=not came_further)

    def _came_further(self, id: str) -> bool:
        """Whether the last start finished an asset that none before had."""
        made: list[set[str]] = []
        for (text,) in self.rows("SELECT data FROM events WHERE job = ? ORDER BY seq", id):
            event = _data(text)
            if event.get("status") == "running":
                made.append(set())
            elif made and event["event"] in ("published", "reused"):
                made[-1].add(event["asset"])
        return bool(made) and not made[-1] <= set().union({""}, *made[:-1])

    def drop_old(self, now: float) -> list[str]:
        """Forget ended jobs that are too old or too many; gives their ids, for their folders to be removed."""
        ended = self.rows("SELECT id, ended FROM jobs WHERE ended IS NOT NULL ORDER BY number DESC")
        old = [id for n, (id, at) in enumerate(ended) if n >= KEPT_JOBS or at < now - KEPT_SECONDS]
        with self.writing() as base:
            for id in old:
                for table, column in (("jobs", "id"), ("events", "job"), ("files", "job")):
                    base.execute(f"DELETE FROM {table} WHERE {column} = ?", (id,))
        return old

    def _note(self, id: str, event: Mapping[str, Any]) -> None:
        self._base.execute("UPDATE jobs SET seq = seq + 1 WHERE id = ?", (id,))
        self._base.execute("INSERT INTO events SELECT id, seq, ? FROM jobs WHERE id = ?", (_text(event), id))
        self.bell.ring(id)


def insist(save: Callable[[], Result], stops: Callable[[], bool]) -> Result:
    """Save something; where the disk is full, try until it is not. Raises `NoRoom` only once the server stops."""
    while True:
        try:
            return save()
        except NoRoom:
            if stops():
                raise
            time.sleep(AGAIN)


def _data(text: str) -> Any:
    """JSON as data; a score that is no number is null, as no JSON can say it."""
    return json.loads(text, parse_constant=lambda _: None)


def _text(data: Any) -> str:
    """Data as JSON; names of files that are no text are made some, or no answer could hold them."""
    return json.dumps(data, ensure_ascii=False).encode("utf-8", "replace").decode()

"""The jobs in a SQLite file: their requests, progress, events and files. They survive the end of the process.

SQLite runs in write-ahead mode: committed changes survive a kill of the process; a power cut may lose the last ones.
Every change of a job is an event with the job's next number, `seq`.
"""

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from assetgen.server.database import open_database
from assetgen.server.fair_queue import URGENT, QueuedJob, fair_order
from assetgen.server.http_errors import MAKE_ROOM, DiskFull, NotFound, QueueFull
from assetgen.server.notifier import Notifier
from assetgen.server.responses import ErrorDetail, JobFailure, JobFile, Outcome, Progress

Result = TypeVar("Result")
Status = Literal["queued", "running", "done", "failed", "cancelled"]
MAX_QUEUED = 1000
MAX_STARTS = 5
"""A job that was running each time the process died, and made no progress, fails: it may be the cause."""
MAX_EVENTS = 500
"""Events in one response; the client requests the rest."""
RETRY_SECONDS = 1.0
"""Time between two attempts to write while the disk is full."""
_KEPT_SECONDS, _KEPT_JOBS = 7 * 24 * 3600.0, 1000
"""Limits for ended jobs; older ones are removed."""


@dataclass(frozen=True)
class Job:
    """A snapshot of a job. `root` is the folder of its files, `holds` is the pack lock that it writes ("" for none)."""

    id: str
    kind: str
    client: str
    request: dict[str, Any]
    holds: str
    root: str
    status: Status
    seq: int
    starts: int
    made: float
    started: float | None
    ended: float | None
    progress: Progress
    outcome: Outcome
    error: ErrorDetail | None
    result: dict[str, Any]

    @property
    def is_over(self) -> bool:
        """True once the job is done, failed or cancelled."""
        return self.ended is not None

    @property
    def succeeded(self) -> int:
        """The number of assets that were made so far, or were up to date."""
        return self.outcome.succeeded

    @property
    def failures(self) -> list[JobFailure]:
        """The assets that failed so far."""
        return self.outcome.failures


@dataclass(frozen=True)
class CheckedJob:
    """A request that can be done. `holds` is the pack lock that it writes ("" for none); `root` is the folder of its
    files (None for a new one). One that never `samples`, and runs no other network, does not wait for those that do."""

    holds: str = ""
    root: Path | None = None
    samples: bool = True


@dataclass(frozen=True)
class Change:
    """What an event changes of a job, beside its number. `more` are statements of the same transaction."""

    progress: Progress | None = None
    outcome: Outcome | None = None
    files: Sequence[JobFile] = ()
    more: Callable[[sqlite3.Connection], None] = lambda _: None


class Jobs:
    """The jobs of one server, in one file; usable from any thread."""

    def __init__(self, path: Path, notifier: Notifier, warn: Callable[[str], None] = lambda _: None) -> None:
        self.notifier = notifier
        self.changed = threading.Condition(threading.RLock())
        """The lock of all access, notified when a job is added."""
        self._served: dict[str, int] = {}
        self._base = open_database(path, warn)

    def close(self) -> None:
        """Close the file."""
        with self.changed:
            self._base.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction. Raises `DiskFull` where it cannot be written."""
        with self.changed:
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
                raise DiskFull(f"cannot save the job ({error})", cure=MAKE_ROOM) from error

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.changed, closing(self._base.execute(query, values)) as found:
            return found.fetchall()

    def add(self, kind: str, client: str, request: Mapping[str, Any], checked: CheckedJob = CheckedJob()) -> Job:
        """Add a job to the queue. Raises `QueueFull`."""
        id = secrets.token_hex(8)
        with self.transaction() as base:
            [(queued,)] = self.rows("SELECT count(*) FROM jobs WHERE status = 'queued'")
            if queued >= MAX_QUEUED:
                raise QueueFull(f"{queued} jobs are queued already", cure="Wait, or cancel some")
            columns = "id, kind, client, request, holds, root, samples, made"
            root = str(checked.root or f"jobs/{id}")
            values = (id, kind, client, _text(request), checked.holds, root, checked.samples, time.time())
            base.execute(f"INSERT INTO jobs ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
            self._add_event(id, {"event": "status", "status": "queued"})
            self.changed.notify_all()
        return self.get(id)

    def get(self, id: str) -> Job:
        """A job by its id. Raises `NotFound`."""
        found = self._select("WHERE id = ?", id)
        if not found:
            raise NotFound(f"there is no job '{id[:40]}'", cure="GET /api/v1/jobs lists them")
        return found[0]

    def latest(self, limit: int) -> list[Job]:
        """The newest jobs, newest first."""
        return self._select("ORDER BY number DESC LIMIT ?", limit)

    def unfinished(self) -> list[Job]:
        """The running jobs, then the queued ones in their order."""
        positions = self.positions()
        return sorted(
            self._select("WHERE ended IS NULL"), key=lambda job: (positions.get(job.id, 0), job.started or 0.0)
        )

    def _select(self, which: str, *values: Any) -> list[Job]:
        columns = "id, kind, client, request, holds, root, status, seq, starts, made, started, ended, progress"
        found = []
        for row in self.rows(f"SELECT {columns}, outcome, error, result FROM jobs {which}", *values):
            progress, outcome, error, result = (_data(text or "null") for text in row[12:])
            facts = dict(zip(columns.split(", "), (*row[:3], _data(row[3]), *row[4:12]), strict=False))
            facts |= {"progress": Progress(**progress), "outcome": Outcome(**outcome)}
            facts |= {"error": ErrorDetail(**error) if error else None}
            found.append(Job(**facts, result=result))
        return found

    def events(self, id: str, after: int) -> list[dict[str, Any]]:
        """The first `MAX_EVENTS` events after this number."""
        query = "SELECT seq, data FROM events WHERE job = ? AND seq > ? ORDER BY seq LIMIT ?"
        return [{"seq": seq, **_data(data)} for seq, data in self.rows(query, id, after, MAX_EVENTS)]

    def files(self, id: str) -> list[JobFile]:
        """The files of a job so far, in the order of their creation."""
        query = "SELECT data FROM files WHERE job = ? ORDER BY rowid"
        return [JobFile(**_data(data)) for (data,) in self.rows(query, id)]

    def positions(self) -> dict[str, int]:
        """The position of each queued job, from 1."""
        queued = [*self._queue(samples=False), *self._queue(samples=True)]
        return {job.id: position for position, job in enumerate(queued, 1)}

    def _queue(self, *, samples: bool) -> list[QueuedJob]:
        which = "status = 'queued' AND samples = ?"
        rows = self.rows(f"SELECT id, client, kind, holds, made FROM jobs WHERE {which}", samples)
        queued = [QueuedJob(id, client, kind in URGENT, holds, made) for id, client, kind, holds, made in rows]
        return fair_order(queued, self._served)

    def record(self, id: str, event: Mapping[str, Any], change: Change = Change()) -> bool:
        """Save an event of a running job and what it changes; False if the job no longer runs."""
        with self.transaction() as base:
            if self.rows("SELECT status FROM jobs WHERE id = ?", id) != [("running",)]:
                return False
            self._add_event(id, event)
            for column, state in (("progress", change.progress), ("outcome", change.outcome)):
                if state is not None:
                    base.execute(f"UPDATE jobs SET {column} = ? WHERE id = ?", (_text(state.model_dump()), id))
            for file in change.files:
                base.execute("REPLACE INTO files VALUES (?, ?, ?)", (id, file.path, _text(file.model_dump())))
            change.more(base)
        return True

    def next(self, *, samples: bool = True, urgent: bool = False, holding: Collection[str] = ()) -> QueuedJob | None:
        """The next job of the queue, of those that sample or of the others, with `urgent` only an urgent one; skips
        jobs whose lock is in `holding`."""
        waiting = (job for job in self._queue(samples=samples) if job.urgent or not urgent)
        return next((job for job in waiting if not job.holds or job.holds not in holding), None)

    def note_waiting(self, holders: Mapping[str, str]) -> None:
        """Emit an event once for each queued job whose lock is held, with its holder."""
        last = "SELECT data FROM events WHERE job = id ORDER BY events.seq DESC LIMIT 1"
        for id, holds, text in self.rows(f"SELECT id, holds, ({last}) FROM jobs WHERE status = 'queued'"):
            if holds in holders and _data(text)["event"] != "waiting":
                with self.transaction():
                    self._add_event(id, {"event": "waiting", "asset": "", "holder": holders[holds]})

    def claim(self, *, samples: bool = True, urgent: bool = False, holding: Collection[str] = ()) -> Job | None:
        """Start the `next` job."""
        with self.transaction() as base:
            chosen = self.next(samples=samples, urgent=urgent, holding=holding)
            if chosen is None:
                return None
            self._served[chosen.client] = max(self._served.values(), default=0) + 1
            base.execute(
                "UPDATE jobs SET status = 'running', starts = starts + 1, started = ?, progress = '{}', outcome = '{}'"
                " WHERE id = ?",
                (time.time(), chosen.id),
            )
            own = "SELECT 1 FROM jobs WHERE id = job AND root = 'jobs/' || id"
            base.execute(f"DELETE FROM files WHERE job = ? AND EXISTS ({own})", (chosen.id,))
            base.execute("DELETE FROM history WHERE job = ?", (chosen.id,))
            self._add_event(chosen.id, {"event": "status", "status": "running"})
        return self.get(chosen.id)

    def end(
        self,
        id: str,
        status: Status,
        error: ErrorDetail | None = None,
        result: Mapping[str, Any] | None = None,
    ) -> None:
        """End a job; does nothing if it has ended already."""
        with self.transaction() as base:
            if self.get(id).is_over:
                return
            base.execute(
                "UPDATE jobs SET status = ?, ended = ?, error = ?, result = ? WHERE id = ?",
                (status, time.time(), _text(error.model_dump()) if error else None, _text(result or {}), id),
            )
            self._add_event(id, {"event": "status", "status": status})

    def requeue(self, id: str, *, counts: bool = True) -> None:
        """Return a running job to its old position in the queue. Without `counts` this start is not counted."""
        with self.transaction() as base:
            if self.get(id).status != "running":
                return
            base.execute(
                "UPDATE jobs SET status = 'queued', starts = starts - ? WHERE id = ?",
                (0 if counts else 1, id),
            )
            self._add_event(id, {"event": "status", "status": "queued"})

    def recover(self) -> None:
        """Requeue the jobs that were running when the process ended; after `MAX_STARTS` without progress they fail."""
        for job in self._select("WHERE status = 'running'"):
            progressed = self._made_progress(job.id)
            if job.starts >= MAX_STARTS and not progressed:
                what = f"the server ended {job.starts} times while it ran this job"
                self.end(job.id, "failed", ErrorDetail(what=what, where="", cure="Request less at once"))
            else:
                self.requeue(job.id, counts=not progressed)

    def _made_progress(self, id: str) -> bool:
        """Whether the last start finished an asset that no earlier one had."""
        finished: list[set[str]] = []
        for (text,) in self.rows("SELECT data FROM events WHERE job = ? ORDER BY seq", id):
            event = _data(text)
            if event.get("status") == "running":
                finished.append(set())
            elif finished and event["event"] in ("published", "reused"):
                finished[-1].add(event["asset"])
        return bool(finished) and not finished[-1] <= set().union({""}, *finished[:-1])

    def drop_old(self, now: float) -> list[str]:
        """Delete ended jobs that are too old or too many; returns their ids, to remove their folders.

        Of those in the history only the events are deleted.
        """
        unkept = "ended IS NOT NULL AND id NOT IN (SELECT job FROM history)"
        ended = self.rows(f"SELECT id, ended FROM jobs WHERE {unkept} ORDER BY number DESC")
        old = [id for n, (id, at) in enumerate(ended) if n >= _KEPT_JOBS or at < now - _KEPT_SECONDS]
        with self.transaction() as base:
            kept = "SELECT id FROM jobs WHERE ended < ? AND id IN (SELECT job FROM history)"
            base.execute(f"DELETE FROM events WHERE job IN ({kept})", (now - _KEPT_SECONDS,))
            for id in old:
                for table, column in (("jobs", "id"), ("events", "job"), ("files", "job")):
                    base.execute(f"DELETE FROM {table} WHERE {column} = ?", (id,))
        return old

    def _add_event(self, id: str, event: Mapping[str, Any]) -> None:
        self._base.execute("UPDATE jobs SET seq = seq + 1 WHERE id = ?", (id,))
        self._base.execute("INSERT INTO events SELECT id, seq, ? FROM jobs WHERE id = ?", (_text(event), id))
        self.notifier.notify(id)


def retry_while_full(save: Callable[[], Result], is_stopping: Callable[[], bool]) -> Result:
    """Call `save` again until the disk has space. Raises `DiskFull` once the server stops."""
    while True:
        try:
            return save()
        except DiskFull:
            if is_stopping():
                raise
            time.sleep(RETRY_SECONDS)


def _data(text: str) -> Any:
    """Parse JSON; NaN and infinite numbers become None."""
    return json.loads(text, parse_constant=lambda _: None)


def _text(data: Any) -> str:
    """Format JSON as valid UTF-8; undecodable file names get a `?`."""
    return json.dumps(data, ensure_ascii=False).encode("utf-8", "replace").decode()

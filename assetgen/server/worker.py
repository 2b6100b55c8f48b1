"""The one worker: a thread that does jobs in turn with warm models, and lets urgent ones go before a build goes on."""

import contextlib
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from assetgen.build.idle_unloading import IdleUnloader
from assetgen.errors import AssetgenError, Cancelled
from assetgen.server import pack_jobs as packs
from assetgen.server import single_jobs as single
from assetgen.server import uploads
from assetgen.server.context import JobType, News, Ready, ServerContext
from assetgen.server.fair_queue import URGENT, Turn
from assetgen.server.http_errors import NoRoom, told
from assetgen.server.jobs import AGAIN, Job, Status, insist
from assetgen.server.requests import KINDS, Ask

WORK: dict[str, JobType] = {
    "make": JobType(single.look_at_make, single.make),
    "post": JobType(single.look_at_post, single.post),
    "build": JobType(packs.look_at_build, packs.build),
    "candidates": JobType(packs.look_at_candidates, packs.candidates),
    "pick": JobType(packs.look_at_pick, packs.pick),
    "check": JobType(packs.look_at_check, packs.check),
}
TIDY = 60.0
"""Seconds after which an idle worker looks for old jobs to remove."""


def look(ask: Ask, desk: ServerContext) -> Ready:
    """Refuse a request that cannot be done."""
    return WORK[_kind(ask)].look(ask, desk)


def _kind(ask: Ask) -> str:
    return str(getattr(ask, "kind", ""))


@dataclass
class Worker:
    """Does the jobs of a desk until it is told to stop. Whoever has the `turn` uses the models."""

    desk: ServerContext
    idle: IdleUnloader = field(default_factory=IdleUnloader)
    turn: Turn = field(default_factory=Turn)
    stopping: bool = False
    holding: list[str] = field(default_factory=list)
    thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, with what was under way when the last server died."""
        self.desk.jobs.recover()
        self.thread = threading.Thread(target=self._run, name="assetgen worker", daemon=True)
        self.thread.start()

    def stop(self, seconds: float) -> None:
        """Stop at the next moment that allows it: between steps of the sampler. What runs goes back into the queue."""
        self.stopping = True
        with self.desk.jobs.news:
            self.desk.jobs.news.notify_all()
        if self.thread:
            self.thread.join(seconds)

    @contextlib.contextmanager
    def lent(self, holds: str) -> Iterator[None]:
        """The turn, for a build that this process makes for somebody else, and that writes this lock.

        No job runs meanwhile but urgent ones, whenever that build calls `let_urgent`.
        """
        with self.turn:
            self.holding.append(holds)
            try:
                yield
            finally:
                self.holding.remove(holds)

    def let_urgent(self) -> None:
        """Do what persons wait for, between two batches of a build that has the turn."""
        with contextlib.suppress(NoRoom):
            while not self.stopping and (first := self.desk.jobs.claim(urgent=True, holding=self.holding)):
                self._do(first)

    def _run(self) -> None:
        jobs = self.desk.jobs
        while not self.stopping:
            try:
                if self._next():
                    continue
                self.idle.unload_models()
                with jobs.news:
                    if not self.stopping and not jobs.rows("SELECT 1 FROM jobs WHERE status = 'queued' LIMIT 1"):
                        jobs.news.wait(min(TIDY, self.idle.left))
            except (NoRoom, sqlite3.Error, OSError):  # whatever the disk does, jobs go on once it is well again
                time.sleep(AGAIN)

    def _next(self) -> bool:
        """Do the next job; whether there was one."""
        with self.turn:
            job = None if self.stopping else self.desk.jobs.claim(holding=self.holding)
            if job:
                self._do(job)
        self._clean()
        return job is not None

    def _do(self, job: Job) -> None:
        """One job from start to end."""
        jobs = self.desk.jobs
        news = News(jobs, job, self.desk.root(job), lambda: self.stopping)
        if job.root == f"jobs/{job.id}":
            shutil.rmtree(news.root, ignore_errors=True)  # of a start that was interrupted
        machine = replace(self.desk.machine, pause=lambda: self._pause(job))
        self.holding.append(job.holds)
        try:
            ask = KINDS[job.kind].model_validate(job.request)
            with self.idle.used():
                result = WORK[job.kind].do(ask, replace(self.desk, machine=machine), news)
        except Cancelled:
            if self.stopping:
                jobs.put_back(job.id, counts=False)
        except AssetgenError as error:
            self._end(job, told(error))
        except Exception as error:  # a job must not end the server; the next one may be in order
            what = f"the job broke ({type(error).__name__}: {error})"
            self._end(job, {"what": what, "where": "", "cure": "Report it"})
        else:
            self._end(job, _failure(news), dict(result))
        finally:
            self.holding.remove(job.holds)

    def _end(self, job: Job, error: dict[str, str] | None, result: dict[str, object] | None = None) -> None:
        status: Status = "failed" if error else "done"
        insist(lambda: self.desk.jobs.end(job.id, status, error, result), lambda: self.stopping)

    def _pause(self, job: Job) -> None:
        """Between two batches, and while a lock is waited for: give up what was cancelled; let others go before a
        build, unless they wait for a lock that it has."""
        if self.stopping or self.desk.jobs.get(job.id).is_over:
            raise Cancelled
        if job.kind not in URGENT:
            self.let_urgent()

    def _clean(self) -> None:
        now = time.time()
        for id in self.desk.jobs.drop_old(now):
            shutil.rmtree(self.desk.folder / "jobs" / id, ignore_errors=True)
        uploads.drop_old(self.desk.jobs, self.desk.uploads, now)


def _failure(news: News) -> dict[str, str] | None:
    reasons = [failed.reason for failed in news.failures]
    if not reasons:
        return None
    what = reasons[0] if len(reasons) == 1 else f"{len(reasons)} assets failed; the first: {reasons[0]}"
    return {"what": what, "where": "", "cure": ""}

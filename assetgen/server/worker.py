"""The worker: one thread that runs queued jobs with loaded models, and one for jobs that need none.

A loop takes the next job of its kind from the queue, runs it, and cleans up. A check, a pick, steps on an image, and
what the store has already do not wait behind pictures. A running build calls `JobWorker.run_urgent_jobs` between two
batches, so that a person does not wait for it. `assetgen watch` builds in its own thread: it borrows the models with
`lend`.
"""

import contextlib
import gc
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from assetgen.build.idle_unloading import IdleUnloader
from assetgen.errors import AssetgenError, Cancelled
from assetgen.server import history, pack_jobs, single_jobs, uploads
from assetgen.server.context import JobEvents, JobType, ServerContext
from assetgen.server.fair_queue import URGENT, FairLock
from assetgen.server.http_errors import DiskFull, error_detail
from assetgen.server.jobs import RETRY_SECONDS, CheckedJob, Job, Status, retry_while_full
from assetgen.server.private import private_folder
from assetgen.server.requests import JOB_REQUESTS, RequestBody
from assetgen.server.responses import ErrorDetail

JOB_TYPES: dict[str, JobType] = {
    "make": JobType(single_jobs.check_make, single_jobs.run_make),
    "post": JobType(single_jobs.check_post, single_jobs.run_post),
    "build": JobType(pack_jobs.check_build, pack_jobs.run_build),
    "candidates": JobType(pack_jobs.check_candidates, pack_jobs.run_candidates),
    "pick": JobType(pack_jobs.check_pick, pack_jobs.run_pick),
    "check": JobType(pack_jobs.check_check, pack_jobs.run_check),
}
_CLEAN_SECONDS = 60.0
"""Time after which an idle worker removes old jobs and uploads."""


def check_request(request: RequestBody, context: ServerContext) -> CheckedJob:
    """Raise for a job request that cannot be done."""
    return JOB_TYPES[str(getattr(request, "kind", ""))].check(request, context)


@dataclass
class JobWorker:
    """Runs the jobs of a server until `stop`. Only the holder of `models_lock` uses the models.

    `holding` lists the pack locks that running jobs write, each with who holds it: no other job that writes one of them
    starts.
    """

    context: ServerContext
    idle: IdleUnloader = field(default_factory=IdleUnloader)
    models_lock: FairLock = field(default_factory=FairLock)
    stopping: bool = False
    holding: list[tuple[str, str]] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Start the threads. Jobs that were running when the last server ended are queued again."""
        self.context.jobs.recover()
        for samples, name in ((True, "assetgen worker"), (False, "assetgen quick worker")):
            self.threads.append(threading.Thread(target=self._loop, args=(samples,), name=name, daemon=True))
            self.threads[-1].start()

    def stop(self, seconds: float) -> None:
        """Stop at the next sampler step, and wait for that. The running job returns to the queue."""
        self.stopping = True
        with self.context.jobs.changed:
            self.context.jobs.changed.notify_all()
        until = time.monotonic() + seconds
        for thread in self.threads:
            thread.join(max(0.0, until - time.monotonic()))

    @contextlib.contextmanager
    def lend(self, holds: str) -> Iterator[None]:
        """Let another thread of this process use the models, for a build that writes the lock `holds`.

        No job starts meanwhile, except urgent ones when that build calls `run_urgent_jobs`.
        """
        with self.models_lock:
            held = (holds, "assetgen watch")
            self.holding.append(held)
            try:
                yield
            finally:
                self._release(held)

    def run_urgent_jobs(self) -> None:
        """Run the queued urgent jobs, between two batches of a build that has the models."""
        with contextlib.suppress(DiskFull):
            while job := self._claim(samples=True, urgent=True):
                self._run(job)

    def _claim(self, *, samples: bool, urgent: bool = False) -> Job | None:
        """Start the next job, and hold its lock."""
        with self.context.jobs.changed:
            holding = {lock for lock, _ in self.holding}
            job = None if self.stopping else self.context.jobs.claim(samples=samples, urgent=urgent, holding=holding)
            if job:
                self.holding.append(_held(job))
        return job

    def _release(self, held: tuple[str, str]) -> None:
        with self.context.jobs.changed:
            self.holding.remove(held)
            self.context.jobs.changed.notify_all()

    def _loop(self, samples: bool) -> None:
        while not self.stopping:
            try:
                if self._run_next(samples):
                    continue
                if samples:
                    self.idle.unload_models()
                self._wait(samples)
            except (DiskFull, sqlite3.Error, OSError):  # try again until the disk works again
                time.sleep(RETRY_SECONDS)

    def _run_next(self, samples: bool) -> bool:
        """Run the next job and clean up; False if none can start."""
        with self.models_lock if samples else contextlib.nullcontext():
            if job := self._claim(samples=samples):
                self._run(job)
        if samples:
            self._clean()
        return job is not None

    def _wait(self, samples: bool) -> None:
        """Wait for a job that can start, and report who holds the locks of the others."""
        jobs = self.context.jobs
        with jobs.changed:
            if self.stopping or jobs.next(samples=samples, holding={lock for lock, _ in self.holding}):
                return
            jobs.note_waiting(dict(self.holding))
            jobs.changed.wait(min(_CLEAN_SECONDS, self.idle.left) if samples else _CLEAN_SECONDS)

    def _run(self, job: Job) -> None:
        """Run one job and save how it ended."""
        events = JobEvents(self.context.jobs, job, self.context.root(job), lambda: self.stopping)
        if job.root == f"jobs/{job.id}":
            shutil.rmtree(events.root, ignore_errors=True)  # files of an interrupted run
        events.previews = self.context.previews[job.id] = {}
        machine = replace(self.context.machine, pause=lambda: self._pause(job), show=events.show)
        try:
            if job.root == f"jobs/{job.id}":
                private_folder(private_folder(events.root.parent) / job.id)
            request = JOB_REQUESTS[job.kind].model_validate(job.request)
            with self.idle.used():
                result = JOB_TYPES[job.kind].run(request, replace(self.context, machine=machine), events)
        except Cancelled:
            if self.stopping:
                self.context.jobs.requeue(job.id, counts=False)
        except AssetgenError as error:
            self._end(job, error_detail(error))
        except Exception as error:  # a bug in one job must not end the server
            what = f"the job crashed ({type(error).__name__}: {error})"
            self._end(job, ErrorDetail(what=what, where="", cure="Report it"))
        else:
            self._end(job, _failure(job, events), dict(result))
        finally:
            del self.context.previews[job.id]
            self._release(_held(job))

    def _end(self, job: Job, error: ErrorDetail | None, result: dict[str, object] | None = None) -> None:
        status: Status = "failed" if error else "done"
        retry_while_full(lambda: self.context.jobs.end(job.id, status, error, result), lambda: self.stopping)

    def _pause(self, job: Job) -> None:
        """Called between two batches and while a lock is awaited: stops cancelled jobs, and runs urgent ones."""
        if self.stopping or self.context.jobs.get(job.id).is_over:
            raise Cancelled
        if job.kind not in URGENT:
            self.run_urgent_jobs()

    def _clean(self) -> None:
        now = time.time()
        history.drop_excess(self.context.jobs, self.context.folder)
        for id in self.context.jobs.drop_old(now):
            shutil.rmtree(self.context.folder / "jobs" / id, ignore_errors=True)
        uploads.drop_old(self.context.jobs, self.context.uploads, now)
        gc.collect()


def _held(job: Job) -> tuple[str, str]:
    return job.holds, f"the {job.kind} of {job.client}"


def _failure(job: Job, events: JobEvents) -> ErrorDetail | None:
    """The error of a job whose assets failed; None for a `make` with at least one good variation."""
    failures = events.outcome.failures
    if not failures or (job.kind == "make" and events.outcome.succeeded):
        return None
    first = failures[0]
    what = first.what if len(failures) == 1 else f"{len(failures)} assets failed; the first: {first.what}"
    return ErrorDetail(what=what, where=first.where, cure=first.cure)

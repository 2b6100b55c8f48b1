"""Wakes requests that wait for a change of a job; usable from any thread."""

import asyncio
import contextlib
from collections import defaultdict


class Notifier:
    """Connects the worker thread to the long polls on the event loop. After `close` no request waits."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.closed = False
        self._waiting: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)

    def attach(self) -> None:
        """Use the running event loop."""
        self.loop = asyncio.get_running_loop()

    def notify(self, job: str) -> None:
        """Wake all requests that wait for this job."""
        self._call(self._wake, job)

    def close(self) -> None:
        """Wake all requests, because the server stops."""
        self.closed = True
        self._call(self._wake_all)

    def subscribe(self, job: str) -> "asyncio.Future[None]":
        """A future that is done at the next change. Subscribe before reading the job, so that no change is missed."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting[job].add(waiter)
        return waiter

    def unsubscribe(self, job: str, waiter: "asyncio.Future[None]") -> None:
        """Drop a future that is no longer awaited."""
        self._waiting[job].discard(waiter)
        if not self._waiting[job]:
            del self._waiting[job]

    async def wait(self, waiter: "asyncio.Future[None]", seconds: float) -> bool:
        """Wait for a change, at most so many seconds; True if there was one."""
        if not self.closed:
            await asyncio.wait([waiter], timeout=seconds)
        return waiter.done()

    def _call(self, *call: object) -> None:
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: no request waits
                self.loop.call_soon_threadsafe(*call)  # type: ignore[arg-type]

    def _wake(self, job: str) -> None:
        for waiter in self._waiting.get(job, ()):
            if not waiter.done():
                waiter.set_result(None)

    def _wake_all(self) -> None:
        for job in list(self._waiting):
            self._wake(job)

"""Waking whoever waits for news of a job, from any thread."""

import asyncio
import contextlib
from collections import defaultdict


class Notifier:
    """Rung by the worker, heard by long polls. After `close` nobody waits any more."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.closed = False
        self._waiting: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)

    def open(self) -> None:
        """Begin to be heard on the running loop."""
        self.loop = asyncio.get_running_loop()

    def ring(self, job: str) -> None:
        """There is news of this job."""
        self._call(self._wake, job)

    def close(self) -> None:
        """Wake all: the server ends."""
        self.closed = True
        self._call(self._wake_all)

    def listen(self, job: str) -> "asyncio.Future[None]":
        """A future that is done at the next ring. Listen first, then look for news: so none is missed."""
        future = asyncio.get_running_loop().create_future()
        self._waiting[job].add(future)
        return future

    def forget(self, job: str, future: "asyncio.Future[None]") -> None:
        """Nobody awaits this future any more."""
        self._waiting[job].discard(future)
        if not self._waiting[job]:
            del self._waiting[job]

    async def heard(self, future: "asyncio.Future[None]", seconds: float) -> bool:
        """Wait for the ring, for so long at the most."""
        if not self.closed:
            await asyncio.wait([future], timeout=seconds)
        return future.done()

    def _call(self, *call: object) -> None:
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens
                self.loop.call_soon_threadsafe(*call)  # type: ignore[arg-type]

    def _wake(self, job: str) -> None:
        for future in self._waiting.get(job, ()):
            if not future.done():
                future.set_result(None)

    def _wake_all(self) -> None:
        for job in list(self._waiting):
            self._wake(job)

"""What goes on beside sampling, so that the thread that samples does nothing else.

Saving has threads of its own: in one queue with steps and exports, a kill would lose every picture that waits for those
of others.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TypeVar

UNSAVED_LIMIT = 32
"""Sampled pictures that may be on their way into the store: so many a kill loses at most, besides the batch that is
being sampled. Two batches of a fast model fit; where the store is slower than the device, sampling waits for it."""
THREADS = 4
T = TypeVar("T")


class BackgroundWork:
    """Threads that save what was sampled, and draw what the next pictures need."""

    def __init__(self) -> None:
        self._room = BoundedSemaphore(UNSAVED_LIMIT)
        self._threads = ThreadPoolExecutor(THREADS, "assetgen-beside")

    def save(self, work: Callable[[], None]) -> "Future[None]":
        """Begin to save a picture; waits for room where `UNSAVED_LIMIT` of them are under way."""
        self._room.acquire()
        saved = self._threads.submit(work)
        saved.add_done_callback(lambda _: self._room.release())
        return saved

    def ahead(self, work: Callable[[], T]) -> Callable[[], T]:
        """Begin some work that is wanted later; what this gives waits for it, and gives or raises what came of it."""
        return self._threads.submit(work).result

    def close(self) -> None:
        """Wait for what is under way, and end the threads."""
        self._threads.shutdown()

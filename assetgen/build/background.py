"""Work in the background of sampling: saving images, rendering control images.

Saving has its own threads. In one queue with steps and exports, a killed build would lose every sampled image that
waits for the steps of others.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import BoundedSemaphore, Event
from typing import TypeVar

from assetgen.errors import check_cancelled, is_cancelled

UNSAVED_LIMIT = 32
"""Sampled images that may wait to be saved. A killed build loses at most these and the current batch. Two batches of a
fast model fit; sampling waits where the store is slower than the device."""
THREADS = 4
_PAUSE_SECONDS = 0.5
T = TypeVar("T")


class BackgroundWork:
    """Threads that save sampled images and render the control images of the next ones."""

    def __init__(self) -> None:
        self._slots = BoundedSemaphore(UNSAVED_LIMIT)
        self._threads = ThreadPoolExecutor(THREADS, "assetgen-background")
        self._closing = Event()

    def save(self, work: Callable[[], None]) -> "Future[None]":
        """Start saving an image; waits while `UNSAVED_LIMIT` are being saved."""
        self._slots.acquire()
        saved = self._threads.submit(work)
        saved.add_done_callback(lambda _: self._slots.release())
        return saved

    def ahead(self, work: Callable[[], T], pause: Callable[[], None]) -> Callable[[], T]:
        """Start work whose result is needed later. The returned function waits for its result, or its error.

        While it waits, it calls `pause`, which may raise `Cancelled`. The work is cancelled when this is closed.
        """

        def run() -> T:
            is_cancelled.set(self._closing.is_set)
            check_cancelled()
            return work()

        future = self._threads.submit(run)

        def result() -> T:
            while not wait([future], _PAUSE_SECONDS).done:
                pause()
            return future.result()

        return result

    def close(self) -> None:
        """Cancel work whose result is no longer needed, wait for the images that are being saved, end the threads."""
        self._closing.set()
        self._threads.shutdown()

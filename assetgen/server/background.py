"""A server in a thread, for `assetgen watch`, whose builds share its models."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from assetgen.errors import AssetgenError
from assetgen.server.run import Server
from assetgen.server.worker import JobWorker

_STOP_SECONDS = 90.0
"""Time for the server to end: longer than the worker waits for a sampler step."""


@contextmanager
def serve_in_background(server: Server) -> Iterator[JobWorker]:
    """Serve from a thread while the body runs; yields the worker.

    Raises `ServerRunning` or another `InputError` where the server cannot start.
    """
    errors: list[AssetgenError] = []

    def run() -> None:
        try:
            server.run()
        except AssetgenError as error:
            errors.append(error)
        finally:
            server.started_or_failed.set()

    thread = threading.Thread(target=run, name="assetgen server")
    thread.start()
    try:
        server.started_or_failed.wait()
        if errors or server.worker is None:
            raise errors[0] if errors else RuntimeError("the server ended before it started")
        yield server.worker
    finally:
        server.stop()
        thread.join(_STOP_SECONDS)

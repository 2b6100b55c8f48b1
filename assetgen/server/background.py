"""A server in a thread, for a program that has builds of its own to make: models and turns are shared."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from assetgen.errors import AssetgenError
from assetgen.server.run import Server
from assetgen.server.worker import Worker

PATIENCE = 90.0
"""Seconds for the server to end: longer than its worker may take to come to the end of a step."""


@contextmanager
def served(server: Server) -> Iterator[Worker]:
    """Serve while the body runs, from a thread; gives its worker, who lends turns.

    Raises what keeps the server from starting, as `Taken` where another one runs.
    """
    refused: list[AssetgenError] = []

    def run() -> None:
        try:
            server.run()
        except AssetgenError as error:
            refused.append(error)
        finally:
            server.settled.set()

    thread = threading.Thread(target=run, name="assetgen server")
    thread.start()
    try:
        server.settled.wait()
        if refused or server.worker is None:
            raise refused[0] if refused else RuntimeError("the server ended before it began")
        yield server.worker
    finally:
        server.stop()
        thread.join(PATIENCE)

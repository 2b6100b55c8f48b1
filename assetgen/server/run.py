"""Serving: a port of this machine, the state file that tells of it, and an end in order."""

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
import threading
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from assetgen import __version__
from assetgen.build.idle_unloading import IdleUnloader
from assetgen.errors import InputError
from assetgen.machine import Machine
from assetgen.server.app import make_app
from assetgen.server.context import ServerContext
from assetgen.server.guard import Guard
from assetgen.server.jobs import Jobs
from assetgen.server.notifier import Notifier
from assetgen.server.projects import open_project
from assetgen.server.state import State, held, remove_state, write_state
from assetgen.server.worker import Worker

LOOPBACK = "127.0.0.1"
DATABASE = "jobs.sqlite"
_MOST_CONNECTIONS = 500
"""More connections get 503: each is an open file, and Linux grants a process 1,024 by default."""
KEEP_ALIVE = 20
GRACE = 5
"""Seconds for answers that are under way at the end."""
WORKER_GRACE = 60.0
"""Seconds for the sampler to come to the end of its step."""


@dataclass
class Server:
    """A server that is not running yet. `place` is its state file, `folder` where it keeps jobs and uploads."""

    place: Path
    folder: Path
    machine: Machine
    port: int = 0
    projects: tuple[Path, ...] = ()
    tell: Callable[[str], None] = lambda _: None
    idle: IdleUnloader = field(default_factory=IdleUnloader)
    signal: int = 0
    bell: Notifier = field(default_factory=Notifier)
    listener: uvicorn.Server | None = None
    worker: Worker | None = None
    settled: threading.Event = field(default_factory=threading.Event)
    """Set once it answers, or once it is clear that it will not."""

    def run(self) -> int:
        """Serve until told to stop; gives the number of the signal that did, or 0.

        Raises `InputError` where another server runs for this state file, or where the port is taken.
        """
        with held(self.place), contextlib.closing(self._bound()) as port:
            jobs = Jobs(self.folder / DATABASE, self.bell, self.tell)
            self.worker = worker = Worker(ServerContext(self.folder, jobs, self.machine), self.idle)
            try:
                for project in self.projects:
                    open_project(jobs, str(project.resolve()))
                self._serve(port, worker)
            finally:
                worker.stop(WORKER_GRACE)
                jobs.close()
        return self.signal

    def stop(self, signal: int = 0) -> None:
        """End, from any thread or from a signal: long polls are answered, what runs goes back into the queue."""
        self.signal = signal
        if self.listener:
            self.listener.should_exit = True
        self.bell.close()

    def _serve(self, port: socket.socket, worker: Worker) -> None:
        number = port.getsockname()[1]
        state = State(f"http://{LOOPBACK}:{number}", secrets.token_urlsafe(32), os.getpid(), __version__)
        config = uvicorn.Config(
            Guard(make_app(worker.desk), state.token, number),
            http="h11",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=GRACE,
            limit_concurrency=_MOST_CONNECTIONS,
        )
        for name in ("uvicorn", "asyncio"):  # clients are told their mistakes; ours are told here
            logging.getLogger(name).setLevel(logging.ERROR)
        self.listener = _Told(config, lambda: self._open(state, worker))
        self.listener.should_exit = self.bell.closed  # asked to end before there was anything to end
        with _signals(self.stop):
            try:
                asyncio.run(self.listener.serve([port]))
            finally:
                remove_state(self.place, state)

    def _open(self, state: State, worker: Worker) -> None:
        worker.start()
        write_state(self.place, state)
        self.tell(f"serving at {state.url}; the token is in {self.place}")
        self.settled.set()

    def _bound(self) -> socket.socket:
        port = socket.socket()
        try:
            if os.name == "posix":
                port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            port.bind((LOOPBACK, self.port))
        except OSError as error:
            port.close()
            raise InputError(f"port {self.port} cannot be had ({error.strerror})", cure="Use --port 0") from error
        return port


class _Told(uvicorn.Server):
    """uvicorn that says when it listens, and leaves signals to us."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self.listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def _signals(stop: Callable[[int], None]) -> Iterator[None]:
    """SIGINT and SIGTERM stop the server, where this is the main thread (no other hears them)."""

    def heard(number: int, frame: types.FrameType | None) -> None:
        stop(number)

    before = {}
    with contextlib.suppress(ValueError):
        before = {each: signal.signal(each, heard) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)

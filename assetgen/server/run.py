"""Run the server: bind a loopback port, write the state file, and stop cleanly."""

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
from typing import Literal

import uvicorn
from starlette.types import ASGIApp

from assetgen import __version__
from assetgen.build.idle_unloading import IdleUnloader
from assetgen.errors import InputError
from assetgen.machine import Machine
from assetgen.server.app import make_app
from assetgen.server.context import ServerContext
from assetgen.server.guard import Guard
from assetgen.server.jobs import Jobs
from assetgen.server.notifier import Notifier
from assetgen.server.private import make_private
from assetgen.server.projects import open_project
from assetgen.server.protocol import JsonProtocol, connection_limit
from assetgen.server.state import ServerState, check_state_file, own_state_file, remove_state, write_state
from assetgen.server.worker import JobWorker

LOOPBACK = "127.0.0.1"
_DATABASE = "jobs.sqlite"
_KEEP_ALIVE = 20
_SHUTDOWN_SECONDS = 5
"""Time for running requests at the end."""
_WORKER_SECONDS = 60.0
"""Time for the sampler to finish its step."""


@dataclass
class Server:
    """A server, until `run` returns. `state_file` is where it writes its address; `folder` has its jobs and uploads."""

    state_file: Path
    folder: Path
    machine: Machine
    port: int = 0
    projects: tuple[Path, ...] = ()
    log: Callable[[str], None] = lambda _: None
    idle: IdleUnloader = field(default_factory=IdleUnloader)
    shutdown: Callable[[], None] | None = None
    """Called for `POST /shutdown`; by default `stop`, as by SIGTERM."""
    signal: int = 0
    notifier: Notifier = field(default_factory=Notifier)
    http: uvicorn.Server | None = None
    worker: JobWorker | None = None
    started_or_failed: threading.Event = field(default_factory=threading.Event)
    """Set once the server accepts requests or has failed to start."""

    def run(self) -> int:
        """Serve until `stop`; returns the number of the signal that stopped it, or 0.

        Raises `InputError` where another server uses this state file, or where the port is taken.
        """
        check_state_file(self.state_file)
        with own_state_file(self.state_file), contextlib.closing(bound_socket(self.port)) as port:
            make_private(self.folder)
            jobs = Jobs(self.folder / _DATABASE, self.notifier, self.log)
            self.worker = worker = JobWorker(ServerContext(self.folder, jobs, self.machine), self.idle)
            try:
                for project in self.projects:
                    open_project(jobs, str(project.resolve()))
                self._serve(port, worker)
            finally:
                worker.stop(_WORKER_SECONDS)
                jobs.close()
        return self.signal

    def stop(self, signal: int = 0) -> None:
        """Stop, from any thread or a signal handler: long polls return, the running job goes back into the queue."""
        self.signal = signal
        if self.http:
            self.http.should_exit = True
        self.notifier.close()

    def _serve(self, port: socket.socket, worker: JobWorker) -> None:
        number = port.getsockname()[1]
        state = ServerState(f"http://{LOOPBACK}:{number}", secrets.token_urlsafe(32), os.getpid(), __version__)
        config = uvicorn_config(Guard(make_app(worker.context, self.shutdown or self.stop), state.token, number))
        self.http = _UvicornServer(config, lambda: self._started(state, worker))
        self.http.should_exit = self.notifier.closed  # `stop` was called before the start
        with _signals(self.stop):
            try:
                asyncio.run(self.http.serve([port]))
            finally:
                remove_state(self.state_file, state)

    def _started(self, state: ServerState, worker: JobWorker) -> None:
        worker.start()
        write_state(self.state_file, state)
        self.log(f"serving at {state.url}; the token is in {self.state_file}")
        self.started_or_failed.set()


def bound_socket(port: int) -> socket.socket:
    """A socket at a port of 127.0.0.1, 0 for any free one. Raises `InputError` where the port is taken."""
    found = socket.socket()
    try:
        if os.name == "posix":
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((LOOPBACK, port))
    except OSError as error:
        found.close()
        raise InputError(f"cannot listen on port {port} ({error.strerror})", cure="Use --port 0") from error
    return found


def uvicorn_config(app: ASGIApp, *, lifespan: Literal["on", "off"] = "on") -> uvicorn.Config:
    """How uvicorn serves an application on loopback: without logs and banners, with limits."""
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # warnings about clients that disconnect
    return uvicorn.Config(
        app,
        http=JsonProtocol,
        backlog=connection_limit() // 8,  # asyncio accepts so many at once, before any of them can be closed
        ws="none",
        lifespan=lifespan,
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )


class _UvicornServer(uvicorn.Server):
    """uvicorn with a callback once it listens, and without its signal handlers."""

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
    """SIGINT and SIGTERM stop the server. Only the main thread can set signal handlers."""

    def handle(number: int, frame: types.FrameType | None) -> None:
        stop(number)

    before = {}
    with contextlib.suppress(ValueError):
        before = {each: signal.signal(each, handle) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)

"""Look at the server again and again, in a thread: whether it runs, and what is in its queue."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from .http import Server, Status, read_state
from .start import is_alive
from .trouble import Gone, NoServer, Trouble

LOOK, EACH = 0.25, 1.5
"""Seconds between two looks at the state file, and between two requests: the truth is shown within two seconds."""
HASTE = 1.5
"""Seconds that a status may take."""
MOST_SLOW = 20.0
"""A server that loads a model may be this slow to answer, in seconds, before it is called silent."""


@dataclass(frozen=True)
class Waiting:
    """A job in the queue of all clients."""

    id: str
    kind: str
    client: str
    status: str
    position: int
    title: str
    fraction: float


@dataclass(frozen=True)
class Seen:
    """What a look shows; two that are equal need no redraw."""

    status: Status | None = None
    where: str = ""
    words: str = ""
    """Those of `trouble`."""
    trouble: Trouble | None = field(default=None, compare=False)
    queue: tuple[Waiting, ...] = ()


class Watch:
    """A thread that keeps `seen` true for the server of `server`, which may be replaced at any time."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.seen: Seen | None = None
        """None before the first look."""
        self.reads_queue = False
        self._slow_since = 0.0
        self._pid = 0
        self._ended = threading.Event()
        threading.Thread(target=self._run, name="assetgen watch", daemon=True).start()

    def end(self) -> None:
        """End the thread."""
        self._ended.set()

    def _run(self) -> None:
        file, asked = None, 0.0
        while not self._ended.wait(LOOK):
            server = self.server
            now, time_now = self._mark_of(server), time.monotonic()
            if now != file or time_now - asked >= EACH:
                file, asked = now, time_now
                self.seen = self._look(server)

    def _mark_of(self, server: Server) -> tuple[int, int, bool] | None:
        """What changes at once when a server starts or is killed, without asking it."""
        try:
            found = server.state_path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, is_alive(self._pid)

    def _look(self, server: Server) -> Seen:
        try:
            self._pid = read_state(server.state_path).pid
            status = server.handshake(patience=HASTE)
            self._slow_since = 0.0
            queue = queue_of(server) if self.reads_queue and not status.is_older else ()
            return Seen(status, where_of(server), queue=queue)
        except NoServer:
            return Seen()
        except Gone as gone:
            self._slow_since = self._slow_since or time.monotonic()
            is_busy = self.seen is not None and time.monotonic() - self._slow_since < MOST_SLOW
            return self.seen if is_busy and self.seen else Seen(words=str(gone), trouble=gone)
        except Trouble as trouble:
            return Seen(words=str(trouble), trouble=trouble)
        except Exception as error:  # a thread that dies in silence would leave an old state in the header
            fault = Trouble(f"Internal error of the extension: {error!r}.", "Please report it.")
            return Seen(words=str(fault), trouble=fault)


def where_of(server: Server) -> str:
    """The server's address, process and token: another value needs another look. Raises `Trouble`."""
    state = read_state(server.state_path)
    return f"{state.url} {state.pid} {state.token}"


def queue_of(server: Server) -> tuple[Waiting, ...]:
    """The running and queued jobs of all clients, in order. Raises `Trouble`."""
    jobs: list[dict[str, Any]] = server.ask("GET", "/queue", patience=HASTE)
    words = ("id", "kind", "client", "status", "position", "title")
    return tuple(Waiting(*(job[word] for word in words), round(job["progress"]["fraction"], 2)) for job in jobs)

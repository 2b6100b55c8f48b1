"""A server job, followed by a thread that puts events into a queue."""

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from .http import PATIENCE, Server
from .trouble import Changed, Gone, NoServer, Trouble

WAIT = 1
"""Seconds of one long poll, and so the longest life of a cancelled thread."""
COMES_BACK = 60.0
"""Seconds to wait for a restart of the server, which then continues its jobs."""
PAUSE = 0.5


@dataclass(frozen=True)
class Progress:
    """Progress: `fraction` in 0..1, and a word."""

    fraction: float
    word: str
    position: int = 0


@dataclass(frozen=True)
class Candidate:
    """One finished variation: its local files by channel, `color` first."""

    job: str
    number: int
    name: str
    files: Mapping[str, Path]


@dataclass(frozen=True)
class Ended:
    """The end of a job: `done`, `failed` or `cancelled`; `trouble` holds errors, also those of single assets."""

    status: str
    trouble: Trouble | None = None


JobUpdate = Progress | Candidate | Ended


@dataclass
class Job:
    """A running request. Its thread starts at once; read `updates` from any thread, `cancel()` at any time."""

    server: Server
    name: str
    """The name of its folder."""
    request: Mapping[str, Any]
    uploads: Mapping[str, tuple[str, bytes]]
    """Uploads by key in `inputs` (`depth.image`), or `upload`: file name and bytes."""
    folder: Path
    """The folder in which the job's folder is created."""
    ready: Callable[[], object] | None = None
    """Starts a server; without it, one must run."""
    finish: Callable[[Server, dict[str, Any]], dict[str, Any]] | None = None
    """Completes the request with data from the server."""
    comes_back: float = COMES_BACK
    id: str = ""
    updates: "SimpleQueue[JobUpdate]" = field(default_factory=SimpleQueue)

    def __post_init__(self) -> None:
        self._cancelled = threading.Event()
        self._fetched: set[str] = set()
        self._errors: list[str] = []
        self._thread = threading.Thread(target=self._run, name="assetgen job", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Cancel the job; `Ended` follows."""
        self._cancelled.set()

    def join(self, seconds: float) -> None:
        """Wait for the thread."""
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self.updates.put(Progress(0.0, "asking"))
            (self.ready or self.server.handshake)()
            self._follow(self._asked())
        except Trouble as trouble:
            self.updates.put(Ended("cancelled" if self._cancelled.is_set() else "failed", trouble))
        except Exception as error:  # a thread that dies in silence would leave a job that never ends
            self.updates.put(
                Ended("failed", Trouble(f"Internal error of the extension: {error!r}.", "Please report it."))
            )

    def _asked(self) -> dict[str, Any]:
        """The job as created by the server."""
        request = {**self.request}
        if self.finish:
            request = self.finish(self.server, request)
        for word, (name, data) in self.uploads.items():
            id = self.server.upload(data, name)
            if word == "upload":
                request["upload"] = id
            else:
                request["inputs"] = {**request.get("inputs", {}), word: id}
        state: dict[str, Any] = self.server.ask("POST", "/jobs", request)
        self.id = str(state["id"])
        return state

    def _follow(self, state: dict[str, Any]) -> None:
        """Put events into the queue until the job ends."""
        asked_to_end = False
        while True:
            self._tell(state)
            if state["ended"] is not None and not state["more"]:
                self.updates.put(Ended(state["status"], self._trouble_of(state)))
                return
            if self._cancelled.is_set() and not asked_to_end:
                self._patiently(lambda: self.server.ask("DELETE", f"/jobs/{self.id}"))
                asked_to_end = True
            path = f"/jobs/{self.id}?after={state['seq']}&wait={WAIT}"
            state = self._patiently(lambda path=path: self.server.ask("GET", path, patience=WAIT + PATIENCE))

    def _tell(self, state: Mapping[str, Any]) -> None:
        self._errors += [event["reason"] for event in state["events"] if event["event"] == "failed"]
        by_number: dict[int, list[dict[str, Any]]] = {}
        for file in state["files"]:
            if file["path"] not in self._fetched:
                by_number.setdefault(int(file["number"] or 1), []).append(file)
        for number, files in sorted(by_number.items()):
            try:
                self.updates.put(self._fetch(number, files))
            except Changed:
                if state["ended"] is not None:
                    raise
                break  # the next state tells what there is
        fraction = float(state["progress"]["fraction"])
        self.updates.put(Progress(fraction, str(state["status"]), int(state["position"])))

    def _fetch(self, number: int, files: list[dict[str, Any]]) -> Candidate:
        folder = self.folder / f"{slug(self.name)}_{self.id[:6]}"
        places = {}
        for file in sorted(files, key=lambda file: file["channel"] != "color"):
            name = Path(file["path"]).name
            local_path = folder / (
                name.replace("picture", slug(self.name), 1) if self.request["kind"] == "post" else name
            )
            self._patiently(lambda file=file, local_path=local_path: self.server.download(self.id, file, local_path))
            places[str(file["channel"])] = local_path
        self._fetched.update(file["path"] for file in files)
        return Candidate(self.id, number, str(files[0]["asset"]), places)

    def _patiently(self, ask: Callable[[], Any]) -> Any:
        """Send a request, with retries while the server is down. Raises `Trouble` if it does not restart."""
        until = time.monotonic() + self.comes_back
        while True:
            try:
                return ask()
            except (Gone, NoServer) as error:
                if self._cancelled.is_set():
                    raise
                if time.monotonic() > until:
                    cure = "Start it: it continues its jobs. Then generate again."
                    raise Trouble("The server ended and did not restart.", cure) from error
                self.updates.put(Progress(0.0, "waiting for the server"))
            self._cancelled.wait(PAUSE)

    def _trouble_of(self, state: Mapping[str, Any]) -> Trouble | None:
        error = state["error"]
        if error:
            return Trouble(error["what"], error["cure"])
        if self._errors and state["status"] == "done":
            count = f"{len(self._errors)} of the pictures failed: " if self._fetched else "Nothing came out: "
            return Trouble(count + self._errors[0], "Try another prompt or another seed.")
        return None


def slug(words: str) -> str:
    """A prompt as a folder name that is valid on every system."""
    return re.sub(r"[^a-z0-9]+", "_", words.lower())[:40].strip("_") or "picture"

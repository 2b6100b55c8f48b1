"""A server job, followed by a thread that puts events into a queue."""

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from .history import Entry, bring
from .http import PATIENCE, Server, sentence
from .kept import keep
from .names import file_name
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
    shows: Mapping[str, Any] = field(default_factory=dict)
    """How to preview it."""


@dataclass(frozen=True)
class Preview:
    """A variation as it is after the last sampler steps."""

    number: int
    picture: Path


@dataclass(frozen=True)
class Failed:
    """One variation that failed or that a check rejected."""

    number: int
    trouble: Trouble


@dataclass(frozen=True)
class Ended:
    """The end of a job: `done`, `failed` or `cancelled`; `trouble` is set if nothing was made."""

    status: str
    trouble: Trouble | None = None


JobUpdate = Progress | Candidate | Preview | Failed | Ended


class Work:
    """A thread that puts updates into a queue: read `updates` from any thread, `cancel()` at any time."""

    id: str = ""

    def __init__(self) -> None:
        self.updates: SimpleQueue[JobUpdate] = SimpleQueue()
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._guarded, name="assetgen job", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Cancel the work; `Ended` follows."""
        self._cancelled.set()

    def join(self, seconds: float) -> None:
        """Wait for the thread."""
        self._thread.join(seconds)

    def _guarded(self) -> None:
        try:
            self._run()
        except Trouble as trouble:
            self.updates.put(Ended("cancelled" if self._cancelled.is_set() else "failed", trouble))
        except Exception as error:  # a thread that dies in silence would leave a job that never ends
            fault = Trouble(f"Internal error of the extension: {error!r}.", "Please report it.")
            self.updates.put(Ended("failed", fault))

    def _run(self) -> None:
        raise NotImplementedError


class Delivery(Work):
    """An entry of the history, brought into a folder."""

    def __init__(self, server: Server, entry: Entry, folder: Path) -> None:
        self.server, self.entry, self.folder = server, entry, folder
        self.id = entry.key
        super().__init__()

    def _run(self) -> None:
        places = bring(self.server, self.entry, self.folder)
        name = slug(self.entry.prompt)
        self.updates.put(Candidate(self.entry.job, self.entry.number, name, places, self.entry.shows))
        self.updates.put(Ended("done"))


@dataclass
class Job(Work):
    """A running request. Its thread starts at once."""

    server: Server
    name: str
    """The name of what `post` makes."""
    request: Mapping[str, Any]
    uploads: Mapping[str, tuple[str, bytes]]
    """Uploads by key in `inputs` (`depth.image`), or `upload`: file name and bytes."""
    folder: Path
    """The folder of the results."""
    previews: Path | None = None
    """The folder for previews of the steps; None to do without."""
    project: Path | None = None
    """The folder of the project in whose history the results are kept."""
    ready: Callable[[], object] | None = None
    """Starts a server; without it, one must run."""
    finish: Callable[[Server, dict[str, Any]], dict[str, Any]] | None = None
    """Completes the request with data from the server."""
    comes_back: float = COMES_BACK

    def __post_init__(self) -> None:
        self._fetched: set[str] = set()
        self._failed: dict[int, Trouble] = {}
        self._is_loading = False
        super().__init__()

    def _run(self) -> None:
        self.updates.put(Progress(0.0, "sending"))
        self._begin()
        self._follow(self._asked())

    def _begin(self) -> None:
        """Start a server if none runs, and it may be started."""
        try:
            self.server.handshake()
        except NoServer:
            if self.ready is None:
                raise
            self.updates.put(Progress(0.0, "starting the server"))
            self.ready()

    def _asked(self) -> dict[str, Any]:
        """The job as created by the server."""
        request = {**self.request}
        if self.project:
            request["project"] = self.server.project(self.project)
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
                trouble = self._trouble_of(state)
                status = "done" if state["status"] == "failed" and trouble is None else str(state["status"])
                self.updates.put(Ended(status, trouble))
                return
            if self._cancelled.is_set() and not asked_to_end:
                self._patiently(lambda: self.server.ask("DELETE", f"/jobs/{self.id}"))
                asked_to_end = True
            path = f"/jobs/{self.id}?after={state['seq']}&wait={WAIT}"
            try:
                state = self._patiently(lambda path=path: self.server.ask("GET", path, patience=WAIT + PATIENCE))
            except Trouble as trouble:
                if trouble.status != 404:
                    raise
                what = "Another server runs now, and it does not have this request."
                raise Trouble(what, "Generate again.") from trouble

    def _tell(self, state: Mapping[str, Any]) -> None:
        self._tell_failures(state)
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
        if self.previews and state["ended"] is None:
            self._preview(state, self.previews)
        fraction = float(state["progress"]["fraction"])
        self.updates.put(Progress(fraction, self._word_of(state), int(state["position"])))

    def _word_of(self, state: Mapping[str, Any]) -> str:
        """What the job does: its status, or that its model is being loaded."""
        for event in state["events"]:
            self._is_loading = event["event"] == "loading" or (self._is_loading and event["event"] != "sampling")
        is_loading = self._is_loading and state["status"] == "running"
        return "loading the model" if is_loading else str(state["status"])

    def _tell_failures(self, state: Mapping[str, Any]) -> None:
        for failure in _failures_of(state):
            number = failure["number"] or len(self._failed) + 1
            if number not in self._failed:
                self._failed[number] = Trouble(sentence(failure["what"]), sentence(failure["cure"]))
                self.updates.put(Failed(number, self._failed[number]))

    def _preview(self, state: Mapping[str, Any], folder: Path) -> None:
        """Bring the newest step previews; one that is gone by now is replaced by its picture soon."""
        events = [event for event in state["events"] if event["event"] == "previewed"]
        for number in sorted({number for event in events for number in event["numbers"]}):
            picture = folder / f"{self.id}_{number}.png"
            try:
                self.server.preview(self.id, number, picture)
            except (Gone, NoServer):
                return
            except Trouble as trouble:
                if trouble.status != 404:
                    raise
            else:
                self.updates.put(Preview(number, picture))

    def _fetch(self, number: int, files: list[dict[str, Any]]) -> Candidate:
        places = {}
        for file in sorted(files, key=lambda file: file["channel"] != "color"):
            name = Path(file["path"]).name
            if self.request["kind"] == "post":
                name = name.replace("picture", slug(self.name), 1)
            local_path = self._patiently(
                lambda file=file, name=name: keep(self.server, self.id, file, self.folder / name)
            )
            places[str(file["channel"])] = local_path
        self._fetched.update(file["path"] for file in files)
        shows = next((file["shows"] for file in files if file.get("shows")), {})
        return Candidate(self.id, number, str(files[0]["asset"]), places, shows)

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
        """The error of the whole job; where each variation failed for itself, the first reason."""
        if state["status"] == "cancelled":
            return None
        if self._failed:
            return None if self._fetched else next(iter(self._failed.values()))
        error = state["error"]
        return Trouble(error["what"], error["cure"]) if error else None


def _failures_of(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The failures of single variations; a server with API 1.0 has events only."""
    if "failures" in state:
        return list(state["failures"])
    cure = "Try another prompt or another seed."
    failed = [event for event in state["events"] if event["event"] == "failed" and event["asset"]]
    return [{"number": _number_of(event["asset"]), "what": event["reason"], "cure": cure} for event in failed]


def _number_of(asset: str) -> int | None:
    found = re.search(r"_(\d+)$", asset)
    return int(found[1]) if found else None


def slug(words: str) -> str:
    """A prompt as a file name that is valid on every system."""
    return file_name(words)[:40].strip("_") or "picture"

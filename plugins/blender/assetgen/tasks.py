"""The tasks and their results. Threads make the requests; only `tick` applies their events to Blender's data.

`bpy.app.timers` call `tick` in a window. They never do in background mode: scripts call `wait` there.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy

from . import thumbnails
from .client.job import Candidate, Ended, Failed, JobUpdate, Preview, Progress, Work
from .client.trouble import Trouble
from .drawing import Drawing
from .results import apply
from .windows import in_window, is_busy, redraw, undo_step

TICK = 0.1
KEPT = 12
"""Tasks whose candidates stay in the panel."""


@dataclass
class Task:
    """One task: its job, or the renders before it; its candidates by number, and the names
    of its objects."""

    what: str
    prompt: str
    job: Work | Drawing
    facts: Mapping[str, Any]
    file: int
    count: int = 1
    candidates: dict[int, Candidate] = field(default_factory=dict)
    previews: dict[int, Path] = field(default_factory=dict)
    """Pictures of the newest steps of candidates that are not finished."""
    failures: dict[int, Trouble] = field(default_factory=dict)
    progress: Progress = field(default_factory=lambda: Progress(0.0, "sending"))
    status: str = "running"
    trouble: Trouble | None = None
    picked: int | None = None
    fresh: bool = True
    """No candidate was applied to the file yet."""

    @property
    def key(self) -> str:
        """Marks the task's data-blocks, so that another pick replaces them."""
        return self.job.id if isinstance(self.job, Work) else ""

    @property
    def slots(self) -> list[int]:
        """The numbers to show: while it runs also those that are not finished."""
        known = {*self.candidates, *self.failures}
        return sorted(known | ({*range(1, self.count + 1)} if self.status == "running" else set()))

    def cancel(self) -> None:
        """Cancel the task; finished images stay."""
        self.progress = Progress(self.progress.fraction, "cancelling")
        if isinstance(self.job, Work):
            self.job.cancel()
        else:
            self.status = "cancelled"


@dataclass
class Errand:
    """A small job in a thread; `tick` calls `done` or `failed` with its result."""

    work: Callable[[], Any]
    done: Callable[[Any], None]
    failed: Callable[[Trouble], None]

    def __post_init__(self) -> None:
        self.outcome: Callable[[], None] | None = None
        threading.Thread(target=self._run, name="assetgen errand", daemon=True).start()

    def _run(self) -> None:
        try:
            result = self.work()
        except Trouble as trouble:
            self.outcome = lambda trouble=trouble: self.failed(trouble)
        except Exception as error:  # else a button would stay grey for ever
            fault = Trouble(f"Internal error of the extension: {error!r}.", "Please report it.")
            self.outcome = lambda: self.failed(fault)
        else:
            self.outcome = lambda: self.done(result)


tasks: list[Task] = []
"""All tasks, newest first."""
notices: dict[str, Trouble] = {}
"""Why the last request of a kind of task was refused; it stays until the next request of that kind."""
when_ended: list[Callable[[Task], None]] = []
"""Called with each task that has ended."""
_errands: list[Errand] = []
_file = 0


def begin(what: str, prompt: str, job: Work | Drawing, facts: Mapping[str, Any], count: int = 1) -> Task:
    """Follow a job, or the renders before it. `facts` is data that its results need."""
    task = Task(what, prompt, job, facts, _file, count)
    notices.pop(what, None)
    tasks.insert(0, task)
    over = [each for each in tasks if each.status != "running"]
    for old in over[KEPT:]:
        tasks.remove(old)
    _wind_up()
    return task


def send(work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[Trouble], None]) -> None:
    """Run a function in a thread, and a callback in Blender's main thread."""
    _errands.append(Errand(work, done, failed))
    _wind_up()


def running() -> list[Task]:
    """Tasks that have not ended."""
    return [task for task in tasks if task.status == "running"]


def tick() -> float | None:
    """Handle events. Returns the seconds until the next call, or None if no task is running."""
    has_news = False
    for errand in [each for each in _errands if each.outcome]:
        _errands.remove(errand)
        try:
            errand.outcome()
        except Trouble as trouble:
            errand.failed(trouble)
        has_news = True
    for task in running():
        has_news |= _listen(task, task.job) if isinstance(task.job, Work) else _draw(task, task.job)
        if task.status != "running":
            for each in when_ended:
                each(task)
    for task in _unused():
        _pick_first(task)
        has_news = True
    if has_news:
        redraw()
    return TICK if running() or _errands or _unused() else None


def wait(seconds: float = 600.0) -> bool:
    """Do the timer's work until all tasks have ended, for scripts. False on a timeout."""
    until = time.monotonic() + seconds
    while tick() is not None:
        if time.monotonic() > until:
            return False
        time.sleep(TICK / 2)
    return True


def pick(task: Task, number: int) -> None:
    """Bring a candidate into the file. Raises `Trouble`."""
    task.fresh = False
    apply(task.what, task.key, task.facts, task.candidates[number])
    task.picked = number
    redraw(views=True)


def _draw(task: Task, drawing: Drawing) -> bool:
    """Render the next image, unless a modal operator runs. Whether there is news."""
    if task.file != _file:
        task.status, task.trouble = (
            "failed",
            Trouble("Another file was opened meanwhile.", "Generate again in that file."),
        )
    if task.status != "running" or is_busy():
        return task.status != "running"
    try:
        with in_window():
            job = drawing.step()
    except Trouble as trouble:
        task.status, task.trouble = "failed", trouble
        return True
    task.progress = Progress(0.0, "sending") if job else Progress(drawing.fraction, "rendering")
    task.job = job or drawing
    return True


def _listen(task: Task, job: Work) -> bool:
    """Note the updates of a job. Whether there are any."""
    before = task.progress
    has_news = False
    while not job.updates.empty():
        update = job.updates.get()
        _note(task, update)
        has_news |= not isinstance(update, Progress)
    return has_news or task.progress != before


def _note(task: Task, update: JobUpdate) -> None:
    if isinstance(update, Progress):
        fraction = max(update.fraction, task.progress.fraction)
        task.progress = Progress(fraction, update.word, update.position)
    elif isinstance(update, Candidate):
        task.candidates[update.number] = update
        thumbnails.renew(update.files.values())
    elif isinstance(update, Preview):
        task.previews[update.number] = update.picture
        thumbnails.renew([update.picture])
    elif isinstance(update, Failed):
        task.failures[update.number] = update.trouble
    elif isinstance(update, Ended):
        task.status, task.trouble = update.status, update.trouble or task.trouble


def _unused() -> list[Task]:
    return [task for task in tasks if task.fresh and task.candidates]


def _pick_first(task: Task) -> None:
    """Apply the first candidate at once, as one undo step; the others wait for a click."""
    if task.file != _file:
        task.fresh = False
        task.trouble = Trouble("Another file was opened meanwhile.", "Click an image to use it here.")
        return
    if is_busy():
        return
    try:
        pick(task, min(task.candidates))
        undo_step(f"assetgen: {task.prompt[:40]}")
    except Trouble as trouble:
        task.trouble = trouble


def another_file() -> None:
    """Discard pending results, because their file was closed."""
    global _file
    _file += 1


def forget() -> None:
    """Cancel everything when the extension is disabled."""
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    still = running()
    for task in still:
        task.cancel()
    for task in still:
        if isinstance(task.job, Work):
            task.job.join(2.0)
    tasks.clear()
    notices.clear()
    _errands.clear()


def _wind_up() -> None:
    if not bpy.app.background and not bpy.app.timers.is_registered(tick):
        bpy.app.timers.register(tick, first_interval=TICK, persistent=True)  # another file may be opened

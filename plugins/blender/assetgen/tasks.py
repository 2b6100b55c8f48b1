"""The tasks and their results. Threads make the requests; only `tick` applies their events to Blender's data.

`bpy.app.timers` call `tick` in a window. They never do in background mode: scripts call `wait` there.
"""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import bpy

from .client.job import Candidate, Ended, Job, Progress
from .client.trouble import Trouble
from .drawing import Drawing
from .results import apply

TICK = 0.1
KEPT = 12
"""Tasks whose candidates stay in the panel."""
BUSY = ("TRANSFORM_OT", "MESH_OT", "SCULPT_OT", "PAINT_OT", "VIEW3D_OT", "OBJECT_OT")
"""Modal operators: no data is changed while one runs."""


@dataclass
class Task:
    """One task: its job, or the renders before it; its candidates by number, and the names
    of its objects."""

    what: str
    prompt: str
    job: Job | Drawing
    facts: Mapping[str, Any]
    file: int
    candidates: dict[int, Candidate] = field(default_factory=dict)
    progress: Progress = field(default_factory=lambda: Progress(0.0, "asking"))
    status: str = "running"
    trouble: Trouble | None = None
    picked: int | None = None
    fresh: bool = True
    """No candidate was applied to the file yet."""

    @property
    def key(self) -> str:
        """Marks the task's data-blocks, so that another pick replaces them."""
        return self.job.id if isinstance(self.job, Job) else ""

    def cancel(self) -> None:
        """Cancel the task; finished images stay."""
        self.progress = Progress(self.progress.fraction, "cancelling")
        if isinstance(self.job, Job):
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
_errands: list[Errand] = []
_file = 0


def begin(what: str, prompt: str, job: Job | Drawing, facts: Mapping[str, Any]) -> Task:
    """Follow a job, or the renders before it. `facts` is data that its results need."""
    task = Task(what, prompt, job, facts, _file)
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
    for errand in [each for each in _errands if each.outcome]:
        _errands.remove(errand)
        errand.outcome()
    for task in running():
        if isinstance(task.job, Job):
            _listen(task, task.job)
        else:
            _draw(task, task.job)
    for task in _unused():
        _pick_first(task)
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


def _draw(task: Task, drawing: Drawing) -> None:
    """Render the next image, unless a modal operator runs."""
    if task.file != _file:
        task.status, task.trouble = (
            "failed",
            Trouble("Another file was opened meanwhile.", "Generate again in that file."),
        )
    if task.status != "running" or _hands_are_full():
        return
    try:
        with _in_window():
            job = drawing.step()
    except Trouble as trouble:
        task.status, task.trouble = "failed", trouble
        return
    task.progress = Progress(0.0, "asking") if job else Progress(drawing.fraction, "rendering")
    task.job = job or drawing


def _listen(task: Task, job: Job) -> None:
    while not job.updates.empty():
        update = job.updates.get()
        if isinstance(update, Progress):
            fraction = max(update.fraction, task.progress.fraction)
            task.progress = Progress(fraction, update.word, update.position)
        elif isinstance(update, Candidate):
            task.candidates[update.number] = update
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
    if _hands_are_full():
        return
    try:
        pick(task, min(task.candidates))
        undo_step(f"assetgen: {task.prompt[:40]}")
    except Trouble as trouble:
        task.trouble = trouble


def undo_step(name: str) -> None:
    """Push an undo step."""
    with _in_window():
        bpy.ops.ed.undo_push(message=name)


def _in_window() -> AbstractContextManager[Any]:
    """Context with a window: timers have none, but operators need one."""
    windows = bpy.context.window_manager.windows
    return bpy.context.temp_override(window=windows[0]) if windows else nullcontext()


def _hands_are_full() -> bool:
    windows = bpy.context.window_manager.windows
    return any(each.bl_idname.startswith(BUSY) for window in windows for each in window.modal_operators)


def redraw() -> None:
    """Redraw the panels."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in ("VIEW_3D", "PREFERENCES"):
                area.tag_redraw()


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
        if isinstance(task.job, Job):
            task.job.join(2.0)
    tasks.clear()
    _errands.clear()


def _wind_up() -> None:
    if not bpy.app.background and not bpy.app.timers.is_registered(tick):
        bpy.app.timers.register(tick, first_interval=TICK, persistent=True)  # another file may be opened

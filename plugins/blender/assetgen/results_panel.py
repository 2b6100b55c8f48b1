"""The panels of results: of the newest requests, and the queue of all clients."""

from pathlib import Path

import bpy

from . import catalog, tasks
from .client.trouble import Trouble
from .panel import InSidebar
from .properties import TASKS
from .texts import say, translated
from .thumbnails import icon_of, preview_of

SHOWN = 3
"""Tasks whose results are shown."""
ACROSS = 3
SCALE = 4.2
MOST_EMPTY = 12
"""Slots shown for variations that are not made yet."""


class ASSETGEN_PT_candidates(InSidebar, bpy.types.Panel):
    """What came of it"""

    bl_label, bl_idname, bl_order = "Results", "ASSETGEN_PT_candidates", 1

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return any(task.slots for task in tasks.tasks)

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        self.layout.operator("assetgen.clear", text="", icon="X", emboss=False)

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.assetgen
        shown = [(index, task) for index, task in enumerate(tasks.tasks) if task.slots][:SHOWN]
        pictures = [each for _, task in shown for each in task.candidates.values()]
        if any(each.shows.get("kind", "picture") != "picture" for each in pictures):
            self.layout.row().prop(settings, "preview", expand=True, icon_only=False)
        for index, task in shown:
            column = self.layout.column(align=True)
            made = f"{len(task.candidates)}/{task.count}  " if task.count > 1 else ""
            column.label(text=f"{made}{task.prompt[:40]}", icon=_icon_of(task.what), translate=False)
            grid = column.grid_flow(columns=ACROSS, even_columns=True, row_major=True, align=True)
            empty = 0
            for number in task.slots:
                empty += number not in task.candidates and number not in task.failures
                if empty <= MOST_EMPTY or number in task.candidates:
                    _slot(grid, index, task, number, settings.preview)
            _failures(column, context, task)


class ASSETGEN_PT_queue(InSidebar, bpy.types.Panel):
    """What the server makes, for all programs"""

    bl_label, bl_idname, bl_order = "Queue", "ASSETGEN_PT_queue", 4

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        own = {task.key for task in tasks.tasks}
        return any(job.id not in own for job in catalog.catalog.queue)

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        for job in catalog.catalog.queue:
            row = column.row(align=True)
            text = f"{job.title or translated(job.kind)} ({job.client})"
            if job.status == "running":
                row.progress(factor=job.fraction, text=text)
            else:
                row.label(text=f"{job.position}. {text}", icon="SORTTIME", translate=False)
            row.operator("assetgen.cancel_job", text="", icon="X").job = job.id


def _slot(layout: bpy.types.UILayout, index: int, task: tasks.Task, number: int, view: str) -> None:
    """A finished picture with its buttons; a failure; or the newest step of what is being made."""
    cell = layout.column(align=True)
    box = cell.box()
    candidate = task.candidates.get(number)
    row = cell.row(align=True)
    if candidate is None:
        box.template_icon(icon_value=_unfinished(task, number), scale=SCALE)
        row.label(text=str(number), icon="ERROR" if number in task.failures else "SORTTIME", translate=False)
        return
    box.template_icon(icon_value=preview_of(candidate.files["color"], candidate.shows, view), scale=SCALE)
    use = row.operator("assetgen.pick", text=str(number), depress=task.picked == number, translate=False)
    use.task, use.number = index, number
    over = row.operator("assetgen.reference", text="", icon="IMAGE_REFERENCE")
    over.task, over.number = index, number


def _unfinished(task: tasks.Task, number: int) -> int:
    picture: Path | None = task.previews.get(number)
    return icon_of(picture) if picture else 0


def _failures(layout: bpy.types.UILayout, context: bpy.types.Context, task: tasks.Task) -> None:
    """The reason and the cure of each slot that failed; those with the same reason together."""
    reasons: dict[str, tuple[Trouble, list[int]]] = {}
    for number, trouble in sorted(task.failures.items()):
        reasons.setdefault(str(trouble), (trouble, []))[1].append(number)
    for trouble, numbers in reasons.values():
        say(layout, context, f"{', '.join(map(str, numbers))}: {translated(trouble.what)}", "ERROR")
        if trouble.cure:
            say(layout, context, trouble.cure, "BLANK1")


def _icon_of(what: str) -> str:
    return next(task[3] for task in TASKS if task[0] == what)


CLASSES = (ASSETGEN_PT_candidates, ASSETGEN_PT_queue)

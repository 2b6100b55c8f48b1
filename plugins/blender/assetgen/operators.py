"""The operators of the panel, for scripts too: `bpy.ops.assetgen.generate(task="MATERIAL", prompt="bricks")`."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import bpy

from . import catalog, tasks
from .client.prompts import read_prompts, remember
from .client.trouble import Notice, Trouble
from .preferences import user_folder
from .properties import TASKS
from .request import ask

PROMPTS = "history.json"
_prompts: list[tuple[str, str, str]] = []


class ASSETGEN_OT_generate(bpy.types.Operator):
    """Generate with the panel's settings; the result is one undo step"""

    bl_idname, bl_label = "assetgen.generate", "Generate"

    task: bpy.props.StringProperty(description="One of " + ", ".join(task[0] for task in TASKS) + ", or empty")
    prompt: bpy.props.StringProperty(description="Empty: the panel's")

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = context.scene.assetgen
        try:
            if self.task and self.task not in [task[0] for task in TASKS]:
                raise Trouble(f"There is no task {self.task}.", "Use one of " + ", ".join(task[0] for task in TASKS))
            if self.task and settings.task != self.task:
                settings.task = self.task
            if self.prompt:
                settings.prompt = self.prompt
            ask(context, settings.task)
        except Trouble as trouble:
            tasks.notices[settings.task] = trouble
            self.report({"ERROR"}, str(trouble))
            return {"CANCELLED"}
        try:
            remember(_prompts_file(), settings.prompt)
        except Trouble as trouble:
            self.report({"WARNING"}, str(trouble))
        return {"FINISHED"}


class ASSETGEN_OT_wait(bpy.types.Operator):
    """Wait until all tasks have ended: for scripts, also in background mode"""

    bl_idname, bl_label = "assetgen.wait", "Wait for Results"

    seconds: bpy.props.FloatProperty(default=600.0, min=0.0)

    def execute(self, context: bpy.types.Context) -> set[str]:
        asked = tasks.running()
        if not tasks.wait(self.seconds):
            self.report({"ERROR"}, f"It is not over after {self.seconds:.0f} seconds.")
            return {"CANCELLED"}
        wrong = [task.trouble for task in asked if task.trouble and not isinstance(task.trouble, Notice)]
        if wrong or catalog.catalog.trouble:
            self.report({"ERROR"}, str(wrong[0] if wrong else catalog.catalog.trouble))
            return {"CANCELLED"}
        return {"FINISHED"}


class ASSETGEN_OT_connect(bpy.types.Operator):
    """Start the server if none runs, and load its presets and models"""

    bl_idname, bl_label = "assetgen.connect", "Start Server"

    begin: bpy.props.BoolProperty(default=True)

    def execute(self, context: bpy.types.Context) -> set[str]:
        catalog.catalog.wanted.add(context.scene.assetgen.preset)
        return _tried(self, lambda: catalog.connect(self.begin))


class ASSETGEN_OT_stop_server(bpy.types.Operator):
    """Stop the server; the next one continues its jobs"""

    bl_idname, bl_label = "assetgen.stop_server", "Stop Server"

    def execute(self, context: bpy.types.Context) -> set[str]:
        return _tried(self, catalog.end_server)


class ASSETGEN_OT_restart_server(bpy.types.Operator):
    """Restart the server, for example after an update; it continues its jobs"""

    bl_idname, bl_label = "assetgen.restart_server", "Restart Server"

    def execute(self, context: bpy.types.Context) -> set[str]:
        return _tried(self, lambda: catalog.end_server(restart=True))


def _tried(operator: bpy.types.Operator, act: Callable[[], None]) -> set[str]:
    try:
        act()
    except Trouble as trouble:
        operator.report({"ERROR"}, str(trouble))
        return {"CANCELLED"}
    return {"FINISHED"}


class ASSETGEN_OT_cancel(bpy.types.Operator):
    """Cancel the task; finished images stay"""

    bl_idname, bl_label = "assetgen.cancel", "Cancel"

    job: bpy.props.IntProperty(default=-1, description="Index of the task; -1: all")

    def execute(self, context: bpy.types.Context) -> set[str]:
        for number, task in enumerate(tasks.tasks):
            if task.status == "running" and self.job in (-1, number):
                task.cancel()
        return {"FINISHED"}


class ASSETGEN_OT_cancel_job(bpy.types.Operator):
    """Cancel this job, also one of another program"""

    bl_idname, bl_label = "assetgen.cancel_job", "Cancel Job"

    job: bpy.props.StringProperty(description="The id of the job")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if any(task.key == self.job for task in tasks.running()):
            return self.execute(context)
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        asked, job = catalog.server(), self.job
        tasks.send(lambda: asked.ask("DELETE", f"/jobs/{job}"), lambda _: None, catalog.report)
        return {"FINISHED"}


class _OfCandidate:
    """The chosen candidate."""

    task: bpy.props.IntProperty(default=0, description="Index of the task; 0 is the newest")
    number: bpy.props.IntProperty(default=1)

    def meant(self) -> tuple[tasks.Task, int]:
        """Raises `Trouble` if it does not exist."""
        if self.task >= len(tasks.tasks) or self.number not in tasks.tasks[self.task].candidates:
            raise Trouble("There is no such image.", "Generate one first.")
        return tasks.tasks[self.task], self.number


class ASSETGEN_OT_pick(_OfCandidate, bpy.types.Operator):
    """Use this image instead of the previous one"""

    bl_idname, bl_label = "assetgen.pick", "Use"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            task, number = self.meant()
            tasks.pick(task, number)
        except Trouble as trouble:
            self.report({"ERROR"}, str(trouble))
            return {"CANCELLED"}
        task.trouble = None
        return {"FINISHED"}


class ASSETGEN_OT_reference(_OfCandidate, bpy.types.Operator):
    """Use this image as the reference"""

    bl_idname, bl_label = "assetgen.reference", "Use as Reference"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            task, number = self.meant()
        except Trouble as trouble:
            self.report({"ERROR"}, str(trouble))
            return {"CANCELLED"}
        context.scene.assetgen.reference = str(task.candidates[number].files["color"])
        return {"FINISHED"}


class ASSETGEN_OT_clear(bpy.types.Operator):
    """Remove the images from this panel; they stay in the history, and their files stay"""

    bl_idname, bl_label = "assetgen.clear", "Clear"

    def execute(self, context: bpy.types.Context) -> set[str]:
        tasks.tasks[:] = tasks.running()
        tasks.notices.clear()
        catalog.catalog.trouble = None
        return {"FINISHED"}


class ASSETGEN_OT_no_reference(bpy.types.Operator):
    """Remove the reference image"""

    bl_idname, bl_label = "assetgen.no_reference", "No Reference"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.scene.assetgen.reference = ""
        return {"FINISHED"}


def _history(self: bpy.types.Operator, context: bpy.types.Context) -> list[tuple[str, str, str]]:
    _prompts[:] = [(str(n), prompt[:80], prompt) for n, prompt in enumerate(prompts())]
    return _prompts or [("", "No prompt yet", "")]


def prompts() -> list[str]:
    """The earlier prompts, newest first."""
    return read_prompts(_prompts_file())


def _prompts_file() -> Path:
    return user_folder("prompts") / PROMPTS


class ASSETGEN_OT_history(bpy.types.Operator):
    """Use an earlier prompt"""

    bl_idname, bl_label = "assetgen.history", "Earlier Prompts"
    bl_property = "choice"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    choice: bpy.props.EnumProperty(name="Prompt", items=_history)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.invoke_search_popup(self)
        return {"FINISHED"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        known = prompts()
        if self.choice.isdigit() and int(self.choice) < len(known):
            context.scene.assetgen.prompt = known[int(self.choice)]
        return {"FINISHED"}


CLASSES = (
    ASSETGEN_OT_generate,
    ASSETGEN_OT_wait,
    ASSETGEN_OT_connect,
    ASSETGEN_OT_stop_server,
    ASSETGEN_OT_restart_server,
    ASSETGEN_OT_cancel,
    ASSETGEN_OT_cancel_job,
    ASSETGEN_OT_pick,
    ASSETGEN_OT_reference,
    ASSETGEN_OT_no_reference,
    ASSETGEN_OT_clear,
    ASSETGEN_OT_history,
)

"""The panel in the 3D view's sidebar."""

from collections.abc import Iterable
from typing import ClassVar

import blf
import bpy

from . import catalog, tasks
from .client.trouble import Trouble
from .folders import is_beside
from .forms import SLOT
from .properties import TASKS
from .thumbnails import icon_of

BESIDE = 90
"""Width in pixels of everything beside a line of text: tabs, margins, icon."""
SHOWN = 3
"""Tasks whose candidates are shown."""
ACROSS = 3
PICTURE_SCALE, PICKER_SCALE = 4.0, 6.0
"""Heights, in lines, of a preset thumbnail in the panel and in the popup."""


class _InSidebar:
    bl_space_type, bl_region_type, bl_category = "VIEW_3D", "UI", "assetgen"


class ASSETGEN_PT_main(_InSidebar, bpy.types.Panel):
    """What to make"""

    bl_label, bl_idname = "assetgen", "ASSETGEN_PT_main"

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.scene.assetgen
        _server(layout, context)
        grid = layout.grid_flow(columns=2, even_columns=True, even_rows=True, align=True, row_major=True)
        grid.prop(settings, "task", expand=True)
        column = layout.column(align=True)
        row = column.row(align=True)
        row.prop(settings, "prompt", text="", icon="OUTLINER_OB_FONT", placeholder="What to make")
        row.operator("assetgen.history", text="", icon="RECOVER_LAST")
        row = column.row(align=True)
        row.prop(settings, "count")
        row.prop(settings, "seed")
        if settings.task in LOOKING:
            layout.row().prop(settings, "view", expand=True)
        if settings.reference and settings.task != "SPRITE":
            _reference(layout, settings)
        row = layout.row()
        row.scale_y = 1.4
        row.operator("assetgen.generate", icon="SHADERFX")
        if not is_beside():
            _say(layout, context, "This file is not saved yet: results are packed into it.", "INFO")
        _tasks(layout, context)


class ASSETGEN_PT_candidates(_InSidebar, bpy.types.Panel):
    """What came of it"""

    bl_label, bl_idname = "Results", "ASSETGEN_PT_candidates"
    bl_parent_id = "ASSETGEN_PT_main"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return any(task.candidates for task in tasks.tasks)

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        self.layout.operator("assetgen.clear", text="", icon="X", emboss=False)

    def draw(self, context: bpy.types.Context) -> None:
        shown = [(index, task) for index, task in enumerate(tasks.tasks) if task.candidates][:SHOWN]
        for index, task in shown:
            column = self.layout.column(align=True)
            column.label(text=f"{task.prompt[:40]}", icon=_icon_of(task.what))
            grid = column.grid_flow(columns=ACROSS, even_columns=True, row_major=True, align=True)
            for number, candidate in sorted(task.candidates.items()):
                _candidate(grid, index, task, number, icon_of(candidate.files["color"]))


class ASSETGEN_PT_settings(_InSidebar, bpy.types.Panel):
    """How it is made"""

    bl_label, bl_idname = "Settings", "ASSETGEN_PT_settings"
    bl_parent_id = "ASSETGEN_PT_main"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.scene.assetgen
        layout.use_property_split, layout.use_property_decorate = True, False
        column = layout.column()
        if settings.task != "SPRITE":
            _preset(column, settings)
            _said(column, settings, ("model", "negative", "reference", "draft", "noncommercial"))
        _said(column, settings, (*OWN_SETTINGS[settings.task], "as_asset"))
        if settings.task == "SPRITE":
            return
        part = ""
        for row in settings.form:
            if settings.task in LOOKING and row.name in BY_VIEW:
                continue
            if row.part != part:
                part = row.part
                column.separator()
                column.label(text=part.replace("_", " ").capitalize(), translate=False)
            column.prop(row, SLOT.get(row.kind, "text"), text=row.label, translate=False)


LOOKING = ("CONCEPT", "PROJECT")
BY_VIEW = ("diffusion.size", "diffusion.scale")
"""Arguments that the aspect ratio of the view sets."""
OWN_SETTINGS = {
    "CONCEPT": ("ground",),
    "MATERIAL": ("tiling", "box", "displace"),
    "TEXTURE": ("tiling", "box"),
    "PROJECT": ("ground", "cuts"),
    "SPRITE": ("views", "side", "colors", "elevation"),
    "PICTURE": (),
}


def _server(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    known = catalog.catalog
    row = layout.row()
    if known.is_asked:
        row.label(text="Looking for the server…", icon="SORTTIME")
    elif known.version:
        row.label(text=f"Server {known.version}", icon="CHECKMARK", translate=False)
        row.operator("assetgen.connect", text="", icon="FILE_REFRESH").begin = False
    else:
        row.label(text="No server", icon="UNLINKED")
        row.operator("assetgen.connect", icon="PLAY").begin = True
        row.operator("preferences.addon_show", text="", icon="PREFERENCES").module = __package__
    if known.trouble:
        _trouble(layout, context, known.trouble)


def _said(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup, names: Iterable[str]) -> None:
    """One line for each field; a checkbox uses the whole width for its label."""
    for name in names:
        row = layout.column()
        row.use_property_split = settings.bl_rna.properties[name].type != "BOOLEAN"
        row.prop(settings, name)


def _preset(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    """Choose a preset by thumbnail or by name."""
    if catalog.catalog.presets:
        scales = {"scale": PICTURE_SCALE, "scale_popup": PICKER_SCALE}
        layout.template_icon_view(settings, "picture", show_labels=True, **scales)
    layout.prop(settings, "preset")


def _reference(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    row = layout.row(align=True)
    row.label(text="", icon="IMAGE_REFERENCE")
    row.prop(settings, "strength")
    row.operator("assetgen.no_reference", text="", icon="X")


def _tasks(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    for number, task in enumerate(tasks.tasks[:SHOWN]):
        if task.status == "running":
            row = layout.row(align=True)
            word = bpy.app.translations.pgettext_iface(task.progress.word)
            queued = f" ({task.progress.position})" if task.progress.position > 0 else ""
            percent = f" {task.progress.fraction:.0%}" if task.progress.fraction else ""
            row.progress(factor=task.progress.fraction, text=f"{word}{queued}{percent}")
            row.operator("assetgen.cancel", text="", icon="X").job = number
        elif task.status == "cancelled":
            layout.label(text="Cancelled", icon="CANCEL")
        if task.trouble and task.status != "cancelled":
            _trouble(layout, context, task.trouble)


def _candidate(layout: bpy.types.UILayout, index: int, task: tasks.Task, number: int, icon: int) -> None:
    cell = layout.column(align=True)
    box = cell.box()
    box.template_icon(icon_value=icon, scale=4.2)
    row = cell.row(align=True)
    use = row.operator("assetgen.pick", text=str(number), depress=task.picked == number, translate=False)
    use.task, use.number = index, number
    over = row.operator("assetgen.reference", text="", icon="IMAGE_REFERENCE")
    over.task, over.number = index, number


def _trouble(layout: bpy.types.UILayout, context: bpy.types.Context, trouble: Trouble) -> None:
    box = layout.box()
    box.alert = True
    _say(box, context, trouble.what, "ERROR")
    if trouble.cure:
        _say(box, context, trouble.cure, "BLANK1")


def _say(layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str) -> None:
    """Draw a text, wrapped to the width of the panel."""
    scale = context.preferences.system.ui_scale
    blf.size(0, context.preferences.ui_styles[0].widget.points * scale)
    room = context.region.width - BESIDE * scale
    lines: list[str] = []
    for word in bpy.app.translations.pgettext_iface(text).split():
        if lines and blf.dimensions(0, f"{lines[-1]} {word}")[0] < room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    column = layout.column(align=True)
    column.scale_y = 0.8
    for number, line in enumerate(lines):
        column.label(text=line, icon=icon if number == 0 else "BLANK1", translate=False)


def _icon_of(what: str) -> str:
    return next(task[3] for task in TASKS if task[0] == what)


CLASSES = (ASSETGEN_PT_main, ASSETGEN_PT_candidates, ASSETGEN_PT_settings)

"""The main panel in the 3D view's sidebar, and that of the settings."""

from collections.abc import Iterable
from typing import Any, ClassVar

import bpy

from . import catalog, tasks
from .client.trouble import Trouble
from .folders import is_beside
from .forms import SLOT, placeholder_of
from .preferences import preferences
from .request import model_of
from .texts import say, say_trouble, translated

SHOWN = 3
"""Running tasks that have a line of their own."""
PICTURE_SCALE, PICKER_SCALE = 4.0, 6.0
"""Heights, in lines, of a preset thumbnail in the panel and in the popup."""


class InSidebar:
    """A panel in the tab of the extension."""

    bl_space_type, bl_region_type, bl_category = "VIEW_3D", "UI", "assetgen"


class ASSETGEN_PT_main(InSidebar, bpy.types.Panel):
    """What to make"""

    bl_label, bl_idname, bl_order = "assetgen", "ASSETGEN_PT_main", 0

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
        if settings.task in VIEWED:
            layout.row().prop(settings, "view", expand=True)
        if settings.task == "PAINT":
            _cameras(layout, settings)
        if settings.reference and settings.task != "SPRITE":
            _reference(layout, settings)
        row = layout.row()
        row.scale_y = 1.4
        row.operator("assetgen.generate", icon="SHADERFX")
        _notice(layout, context, settings.task)
        _shading(layout, context, settings.task)
        _running(layout)
        if not is_beside():
            say(layout, context, "This file is not saved yet: results are packed into it.", "INFO")


class ASSETGEN_PT_settings(InSidebar, bpy.types.Panel):
    """How it is made"""

    bl_label, bl_idname, bl_order = "Settings", "ASSETGEN_PT_settings", 2
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.scene.assetgen
        layout.use_property_split, layout.use_property_decorate = True, False
        column = layout.column()
        if settings.task != "SPRITE":
            _preset(column, settings)
            column.prop(settings, "model", placeholder=preferences().model or "mini")
            column.prop(settings, "negative", placeholder="as the preset")
            _lines(column, settings, ("reference", "draft", "noncommercial"))
        _lines(column, settings, (*OWN_SETTINGS[settings.task], "as_asset"))
        if settings.task != "SPRITE":
            _form(column, settings)
        layout.operator("assetgen.clean_up", icon="TRASH")


VIEWED = ("CONCEPT", "PROJECT")
LOOKING = (*VIEWED, "PAINT")
TEXTURED = ("MATERIAL", "TEXTURE", "PROJECT", "PAINT")
"""Tasks with a result on meshes."""
BY_VIEW = ("diffusion.size", "diffusion.scale")
"""Arguments that the aspect ratio of the view sets."""
OWN_SETTINGS = {
    "CONCEPT": ("ground",),
    "MATERIAL": ("tiling", "box", "displace"),
    "TEXTURE": ("tiling", "box"),
    "PROJECT": ("ground", "cuts"),
    "PAINT": ("texture", "shared", "goes_on", "ground"),
    "SPRITE": ("views", "side", "colors", "elevation"),
    "PICTURE": (),
}


def _server(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    known = catalog.catalog
    row = layout.row(align=True)
    if known.is_asked:
        row.label(text=known.word, icon="SORTTIME")
    elif known.version:
        row.label(text=f"Server {known.version}", icon="CHECKMARK", translate=False)
        row.operator("assetgen.restart_server", text="", icon="FILE_REFRESH")
        row.operator("assetgen.stop_server", text="", icon="CANCEL")
    else:
        row.label(text="Not usable" if known.trouble else "No server", icon="UNLINKED")
        row.operator("assetgen.connect", icon="PLAY").begin = True
    row.operator("preferences.addon_show", text="", icon="PREFERENCES").module = __package__
    if known.trouble:
        say_trouble(layout, context, known.trouble)
    elif known.version and known.is_older:
        say_trouble(layout, context, OLDER)


OLDER = Trouble(
    "This server is older than the extension: no history, no queue, no previews of steps.",
    "Update both from one copy of the repository, then restart the server.",
)


def _notice(layout: bpy.types.UILayout, context: bpy.types.Context, what: str) -> None:
    """How the newest request of this kind of task ended; it stays until the next request of this kind."""
    task = next((each for each in tasks.tasks if each.what == what), None)
    if what in tasks.notices:
        say_trouble(layout, context, tasks.notices[what])
    elif task is None or task.status == "running":
        return
    elif task.status == "cancelled":
        say(layout, context, f"Cancelled: {len(task.candidates)} of {task.count} made.", "CANCEL")
    elif task.trouble:
        say_trouble(layout, context, task.trouble)
    elif task.failures:
        say(layout, context, f"{len(task.candidates)} of {task.count} made.", "INFO")


def _shading(layout: bpy.types.UILayout, context: bpy.types.Context, what: str) -> None:
    """A button that shows a result on meshes, where the shading of the 3D view hides textures."""
    shading = context.space_data.shading
    is_hidden = shading.type == "WIREFRAME" or (shading.type == "SOLID" and shading.color_type != "TEXTURE")
    if what in TEXTURED and is_hidden and any(each.what == what and each.picked for each in tasks.tasks):
        layout.prop_enum(shading, "type", "MATERIAL", text="Show in Material Preview")


def _running(layout: bpy.types.UILayout) -> None:
    shown = [(number, task) for number, task in enumerate(tasks.tasks) if task.status == "running"][:SHOWN]
    catalog.watch_queue(bool(shown))
    for number, task in shown:
        row = layout.row(align=True)
        percent = f" {task.progress.fraction:.0%}" if task.progress.fraction else ""
        row.progress(factor=task.progress.fraction, text=f"{translated(task.progress.word)}{percent}")
        row.operator("assetgen.cancel", text="", icon="X").job = number
        before = _before(task)
        if before:
            layout.label(text=before, icon="SORTTIME", translate=False)


def _before(task: tasks.Task) -> str:
    """What a queued task waits for."""
    place = task.progress.position
    ahead = [each for each in catalog.catalog.queue if each.status == "running" or 0 < each.position < place]
    if task.progress.word != "queued" or not ahead:
        return ""
    first = f"{ahead[0].title} ({ahead[0].client})"
    return translated(f"after {first}") if len(ahead) == 1 else translated(f"after {len(ahead)} jobs, now {first}")


def _cameras(layout: bpy.types.UILayout, settings: Any) -> None:
    """From where the meshes are painted, and which parts of them."""
    column = layout.column(align=True)
    column.prop(settings, "sights", text="")
    if settings.sights == "RING":
        row = column.row(align=True)
        row.prop(settings, "ring", text="Cameras")
        row.prop(settings, "elevation")
    column.prop(settings, "mask", text="")
    if settings.mask == "IMAGE":
        column.template_ID(settings, "mask_image", open="image.open")


def _lines(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup, names: Iterable[str]) -> None:
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


def _form(layout: bpy.types.UILayout, settings: Any) -> None:
    """Every argument of the preset."""
    fields = {f"{field.part}.{field.word}": field for field in catalog.catalog.pages.get(settings.preset, ())}
    model = model_of(settings)
    native = next((each["native"] for each in catalog.catalog.models if each["name"] == model), None)
    part = ""
    for row in settings.form:
        if settings.task in LOOKING and row.name in BY_VIEW:
            continue
        if row.part != part:
            part = row.part
            layout.separator()
            layout.label(text=part.replace("_", " ").capitalize(), translate=False)
        slot = SLOT.get(row.kind, "text")
        words = {"placeholder": placeholder_of(fields.get(row.name), native)} if slot == "text" else {}
        layout.prop(row, slot, text=row.label, translate=False, **words)


def _reference(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    row = layout.row(align=True)
    row.label(text="", icon="IMAGE_REFERENCE")
    row.prop(settings, "strength")
    row.operator("assetgen.no_reference", text="", icon="X")


CLASSES = (ASSETGEN_PT_main, ASSETGEN_PT_settings)

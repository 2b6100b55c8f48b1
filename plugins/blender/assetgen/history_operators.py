"""The operators of the history: each acts on one result, named by its key."""

from typing import Any

import bpy

from . import history
from .client.history import Entry
from .client.names import file_name
from .client.trouble import Trouble
from .history_panel import draw_compared

WAYS = (
    ("MATERIAL", "Material", "A material of the selected objects", "MATERIAL", 0),
    ("TEXTURE", "Texture", "The colour texture of the active material", "TEXTURE", 1),
    ("PICTURE", "Picture", "An image of this file, shown in image editors", "IMAGE_DATA", 2),
)
BESIDE = 4
"""Pictures that are compared at once."""
COMPARED_WIDTH, COMPARED_SCALE = 380, 16.0
"""Width of a compared picture in pixels, at the most, and its height in lines at that width."""
WINDOW_SHARE = 0.9
"""Share of the window's width that compared pictures may take."""


class _OnEntry:
    """An operator on one entry of the history."""

    key: bpy.props.StringProperty(description="Job and number of the result", options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            self.act(context, history.entry_of(self.key))
        except Trouble as trouble:
            self.report({"ERROR"}, str(trouble))
            return {"CANCELLED"}
        return {"FINISHED"}

    def act(self, context: bpy.types.Context, entry: Entry) -> None:
        raise NotImplementedError


class ASSETGEN_OT_history_choose(_OnEntry, bpy.types.Operator):
    """Show what made this result, and what can be done with it"""

    bl_idname, bl_label = "assetgen.history_choose", "Choose"

    def act(self, context: bpy.types.Context, entry: Entry) -> None:
        history.history.chosen = "" if history.history.chosen == self.key else self.key


class ASSETGEN_OT_history_use(_OnEntry, bpy.types.Operator):
    """Bring this result into the file, as one undo step"""

    bl_idname, bl_label = "assetgen.history_use", "Use"

    way: bpy.props.EnumProperty(name="As", items=WAYS)

    def act(self, context: bpy.types.Context, entry: Entry) -> None:
        history.use(context, entry, self.way)


class ASSETGEN_OT_history_again(_OnEntry, bpy.types.Operator):
    """Make it again with the same seed"""

    bl_idname, bl_label = "assetgen.history_again", "Again"

    def act(self, context: bpy.types.Context, entry: Entry) -> None:
        history.repeat(context, entry)


class ASSETGEN_OT_history_variations(_OnEntry, bpy.types.Operator):
    """Make variations of it: the same request with other seeds"""

    bl_idname, bl_label = "assetgen.history_variations", "Variations"

    count: bpy.props.IntProperty(name="Count", default=4, min=1, max=64)

    def act(self, context: bpy.types.Context, entry: Entry) -> None:
        history.repeat(context, entry, self.count)


class ASSETGEN_OT_history_reference(_OnEntry, bpy.types.Operator):
    """Use this image as the reference of the next request"""

    bl_idname, bl_label = "assetgen.history_reference", "Use as Reference"

    def act(self, context: bpy.types.Context, entry: Entry) -> None:
        history.use_as_reference(entry, context.scene.assetgen)


class ASSETGEN_OT_history_keep(_OnEntry, bpy.types.Operator):
    """Save a copy under a name of your own, and keep it in this file as an image"""

    bl_idname, bl_label = "assetgen.history_keep", "Keep As"

    name: bpy.props.StringProperty(name="Name", options={"SKIP_SAVE"}, maxlen=100)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        try:
            self.name = history.entry_of(self.key).prompt[:40].strip()
        except Trouble as trouble:
            self.report({"ERROR"}, str(trouble))
            return {"CANCELLED"}
        return context.window_manager.invoke_props_dialog(self, width=320)

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column()
        column.activate_init = True
        column.prop(self, "name")
        entry = history.entry_of(self.key)
        column.label(text=f"{file_name(self.name) or '?'}{entry.suffix}", icon="FILE_IMAGE", translate=False)

    def act(self, context: bpy.types.Context, entry: Entry) -> None:
        history.keep(entry, self.name)


class ASSETGEN_OT_history_mark(_OnEntry, bpy.types.Operator):
    """Mark this result for a comparison, or take the mark away"""

    bl_idname, bl_label = "assetgen.history_mark", "Mark"

    def act(self, context: bpy.types.Context, entry: Entry) -> None:
        marked = history.history.marked
        if self.key in marked:
            marked.remove(self.key)
        else:
            marked.append(self.key)
            del marked[:-BESIDE]


class ASSETGEN_OT_history_remove(_OnEntry, bpy.types.Operator):
    """Remove this result from the history; files in your project stay"""

    bl_idname, bl_label = "assetgen.history_remove", "Remove"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_confirm(self, event)

    def act(self, context: bpy.types.Context, entry: Entry) -> None:
        history.take_out(entry)


class ASSETGEN_OT_history_compare(bpy.types.Operator):
    """Show the marked results side by side"""

    bl_idname, bl_label = "assetgen.history_compare", "Compare"
    width = COMPARED_WIDTH

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        marked = len(history.history.marked)
        if marked < 2:
            self.report({"ERROR"}, "Mark two results or more first.")
            return {"CANCELLED"}
        room = context.window.width * WINDOW_SHARE / context.preferences.system.ui_scale
        self.width = int(min(COMPARED_WIDTH, room / marked))
        return context.window_manager.invoke_popup(self, width=self.width * marked)

    def execute(self, context: bpy.types.Context) -> set[str]:
        return {"FINISHED"}

    def draw(self, context: bpy.types.Context) -> None:
        row = self.layout.row()
        for key in history.history.marked:
            draw_compared(row.column(), key, COMPARED_SCALE * self.width / COMPARED_WIDTH)


class ASSETGEN_OT_history_turn(bpy.types.Operator):
    """Turn the pages of the history"""

    bl_idname, bl_label = "assetgen.history_turn", "Turn the Page"

    pages: bpy.props.IntProperty(default=1)

    def execute(self, context: bpy.types.Context) -> set[str]:
        history.turn(self.pages)
        return {"FINISHED"}


class ASSETGEN_OT_history_refresh(bpy.types.Operator):
    """Read the history of this project anew"""

    bl_idname, bl_label = "assetgen.history_refresh", "Refresh the History"

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            history.refresh()
        except Trouble as trouble:
            self.report({"ERROR"}, str(trouble))
            return {"CANCELLED"}
        return {"FINISHED"}


def _search(view: Any, context: bpy.types.Context) -> None:
    try:
        history.refresh(view.search)
    except Trouble as trouble:
        history.history.trouble = trouble


class ASSETGEN_history_view(bpy.types.PropertyGroup):
    """What the panel of the history shows; it is not saved."""

    search: bpy.props.StringProperty(
        name="Search", description="Words of the prompt, the preset, the model or the seed", update=_search
    )


CLASSES = (
    ASSETGEN_OT_history_choose,
    ASSETGEN_OT_history_use,
    ASSETGEN_OT_history_again,
    ASSETGEN_OT_history_variations,
    ASSETGEN_OT_history_reference,
    ASSETGEN_OT_history_keep,
    ASSETGEN_OT_history_mark,
    ASSETGEN_OT_history_remove,
    ASSETGEN_OT_history_compare,
    ASSETGEN_OT_history_turn,
    ASSETGEN_OT_history_refresh,
    ASSETGEN_history_view,
)

"""The panel of the history: everything made in this project, page by page."""

from typing import ClassVar

import bpy

from . import catalog
from .client.history import Entry, facts_of
from .client.trouble import Trouble
from .history import DELETED, entry_of, history, thumbnail_of, way_of
from .panel import InSidebar
from .texts import say, say_trouble, translated
from .thumbnails import preview_of

ACROSS = 3
SCALE = 3.2
MOST_LINES = 4
"""Lines of a prompt."""


class ASSETGEN_PT_history(InSidebar, bpy.types.Panel):
    """Everything made in this project"""

    bl_label, bl_idname, bl_order = "History", "ASSETGEN_PT_history", 3
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(catalog.catalog.version or history.entries)

    def draw(self, context: bpy.types.Context) -> None:
        layout, view = self.layout, context.scene.assetgen.preview
        row = layout.row(align=True)
        row.prop(context.window_manager.assetgen, "search", text="", icon="VIEWZOOM", placeholder="Search")
        row.operator("assetgen.history_refresh", text="", icon="FILE_REFRESH")
        if history.trouble:
            say_trouble(layout, context, history.trouble)
        elif not history.entries:
            empty = "Nothing matches." if history.search else "Nothing was made in this project yet."
            say(layout, context, empty, "INFO")
        grid = layout.grid_flow(columns=ACROSS, even_columns=True, row_major=True, align=True)
        for entry in history.shown:
            _thumbnail(grid, entry, view)
        if history.pages > 1 or history.more:
            _pages(layout)
        chosen = next((entry for entry in history.entries if entry.key == history.chosen), None)
        if chosen:
            _chosen(layout, context, chosen)
        if history.task and history.task.trouble:
            say_trouble(layout, context, history.task.trouble)
        if history.notice:
            say(layout, context, history.notice, "CHECKMARK")
        if history.marked:
            row = layout.row(align=True)
            row.enabled = len(history.marked) > 1
            row.operator("assetgen.history_compare", icon="WINDOW")


def _thumbnail(layout: bpy.types.UILayout, entry: Entry, view: str) -> None:
    cell = layout.column(align=True)
    cell.box().template_icon(icon_value=preview_of(thumbnail_of(entry), entry.shows, view), scale=SCALE)
    row = cell.row(align=True)
    text = "" if entry.seed is None else str(entry.seed)
    row.operator(
        "assetgen.history_choose", text=text, depress=entry.key == history.chosen, translate=False
    ).key = entry.key
    if entry.is_missing:
        row.label(text="", icon="ERROR")
    icon = "CHECKBOX_HLT" if entry.key in history.marked else "CHECKBOX_DEHLT"
    row.operator("assetgen.history_mark", text="", icon=icon).key = entry.key


def _pages(layout: bpy.types.UILayout) -> None:
    row = layout.row(align=True)
    back = row.row(align=True)
    back.enabled = history.page > 0
    back.operator("assetgen.history_turn", text="", icon="TRIA_LEFT").pages = -1
    middle = row.row(align=True)
    middle.alignment = "CENTER"
    middle.label(text=f"{history.page + 1} / {history.pages}{'+' if history.more else ''}", translate=False)
    forth = row.row(align=True)
    forth.enabled = history.page < history.pages - 1
    forth.operator("assetgen.history_turn", text="", icon="TRIA_RIGHT").pages = 1


def _chosen(layout: bpy.types.UILayout, context: bpy.types.Context, entry: Entry) -> None:
    """What made the chosen entry, and what can be done with it."""
    box = layout.box()
    if entry.prompt:
        say(box, context, entry.prompt, "OUTLINER_OB_FONT", MOST_LINES)
    say(box, context, f"{entry.preset} · {entry.model}", "PRESET")
    say(box, context, facts_of(entry, translated), "INFO")
    if entry.is_missing:
        say_trouble(box, context, DELETED)
    column = box.column(align=True)
    row = column.row(align=True)
    use = row.operator("assetgen.history_use", icon="IMPORT")
    use.key, use.way = entry.key, way_of(entry)
    row.operator_menu_enum("assetgen.history_use", "way", text="As").key = entry.key
    row = column.row(align=True)
    row.operator("assetgen.history_again", icon="FILE_REFRESH").key = entry.key
    row.operator("assetgen.history_variations", icon="DUPLICATE").key = entry.key
    row = column.row(align=True)
    row.operator("assetgen.history_keep", icon="FILE_TICK").key = entry.key
    row.operator("assetgen.history_reference", text="", icon="IMAGE_REFERENCE").key = entry.key
    row.operator("assetgen.history_remove", text="", icon="TRASH").key = entry.key


def draw_compared(layout: bpy.types.UILayout, key: str, scale: float) -> None:
    """One of the compared results, with what made it."""
    try:
        entry = entry_of(key)
    except Trouble as trouble:
        layout.label(text=trouble.what)
        return
    layout.template_icon(icon_value=preview_of(thumbnail_of(entry), entry.shows, "PLAY"), scale=scale)
    layout.label(text=entry.prompt, translate=False)
    layout.label(text=f"{entry.preset} · {entry.model}", translate=False)
    layout.label(text=facts_of(entry, translated), translate=False)


CLASSES = (ASSETGEN_PT_history,)

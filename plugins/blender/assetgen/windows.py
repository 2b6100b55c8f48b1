"""Blender's windows: redraw the panels, push undo steps, and wait while the user drags something."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import bpy

BUSY = ("TRANSFORM_OT", "MESH_OT", "SCULPT_OT", "PAINT_OT", "VIEW3D_OT", "OBJECT_OT")
"""Modal operators."""


def undo_step(name: str) -> None:
    """Push an undo step."""
    with in_window():
        bpy.ops.ed.undo_push(message=name)


def in_window() -> AbstractContextManager[Any]:
    """Context with a window: timers have none, but operators need one."""
    windows = bpy.context.window_manager.windows
    return bpy.context.temp_override(window=windows[0]) if windows else nullcontext()


def is_busy() -> bool:
    """A modal operator runs: no data is changed meanwhile."""
    windows = bpy.context.window_manager.windows
    return any(each.bl_idname.startswith(BUSY) for window in windows for each in window.modal_operators)


def redraw(views: bool = False) -> None:
    """Redraw the panels; the 3D views only on request."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions:
                if (area.type, region.type) == ("VIEW_3D", "UI") or (views and area.type == "VIEW_3D"):
                    region.tag_redraw()


def show_tab(name: str) -> bool:
    """Open the sidebars of the 3D views at a tab. False until Blender has drawn one of them."""
    shown = False
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type != "VIEW_3D":
                continue
            area.spaces.active.show_region_ui = True
            region = next(region for region in area.regions if region.type == "UI")
            try:
                region.active_panel_category = name
                shown = True
            except (AttributeError, TypeError, ValueError):  # Blender 4.2 cannot, or it is not drawn yet
                region.tag_redraw()
    return shown

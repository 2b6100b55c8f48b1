"""assetgen in Blender: concept art, materials, textures and sprites from the server on this computer."""

from contextlib import suppress

import bpy
from bpy.app.handlers import persistent

from . import (
    catalog,
    history,
    history_operators,
    history_panel,
    operators,
    panel,
    results_panel,
    tasks,
    thumbnails,
    unused,
)
from .client.trouble import Trouble
from .forms import fill_forms
from .preferences import ASSETGEN_preferences, user_folder
from .properties import ASSETGEN_field, ASSETGEN_settings
from .tasks import tick, wait
from .translations import TEXTS
from .windows import show_tab

__all__ = ["register", "tick", "unregister", "wait"]
CLASSES = (
    ASSETGEN_preferences,
    ASSETGEN_field,
    ASSETGEN_settings,
    *operators.CLASSES,
    *history_operators.CLASSES,
    *panel.CLASSES,
    *results_panel.CLASSES,
    *history_panel.CLASSES,
    *unused.CLASSES,
)

MOST_TRIES = 40
"""Twice a second, until Blender has drawn the sidebar."""
_tries = 0


@persistent
def _before_load(*_: object) -> None:
    """Pending results do not belong to the file that is being opened."""
    tasks.another_file()


@persistent
def _after_load(*_: object) -> None:
    """Load the forms of the presets in the opened file, and the history of its folder."""
    for scene in bpy.data.scenes:
        catalog.want_form(scene.assetgen.preset)
    fill_forms(catalog.catalog.pages)
    _follow_project()


@persistent
def _after_save(*_: object) -> None:
    """The file may be in another folder now."""
    _follow_project()


def _follow_project(*_: object) -> None:
    if bpy.app.background:
        return
    try:
        history.follow_project()
    except Trouble as trouble:
        history.history.trouble = trouble


def _task_ended(_: tasks.Task) -> None:
    if not bpy.app.background and catalog.catalog.version:
        history.refresh()


def _look_once() -> None:
    """Watch the server, once Blender's window is open."""
    catalog.catalog.wanted.update(scene.assetgen.preset for scene in bpy.data.scenes)
    catalog.begin_to_watch()
    bpy.app.timers.register(_show_once, persistent=True)


def _show_once() -> float | None:
    """Open the tab of the extension in the first session after its installation, so that it is found."""
    global _tries
    try:
        mark = user_folder("log") / "shown"
    except Trouble:
        return None
    _tries += 1
    if mark.exists() or _tries > MOST_TRIES:
        return None
    if not show_tab(panel.InSidebar.bl_category):
        return 0.5
    with suppress(OSError):  # a read-only home: it is shown again next time
        mark.touch()
    return None


HANDLERS = (
    (bpy.app.handlers.load_pre, _before_load),
    (bpy.app.handlers.load_post, _after_load),
    (bpy.app.handlers.save_post, _after_save),
    (catalog.when_known, _follow_project),
    (tasks.when_ended, _task_ended),
)


def register() -> None:
    """Called by Blender when the extension is enabled."""
    for each in CLASSES:
        bpy.utils.register_class(each)
    bpy.types.Scene.assetgen = bpy.props.PointerProperty(type=ASSETGEN_settings)
    bpy.types.WindowManager.assetgen = bpy.props.PointerProperty(type=history_operators.ASSETGEN_history_view)
    bpy.app.translations.register(__name__, TEXTS)
    for handlers, handler in HANDLERS:
        handlers.append(handler)
    if not bpy.app.background:
        bpy.app.timers.register(_look_once, first_interval=0.1, persistent=True)  # a file may be opened before


def unregister() -> None:
    """Called by Blender when the extension is disabled, and when Blender ends."""
    if bpy.app.timers.is_registered(_look_once):
        bpy.app.timers.unregister(_look_once)
    if bpy.app.timers.is_registered(_show_once):
        bpy.app.timers.unregister(_show_once)
    catalog.end_to_watch()
    tasks.forget()
    thumbnails.forget()
    for handlers, handler in HANDLERS:
        handlers.remove(handler)
    bpy.app.translations.unregister(__name__)
    del bpy.types.Scene.assetgen
    del bpy.types.WindowManager.assetgen
    for each in reversed(CLASSES):
        bpy.utils.unregister_class(each)

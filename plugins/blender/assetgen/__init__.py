"""assetgen in Blender: concept art, materials, textures and sprites from the server on this computer."""

import bpy
from bpy.app.handlers import persistent

from . import catalog, operators, panel, tasks, thumbnails
from .forms import fill_forms
from .preferences import ASSETGEN_preferences
from .properties import ASSETGEN_field, ASSETGEN_settings
from .tasks import tick, wait
from .translations import TEXTS

__all__ = ["register", "tick", "unregister", "wait"]
CLASSES = (ASSETGEN_preferences, ASSETGEN_field, ASSETGEN_settings, *operators.CLASSES, *panel.CLASSES)


@persistent
def _before_load(*_: object) -> None:
    """Pending results do not belong to the file that is being opened."""
    tasks.another_file()


@persistent
def _after_load(*_: object) -> None:
    """Load the forms of the presets in the opened file."""
    for scene in bpy.data.scenes:
        catalog.want_form(scene.assetgen.preset)
    fill_forms(catalog.catalog.pages)


def _look_once() -> None:
    """Look for a running server, once Blender's window is open."""
    catalog.catalog.wanted.update(scene.assetgen.preset for scene in bpy.data.scenes)
    catalog.connect()


def register() -> None:
    """Called by Blender when the extension is enabled."""
    for each in CLASSES:
        bpy.utils.register_class(each)
    bpy.types.Scene.assetgen = bpy.props.PointerProperty(type=ASSETGEN_settings)
    bpy.app.translations.register(__name__, TEXTS)
    bpy.app.handlers.load_pre.append(_before_load)
    bpy.app.handlers.load_post.append(_after_load)
    if not bpy.app.background:
        bpy.app.timers.register(_look_once, first_interval=0.5)


def unregister() -> None:
    """Called by Blender when the extension is disabled, and when Blender ends."""
    if bpy.app.timers.is_registered(_look_once):
        bpy.app.timers.unregister(_look_once)
    tasks.forget()
    thumbnails.forget()
    bpy.app.handlers.load_pre.remove(_before_load)
    bpy.app.handlers.load_post.remove(_after_load)
    bpy.app.translations.unregister(__name__)
    del bpy.types.Scene.assetgen
    for each in reversed(CLASSES):
        bpy.utils.unregister_class(each)

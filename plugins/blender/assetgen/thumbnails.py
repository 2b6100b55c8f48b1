"""Thumbnails of candidates and presets for the panel. Blender loads them in the background when drawn."""

from collections.abc import Iterable
from pathlib import Path

import bpy
import bpy.utils.previews

_previews: list[bpy.utils.previews.ImagePreviewCollection] = []


def icon_of(path: Path) -> int:
    """The icon of an image file, 0 if it does not exist."""
    if not _previews:
        _previews.append(bpy.utils.previews.new())
    known, name = _previews[0], str(path)
    if name not in known:
        if not path.is_file():
            return 0
        known.load(name, name, "IMAGE")
    return int(known[name].icon_id)


def renew(places: Iterable[Path]) -> None:
    """Reload these files."""
    known = _previews[0] if _previews else {}
    for name in (str(path) for path in places):
        if name in known:
            known[name].reload()


def forget() -> None:
    """Free all thumbnails."""
    while _previews:
        bpy.utils.previews.remove(_previews.pop())

"""Small pictures of candidates for the panel."""

from pathlib import Path

import bpy
import bpy.utils.previews

_previews: list[bpy.utils.previews.ImagePreviewCollection] = []


def icon_of(place: Path) -> int:
    """The icon of a picture file, 0 where there is none."""
    if not _previews:
        _previews.append(bpy.utils.previews.new())
    known, name = _previews[0], str(place)
    if name not in known:
        if not place.is_file():
            return 0
        known.load(name, name, "IMAGE")
    return int(known[name].icon_id)


def forget() -> None:
    """Free them all."""
    while _previews:
        bpy.utils.previews.remove(_previews.pop())

"""Small pictures for the panel: of candidates and of presets. Blender reads them, aside, once they are to be drawn."""

from collections.abc import Iterable
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


def renew(places: Iterable[Path]) -> None:
    """These files have changed."""
    known = _previews[0] if _previews else {}
    for name in (str(place) for place in places):
        if name in known:
            known[name].reload()


def forget() -> None:
    """Free them all."""
    while _previews:
        bpy.utils.previews.remove(_previews.pop())

"""Thumbnails for the panels: files as Blender loads them, and previews that play, repeat or stretch a picture."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import bpy.utils.previews
import numpy as np

from .client.frames import SIDE, previewed
from .windows import redraw

FASTEST = 1 / 20
"""Seconds between two redraws of a playing animation, at the least."""
MOST_REELS = 64
_previews: list[bpy.utils.previews.ImagePreviewCollection] = []


@dataclass(frozen=True)
class Reel:
    """The frames of a preview: their icons, and the time at which each ends."""

    icons: tuple[int, ...]
    ends: tuple[float, ...]

    def icon(self) -> int:
        """The icon of this moment."""
        if len(self.icons) == 1:
            return self.icons[0]
        moment = time.monotonic() % self.ends[-1]
        return next((icon for icon, end in zip(self.icons, self.ends, strict=True) if moment <= end), self.icons[-1])


_reels: dict[str, Reel] = {}
_wanted: dict[str, tuple[Path, Mapping[str, Any], bool]] = {}
_played = 0.0
"""When an animation was drawn last."""


def icon_of(path: Path) -> int:
    """The icon of an image file, 0 if it does not exist."""
    known, name = _collection(), str(path)
    if name not in known:
        if not path.is_file():
            return 0
        known.load(name, name, "IMAGE")
    return int(known[name].icon_id)


def preview_of(path: Path, shows: Mapping[str, Any], view: str) -> int:
    """The icon of a picture as its kind is shown now; `view` is PLAY, ONION or WHOLE. 0 if the file does not exist."""
    global _played
    is_plain = shows.get("kind", "picture") == "picture"
    if view == "WHOLE" or (is_plain and not shows.get("pixel")):
        return icon_of(path)
    name = f"{view} {path}"
    if name not in _reels:
        if not path.is_file():
            return 0
        _wanted[name] = (path, shows, view == "ONION")
        _wake()
        return icon_of(path)
    if len(_reels[name].icons) > 1:
        _played = time.monotonic()
        _wake()
    return _reels[name].icon()


def renew(places: Iterable[Path]) -> None:
    """Reload these files."""
    known = _previews[0] if _previews else {}
    for name in (str(path) for path in places):
        if name in known:
            known[name].reload()
        for reel in [each for each in _reels if each.endswith(f" {name}")]:
            _drop(reel)


def forget() -> None:
    """Free all thumbnails."""
    if bpy.app.timers.is_registered(_play):
        bpy.app.timers.unregister(_play)
    _reels.clear()
    _wanted.clear()
    while _previews:
        bpy.utils.previews.remove(_previews.pop())


def _collection() -> bpy.utils.previews.ImagePreviewCollection:
    if not _previews:
        _previews.append(bpy.utils.previews.new())
    return _previews[0]


def _wake() -> None:
    if not bpy.app.timers.is_registered(_play):
        bpy.app.timers.register(_play, first_interval=FASTEST, persistent=True)


def _play() -> float | None:
    """Prepare one preview (drawing code may not load images), and redraw while an animation is seen."""
    if _wanted:
        name = next(iter(_wanted))
        path, shows, onion = _wanted.pop(name)
        _reels[name] = _reel(name, path, shows, onion)
        for old in list(_reels)[:-MOST_REELS]:
            _drop(old)
    elif time.monotonic() - _played > 1:
        return None
    redraw()
    return FASTEST


def _reel(name: str, path: Path, shows: Mapping[str, Any], onion: bool) -> Reel:
    pixels = _pixels_of(path)
    if pixels is None:
        return Reel((icon_of(path),), (1.0,))
    pictures, seconds = previewed(pixels, shows, onion)
    icons = []
    for number, picture in enumerate(pictures):
        preview = _collection().new(f"{name} {number}")
        preview.image_size = (SIDE, SIDE)
        alpha = picture[::-1, :, 3:]
        pixels = np.concatenate([picture[::-1, :, :3] * alpha, alpha], axis=-1)  # icons are drawn premultiplied
        preview.image_pixels_float.foreach_set(pixels.astype(np.float32).ravel())
        icons.append(int(preview.icon_id))
    return Reel(tuple(icons), tuple(float(end) for end in np.cumsum(seconds)))


def _pixels_of(path: Path) -> Any:
    """The pixels of an image file, the top row first; None if it cannot be read."""
    try:
        image = bpy.data.images.load(str(path))
    except RuntimeError:
        return None
    try:
        width, height = image.size
        pixels = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(pixels)
    finally:
        bpy.data.images.remove(image)
    return pixels.reshape(height, width, 4)[::-1] if width and height else None


def _drop(name: str) -> None:
    for number in range(len(_reels.pop(name).icons)):
        if f"{name} {number}" in _collection():
            del _collection()[f"{name} {number}"]

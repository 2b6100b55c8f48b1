"""Pictures as they are previewed: the frames of an animation, a texture repeated, a panel stretched.

Pixels are `height × width × 4` in 0..1, the top row first.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .tones import Floats

SIDE = 192
"""The side of a preview in pixels."""
USUAL_FPS = 10.0
HELD = 1.0
"""Seconds for which the last frame of an animation without loop is held before it starts again."""
REPEATS = 3
OLDER, NEWER = 0.35, 0.2
"""Opacity of the frames before and after, as onion skin."""
LINE = np.array([1.0, 1.0, 1.0, 0.6])
"""Colour of the lines between the cells of a tileset."""
STRETCHED = 2
"""A panel is shown at this multiple of its size."""


def previewed(pixels: Floats, shows: Mapping[str, Any], onion: bool = False) -> tuple[list[Floats], list[float]]:
    """The frames of a preview, `SIDE` pixels square, and the seconds of each."""
    kind, is_pixel = shows.get("kind"), bool(shows.get("pixel"))
    pictures, seconds = [pixels], [0.0]
    if kind == "animation":
        pictures = cells(pixels, shows)
        seconds = seconds_of(shows, len(pictures))
        if onion and len(pictures) > 1:
            pictures = [_onion(pictures, number) for number in range(len(pictures))]
    elif kind == "tile":
        pictures = [np.tile(pixels, (REPEATS, REPEATS, 1))]
    elif kind == "panel":
        pictures = [stretched(pixels, margins_of(shows.get("margins")))]
    elif kind == "tileset":
        return [gridded(pixels, shows)], seconds
    return [fitted(picture, is_pixel) for picture in pictures], seconds


def cells(pixels: Floats, shows: Mapping[str, Any]) -> list[Floats]:
    """The cells of a sheet, row by row; the last ones may be empty where there are fewer frames."""
    columns, rows = max(int(shows.get("columns", 1)), 1), max(int(shows.get("rows", 1)), 1)
    high, wide = pixels.shape[0] // rows, pixels.shape[1] // columns
    if not high or not wide:
        return [pixels]
    frames = min(max(int(shows.get("frames") or columns * rows), 1), columns * rows)
    places = [divmod(number, columns) for number in range(frames)]
    return [pixels[y * high : (y + 1) * high, x * wide : (x + 1) * wide] for y, x in places]


def seconds_of(shows: Mapping[str, Any], frames: int) -> list[float]:
    """How long each frame is shown: `durations` are milliseconds, else `fps`."""
    fps = float(shows.get("fps") or USUAL_FPS)
    durations = [float(each) / 1000 for each in shows.get("durations") or ()]
    seconds = durations if len(durations) == frames else [1 / fps] * frames
    if shows.get("loop", True) is False:
        seconds = [*seconds[:-1], seconds[-1] + HELD]
    return seconds


def gridded(pixels: Floats, shows: Mapping[str, Any]) -> Floats:
    """A sheet, fitted, with lines between its cells."""
    picture = fitted(pixels, bool(shows.get("pixel")))
    scale = scale_of(pixels, bool(shows.get("pixel")))
    high, wide = (round(side * scale) for side in pixels.shape[:2])
    down, left = (SIDE - high) // 2, (SIDE - wide) // 2
    for number in range(1, max(int(shows.get("columns", 1)), 1)):
        x = left + number * wide // int(shows["columns"])
        picture[down : down + high, x : x + 1] = _over(LINE, picture[down : down + high, x : x + 1])
    for number in range(1, max(int(shows.get("rows", 1)), 1)):
        y = down + number * high // int(shows["rows"])
        picture[y : y + 1, left : left + wide] = _over(LINE, picture[y : y + 1, left : left + wide])
    return picture


def stretched(pixels: Floats, margins: tuple[int, int, int, int]) -> Floats:
    """A panel at `STRETCHED` times its size; the margins (left, top, right, bottom) keep theirs."""
    left, top, right, bottom = margins
    rows = _stretch(pixels.shape[0], top, bottom)
    columns = _stretch(pixels.shape[1], left, right)
    return pixels[rows][:, columns]


def margins_of(margins: Any) -> tuple[int, int, int, int]:
    """Margins as left, top, right, bottom: from a number, four numbers, or names."""
    if isinstance(margins, Mapping):
        left, top, right, bottom = (int(margins.get(name, 0)) for name in ("left", "top", "right", "bottom"))
        return left, top, right, bottom
    numbers = [int(each) for each in margins] if isinstance(margins, Sequence) else [int(margins or 0)]
    left, top, right, bottom = numbers if len(numbers) == 4 else [numbers[0]] * 4
    return left, top, right, bottom


def fitted(pixels: Floats, is_pixel: bool) -> Floats:
    """The picture in a transparent square of `SIDE` pixels; pixel art keeps whole pixels where it can."""
    height, width = pixels.shape[:2]
    scale = scale_of(pixels, is_pixel)
    wide, high = max(round(width * scale), 1), max(round(height * scale), 1)
    shown = _averaged(pixels, high, wide) if scale < 1 else pixels
    rows = np.arange(high) * shown.shape[0] // high
    columns = np.arange(wide) * shown.shape[1] // wide
    square = np.zeros((SIDE, SIDE, 4), np.float32)
    down, left = (SIDE - high) // 2, (SIDE - wide) // 2
    square[down : down + high, left : left + wide] = shown[rows][:, columns]
    return square


def scale_of(pixels: Floats, is_pixel: bool) -> float:
    """The zoom with which a picture fits; a whole number for pixel art that is enlarged."""
    scale = SIDE / max(pixels.shape[:2])
    return int(scale) if is_pixel and scale > 1 else scale


def _averaged(pixels: Floats, high: int, wide: int) -> Floats:
    """A large picture reduced by whole blocks, so that no row is skipped."""
    block = max(min(pixels.shape[0] // high, pixels.shape[1] // wide), 1)
    cut = pixels[: pixels.shape[0] // block * block, : pixels.shape[1] // block * block]
    return cut.reshape(cut.shape[0] // block, block, cut.shape[1] // block, block, 4).mean(axis=(1, 3))


def _stretch(side: int, before: int, after: int) -> Any:
    before, after = max(min(before, side), 0), max(min(after, side - before), 0)
    inner = np.arange(before, max(side - after, before + 1))
    wide = max(side * STRETCHED - before - after, 1)
    middle = inner[np.arange(wide) * len(inner) // wide]
    return np.clip(np.concatenate([np.arange(before), middle, np.arange(side - after, side)]), 0, side - 1)


def _onion(pictures: Sequence[Floats], number: int) -> Floats:
    now = pictures[number]
    under = pictures[(number + 1) % len(pictures)] * [1, 1, 1, NEWER]
    under = _over(pictures[number - 1] * [1, 1, 1, OLDER], under)
    return _over(now, under)


def _over(top: Floats, bottom: Floats) -> Floats:
    """Alpha compositing of straight colours."""
    above, below = top[..., 3:], bottom[..., 3:]
    alpha = above + below * (1 - above)
    color = top[..., :3] * above + bottom[..., :3] * below * (1 - above)
    return np.concatenate([color / np.where(alpha > 0, alpha, 1), alpha], axis=-1)

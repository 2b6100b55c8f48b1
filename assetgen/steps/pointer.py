"""Shape a texture into a mouse cursor."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.images import Array, ImageSet, color_image, split_alpha, to_float
from assetgen.parts import part
from assetgen.steps._resample import like_samples, resampled_channel

CursorShape = Literal["arrow", "hand", "crosshair"]
_Capsule = tuple[float, float, float, float, float]
"""Start and end of its axis, and its radius, as fractions of the size."""
_ARROW = ((0, 0), (0, 0.82), (0.19, 0.64), (0.33, 0.98), (0.48, 0.92), (0.34, 0.59), (0.61, 0.59))
_FINGERS: tuple[_Capsule, ...] = (
    (0.36, 0.09, 0.36, 0.62, 0.09),
    (0.53, 0.42, 0.53, 0.66, 0.085),
    (0.69, 0.45, 0.69, 0.68, 0.08),
    (0.84, 0.5, 0.84, 0.7, 0.075),
)
_PALM: tuple[_Capsule, ...] = (
    (0.13, 0.55, 0.36, 0.8, 0.09),
    (0.47, 0.75, 0.72, 0.75, 0.19),
    (0.5, 0.86, 0.7, 0.86, 0.13),
)
_BARS: tuple[_Capsule, ...] = (
    (0.5, 0.04, 0.5, 0.36, 0.035),
    (0.5, 0.64, 0.5, 0.96, 0.035),
    (0.04, 0.5, 0.36, 0.5, 0.035),
    (0.64, 0.5, 0.96, 0.5, 0.035),
    (0.5, 0.5, 0.5, 0.5, 0.05),
)
_RING = (0.31, 0.04)  # radius of its middle, and half its width
_HOTSPOTS: dict[CursorShape, tuple[float, float]] = {"arrow": (0, 0), "hand": (0.36, 0.02), "crosshair": (0.5, 0.5)}
_RIM = 0.09  # of the size: how far from the edge it is rounded
_TO_LIGHT = (-0.57, -0.82)  # x right, y down: from the top left
_RELIEF = 0.6  # how much brighter or darker the edges are
_CREASE = 0.6  # brightness between two fingers


@part(version=1)
def pointer(
    images: ImageSet, *, shape: CursorShape = "arrow", size: Annotated[int, Field(ge=8, le=256)] = 30
) -> ImageSet:
    """Shape a texture into a mouse cursor with round edges, lit from the top left.

    - `shape`: `arrow`, `hand` (its index finger points up) or `crosshair`.
    - `size`: width and height in pixels. The step `outline` adds its own width.

    The shapes are drawn by this step; the whole texture, scaled to `size`, fills them. The pivot is the hotspot: the
    tip of the arrow or the finger, or the middle of the crosshair.

    Example:
        - pointer: {shape: hand}
    """
    rgb, _ = split_alpha(images["color"])
    texture = resampled_channel(rgb, (size, size), "area", images.meta.tiles or "", "color")
    inside, crease = _distance(shape, size)
    light = _shading(inside, max(1.0, _RIM * size)) * np.where(crease, _CREASE, 1)
    lit = np.clip(to_float(texture) * light[..., None], 0, 1)
    cover = np.clip(inside + 0.5, 0, 1)[..., None]
    x, y = (min(max(each * size, 0.5), size - 0.5) / size for each in _HOTSPOTS[shape])
    pixels = np.concatenate([lit, cover], axis=2).astype(np.float32)
    return color_image(like_samples(pixels, rgb), pivot=(x, y))


def _distance(shape: CursorShape, size: int) -> tuple[Array, NDArray[np.bool_]]:
    """Distance in pixels from the edge of a shape, positive inside, `size×size`, and where two fingers touch."""
    at = np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=2) + 0.5
    crease = np.zeros((size, size), np.bool_)
    if shape == "arrow":
        inside = _in_polygon(at, np.array(_ARROW) * size)
    elif shape == "hand":
        fingers = np.sort([_in_capsule(at, np.array(each) * size) for each in _FINGERS], axis=0)
        palm = np.max([_in_capsule(at, np.array(each) * size) for each in _PALM], axis=0)
        inside = np.maximum(fingers[-1], palm)
        crease = (fingers[-1] - fingers[-2] < 1) & (palm < _RIM * size)
    else:
        radius, half = np.array(_RING) * size
        ring = half - np.abs(np.sqrt(((at - size / 2) ** 2).sum(axis=2)) - radius)
        inside = np.maximum(ring, np.max([_in_capsule(at, np.array(each) * size) for each in _BARS], axis=0))
    return inside, crease


def _in_capsule(at: Array, capsule: Array) -> Array:
    start, end, radius = capsule[:2], capsule[2:4], capsule[4]
    inside: Array = radius - _from_segment(at, start, end)
    return inside


def _from_segment(at: Array, start: Array, end: Array) -> Array:
    """Distance of each point from a line segment."""
    along, offset = end - start, at - start
    share = np.clip((offset * along).sum(axis=2) / max(float((along**2).sum()), 1e-9), 0, 1)
    distance: Array = np.sqrt(((offset - share[..., None] * along) ** 2).sum(axis=2))
    return distance


def _in_polygon(at: Array, corners: Array) -> Array:
    """Distance of each point from the edge of a polygon, positive inside (even-odd rule)."""
    nearest, odd = np.full(at.shape[:2], np.inf), np.zeros(at.shape[:2], np.bool_)
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        nearest = np.minimum(nearest, _from_segment(at, start, end))
        if start[1] != end[1]:
            crosses = (at[..., 1] >= start[1]) != (at[..., 1] >= end[1])
            odd ^= crosses & (
                at[..., 0] < start[0] + (at[..., 1] - start[1]) / (end[1] - start[1]) * (end[0] - start[0])
            )
    return np.where(odd, nearest, -nearest)


def _shading(inside: Array, rim: float) -> Array:
    """Factor of the brightness: edges that are rounded over `rim` pixels, bright towards the light."""
    down, right = np.gradient(inside)
    slope = np.clip(1 - inside / rim, 0, 1)
    shade: Array = 1 + _RELIEF * slope * (_TO_LIGHT[0] * -right + _TO_LIGHT[1] * -down)
    return shade

"""Spinning around the vertical axis, from a still."""

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.errors import InputError
from assetgen.images import Array, FloatArray, ImageSet, Milliseconds, is_colored, to_float
from assetgen.parts import adds, part
from assetgen.pixels.canvas import Box, on_canvas
from assetgen.pixels.color import HexColor, srgb_from_hex
from assetgen.steps._motion import (
    FrameCount,
    animated,
    canvas_for,
    put_on_canvas,
    round_half_up,
    same_parity,
    scaled,
    still_of,
    with_normals,
)
from assetgen.steps._resample import like_samples

_THICKNESS = 1 / 10  # of the visible width, without outlines
_NARROWEST = 3  # pixels: narrower things look the same from every side
_DARK = 0.5  # of the median lightness: darker pixels at the border are an outline
_VISIBLE = 0.5  # of the alpha: colours of fainter pixels are unreliable


@dataclass(frozen=True)
class _View:
    """How a flat thing is seen."""

    angle: float
    """From -90 to below 90 degrees, in radians; the right side of the face is farther away above 0."""
    mirrored: bool
    """The back is seen."""
    face: int
    """Width of the face, in pixels; 0 where only the edge is seen."""
    edge: int
    """Visible width of the edge, in pixels."""


@adds(frames=True)
@part(version=2, frames=True)
def spin(
    images: ImageSet,
    *,
    frames: FrameCount = 8,
    duration: Milliseconds = 80,
    thickness: Annotated[int, Field(ge=0, le=512)] | None = None,
    edge: HexColor | None = None,
    back: Literal["mirrored", "same"] = "mirrored",
) -> ImageSet:
    """Animate a still so that it spins around its vertical axis: for coins, gems, cards and signs.

    The still is a flat plate with an edge. A figure looks like a paper cut-out: sample its sides with the preset
    `turnaround`, from a mesh.

    - `frames`, `duration`: how many, and the milliseconds that each is shown.
    - `thickness`: of the edge, in pixels; by default 1/10 of the visible width, and its outline.
    - `edge`: its colour, "#rrggbb"; by default each row has the colour of its outermost pixel inside the outline.
    - `back`: `mirrored` shows the mirrored picture from behind. `same` shows the same picture; the animation is then
      half a turn, after which it repeats.

    The widths follow the cosine (orthographic projection). Pixel art keeps its own columns and colours, other images
    are filtered. Normals turn along. Frame 0 is the still.

    Example:
        - spin: {frames: 12, thickness: 3}
    """
    still, seen = still_of(images, "spin")
    if seen.width < _NARROWEST:
        raise InputError(f"{seen.width} visible pixels across are too few to spin", cure="Use bob")
    canvas, body = canvas_for(still, seen, [seen] * frames), on_canvas(still, seen)
    line = _outline(body)
    depth = min(
        seen.width, max(1, round_half_up(seen.width * _THICKNESS)) + 2 * line if thickness is None else thickness
    )
    turn = 1.0 if back == "mirrored" else 0.5
    views = [_view(turn * number / frames, seen.width, depth, back == "mirrored") for number in range(frames)]
    drawn = [_drawn(body, view, edge, line) for view in views]
    corners = [(seen.left + (seen.width - part.size[0]) // 2, seen.top) for part in drawn]
    return animated(
        "spin",
        [put_on_canvas(still, part, corner, canvas) for part, corner in zip(drawn, corners, strict=True)],
        duration,
    )


def _view(turn: float, width: int, depth: int, has_back: bool) -> _View:
    """The view after a part of a turn, 0 to 1, of something `width` pixels wide and `depth` pixels thick."""
    half = round_half_up(2 * turn)
    angle = 2 * math.pi * (turn - half / 2)
    total = min(width, same_parity(width * math.cos(angle) + depth * abs(math.sin(angle)), width))
    side = min(total, round_half_up(depth * abs(math.sin(angle))))
    face = 0 if abs(abs(angle) - math.pi / 2) < 1e-6 else max(1, total - side)
    return _View(angle, has_back and half % 2 == 1, face, total - face)


def _outline(body: ImageSet) -> int:
    """Width of the dark line around a body, in pixels; 0 where it has none."""
    rim = _rim(body, from_left=True)
    apart = [inner - outer for outer, inner in zip(*rim, strict=True)]
    return int(np.median(apart))


def _rim(body: ImageSet, *, from_left: bool) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """For each row the columns of its outermost pixel on one side, and of the first one there that is not dark."""
    color = to_float(body["color"])
    seen = color[..., 3] >= _VISIBLE * color[..., 3].max(axis=1, keepdims=True)
    light = color[..., :3].mean(axis=2)
    inner = seen & (light >= _DARK * np.median(light[seen]))
    inner = np.where(inner.any(axis=1, keepdims=True), inner, seen)
    outer, inner = (
        each.argmax(axis=1) if from_left else each.shape[1] - 1 - each[:, ::-1].argmax(axis=1) for each in (seen, inner)
    )
    return outer, inner


def _drawn(body: ImageSet, view: _View, edge: str | None, line: int) -> ImageSet:
    """The body in this view: its face, and behind it the edge on the side that is turned to us."""
    if view.mirrored:
        body = _turned(body.map(lambda array: array[:, ::-1]), math.pi, flat=True)
    if not view.edge and view.face == body.size[0]:
        return body
    width, on_left = view.face + view.edge, view.angle > 0
    face = _turned(_face(body, view.face or width, line), view.angle)
    cover = face["color"][..., 3:]
    if view.face:
        shifts = [np.pad(cover, ((0, 0), (at, view.edge - at), (0, 0))) for at in range(view.edge + 1)]
        cover = np.maximum.reduce(shifts)
    else:
        cover = np.repeat(body["color"][..., 3:].max(axis=1, keepdims=True), width, axis=1)
    behind = _edge(body, cover, view, edge, line)
    if not view.face:
        return behind
    front = on_canvas(face, Box(-view.edge if on_left else 0, 0, width, body.size[1]))
    return ImageSet({name: _over(front, behind, name) for name in front.channels}, body.meta)


def _turned(part: ImageSet, angle: float, *, flat: bool = False) -> ImageSet:
    """The part with its normals turned around the vertical axis; `flat` only mirrors them."""
    cosine, sine = (-1.0, 0.0) if flat else (math.cos(angle), math.sin(angle))

    def change(vectors: FloatArray) -> FloatArray:
        x, y, z = np.moveaxis(vectors, 2, 0)
        return np.stack([cosine * x + sine * z, y, z if flat else cosine * z - sine * x], axis=2)

    return with_normals(part, change)


def _edge(body: ImageSet, cover: Array, view: _View, color: str | None, line: int) -> ImageSet:
    """The edge, `cover` its alpha (`H×W×1`): each row has the values of the body's rim on that side.

    Around it is an outline, `line` pixels wide, in the colours of the body's, unless the edge is all that is seen and
    too narrow for it.
    """
    left, width, rows = view.angle > 0, cover.shape[1], np.arange(cover.shape[0])
    outer, inner = _rim(body, from_left=left)
    inside = _eroded(to_float(cover[..., 0]) >= _VISIBLE, line if view.face or width > 2 * line else 0)[..., None]
    channels = {}
    for name, array in body.channels.items():
        rim, outline = (np.repeat(array[rows, columns][:, None], width, axis=1) for columns in (inner, outer))
        if is_colored(name):
            rim = (
                np.broadcast_to(like_samples(srgb_from_hex(color), rim), (*rim.shape[:2], 3)) if color else rim[..., :3]
            )
            channels[name] = np.concatenate([np.where(inside, rim, outline[..., :3]), cover], axis=2)
        else:
            channels[name] = np.where(inside, rim, outline)
    outwards = -1.0 if left else 1.0

    def change(vectors: FloatArray) -> FloatArray:
        towards = [outwards * math.cos(view.angle), 0, abs(math.sin(view.angle))]
        return np.broadcast_to(np.array(towards, np.float32), vectors.shape)

    return with_normals(ImageSet(channels, body.meta), change)


def _face(body: ImageSet, width: int, line: int) -> ImageSet:
    """The body `width` pixels wide. Pixel art gets the outline again that it lost with its columns."""
    face = scaled(body, (width, body.size[1]))
    if not face.meta.pixel_art or not line or width == body.size[0]:
        return face
    color, seen = face["color"], face["color"][..., 3] > 0
    border = (seen & ~_eroded(seen, line))[..., None] & (np.arange(4) < 3)
    outer, _ = _rim(body, from_left=True)
    return face.replace(color=np.where(border, body["color"][np.arange(len(outer)), outer][:, None], color))


def _eroded(area: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    """The area without its border of this width."""
    for _ in range(pixels):
        padded = np.pad(area, 1)
        area = area & padded[2:, 1:-1] & padded[:-2, 1:-1] & padded[1:-1, 2:] & padded[1:-1, :-2]
    return area


def _over(front: ImageSet, behind: ImageSet, name: str) -> Array:
    """A channel of one image in front of another of the same size."""
    top, below = to_float(front[name]), to_float(behind[name])
    cover = to_float(front["color"][..., 3:])
    if not is_colored(name):
        return np.where(cover >= 0.5, front[name], behind[name])
    share = cover + below[..., 3:] * (1 - cover)
    mixed = (top[..., :3] * cover + below[..., :3] * below[..., 3:] * (1 - cover)) / np.maximum(share, 1e-6)
    return like_samples(np.concatenate([mixed, share], axis=2).astype(np.float32), front[name])

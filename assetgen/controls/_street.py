"""A street between houses, in perspective: gables and towers on both sides, stalls and lanterns."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from assetgen.controls._buildings import LIT_WINDOW, rectangle
from assetgen.controls._mood import Mood
from assetgen.controls._noise import Values, color, mixed
from assetgen.controls._props import Patch, draw_patch, draw_thing, lit_color
from assetgen.controls._sight import Sun
from assetgen.controls._terrain import Land, View

_HALF, _NEAR, _FAR = 1.15, 1.6, 26.0
_WALLS = ("d8c4a0", "c9a988", "b8b0a0", "d0b8a8", "a89a88")
_CLOTHS = ("b8402f", "2f6a8a", "c89a3c", "5a7a3c")
_NEONS = ("3ff0ff", "ff4fd0", "8a6bff", "ffb347", "5cff9a")


def is_market(words: frozenset[str]) -> bool:
    """Whether there are stalls in the street."""
    return not words.isdisjoint({"market", "marketplace", "bazaar"})


def is_modern(words: frozenset[str]) -> bool:
    """Whether the street has tall blocks, no gables."""
    return not words.isdisjoint(
        {"city", "cyberpunk", "neon", "futuristic", "modern", "downtown", "metropolis", "scifi"}
    )


@dataclass(frozen=True)
class _Front:
    """A front on one side of the street: from z to z, with a height."""

    side: float
    start: float
    end: float
    high: float
    wall: Values


def draw_street(
    view: View, land: Land, modern: bool, mood: Mood, sun: Sun, rng: np.random.Generator
) -> list[tuple[float, Callable[[], None]]]:
    """The houses of a street: their distances, and what draws each."""
    light = 1.0 if sun.across[0] > 0 else -1.0
    found: list[tuple[float, Callable[[], None]]] = []
    for side in (-1.0, 1.0):
        z = 1.0 if view.picture.shape[1] > 1.4 * view.picture.shape[0] else _NEAR
        while z < _FAR:
            long = float(rng.uniform(1.1, 1.7) * (1.3 if modern else 1))
            code = color(_WALLS[int(rng.integers(5))])
            wall = mixed(code * 0.5, color("4a5a70"), 0.6) if modern else code
            high = float(rng.uniform(3.0, 8.0) if modern else rng.uniform(1.15, 2.2))
            front = _Front(side, z, z + long, high, wall)
            lit = 0.85 if side != light else 0.2
            shapes = _modern(front, lit, mood, rng) if modern else _gabled(front, lit, mood, rng)
            found.append((z + long / 2, partial(_draw_front, view, land.eye, shapes, mood)))
            z += long
    return found


def draw_stalls(
    view: View, land: Land, mood: Mood, sun: Sun, rng: np.random.Generator
) -> list[tuple[float, Callable[[], None]]]:
    """The stalls of a market on both sides of the street."""
    light = 1.0 if sun.across[0] > 0 else -1.0
    found: list[tuple[float, Callable[[], None]]] = []
    for number, z in enumerate((2.7, 3.5, 4.6, 6.0, 7.8, 10.0, 13.0)):
        for side in (-1.0, 1.0):
            shapes = _stall(rng, light, mood)
            at = (side * float(rng.uniform(0.68, 0.78)), -land.eye, z + 0.3 * side + 0.02 * number)
            found.append((at[2], partial(draw_thing, view, shapes, at, 0.62, mood)))
    return found


_Face = tuple[list[tuple[float, float, float]], Values, bool]


def _draw_front(view: View, eye: float, faces: list[_Face], mood: Mood) -> None:
    """Draw polygons with corners in the world."""
    for corners, paint, shines in faces:
        points = []
        for x, y, z in corners:
            column, distance = view.column(x, z)
            points.append((column, float(view.row(y - eye, distance))))
        depth = sum(z for _, _, z in corners) / len(corners)
        draw_patch(view, np.array(points), Patch([], paint, shines), depth, mood)


def _on(front: _Front, u: float, v: float, out: float = 0.0) -> tuple[float, float, float]:
    """The place at a share u along a front and the height v; `out` is how far it stands out into the street."""
    return front.side * (_HALF - out), v, front.start + u * (front.end - front.start)


def _pane(front: _Front, box: tuple[float, float, float, float], paint: Values, shines: bool = False) -> _Face:
    u, v, wide, high = box
    corners = [_on(front, u, v), _on(front, u + wide, v), _on(front, u + wide, v + high), _on(front, u, v + high)]
    return corners, paint, shines


def _end_wall(front: _Front, top: float, light: float, mood: Mood) -> _Face:
    """The wall of a house that faces the viewer."""
    x, far = front.side * _HALF, front.side * (_HALF + 2.5)
    corners = [(x, 0.0, front.start), (far, 0.0, front.start), (far, top, front.start), (x, top, front.start)]
    return corners, lit_color(front.wall * 0.8, light, mood), False


def _gabled(front: _Front, light: float, mood: Mood, rng: np.random.Generator) -> list[_Face]:
    """A house of timber and plaster with its gable to the street."""
    top, peak = front.high, front.high + 0.75
    roof = color(("8a4632", "6a4a3e", "5a5a62")[int(rng.integers(3))])
    timber = lit_color("5a3c28", light, mood)
    outline = [_on(front, 0, 0), _on(front, 1, 0), _on(front, 1, top), _on(front, 0.5, peak), _on(front, 0, top)]
    back = front.side * (_HALF + 2.5)
    slope = [
        _on(front, 0, top),
        _on(front, 0.5, peak),
        (back, peak, (front.start + front.end) / 2),
        (back, top, front.start),
    ]
    faces: list[_Face] = [_end_wall(front, top, 0.5, mood), (slope, lit_color(roof, 0.6, mood), False)]
    faces.append((outline, lit_color(front.wall, light, mood), False))
    floors = 2 if top > 1.5 else 1
    faces.append(_pane(front, (0.0, 0.0, 1.0, 0.12), lit_color("6a6460", light, mood)))
    beams = [0.62 + 0.55 * floor for floor in range(floors + 1) if 0.62 + 0.55 * floor <= top + 0.05]
    faces += [_pane(front, (0.0, v, 1.0, 0.05), timber) for v in beams]
    faces += [_pane(front, (u, 0.62, 0.06, top - 0.62), timber) for u in (0.0, 0.47, 0.94)]
    faces.append(_pane(front, (0.16, 0.0, 0.2, 0.45), lit_color("4a3020", light, mood)))
    places = (
        [(0.58, 0.2)]
        + [(u, 0.75 + 0.5 * floor) for floor in range(floors) for u in (0.16, 0.62)]
        + [(0.39, top + 0.12)]
    )
    for u, v in places:
        shines = mood.is_dark and rng.random() < 0.75
        paint = LIT_WINDOW if shines else lit_color("5a6470", 0.7 * light, mood)
        faces.append(_pane(front, (u - 0.02, v - 0.03, 0.26, 0.34), timber))
        faces.append(_pane(front, (u, v, 0.22, 0.28), paint, shines))
    eaves = [
        _on(front, -0.04, top - 0.04, 0.06),
        _on(front, 0.5, peak + 0.02, 0.06),
        _on(front, 1.04, top - 0.04, 0.06),
    ]
    rims = [_on(front, 1.04, top + 0.08, 0.06), _on(front, 0.5, peak + 0.16, 0.06), _on(front, -0.04, top + 0.08, 0.06)]
    return [*faces, ([*eaves, *rims], lit_color(roof, light, mood), False)]


def _modern(front: _Front, light: float, mood: Mood, rng: np.random.Generator) -> list[_Face]:
    """A tall block with rows of windows, and a sign that shines."""
    faces: list[_Face] = [
        _end_wall(front, front.high, 0.3, mood),
        _pane(front, (0, 0, 1, front.high), lit_color(front.wall, light, mood)),
    ]
    for floor in range(int((front.high - 0.9) / 0.55)):
        for column in range(4):
            shines = mood.is_dark and rng.random() < 0.6
            tint = LIT_WINDOW if rng.random() < 0.6 else np.array([0.55, 0.8, 1.0], np.float32)
            paint = tint * float(rng.uniform(0.6, 1)) if shines else lit_color("3a4654", 0.8 * light, mood)
            faces.append(_pane(front, (0.08 + 0.23 * column, 0.9 + 0.55 * floor, 0.15, 0.34), paint, shines))
    glow = color(_NEONS[int(rng.integers(5))]) * (1.3 if mood.is_dark else 0.9)
    faces.append(
        _pane(
            front,
            (0.08, 0.08, 0.84, 0.5),
            (LIT_WINDOW * 0.8) if mood.is_dark else lit_color("4a5664", light, mood),
            mood.is_dark,
        )
    )
    faces.append(_pane(front, (0.0, 0.62, 1.0, 0.1), glow, mood.is_dark))
    low, u = float(rng.uniform(1.0, 1.5)), float(rng.uniform(0.2, 0.7))
    sign = [_on(front, u, low), _on(front, u, low, 0.32), _on(front, u, low + 0.9, 0.32), _on(front, u, low + 0.9)]
    inner = [
        _on(front, u, low + 0.08, 0.04),
        _on(front, u, low + 0.08, 0.28),
        _on(front, u, low + 0.82, 0.28),
        _on(front, u, low + 0.82, 0.04),
    ]
    return [*faces, (sign, glow, mood.is_dark), (inner, 0.35 * glow, mood.is_dark)]


def _stall(rng: np.random.Generator, side: float, mood: Mood) -> list[Patch]:
    """A stall with a striped awning and goods."""
    cloth, wood = _CLOTHS[int(rng.integers(4))], "7a5432"
    found = [rectangle(x, 0, 0.05, 0.75, lit_color(wood, 0.4, mood)) for x in (-0.6, 0.55)]
    found.append(rectangle(-0.58, 0, 1.16, 0.32, lit_color(wood, 0.5, mood)))
    found.append(rectangle(-0.64, 0.3, 1.28, 0.06, lit_color(wood, 0.95, mood)))
    for number in range(7):
        paint = color(("d05a3c", "e0a83c", "7a9a3c", "c8b48a")[int(rng.integers(4))])
        found.append(
            rectangle(-0.55 + 0.16 * number, 0.36, 0.13, float(rng.uniform(0.06, 0.14)), lit_color(paint, 0.8, mood))
        )
    for number in range(6):
        left, up = -0.72 + 0.24 * number, -0.56 + 0.187 * number
        paint = lit_color(cloth if number % 2 else "ece2cc", 0.55 + 0.35 * (left * side > 0), mood)
        found.append(
            Patch([(left, 0.68), (left + 0.12, 0.63), (left + 0.24, 0.68), (up + 0.187, 1.0), (up, 1.0)], paint)
        )
    return found

"""Things that stand in a drawn landscape: trees, rocks, houses, castles, ships."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from assetgen.controls._mood import Mood
from assetgen.controls._noise import Values, color, mixed
from assetgen.controls._places import Place
from assetgen.controls._sight import Sun
from assetgen.controls._terrain import Land, View, hazed

Points = Sequence[tuple[float, float]]
_CIRCLE = 3
"""A whole circle of land has so many times the trees of one view."""
_PARTS = 16
"""A pixel has so many parts in each direction: the precision of corners."""


@dataclass
class Patch:
    """One flat shape of a thing: corners in heights of the thing, x to the right and y up from its foot, and a colour.
    `lights` shapes shine by themselves."""

    corners: Points
    color: Values
    shines: bool = False


Drawing = Callable[[np.random.Generator, float, Mood, bool], list[Patch]]
"""Draws a thing; the second argument is where the light comes from: -1 left, 1 right; the last whether it snowed."""


def draw_thing(view: View, shapes: Sequence[Patch], at: tuple[float, float, float], height: float, mood: Mood) -> None:
    """Draw the shapes of a thing, `height` high, whose foot is at (x, y above the eye, z), where nothing hides it."""
    column, distance = view.column(at[0], at[2])
    scale, foot = view.focal * height / distance, float(view.row(at[1], distance))
    width = view.picture.shape[1]
    for start in (column - width, column, column + width) if view.sight.around else (column,):
        for shape in shapes:
            places = np.array([(start + scale * x, foot - scale * y) for x, y in shape.corners])
            draw_patch(view, places, shape, distance, mood)


def draw_patch(view: View, places: Values, shape: Patch, distance: float, mood: Mood) -> None:
    """Fill a shape with its corners at these pixels."""
    import cv2

    height, width = view.picture.shape[:2]
    (left, top), (right, bottom) = (
        np.clip(corner, 0, (width, height)).astype(int).tolist()
        for corner in (places.min(axis=0) - 2, places.max(axis=0) + 3)
    )
    if left >= right or top >= bottom:
        return
    box = slice(top, bottom), slice(left, right)
    mask = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillPoly(mask, [np.rint((places - (left, top)) * _PARTS).astype(np.int32)], 255, cv2.LINE_AA, 4)
    alpha = mask.astype(np.float32)[..., None] / 255 * (view.distance[box] > distance * 0.995)[..., None]
    view.water[box] &= alpha[..., 0] < 0.5
    view.distance[box] = np.where(alpha[..., 0] > 0.5, distance, view.distance[box])
    behind = view.picture[max(0, view.sight.horizon - 2), (left + right - 1) // 2].copy()
    away = np.array([distance * (0.35 if shape.shines else 1)])
    view.picture[box] = mixed(view.picture[box], hazed(shape.color[None], away, mood, behind)[0], alpha)


def lit_color(base: str | Values, light: float, mood: Mood) -> Values:
    """A colour in the light of the mood: 0 is in shade, 1 faces the sun."""
    own = color(base) if isinstance(base, str) else base
    return np.asarray(own * (mood.ambient * (0.85 + 0.25 * light) + mood.key * (0.7 * light)), np.float32)


def conifer(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A fir: tiers of drooping branches, lit from one side."""
    green = mixed(color("2c4a30"), color("4a6236"), float(rng.random()))
    if snowed:
        green = mixed(green, color("dfe9f2"), 0.45)
    dark, lit = lit_color(green, 0.08, mood), lit_color(green, 0.75, mood)
    shapes = [Patch([(-0.02, 0), (0.02, 0), (0.015, 0.2), (-0.015, 0.2)], lit_color("4a3828", 0.2, mood))]
    tiers, wide = int(rng.integers(5, 8)), float(rng.uniform(0.17, 0.25))
    for tier in range(tiers):
        low = 0.1 + 0.82 * tier / tiers
        top = min(1.0, low + 1.55 / tiers)
        half = wide * (1 - 0.86 * tier / tiers) * float(rng.uniform(0.85, 1.12))
        tips = [
            (-half, low - 0.03),
            (-half * 0.5, low + 0.02),
            (0.0, low - 0.02),
            (half * 0.5, low + 0.02),
            (half, low - 0.03),
        ]
        shapes.append(Patch([*tips, (0.0, top)], dark))
        near = [
            (side * half * 0.95, low - 0.02),
            (side * half * 0.45, low + 0.025),
            (side * half * 0.12, low + 0.05),
            (side * 0.01, top),
        ]
        shapes.append(Patch(near, lit))
    return shapes


def leafy(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A round tree of summer."""
    return _foliage(rng, side, mood, mixed(color("3f5a26"), color("6d7f33"), float(rng.random())), snowed)


def autumn(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A round tree in red to yellow."""
    tints = [color(code) for code in ("b5462a", "d07a2c", "dba53a", "a8582c")]
    return _foliage(rng, side, mood, tints[int(rng.integers(4))], snowed)


def blossom(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A cherry tree in blossom."""
    return _foliage(rng, side, mood, mixed(color("d87c9c"), color("eaa6ba"), float(rng.random())), snowed)


def boulder(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A rock of facets."""
    rock = mixed(color("6a6460"), color("847a70"), float(rng.random()))
    rock = mixed(rock, mood.ambient, 0.25)
    wide = float(rng.uniform(0.7, 1.1))
    outline = [
        (-wide, 0.0),
        (-wide * 0.8, 0.5),
        (-wide * 0.25, 0.95),
        (wide * 0.3, 0.85),
        (wide * 0.85, 0.4),
        (wide, 0.0),
    ]
    lit = [
        (side * wide, 0.0),
        (side * wide * 0.85, 0.42),
        (side * wide * 0.28, 0.84),
        (side * 0.12, 0.5),
        (side * 0.2, 0.0),
    ]
    return [Patch(outline, lit_color(rock, 0.15, mood)), Patch(lit, lit_color(rock, 0.75, mood))]


def kelp(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """Swaying ribbons of weed."""
    found = []
    for _ in range(5):
        x, tall, phase = float(rng.uniform(-0.14, 0.14)), float(rng.uniform(0.5, 1)), float(rng.uniform(0, 6))
        steps = np.linspace(0, 1, 12)
        middle = x + 0.06 * np.sin(phase + 5 * steps) * (0.3 + steps)
        half = 0.022 * (1 - 0.8 * steps)
        left = list(zip(middle - half, tall * steps, strict=True))
        right = list(zip(middle + half, tall * steps, strict=True))
        green = mixed(color("2f6a3c"), color("7a9a3c"), float(rng.random()))
        found.append(Patch([(float(a), float(b)) for a, b in [*left, *reversed(right)]], lit_color(green, 0.6, mood)))
    return found


def coral(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A branched or round coral."""
    tint = color(("e0607a", "e89a4a", "c070d0", "f0d060", "d84a4a")[int(rng.integers(5))])
    if rng.random() < 0.5:
        return [
            Patch(blob(rng, x, y, size), lit_color(tint, light, mood))
            for x, y, size, light in ((-0.3, 0.25, 0.4, 0.2), (0.3, 0.25, 0.38, 0.3), (side * 0.15, 0.5, 0.32, 0.9))
        ]
    found = []
    for _ in range(8):
        lean, tall = float(rng.uniform(-0.7, 0.7)), float(rng.uniform(0.5, 1.0))
        light = 0.9 if lean * side > 0 else 0.35
        found.append(
            Patch(
                [(-0.05, 0), (0.05, 0), (lean + 0.07, tall), (lean - 0.03, tall + 0.05)], lit_color(tint, light, mood)
            )
        )
    return found


def reed(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """Reeds."""
    found = []
    for _ in range(9):
        x, lean, tall = float(rng.uniform(-0.4, 0.4)), float(rng.uniform(-0.2, 0.2)), float(rng.uniform(0.5, 1))
        green = mixed(color("5a6a30"), color("8a8a48"), float(rng.random()))
        found.append(Patch([(x - 0.03, 0), (x + 0.03, 0), (x + lean, tall)], lit_color(green, 0.4, mood)))
    return found


def _foliage(rng: np.random.Generator, side: float, mood: Mood, green: Values, snowed: bool) -> list[Patch]:
    """Clumps of leaves over a trunk, the lit ones on top."""
    if snowed:
        green = mixed(green, color("dfe9f2"), 0.5)
    shapes = [Patch([(-0.045, 0), (0.05, 0), (0.025, 0.5), (-0.025, 0.5)], lit_color("54402c", 0.3, mood))]
    for light, shrink in ((0.02, 1.0), (0.4, 0.72), (0.85, 0.42)):
        for _ in range(9):
            angle, far = float(rng.uniform(0, 2 * np.pi)), float(rng.random()) ** 0.5
            x = 0.3 * far * np.cos(angle) * shrink + side * (1 - shrink) * 0.16
            y = 0.64 + 0.24 * far * np.sin(angle) * shrink + (1 - shrink) * 0.16
            shapes.append(Patch(blob(rng, x, y, 0.16 * (0.55 + 0.45 * shrink)), lit_color(green, light, mood)))
    return shapes


def bush(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A low bush or rock."""
    green = mixed(color("5a6a34"), color("8a7a4a"), float(rng.random()))
    if snowed:
        green = mixed(green, color("dfe9f2"), 0.6)
    return [
        Patch(blob(rng, x, y, size), lit_color(green, light, mood))
        for x, y, size, light in ((-0.3, 0.3, 0.4, 0.05), (0.3, 0.25, 0.38, 0.1), (side * 0.2, 0.5, 0.32, 0.7))
    ]


def dead(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A bare tree."""
    bark = lit_color("4a4038", 0.25, mood)
    shapes = [Patch([(-0.05, 0), (0.05, 0), (0.015, 0.6), (0.03, 0.95), (-0.02, 0.6)], bark)]
    for _ in range(7):
        low, way = float(rng.uniform(0.3, 0.75)), float(rng.choice([-1, 1]))
        x, y = way * float(rng.uniform(0.15, 0.36)), low + float(rng.uniform(0.1, 0.3))
        shapes.append(Patch([(0, low), (0, low + 0.03), (x * 0.6, y * 0.92), (x, y), (x * 0.55, y * 0.9)], bark))
    return shapes


def palm(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A palm with hanging fronds."""
    lean = float(rng.uniform(-0.18, 0.18))
    trunk = Patch([(-0.03, 0), (0.03, 0), (lean + 0.015, 0.8), (lean - 0.015, 0.8)], lit_color("7a6040", 0.5, mood))
    shapes = [trunk]
    for number in range(9):
        angle = np.pi * (number + float(rng.uniform(-0.3, 0.3))) / 8
        x, y = lean + 0.36 * np.cos(angle), 0.72 + 0.24 * np.sin(angle)
        light = 0.75 if x * side > lean * side else 0.1
        middle = (lean + 0.2 * np.cos(angle), 0.84 + 0.16 * np.sin(angle))
        shapes.append(
            Patch([(lean, 0.8), middle, (x, y), (middle[0], middle[1] - 0.06)], lit_color("4f6a2c", light, mood))
        )
    return shapes


def cactus(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A cactus with two arms."""
    dark, lit = lit_color("4f6a3c", 0.15, mood), lit_color("5f7d44", 0.9, mood)
    shapes = []
    for x, low, top in ((0, 0, 1), (-0.22, 0.45, 0.8), (0.22, 0.35, 0.68)):
        wide = 0.075 if x == 0 else 0.055
        shapes += [Patch(bar(x, low, top, wide), dark), Patch(bar(x + side * wide * 0.45, low, top, wide * 0.5), lit)]
        if x:
            shapes.append(Patch([(0, low), (x, low), (x, low + 0.09), (0, low + 0.09)], dark))
    return shapes


def bar(x: float, low: float, top: float, half: float) -> Points:
    """An upright bar with a rounded top."""
    return [(x - half, low), (x + half, low), (x + half, top - half), (x, top), (x - half, top - half)]


def blob(rng: np.random.Generator, x: float, y: float, size: float) -> Points:
    """A round shape with an uneven border."""
    angles = np.linspace(0, 2 * np.pi, 17)[:-1]
    radii = size * rng.uniform(0.84, 1.12, 16)
    return [(float(x + r * np.cos(a)), float(y + 0.85 * r * np.sin(a))) for a, r in zip(angles, radii, strict=True)]


TREES: dict[str, tuple[Drawing, float]] = {
    "conifer": (conifer, 2.6),
    "leafy": (leafy, 2.0),
    "bush": (bush, 0.35),
    "dead": (dead, 1.9),
    "palm": (palm, 2.0),
    "cactus": (cactus, 0.9),
    "autumn": (autumn, 2.0),
    "blossom": (blossom, 1.9),
    "boulder": (boulder, 0.4),
    "kelp": (kelp, 2.2),
    "coral": (coral, 0.55),
    "reed": (reed, 0.5),
}
"""What draws each kind, and its height in world units."""


def scatter(
    view: View, land: Land, place: Place, mood: Mood, sun: Sun, rng: np.random.Generator
) -> list[tuple[float, Callable[[], None]]]:
    """Trees on dry ground that leave the middle open: their distances, and what draws each."""
    side = 1.0 if sun.across[0] > 0 else -1.0
    half = view.picture.shape[1] / 2 / view.focal
    found: list[tuple[float, Callable[[], None]]] = []
    for kind, count in place.trees.items():
        draw, height = TREES[kind]
        for _ in range(count * (_CIRCLE if view.sight.around else 1)):
            z = float(3.2 + 42 * rng.random() ** 1.25)
            aside = float(rng.uniform(-1.05, 1.05))
            tall = height * float(rng.uniform(0.7, 1.25))
            shapes = draw(rng, side, mood, place.is_snowy)
            turn = np.pi * aside
            x, ahead = (z * np.sin(turn), z * np.cos(turn)) if view.sight.around else (aside * half * z, z)
            ground = land.at(float(x), float(ahead))
            if (not view.sight.around and _is_open(abs(aside), z, bool(place.hero or "fall" in place.features))) or (
                ground <= land.water + 0.05 and place.name != "swamp"
            ):
                continue
            at = (float(x), ground - land.eye - 0.05, float(ahead))
            found.append((z, partial(draw_thing, view, shapes, at, tall, mood)))
    return found


def _is_open(aside: float, z: float, hero: bool) -> bool:
    """Whether no tree stands there: an alley in the middle, and the place before the viewer."""
    if hero and z < 5.5:
        return True
    return aside < 0.06 + 0.34 * max(0, 1 - z / 22) or (z < (11 if hero else 6) and aside < (0.8 if hero else 0.62))

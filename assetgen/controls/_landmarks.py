"""What stands alone in a drawn landscape: a lighthouse, a windmill, a temple, tents, graves, icebergs, a bridge."""

from itertools import pairwise

import numpy as np

from assetgen.controls._buildings import LIT_WINDOW, rectangle, round_tower, windows
from assetgen.controls._mood import Mood
from assetgen.controls._noise import Values, color, mixed
from assetgen.controls._props import Drawing, Patch, bar, blob, lit_color, palm

_FLAME = np.array([1.6, 0.85, 0.25], np.float32)


def shaft(
    x: float, low: float, high: float, halves: tuple[float, float], paint: tuple[str, Mood, float]
) -> list[Patch]:
    """A round shaft that narrows from the first half width to the second, in five bands of light."""
    code, mood, side = paint
    found = []
    for start, light in ((-1.0, 0.25), (-0.6, 0.5), (-0.1, 0.72), (0.35, 0.95), (0.75, 0.7)):
        near, far = (start, 1.0) if side > 0 else (-1.0, -start)
        corners = [
            (x + near * halves[0], low), (x + far * halves[0], low),
            (x + far * halves[1], high), (x + near * halves[1], high),
        ]  # fmt: skip
        found.append(Patch(corners, lit_color(code, light, mood)))
    return found


def lighthouse(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A white tower with red bands, a gallery and a lamp, on rocks."""
    found = [Patch(blob(rng, x, 0.0, size), lit_color("6a625a", light, mood)) for x, size, light in _ROCKS]
    found += [rectangle(-0.34, 0.0, 0.26, 0.12, lit_color("d8cdb8", 0.6, mood))]
    found += [Patch([(-0.37, 0.11), (-0.05, 0.11), (-0.11, 0.2), (-0.31, 0.2)], lit_color("8a3a30", 0.6, mood))]
    edges = np.linspace(0.0, 0.78, 6)
    for number, (low, high) in enumerate(pairwise(edges)):
        halves = 0.125 - 0.06 * low, 0.125 - 0.06 * high
        found += shaft(0, low, high, halves, ("b8402f" if number % 2 else "efe8dc", mood, side))
    lamp = np.array([1.5, 1.25, 0.7], np.float32)
    found += [
        rectangle(-0.11, 0.78, 0.22, 0.025, lit_color("3a3a40", 0.5, mood)),
        rectangle(-0.06, 0.805, 0.12, 0.09, lamp if mood.is_dark else lit_color("ffe9a8", 0.9, mood), mood.is_dark),
        rectangle(-0.008, 0.805, 0.016, 0.09, lit_color("3a3a40", 0.3, mood)),
        Patch(
            [(-0.085, 0.895), (0.085, 0.895), (0.02, 0.97), (0, 1.02), (-0.02, 0.97)], lit_color("8a2f28", 0.7, mood)
        ),
    ]
    return found


_ROCKS = ((-0.42, 0.16, 0.2), (0.36, 0.17, 0.5), (0.1, 0.2, 0.3), (-0.15, 0.15, 0.6))


def windmill(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A mill with four sails."""
    found = shaft(0, 0, 0.58, (0.2, 0.12), ("d9cdb6", mood, side))
    found += [
        rectangle(-0.045, 0.0, 0.09, 0.15, lit_color("4a3626", 0.5, mood)),
        rectangle(
            -0.03, 0.32, 0.06, 0.07, LIT_WINDOW if mood.is_dark else lit_color("4a4448", 0.4, mood), mood.is_dark
        ),
        Patch([(-0.145, 0.57), (0.145, 0.57), (0.1, 0.68), (0, 0.76), (-0.1, 0.68)], lit_color("7a4636", 0.25, mood)),
        Patch(
            [(side * 0.145, 0.57), (side * 0.02, 0.57), (0, 0.76), (side * 0.1, 0.68)], lit_color("7a4636", 0.9, mood)
        ),
    ]
    hub, turn = np.array([0.0, 0.62]), float(rng.uniform(0.2, 1.2))
    for quarter in range(4):
        angle = turn + quarter * np.pi / 2
        along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])

        def corners(
            *places: tuple[float, float], along: Values = along, across: Values = across
        ) -> list[tuple[float, float]]:
            return [tuple(float(v) for v in hub + a * along + b * across) for a, b in places]  # type: ignore[misc]

        found.append(
            Patch(corners((0.08, 0.0), (0.44, 0.0), (0.44, 0.1), (0.08, 0.1)), lit_color("efe6d2", 0.75, mood))
        )
        found.append(
            Patch(corners((0, -0.012), (0.45, -0.012), (0.45, 0.012), (0, 0.012)), lit_color("5a4030", 0.3, mood))
        )
    return found


def temple(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A temple with columns under a gable, on steps."""
    stone, found = "cfc4ae", []
    for step in range(3):
        paint = lit_color(stone, 0.5 + 0.2 * step, mood)
        found += [rectangle(-0.95 + 0.06 * step, 0.05 * step, 1.9 - 0.12 * step, 0.06, paint)]
    found.append(rectangle(-0.74, 0.15, 1.48, 0.5, lit_color("4a4038", 0.15, mood)))
    for number in range(6):
        x = -0.7 + 0.28 * number
        found += shaft(x, 0.15, 0.65, (0.055, 0.046), (stone, mood, side))
        found.append(rectangle(x - 0.07, 0.63, 0.14, 0.03, lit_color(stone, 0.8, mood)))
    found += [
        rectangle(-0.82, 0.66, 1.64, 0.09, lit_color(stone, 0.65, mood)),
        Patch([(-0.88, 0.75), (0.88, 0.75), (0, 1.0)], lit_color(stone, 0.85, mood)),
        Patch([(-0.68, 0.775), (0.68, 0.775), (0, 0.965)], lit_color(stone, 0.3, mood)),
    ]
    return found


def tent(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A tent with an open flap."""
    cloth = ("c9b48a", "a8583c", "6a7a8a", "b89a5a")[int(rng.integers(4))]
    way = float(rng.choice([-1.0, 1.0]))
    inside = LIT_WINDOW * 0.9 if mood.is_dark else lit_color("3a2c22", 0.1, mood)
    return [
        Patch(
            [(-way * 0.95, 0), (-way * 0.1, 0), (way * 0.1, 1), (-way * 0.62, 0.92)],
            lit_color(cloth, 0.3 if way == side else 0.85, mood),
        ),
        Patch(
            [(-way * 0.1 - 0.34 * way, 0), (way * 0.72, 0), (way * 0.1, 1)],
            lit_color(cloth, 0.85 if way == side else 0.4, mood),
        ),
        Patch([(way * 0.0, 0), (way * 0.34, 0), (way * 0.11, 0.72)], inside, mood.is_dark),
        Patch(bar(way * 0.1, 0.9, 1.12, 0.015), lit_color("5a4030", 0.3, mood)),
    ]


def fire(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A camp fire between logs."""
    found = [Patch(blob(rng, x, 0.06, 0.14), lit_color("5a5450", 0.5, mood)) for x in (-0.5, -0.25, 0.25, 0.5)]
    for wide, high, paint in (
        (0.36, 1.0, (1.3, 0.4, 0.08)),
        (0.25, 0.72, (1.6, 0.8, 0.2)),
        (0.13, 0.45, (1.9, 1.5, 0.7)),
    ):
        corners = [
            (-wide, 0.05),
            (wide, 0.05),
            (wide * 0.7, high * 0.4),
            (wide * 0.25, high * 0.62),
            (0.03, high),
            (-wide * 0.35, high * 0.6),
            (-wide * 0.8, high * 0.4),
        ]
        found.append(Patch(corners, np.array(paint, np.float32), True))
    return found


def grave(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A gravestone or a cross, somewhat crooked."""
    lean, stone = float(rng.uniform(-0.12, 0.12)), "b4b4ae"
    dark, lit = lit_color(stone, 0.25, mood), lit_color(stone, 0.95, mood)
    if rng.random() < 0.35:
        found = [
            ((-0.08, 0), (0.08, 0), (0.08, 1), (-0.08, 1)),
            ((-0.32, 0.6), (0.32, 0.6), (0.32, 0.76), (-0.32, 0.76)),
        ]
        shapes = [Patch([(x + lean * y, y) for x, y in corners], dark) for corners in found]
        return [
            *shapes,
            Patch(
                [(side * 0.08 + lean * y, y) for y in (0.0, 1.0)] + [(side * 0.03 + lean * y, y) for y in (1.0, 0.0)],
                lit,
            ),
        ]
    arch = [(0.34 * np.cos(a), 0.56 + 0.36 * np.sin(a)) for a in np.linspace(0, np.pi, 9)]
    outline = [(0.34, 0), *arch, (-0.34, 0)]
    return [
        Patch([(x + side * 0.1 + lean * y, y) for x, y in outline], lit),
        Patch([(x + lean * y, y) for x, y in outline], dark),
        Patch([(x * 0.7 + lean * y, 0.1 + y * 0.85) for x, y in outline], lit_color(stone, 0.45, mood)),
    ]


def iceberg(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A mountain of ice in facets."""
    ice = mixed(color("a8d4ea"), color("eef8ff"), 0.5)
    tops = [
        (-1.1, 0.0),
        (-0.85, 0.34),
        (-0.55, 0.5),
        (-0.3, 0.86),
        (-0.05, 1.0),
        (0.2, 0.7),
        (0.5, 0.6),
        (0.8, 0.26),
        (1.1, 0.0),
    ]
    tops = [(x, y * float(rng.uniform(0.88, 1.1)) if y else -0.03) for x, y in tops]
    found = [Patch(tops, lit_color(color("7ab4d4"), 0.3, mood))]
    for (x, y), (next_x, next_y) in pairwise(tops):
        light = 0.2 + 0.75 * ((next_y < y) == (side > 0)) * float(rng.uniform(0.7, 1.1))
        foot = 0.62 * (x + next_x) / 2 + side * 0.08
        found.append(
            Patch(
                [(x, y), (next_x, next_y), (foot + 0.1, 0.0), (foot - 0.12, 0.0)],
                lit_color(mixed(color("6aa4c8"), ice, min(1.0, light)), light * 0.8, mood),
            )
        )
    return [*found, Patch([(-1.1, -0.03), (1.1, -0.03), (0.9, 0.05), (-0.9, 0.05)], lit_color("6ec0d8", 0.6, mood))]


def bridge(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A bridge of stone with three arches."""
    stone = "a2968a"
    turns = np.linspace(np.pi, 0, 13)
    outline = [(-3.2, -0.3)]
    for x, wide, high in ((-1.55, 0.52, 0.52), (0.0, 0.68, 0.7), (1.55, 0.52, 0.52)):
        outline += [(x - wide, -0.3), *((x + wide * np.cos(a), high * np.sin(a)) for a in turns), (x + wide, -0.3)]
    top = [(x, 1.0 - 0.055 * x * x * 0.5) for x in np.linspace(3.2, -3.2, 17)]
    under = [Patch([(x + side * -0.12, y) for x, y in [*outline, (3.2, -0.3), *top]], lit_color(stone, 0.05, mood))]
    rail = [(x, y) for x, y in top] + [(x, y + 0.13) for x, y in reversed(top)]
    found = [
        *under,
        Patch([*outline, (3.2, -0.3), *top], lit_color(stone, 0.6, mood)),
        Patch(rail, lit_color(stone, 0.95, mood)),
    ]
    for x in (-0.78, 0.78):
        found += [rectangle(x - 0.14, -0.3, 0.28, 0.72, lit_color(stone, 0.8, mood))]
    return found


def islet(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A grove of palms."""
    found = []
    for number in range(9):
        x, tall = float(rng.uniform(-0.9, 0.9)), float(rng.uniform(0.55, 1.0))
        down = 0.1 * abs(x)
        found += [
            Patch([(x + tall * a, tall * b - down) for a, b in each.corners], each.color)
            for each in palm(rng, side, mood, snowed)
        ]
        if number % 3 == 0:
            found.append(Patch(blob(rng, x, 0.02, 0.16), lit_color("4f7a34", 0.5, mood)))
    return found


def spire_block(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A tower of a city of the future: tapering, with strips of light."""
    wide, waist = float(rng.uniform(0.09, 0.2)), float(rng.uniform(0.35, 0.9))
    body = mixed(color("46546c"), color("7f90a8"), float(rng.random()))
    neon = color(("3ff0ff", "ff4fd0", "8a6bff", "ffb347")[int(rng.integers(4))]) * (1.25 if mood.is_dark else 0.9)
    found = [
        Patch([(-wide, 0), (wide, 0), (wide * waist, 0.86), (0, 1), (-wide * waist, 0.86)], lit_color(body, 0.2, mood)),
        Patch(
            [(side * wide, 0), (side * wide * 0.35, 0), (side * wide * waist * 0.3, 0.9), (side * wide * waist, 0.86)],
            lit_color(body, 0.95, mood),
        ),
    ]
    found += windows(rng, (-wide * 0.8, 0.05, wide * 1.6 * max(0.6, waist), 0.72), (3, 11), mood)
    found.append(rectangle(-wide * 0.1, 0.1, wide * 0.2, 0.74, neon, mood.is_dark))
    if rng.random() < 0.4:
        found.append(rectangle(-wide * 1.5, 0.6, wide * 3, 0.035, lit_color(body, 0.7, mood)))
        found.append(rectangle(-wide * 1.5, 0.592, wide * 3, 0.01, neon, mood.is_dark))
    return [*found, rectangle(-0.006, 0.98, 0.012, 0.2, lit_color(body, 0.4, mood))]


def banner(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A torn banner, a broken wheel or spears in the ground."""
    pole = lit_color("4a3828", 0.4, mood)
    if rng.random() < 0.5:
        lean = float(rng.uniform(-0.35, 0.35))
        cloth = ("8a2a28", "2f4a7a")[int(rng.integers(2))]
        flag = [(0.97, 0.0), (0.94, 0.5), (0.8, 0.42), (0.72, 0.55), (0.6, 0.3), (0.56, 0.0)]
        return [
            Patch([(-0.02, 0), (0.02, 0), (lean + 0.015, 1), (lean - 0.015, 1)], pole),
            Patch([(lean * y + side * x, y) for y, x in flag], lit_color(cloth, 0.7, mood)),
        ]
    found = []
    for _ in range(4):
        x, lean, tall = float(rng.uniform(-0.3, 0.3)), float(rng.uniform(-0.5, 0.5)), float(rng.uniform(0.4, 0.7))
        found.append(
            Patch(
                [(x - 0.012, 0), (x + 0.012, 0), (x + lean * tall + 0.01, tall), (x + lean * tall - 0.01, tall)], pole
            )
        )
        found.append(
            Patch(
                [
                    (x + lean * tall - 0.03, tall),
                    (x + lean * tall + 0.03, tall),
                    (x + lean * (tall + 0.13), tall + 0.13),
                ],
                lit_color("c0c4c8", 0.8, mood),
            )
        )
    return found


def broken_tower(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A burnt tower whose top has fallen."""
    found = round_tower(0, 0.5, 0.8, mood, side)
    top = lit_color("a49a8e", 0.5, mood)
    return [*found, Patch([(-0.25, 0.8), (-0.25, 1.0), (-0.12, 0.92), (-0.02, 0.97), (0.1, 0.84), (0.25, 0.8)], top)]


LANDMARKS: dict[str, Drawing] = {
    "lighthouse": lighthouse, "windmill": windmill, "temple": temple, "camp": tent, "fire": fire, "graves": grave,
    "iceberg": iceberg, "bridge": bridge, "islet": islet, "future": spire_block, "battle": banner,
    "broken_tower": broken_tower,
}  # fmt: skip
"""What draws each kind."""

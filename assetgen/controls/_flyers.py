"""What is in the air of a drawn scene: ships of the sky and of space, dragons, balloons, islands, birds, fish."""

from collections.abc import Callable
from functools import partial

import numpy as np

from assetgen.controls._buildings import LIT_WINDOW, rectangle
from assetgen.controls._mood import Mood, named
from assetgen.controls._props import Drawing, Patch, draw_thing, leafy, lit_color
from assetgen.controls._sight import Sun
from assetgen.controls._terrain import View

_WORDS = {
    "islands": "floating flying levitating",
    "dragon": "dragon dragons wyvern",
    "ufo": "ufo saucer aliens",
    "starship": "spaceship starship spacecraft spaceships battleship fighter cruiser",
    "airship": "airship zeppelin airships dirigible steampunk",
    "balloon": "balloon balloons",
    "birds": "bird birds seagull seagulls crow crows raven ravens",
    "fish": "fish shoal",
}


def _oval(
    x: float, y: float, wide: float, high: float, share: tuple[float, float] = (0.0, 2.0)
) -> list[tuple[float, float]]:
    turns = np.linspace(share[0] * np.pi, share[1] * np.pi, 28)
    return [(x + wide * float(np.cos(a)), y + high * float(np.sin(a))) for a in turns]


def _ufo(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    beam = np.array([0.75, 1.0, 0.8], np.float32)
    found = [
        Patch(_oval(0, 0.62, 0.42, 0.34, (0, 1)), lit_color("5fa8a8", 0.6, mood)),
        Patch(_oval(side * 0.1, 0.68, 0.2, 0.2, (0, 1)), lit_color("a8dcd8", 0.8, mood)),
        Patch(_oval(0, 0.5, 1.15, 0.2), lit_color("4a5460", 0.1, mood)),
        Patch(_oval(0, 0.56, 1.12, 0.15), lit_color("76828e", 0.5, mood)),
        Patch(_oval(side * 0.35, 0.59, 0.7, 0.09), lit_color("a0acb8", 0.9, mood)),
        Patch(_oval(0, 0.34, 0.4, 0.09), beam, True),
    ]
    return [
        *found,
        *(Patch(_oval(x, 0.44 - 0.03 * (1 - abs(x)), 0.06, 0.05), beam * 1.3, True) for x in (-0.85, -0.5, 0.5, 0.85)),
    ]


def _starship(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    hull, glow = "5c6672", np.array([0.5, 1.1, 1.6], np.float32)
    return [
        Patch([(-1.5, 0.42), (-1.2, 0.56), (-1.2, 0.3)], glow * 0.8, True),
        Patch([(-0.5, 0.45), (-1.25, 0.92), (-1.05, 0.92), (0.15, 0.52)], lit_color(hull, 0.3, mood)),
        Patch(
            [(-1.2, 0.3), (-1.22, 0.58), (-0.5, 0.68), (0.5, 0.6), (1.5, 0.42), (0.5, 0.32), (-0.6, 0.24)],
            lit_color(hull, 0.35, mood),
        ),
        Patch(
            [(-1.22, 0.58), (-0.5, 0.68), (0.5, 0.6), (1.5, 0.42), (0.3, 0.5), (-1.21, 0.48)],
            lit_color("98a4b0", 0.9, mood),
        ),
        Patch([(-0.25, 0.64), (0.05, 0.76), (0.36, 0.72), (0.55, 0.6)], lit_color("3a5a78", 0.8, mood)),
        Patch([(0.02, 0.72), (0.3, 0.7), (0.42, 0.62), (0.1, 0.64)], glow * 0.7, True),
        Patch([(-0.3, 0.4), (-1.1, 0.05), (-1.4, 0.08), (-0.75, 0.42)], lit_color("7c8894", 0.7, mood)),
        Patch([(-1.1, 0.05), (-1.4, 0.08), (-1.36, 0.12), (-1.02, 0.1)], lit_color("b8402f", 0.8, mood)),
        Patch([(-0.9, 0.36), (0.7, 0.4), (0.7, 0.42), (-0.9, 0.39)], lit_color("5a6470", 0.2, mood)),
        *(rectangle(-0.7 + 0.18 * n, 0.44, 0.08, 0.035, LIT_WINDOW * 1.1, True) for n in range(7)),
        Patch(_oval(-1.22, 0.44, 0.05, 0.13), glow * 1.4, True),
    ]


def _airship(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    cloth, found = "b8864a", []
    found.append(Patch([(-1.05, 0.75), (-1.5, 1.05), (-1.42, 0.72), (-1.5, 0.42)], lit_color("8a4632", 0.5, mood)))
    for light, rise, wide, high in (
        (0.0, 0.0, 1.25, 0.36),
        (0.4, 0.05, 1.2, 0.29),
        (0.75, 0.11, 1.08, 0.2),
        (1.0, 0.17, 0.85, 0.1),
    ):
        found.append(Patch(_oval(0.02 * side, 0.74 + rise, wide, high), lit_color(cloth, light, mood)))
    for x in (-0.7, -0.35, 0.0, 0.35, 0.7):
        half = 0.36 * float(np.sqrt(1 - (x / 1.25) ** 2))
        found.append(
            Patch(
                [
                    (x - 0.014, 0.74 - half),
                    (x + 0.014, 0.74 - half),
                    (x + 0.014, 0.74 + half),
                    (x - 0.014, 0.74 + half),
                ],
                lit_color("7a4a2c", 0.3, mood),
            )
        )
    rope = lit_color("3a2a20", 0.2, mood)
    found += [
        Patch([(x - 0.01, 0.22), (x + 0.01, 0.22), (x * 1.3 + 0.01, 0.46), (x * 1.3 - 0.01, 0.46)], rope)
        for x in (-0.4, 0.4)
    ]
    found.append(Patch([(-0.62, 0.26), (-0.48, 0.04), (0.42, 0.04), (0.7, 0.28)], lit_color("6a4428", 0.5, mood)))
    found.append(Patch([(-0.62, 0.26), (-0.6, 0.21), (0.64, 0.22), (0.7, 0.28)], lit_color("a8743c", 0.9, mood)))
    return [*found, *(rectangle(-0.4 + 0.2 * n, 0.11, 0.09, 0.07, LIT_WINDOW, mood.is_dark) for n in range(5))]


_SPINE = ((-1.6, 0.1), (-1.2, 0.2), (-0.8, 0.18), (-0.4, 0.3), (0.1, 0.4), (0.5, 0.5), (0.8, 0.72), (1.0, 0.8))
_GIRTH = (0.01, 0.03, 0.06, 0.12, 0.16, 0.1, 0.07, 0.06)
_FAR_WING = (
    (0.3, 0.46), (0.55, 0.95), (0.5, 1.35), (0.22, 1.0), (0.1, 1.2), (-0.02, 0.86), (-0.2, 0.98), (-0.15, 0.5),
)  # fmt: skip
_WING = (
    (0.15, 0.45), (-0.1, 1.05), (-0.45, 1.5), (-0.52, 1.05), (-0.82, 1.2), (-0.82, 0.82), (-1.12, 0.86), (-0.95, 0.55),
    (-0.45, 0.36),
)  # fmt: skip
_HEAD = (
    (0.9, 0.87), (1.02, 0.95), (1.15, 0.84), (1.38, 0.74), (1.36, 0.69), (1.12, 0.71), (1.3, 0.62), (1.05, 0.68),
    (0.92, 0.74),
)  # fmt: skip


def _dragon(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    dark, lit, skin = (
        lit_color(code, light, mood) for code, light in (("5a2420", 0.15), ("a8483a", 0.8), ("8a3a30", 0.45))
    )
    back = [(x, y + h) for (x, y), h in zip(_SPINE, _GIRTH, strict=True)]
    belly = [(x, y - h) for (x, y), h in zip(_SPINE, _GIRTH, strict=True)]
    tail = [(-1.6, 0.1), (-1.82, 0.24), (-1.72, 0.08), (-1.8, -0.04)]
    found = [Patch(_FAR_WING, dark), Patch(tail, skin), Patch([*back, *reversed(belly)], skin), Patch(_WING, skin)]
    for tip in ((-0.45, 1.5), (-0.82, 1.2), (-1.12, 0.86)):
        found += [Patch([(0.15, 0.45), (-0.1, 1.05), tip, (-0.13, 1.0)], dark)]
    found += [
        Patch([(0.15, 0.45), (-0.1, 1.05), (-0.45, 1.5), (-0.3, 1.0)], lit),
        Patch([(-0.4, 0.4), (0.1, 0.54), (0.5, 0.6), (0.5, 0.52), (0.1, 0.44), (-0.4, 0.34)], lit),
        Patch([(1.0, 0.9), (0.78, 1.06), (0.9, 0.88)], dark),
        Patch(_HEAD, lit),
        Patch(_oval(1.08, 0.83, 0.02, 0.018), LIT_WINDOW * 1.4, True),
    ]
    for x in (-0.35, 0.15):
        found += [Patch([(x, 0.3), (x + 0.14, 0.3), (x - 0.02, 0.04), (x - 0.12, 0.02)], dark)]
    return found


def _balloon(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    first, second = (("c8402f", "f0e0b8"), ("2f6a9a", "f2c14e"), ("7a4a9a", "f0a8c0"))[int(rng.integers(3))]
    found = []
    for number, x in enumerate(np.linspace(1, 0.14, 5)):
        for way in (-1, 1):
            light = 0.25 if way != side else 0.6 + 0.08 * number
            half = _oval(0, 0.62, 0.4 * float(x) * way, 0.38, (-0.5, 0.5))
            found.append(
                Patch(
                    [*half, (0.06 * float(x) * way, 0.2), (0, 0.2)],
                    lit_color(first if number % 2 else second, light, mood),
                )
            )
    return [
        *found,
        rectangle(-0.07, 0.0, 0.14, 0.1, lit_color("7a5230", 0.5, mood)),
        *(rectangle(x, 0.1, 0.01, 0.12, lit_color("4a3626", 0.3, mood)) for x in (-0.06, 0.05)),
    ]


def _island(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    turns = np.linspace(-1, 1, 15)
    depth = [(1 - abs(float(t)) ** 1.3) * float(rng.uniform(0.62, 1.05)) for t in turns]
    found = [Patch([(float(t), 0.0 - d) for t, d in zip(turns, depth, strict=True)], lit_color("7a6654", 0.12, mood))]
    for number in range(1, 13):
        t, d = float(turns[number]), depth[number]
        light = float(rng.uniform(0.25, 0.5)) + 0.35 * side * t
        if number % 2:
            found.append(
                Patch(
                    [(t - 0.13, 0.0), (t + 0.16, 0.0), (t + 0.08, -d * 0.7), (t + 0.01, -d * 0.97)],
                    lit_color("8a7462", light, mood),
                )
            )
    top = _oval(0, 0.0, 1.0, 0.13)
    found += [
        Patch(top, lit_color("5f8238", 0.35, mood)),
        Patch(_oval(side * 0.1, 0.03, 0.8, 0.08), lit_color("86a84a", 0.9, mood)),
    ]
    for number in range(int(rng.integers(4, 8))):
        x, tall = float(rng.uniform(-0.75, 0.75)), float(rng.uniform(0.28, 0.5))
        y = 0.09 - 0.14 * number / 7
        found += [
            Patch([(x + tall * a, y + tall * b) for a, b in each.corners], each.color)
            for each in leafy(rng, side, mood, snowed)
        ]
    x = float(rng.uniform(-0.3, 0.3))
    return [
        *found,
        Patch(
            [(x - 0.05, -0.11), (x + 0.05, -0.11), (x + 0.075, -1.2), (x - 0.02, -1.35)], lit_color("e0f2fa", 0.9, mood)
        ),
    ]


def _birds(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    found, ink = [], lit_color("2c2c34", 0.3, mood)
    for _ in range(9):
        x, y, size = float(rng.uniform(-2, 2)), float(rng.uniform(0, 1)), float(rng.uniform(0.1, 0.2))
        wing = [(-1, 0.35), (-0.5, 0.5), (0, 0.05), (0.5, 0.5), (1, 0.3), (0.5, 0.3), (0, -0.14), (-0.5, 0.3)]
        found.append(Patch([(x + size * a, y + size * b) for a, b in wing], ink))
    return found


def _fish(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    found, way = [], float(rng.choice([-1, 1]))
    paint = ("f0a03c", "e8d44a", "d85a5a", "8ad0e8")[int(rng.integers(4))]
    for _ in range(11):
        x, y, size = float(rng.normal(0, 0.8)), float(rng.normal(0.5, 0.28)), float(rng.uniform(0.09, 0.17))
        body = [*_oval(0, 0, 1, 0.42), (0.95, 0.0)]
        tail = [(-0.85, 0), (-1.5, 0.42), (-1.35, 0), (-1.5, -0.42)]
        for shape, light in ((tail, 0.3), (body, 0.7), (_oval(0.1, 0.14, 0.6, 0.16), 1.0)):
            found.append(Patch([(x + way * size * a, y + size * b) for a, b in shape], lit_color(paint, light, mood)))
    return found


_FLYERS: dict[str, tuple[Drawing, float, tuple[tuple[float, float, float], ...]]] = {
    "islands": (
        _island,
        3.4,
        ((-0.3, 0.2, 15.0), (0.36, 0.3, 24.0), (0.12, 0.12, 38.0), (-0.52, 0.34, 40.0), (0.7, 0.1, 44.0)),
    ),
    "dragon": (_dragon, 4.2, ((-0.16, 0.13, 17.0),)),
    "ufo": (_ufo, 2.6, ((0.14, 0.22, 15.0), (-0.36, 0.34, 40.0))),
    "starship": (_starship, 3.2, ((-0.12, 0.17, 12.0), (0.34, 0.36, 60.0))),
    "airship": (_airship, 4.2, ((0.13, 0.2, 19.0), (-0.4, 0.34, 52.0))),
    "balloon": (_balloon, 5.0, ((-0.18, 0.14, 20.0), (0.26, 0.28, 34.0), (0.05, 0.34, 60.0), (-0.44, 0.3, 52.0))),
    "birds": (_birds, 1.8, ((0.2, 0.28, 20.0), (-0.3, 0.36, 34.0))),
    "fish": (
        _fish,
        1.7,
        ((-0.16, 0.08, 8.0), (0.28, 0.2, 12.0), (0.02, 0.3, 17.0), (-0.42, 0.28, 15.0), (0.5, 0.05, 11.0)),
    ),
}
"""What draws each kind, its height, and where: tangents aside and up, and the distance."""


def flyers_of(words: frozenset[str], place: str) -> list[str]:
    """The kinds of things in the air that the words name."""
    found = named(words, _WORDS)
    if "ship" in words and place == "space":
        found.append("starship")
    if "islands" in found and words.isdisjoint({"island", "islands", "land", "rock", "rocks", "castle"}):
        found.remove("islands")
    return [*found, "fish"] if place == "underwater" and "fish" not in found else found


def draw_flyers(
    view: View, kinds: list[str], mood: Mood, sun: Sun, rng: np.random.Generator
) -> list[tuple[float, Callable[[], None]]]:
    """Things in the air: their distances, and what draws each."""
    side = 1.0 if sun.across[0] > 0 else -1.0
    found: list[tuple[float, Callable[[], None]]] = []
    for kind in kinds:
        draw, tall, places = _FLYERS[kind]
        mirror = float(rng.choice([-1, 1]))
        for turn in (0.0, 2.1, 4.2) if view.sight.around and kind in ("islands", "birds", "fish") else (0.0,):
            for aside, up, z in places:
                angle = float(np.arctan(mirror * aside)) + turn
                x, ahead = (z * np.sin(angle), z * np.cos(angle)) if view.sight.around else (mirror * aside * z, z)
                shapes = draw(rng, side, mood, False)
                rise = (up + 0.02 * float(rng.normal())) * (0.8 if view.sight.around else 1.0)
                found.append((z, partial(draw_thing, view, shapes, (float(x), rise * z, float(ahead)), tall, mood)))
    return found

"""Buildings and ships of a drawn landscape, as flat shapes."""

import numpy as np

from assetgen.controls._mood import Mood
from assetgen.controls._noise import Values, color, mixed
from assetgen.controls._props import Drawing, Patch, bar, lit_color

LIT_WINDOW = np.array([1.0, 0.78, 0.38], np.float32)
"""The colour of a window with light behind it."""


def rectangle(x: float, y: float, wide: float, high: float, paint: Values, shines: bool = False) -> Patch:
    """An upright rectangle; (x, y) is its lower left corner."""
    return Patch([(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)], paint, shines)


def windows(
    rng: np.random.Generator, box: tuple[float, float, float, float], grid: tuple[int, int], mood: Mood
) -> list[Patch]:
    """Windows on a wall, of which many are lit when it is dark; `grid` is columns and rows."""
    x, y, wide, high = box
    columns, rows = grid
    found = []
    for row in range(rows):
        for column in range(columns):
            lit = mood.is_dark and rng.random() < 0.6
            paint = LIT_WINDOW * float(rng.uniform(0.75, 1.0)) if lit else lit_color("4a4448", 0.3, mood)
            left, low = x + wide * (column + 0.34) / columns, y + high * (row + 0.3) / rows
            found.append(rectangle(left, low, 0.32 * wide / columns, 0.44 * high / rows, paint, lit))
    return found


def house(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A house seen at an angle: a gable, a long wall, a roof and a chimney."""
    walls = (color("c9b08a"), color("b78f6c"), color("d8cdb8"), color("a98a78"))
    roofs = (color("8a4632"), color("6a4a3e"), color("4e5a66"), color("7a5a36"))
    wall, roof = walls[int(rng.integers(4))], roofs[int(rng.integers(4))]
    if snowed:
        roof = mixed(roof, color("eef4fa"), 0.8)
    wide, long, eave = float(rng.uniform(0.42, 0.55)), float(rng.uniform(0.5, 0.9)), float(rng.uniform(0.5, 0.62))
    way = float(rng.choice([-1.0, 1.0]))
    facing = 0.8 if way != side else 0.2
    gable = [(0, 0), (way * wide, 0), (way * wide, eave), (way * wide / 2, 1.0), (0, eave)]
    long_wall = [(0, 0), (-way * long, 0), (-way * long, eave), (0, eave)]
    slope = [
        (0.04 * way, eave - 0.04),
        (-way * (long + 0.06), eave - 0.04),
        (-way * (long - wide / 2 + 0.04), 1.0),
        (way * wide / 2, 1.0),
    ]
    shapes = [
        rectangle(-way * long * 0.6 - 0.05, 0.8, 0.1, 0.34, lit_color("7a6258", 0.4, mood)),
        Patch(long_wall, lit_color(wall, 1 - facing, mood)),
        Patch(gable, lit_color(wall, facing, mood)),
        Patch(slope, lit_color(roof, 1 - facing * 0.7, mood)),
    ]
    left = min(0.0, -way * long)
    shapes += windows(rng, (left, 0.05, long, eave - 0.1), (3, 1), mood)
    return [*shapes, *windows(rng, (min(0.0, way * wide), 0.06, wide, eave), (2, 2), mood)]


def round_tower(x: float, wide: float, high: float, mood: Mood, side: float, base: float = 0.0) -> list[Patch]:
    """A tower in three bands of light."""
    stone = "a49a8e"
    shapes = [rectangle(x - wide / 2, base, wide, high - base, lit_color(stone, 0.35, mood))]
    lit = x + side * wide * 0.28
    shapes.append(rectangle(lit - wide * 0.22, base, wide * 0.44, high - base, lit_color(stone, 0.9, mood)))
    dark = x - side * wide * 0.36
    shapes.append(rectangle(dark - wide * 0.14, base, wide * 0.28, high - base, lit_color(stone, 0.0, mood)))
    return shapes


def spire(x: float, y: float, wide: float, high: float, mood: Mood, side: float) -> list[Patch]:
    """A pointed roof, lit on one side."""
    roof = "5a4a5e"
    half = wide * 0.62
    return [
        Patch([(x - half, y), (x + half, y), (x, y + high)], lit_color(roof, 0.1, mood)),
        Patch([(x + side * half, y), (x + side * half * 0.05, y), (x, y + high)], lit_color(roof, 0.9, mood)),
    ]


def battlements(x: float, y: float, wide: float, count: int, paint: Values) -> list[Patch]:
    """A row of merlons on a wall."""
    each = wide / (2 * count - 1)
    return [rectangle(x + 2 * number * each, y, each, each * 1.2, paint) for number in range(count)]


def castle(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A castle on its rock: walls with battlements, a keep and towers with spires."""
    rock, shapes = "7a6f64", []
    crag = [(-0.75, -0.1), (-0.6, 0.1), (-0.44, 0.16), (0.42, 0.17), (0.55, 0.09), (0.78, -0.1)]
    shapes.append(Patch(crag, lit_color(rock, 0.15, mood)))
    shapes.append(
        Patch(
            [(side * 0.1, -0.1), (side * 0.2, 0.15), (side * 0.5, 0.1), (side * 0.76, -0.1)], lit_color(rock, 0.7, mood)
        )
    )
    for x, wide, high in ((-0.1, 0.2, 0.72), (0.16, 0.12, 0.62)):
        shapes += round_tower(x, wide, high, mood, side, 0.2)
        shapes += windows(rng, (x - wide / 2, 0.4, wide, high - 0.42), (2, 3), mood)
        shapes += spire(x, high, wide, float(rng.uniform(0.2, 0.34)), mood, side)
    wall = lit_color("9a9084", 0.55, mood)
    shapes += [rectangle(-0.42, 0.12, 0.84, 0.2, wall), *battlements(-0.42, 0.32, 0.84, 12, wall)]
    shapes.append(
        Patch([(-0.05, 0.12), (0.05, 0.12), (0.05, 0.2), (0, 0.24), (-0.05, 0.2)], lit_color("2a2422", 0.1, mood))
    )
    for x, wide, high in ((-0.42, 0.13, 0.5), (0.42, 0.13, 0.46), (-0.2, 0.1, 0.42)):
        shapes += round_tower(x, wide, high, mood, side, 0.08)
        shapes += windows(rng, (x - wide / 2, 0.25, wide, high - 0.28), (1, 2), mood)
        top = lit_color("a49a8e", 0.5, mood)
        if rng.random() < 0.6:
            shapes += spire(x, high, wide, float(rng.uniform(0.16, 0.26)), mood, side)
        else:
            shapes += [
                rectangle(x - wide * 0.6, high, wide * 1.2, 0.03, top),
                *battlements(x - wide * 0.6, high + 0.03, wide * 1.2, 4, top),
            ]
    return shapes


def tower(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A lonely tower with a lamp under its roof."""
    shapes = round_tower(0, 0.26, 0.78, mood, side)
    shapes += windows(rng, (-0.13, 0.2, 0.26, 0.5), (1, 3), mood)
    lamp = LIT_WINDOW if mood.is_dark else lit_color("d8c890", 0.8, mood)
    shapes += [
        rectangle(-0.17, 0.76, 0.34, 0.04, lit_color("a49a8e", 0.6, mood)),
        rectangle(-0.1, 0.8, 0.2, 0.09, lamp, mood.is_dark),
    ]
    return [*shapes, *spire(0, 0.88, 0.26, 0.2, mood, side)]


def block(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A tall building with rows of windows."""
    wide = float(rng.uniform(0.16, 0.34))
    glass = mixed(color("6a7686"), color("8c8478"), float(rng.random()))
    deep = 0.3 * wide
    shapes = [
        rectangle(-wide / 2, 0, wide, 1, lit_color(glass, 0.25, mood)),
        rectangle((wide / 2 - deep) if side > 0 else -wide / 2, 0, deep, 1, lit_color(glass, 0.95, mood)),
    ]
    if mood.is_dark:
        shapes += windows(rng, (-wide / 2, 0.04, wide, 0.94), (3, 9), mood)
    else:
        pane = lit_color(0.62 * glass, 0.4, mood)
        shapes += [rectangle(-wide * 0.4, 0.06 + 0.102 * floor, wide * 0.8, 0.05, pane) for floor in range(9)]
    if rng.random() < 0.4:
        shapes.append(rectangle(-0.01, 1, 0.02, 0.14, lit_color(glass, 0.3, mood)))
    return shapes


def ruins(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """Broken columns, two of them under a beam."""
    shapes: list[Patch] = []
    for number in range(6):
        x = -0.75 + 0.3 * number
        high = 0.85 if number in (1, 2) else float(rng.uniform(0.2, 0.8))
        shapes += round_tower(x, 0.12, high, mood, side)
        shapes.append(rectangle(x - 0.08, 0, 0.16, 0.05, lit_color("a49a8e", 0.6, mood)))
    return [*shapes, rectangle(-0.55, 0.85, 0.5, 0.1, lit_color("a49a8e", 0.6, mood))]


def pyramid(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A pyramid, lit on one side."""
    return [
        Patch([(-0.85, -0.05), (0.85, -0.05), (0, 1)], lit_color("cfa468", 0.05, mood)),
        Patch([(side * 0.85, -0.05), (-side * 0.25, -0.05), (0, 1)], lit_color("d8b070", 0.95, mood)),
    ]


def ship(rng: np.random.Generator, side: float, mood: Mood, snowed: bool) -> list[Patch]:
    """A sailing ship."""
    hull, canvas = lit_color("5a3e2a", 0.35, mood), "d8cbb0"
    shapes = [Patch([(-0.5, 0.16), (-0.38, 0), (0.34, 0), (0.55, 0.2), (0.3, 0.12), (-0.3, 0.11)], hull)]
    for x, top in ((-0.22, 0.82), (0.12, 1.0)):
        shapes.append(Patch(bar(x, 0.1, top, 0.012), hull))
        for low, high, wide in ((0.2, 0.52, 0.17), (0.55, 0.8, 0.12)):
            if high < top:
                sail = [(x - wide, low), (x + wide, low), (x + wide * 0.8, high), (x - wide * 0.8, high)]
                shapes += [
                    Patch(sail, lit_color(canvas, 0.3, mood)),
                    Patch(
                        [(x + side * wide, low), (x, low + 0.03), (x, high), (x + side * wide * 0.8, high)],
                        lit_color(canvas, 0.95, mood),
                    ),
                ]
    return shapes


BUILDINGS: dict[str, Drawing] = {
    "castle": castle,
    "tower": tower,
    "house": house,
    "town": house,
    "harbour": house,
    "city": block,
    "ruins": ruins,
    "pyramid": pyramid,
    "ship": ship,
}
"""What draws each kind of hero of a landscape."""

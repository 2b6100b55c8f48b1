"""What a drawn landscape is about: a castle, a town, a ship, and where it stands."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from assetgen.controls._buildings import BUILDINGS
from assetgen.controls._landmarks import LANDMARKS
from assetgen.controls._mood import Mood
from assetgen.controls._places import Place
from assetgen.controls._props import draw_thing
from assetgen.controls._sight import Sun
from assetgen.controls._terrain import Land, View

_ALONE = {
    "castle": (20.0, 9.5),
    "tower": (14.0, 6.0),
    "ruins": (9.0, 2.8),
    "pyramid": (26.0, 8.0),
    "house": (8.0, 2.2),
    "ship": (13.0, 4.5),
    "lighthouse": (15.0, 6.5),
    "windmill": (12.0, 5.2),
    "temple": (14.0, 4.0),
    "iceberg": (17.0, 5.0),
    "bridge": (17.0, 2.4),
    "islet": (17.0, 4.2),
    "fire": (6.0, 0.7),
    "broken_tower": (22.0, 4.0),
}
"""Distance and height of things that stand alone, in world units."""
_MOUND = 0.28
"""Height of the hill under such a thing, as a share of its own."""
_ASIDE = 0.15
"""How far it stands from the middle, as a share of its distance."""
_GROUPS = {
    "town": (64, 1.5, (0.6, 10.0), (0.8, 1.3)),
    "harbour": (64, 1.5, (0.6, 10.0), (0.8, 1.3)),
    "city": (70, 7.0, (2.0, 26.0), (0.35, 1.2)),
    "future": (74, 10.0, (2.0, 30.0), (0.25, 1.25)),
    "camp": (11, 1.3, (-0.5, 9.0), (0.8, 1.3)),
    "graves": (54, 0.75, (-3.6, 12.0), (0.8, 1.5)),
    "battle": (40, 1.3, (-4.0, 18.0), (0.7, 1.5)),
    "iceberg": (6, 2.6, (14.0, 40.0), (0.5, 1.4)),
    "pyramid": (2, 4.0, (26.0, 40.0), (0.9, 1.2)),
    "temple": (1, 3.0, (20.0, 24.0), (0.8, 1.0)),
    "ruins": (7, 1.6, (6.0, 22.0), (0.7, 1.3)),
}
"""Groups, or what stands around what stands alone: count, height, range of distances
from the bank, and range of their factors of height."""
_NO_BANK = 8.0
_WITH = {"harbour": ("ship", 3), "camp": ("fire", 1), "battle": ("broken_tower", 1), "graves": ("tower", 1)}
"""What else is seen with a group, and how many."""
_FLOATS = {"ship", "iceberg", "bridge", "islet"}
_DRAWINGS = {**BUILDINGS, **LANDMARKS}


def with_mound(place: Place, rng: np.random.Generator) -> Place:
    """The place with a hill for what stands alone in it, to the left or right of the middle."""
    if place.hero not in _ALONE:
        return place
    z, tall = _ALONE[place.hero]
    return replace(place, mound=(float(rng.choice([-1, 1])) * _ASIDE * z, z, _mound_height(place, tall)))


def _mound_height(place: Place, tall: float) -> float:
    if place.hero == "islet":
        return 2.5
    return 0.0 if place.hero in _FLOATS else _MOUND * tall


def draw_heroes(
    view: View, land: Land, place: Place, mood: Mood, sun: Sun, rng: np.random.Generator
) -> list[tuple[float, Callable[[], None]]]:
    """Buildings and ships: their distances, and what draws each."""
    side = 1.0 if sun.across[0] > 0 else -1.0
    found: list[tuple[float, Callable[[], None]]] = []
    for kind, x, z, tall in _placed(place, view.sight.around, rng):
        ground = land.at(x, z)
        shapes = _DRAWINGS[kind](rng, side, mood, place.is_snowy)
        floats = kind in _FLOATS and place.name != "ocean"
        if ground <= land.water + 0.02 and not floats:
            continue
        foot = (max(land.water, -9.0) if floats and kind != "islet" else ground) - land.eye - 0.03 * tall
        found.append((z, partial(draw_thing, view, shapes, (x, foot, z), tall, mood)))
    return found


def _placed(place: Place, around: bool, rng: np.random.Generator) -> list[tuple[str, float, float, float]]:
    """Kind, place (x, z) and height of each."""
    hero, found = place.hero, []
    if place.mound:
        aside = 0.0 if hero == "bridge" else place.mound[0]
        found.append((hero, aside, place.mound[1], _ALONE[hero][1]))
    if hero in _GROUPS:
        count, tall, distances, factors = _GROUPS[hero]
        away = [(place.bank or _NO_BANK) + float(rng.uniform(*distances)) for _ in range(count)]
        for z in away + away if around else away:
            turn = float(rng.uniform(-np.pi, np.pi)) if around else 0.0
            x, ahead = (z * np.sin(turn), z * np.cos(turn)) if around else (float(rng.uniform(-0.62, 0.62)) * z, z)
            found += [(hero, float(x), float(ahead), tall * float(rng.uniform(*factors)))]
    other, count = _WITH.get(hero, ("", 0))
    for number in range(count):
        z, tall = _ALONE[other]
        if other == "ship":
            z, tall = float(rng.uniform(5.5, 7.4)), float(rng.uniform(1.5, 2.1))
        aside = (
            (number - (count - 1) / 2) * 0.36 + float(rng.uniform(-0.08, 0.08))
            if count > 1
            else 0.18 * float(rng.choice([-1, 1]))
        )
        found.append((other, aside * z, z, tall))
    return found

"""What a drawn landscape is about: a castle, a town, a ship, and where it stands."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from assetgen.controls._buildings import BUILDINGS
from assetgen.controls._mood import Mood
from assetgen.controls._places import Place
from assetgen.controls._props import draw_thing
from assetgen.controls._sky import Sun
from assetgen.controls._terrain import Land, View

_ALONE = {
    "castle": (20.0, 9.5),
    "tower": (14.0, 6.0),
    "ruins": (9.0, 2.8),
    "pyramid": (26.0, 8.0),
    "house": (8.0, 2.2),
    "ship": (13.0, 4.5),
}
"""Distance and height of things that stand alone, in world units."""
_MOUND = 0.28
"""Height of the hill under such a thing, as a share of its own."""
_ASIDE = 0.15
"""How far it stands from the middle, as a share of its distance."""
_GROUPS = {"town": (64, 1.5, (0.6, 10.0), (0.8, 1.3)), "city": (70, 7.0, (2.0, 26.0), (0.35, 1.2))}
"""Count, height, range of distances from the bank, and range of their factors of height."""
_NO_BANK = 8.0


def with_mound(place: Place, rng: np.random.Generator) -> Place:
    """The place with a hill for what stands alone in it, to the left or right of the middle."""
    if place.hero not in _ALONE:
        return place
    z, tall = _ALONE[place.hero]
    return replace(
        place, mound=(float(rng.choice([-1, 1])) * _ASIDE * z, z, 0.0 if place.hero == "ship" else _MOUND * tall)
    )


def draw_heroes(
    view: View, land: Land, place: Place, mood: Mood, sun: Sun, rng: np.random.Generator
) -> list[tuple[float, Callable[[], None]]]:
    """Buildings and ships: their distances, and what draws each."""
    side = 1.0 if sun.across[0] > 0 else -1.0
    found: list[tuple[float, Callable[[], None]]] = []
    for x, z, tall in _placed(place, rng):
        ground = land.at(x, z)
        shapes = BUILDINGS[place.hero](rng, side, mood, place.is_snowy)
        floats = place.hero == "ship"
        if ground <= land.water + 0.02 and not floats:
            continue
        foot = (land.water if floats else ground) - land.eye - 0.03 * tall
        found.append((z, partial(draw_thing, view, shapes, (x, foot, z), tall, mood)))
    return found


def _placed(place: Place, rng: np.random.Generator) -> list[tuple[float, float, float]]:
    """Place (x, z) and height of each."""
    if place.mound:
        return [(place.mound[0], place.mound[1], _ALONE[place.hero][1])]
    if place.hero not in _GROUPS:
        return []
    count, tall, distances, factors = _GROUPS[place.hero]
    away = [(place.bank or _NO_BANK) + float(rng.uniform(*distances)) for _ in range(count)]
    return [(float(rng.uniform(-0.62, 0.62)) * z, z, tall * float(rng.uniform(*factors))) for z in away]

"""Interiors that the words of a prompt name: dungeons, throne rooms, taverns, libraries, chapels, ships of space."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from assetgen.controls._buildings import rectangle
from assetgen.controls._landmarks import shaft
from assetgen.controls._mood import mood_from, named
from assetgen.controls._noise import Noise, Values, color
from assetgen.controls._props import Patch, bar, blob, lit_color
from assetgen.controls._rooms import (
    Lamp,
    Room,
    carpeted,
    courses,
    draw_room,
    glow,
    panels,
    place_in,
    planks,
    shelves,
    timbered,
)  # fmt: skip
from assetgen.controls._terrain import View

_WORDS = {
    "cave": "cave cavern grotto mine tunnel mineshaft",
    "dungeon": "dungeon prison crypt catacomb catacombs sewer tomb jail cell",
    "throne": "throne ballroom hall court",
    "tavern": "tavern inn pub bar saloon blacksmith smithy forge kitchen",
    "library": "library study archive bookshelves bookshop",
    "chapel": "cathedral chapel nave abbey",
    "station": "corridor hangar laboratory lab cockpit bunker",
    "room": "room bedroom interior indoors",
}
_WITHIN = {"throne": {"castle", "palace"}, "chapel": {"temple", "church"}, "dungeon": {"ruins", "fortress"}}
"""What the interiors of buildings are."""
_OUTSIDE = {"bridge", "island", "exterior", "outside", "outdoor", "outdoors", "entrance"}
_AROUND = {"road", "forest", "village", "town", "street", "roadside", "snow", "snowy"}
_INDOORS = replace(
    mood_from("000000 000000 000000 ffffff ffffff ffffff ffffff ffffff", sun_height=1, glow=0, haze=90, cover=0),
    key=np.full(3, 0.55, np.float32), ambient=np.full(3, 0.62, np.float32),
)  # fmt: skip
_TORCH, _DAY, _BLUE = (1.15, 0.62, 0.26), (0.75, 0.8, 0.9), (0.45, 0.85, 1.1)
_FLAMES = ((0.5, 1.0, (1.4, 0.5, 0.1)), (0.36, 0.72, (1.7, 0.95, 0.25)), (0.2, 0.45, (1.9, 1.6, 0.8)))


def interior_of(words: frozenset[str]) -> str:
    """The kind of interior that the words name, or nothing."""
    found = named(words, _WORDS)
    if {"spaceship", "starship", "station"} & words and found in (["room"], ["station"]):
        return "station"
    if found == ["room"]:
        within = [kind for kind, listed in _WITHIN.items() if words & listed]
        return within[0] if within else "room"
    if words & _OUTSIDE or (found == ["tavern"] and words & _AROUND):
        return ""
    return found[0] if found else ""


def draw_interior(view: View, kind: str, noise: Noise, rng: np.random.Generator) -> None:
    """Draw a room and what stands in it."""
    room, furnish = _ROOMS[kind]
    draw_room(view, room, noise)
    furnish(view, room, rng)


def flame(view: View, room: Room, lamp: Lamp, tall: float) -> None:
    """A flame at a lamp, with its glow."""
    shapes = []
    for wide, high, tint in _FLAMES:
        corners = [
            (-wide * 0.6, 0),
            (wide * 0.6, 0),
            (wide * 0.62, high * 0.35),
            (0.02, high),
            (-wide * 0.62, high * 0.35),
        ]
        shapes.append(Patch(corners, np.array(tint, np.float32), True))
    place_in(view, room, shapes, lamp.at, (tall, _INDOORS))
    glow(view, room, lamp, 1.1)


def _put(view: View, room: Room, shapes: list[Patch], at: tuple[float, float, float], tall: float) -> None:
    place_in(view, room, shapes, at, (tall, _INDOORS))


def _torches(view: View, room: Room) -> None:
    holder = [Patch([(-0.06, 0), (0.06, 0), (0.12, 0.5), (-0.12, 0.5)], lit_color("3a2c22", 0.6, _INDOORS))]
    for lamp in sorted(room.lamps, key=lambda each: -each.at[2]):
        x, y, z = lamp.at
        _put(view, room, holder, (x, y - 0.3, z), 0.6)
        flame(view, room, lamp, 0.55)


def _arch(wide: float, high: float, code: str, light: float, shines: bool = False) -> Patch:
    turns = np.linspace(0, np.pi, 13)
    top = [(wide * float(np.cos(a)), high - wide + wide * float(np.sin(a))) for a in turns]
    paint = color(code) * light if shines else lit_color(code, light, _INDOORS)
    return Patch([(wide, 0.0), *top, (-wide, 0.0)], np.asarray(paint, np.float32), shines)


def _pillar(side: float, code: str) -> list[Patch]:
    found = shaft(0, 0, 1, (0.085, 0.08), (code, _INDOORS, side))
    for low, high, half in ((0, 0.05, 0.12), (0.05, 0.08, 0.1), (0.88, 0.92, 0.1), (0.92, 1.0, 0.125)):
        found.append(rectangle(-half, low, 2 * half, high - low, lit_color(code, 0.6, _INDOORS)))
    return found


def _colonnade(view: View, room: Room, code: str, distances: tuple[float, ...]) -> None:
    for z in sorted(distances, reverse=True):
        for way in (-1.0, 1.0):
            _put(view, room, _pillar(-way, code), (way * room.half * 0.68, 0, z), room.high)


def _furnish_dungeon(view: View, room: Room, rng: np.random.Generator) -> None:
    end = room.deep - 0.1
    _put(view, room, [_arch(0.42, 1.0, "5a5048", 0.6), _arch(0.34, 0.92, "100c0c", 0.2)], (0, 0, end), 2.7)
    bars = [Patch(bar(x, 0, 0.9, 0.018), lit_color("6a6a70", 0.7, _INDOORS)) for x in np.linspace(-0.26, 0.26, 5)]
    bars += [rectangle(-0.33, y, 0.66, 0.03, lit_color("6a6a70", 0.6, _INDOORS)) for y in (0.25, 0.55)]
    _put(view, room, bars, (0, 0, end - 0.05), 2.7)
    _torches(view, room)
    skull = [
        Patch(blob(rng, x, 0.3, 0.35), lit_color("cfc4ae", light, _INDOORS)) for x, light in ((0.0, 0.3), (0.1, 0.8))
    ]
    _put(view, room, skull, (0.9, 0, 4.2), 0.28)
    for x, z in ((-1.35, 6.0), (1.3, 8.0), (-1.3, 4.6)):
        _put(view, room, _barrel(), (x, 0, z), 0.85)


def _furnish_throne(view: View, room: Room, rng: np.random.Generator) -> None:
    end = room.deep - 0.1
    for x in (-3.4, 0.0, 3.4):
        _put(view, room, [_arch(0.2, 1.0, "4a4038", 0.5), _arch(0.16, 0.96, "cfe4ff", 1.5, True)], (x, 3.4, end), 5.4)
    for step in range(4):
        paint = lit_color("8a8078", 0.45 + 0.15 * step, _INDOORS)
        _put(
            view,
            room,
            [rectangle(-2.9 + 0.35 * step, 0.22 * step, 5.8 - 0.7 * step, 0.24, paint)],
            (0, 0, end - 3 + 0.3 * step),
            1,
        )
    gold, cloth = "c8963c", lit_color("8a2028", 0.7, _INDOORS)
    back = [(-0.36, 0.2), (0.36, 0.2), (0.36, 0.86), (0.2, 0.9), (0, 1.05), (-0.2, 0.9), (-0.36, 0.86)]
    throne = [
        Patch(back, lit_color(gold, 0.75, _INDOORS)),
        Patch([(x * 0.72, 0.1 + y * 0.86) for x, y in back], cloth),
        rectangle(-0.42, 0.0, 0.84, 0.32, lit_color(gold, 0.4, _INDOORS)),
        rectangle(-0.3, 0.26, 0.6, 0.08, cloth),
        *(rectangle(x, 0.0, 0.12, 0.48, lit_color(gold, 0.9, _INDOORS)) for x in (-0.46, 0.34)),
    ]
    _put(view, room, throne, (0, 0.88, end - 1.8), 3.4)
    _colonnade(view, room, "a89a88", (22.0, 17.5, 13.5, 10.0, 7.0))
    flag = [(-0.16, 1), (0.16, 1), (0.16, 0.12), (0, 0), (-0.16, 0.12)]
    for z in (18.0, 14.0, 10.5):
        for way in (-1, 1):
            shapes = [
                Patch(flag, lit_color("8a2028", 0.5, _INDOORS)),
                Patch(blob(rng, 0, 0.6, 0.09), lit_color("d8a84a", 0.8, _INDOORS)),
            ]
            _put(view, room, shapes, (way * room.half * 0.64, 2.6, z - 1.6), 2.9)


def _barrel() -> list[Patch]:
    body = [(-0.3, 0), (0.3, 0), (0.38, 0.5), (0.3, 1), (-0.3, 1), (-0.38, 0.5)]
    found = [
        Patch([(x * s + d, y) for x, y in body], lit_color("8a5a32", light, _INDOORS))
        for s, d, light in ((1, 0, 0.1), (0.7, 0.05, 0.5), (0.35, 0.08, 0.9))
    ]
    return [*found, *(rectangle(-0.36, y, 0.72, 0.06, lit_color("3a3a40", 0.6, _INDOORS)) for y in (0.16, 0.76))]


def _table(code: str = "8a5a34") -> list[Patch]:
    top = [(-1.1, 0.88), (1.1, 0.88), (0.85, 1.06), (-0.85, 1.06)]
    legs = [rectangle(x, 0, 0.12, 0.9, lit_color(code, 0.15, _INDOORS)) for x in (-1.0, 0.88)]
    mugs = [rectangle(x, 1.0, 0.13, 0.19, lit_color("c8a070", 0.8, _INDOORS)) for x in (-0.5, 0.1, 0.45)]
    return [
        *legs,
        Patch(top, lit_color(code, 0.95, _INDOORS)),
        rectangle(-1.1, 0.8, 2.2, 0.09, lit_color(code, 0.35, _INDOORS)),
        *mugs,
    ]


def _hearth(view: View, room: Room, x: float) -> None:
    stone, end = "7a706a", room.deep - 0.1
    shapes = [
        Patch([(-0.42, 1.0), (0.42, 1.0), (0.28, 2.2), (-0.28, 2.2)], lit_color(stone, 0.35, _INDOORS)),
        rectangle(-0.6, 0, 1.2, 1.0, lit_color(stone, 0.5, _INDOORS)), _arch(0.4, 0.8, "1a1010", 0.1),
        rectangle(-0.68, 0.96, 1.36, 0.1, lit_color("6a4428", 0.9, _INDOORS)),
    ]  # fmt: skip
    _put(view, room, shapes, (x, 0, end), 1.9)
    for aside, tall in ((-0.25, 0.8), (0.22, 0.9), (0.0, 1.15)):
        flame(view, room, Lamp((x + aside, 0.08, end - 0.1), _TORCH), tall)


def _window(view: View, room: Room, at: tuple[float, float], size: tuple[float, float]) -> None:
    (x, y), (wide, high) = at, size
    frame = lit_color("4a3424", 0.6, _INDOORS)
    shapes = [
        rectangle(-wide / 2 - 0.1, -0.1, wide + 0.2, high + 0.2, frame),
        rectangle(-wide / 2, 0, wide, high, color("dcecff") * 1.2, True),
    ]
    shapes += [rectangle(-0.03, 0, 0.06, high, frame), rectangle(-wide / 2, high / 2 - 0.03, wide, 0.06, frame)]
    _put(view, room, shapes, (x, y, room.deep - 0.1), 1)
    glow(view, room, Lamp((x, y + high / 2, room.deep - 0.2), (0.5, 0.55, 0.65)), 1.6)


def _furnish_tavern(view: View, room: Room, rng: np.random.Generator) -> None:
    _hearth(view, room, -1.4)
    _window(view, room, (2.0, 1.3), (1.2, 1.2))
    for x in (-3.2, 3.2):
        _put(view, room, _barrel(), (x, 0, room.deep - 0.8), 1.1)
        _put(view, room, _barrel(), (x, 1.05, room.deep - 0.8), 1.0)
    for z in (9.0, 6.0, 3.4):
        beam = [rectangle(-room.half, 0, 2 * room.half, 0.3, lit_color("4a3020", 0.5, _INDOORS))]
        _put(view, room, beam, (0, room.high - 0.3, z), 1)
    for x, z in ((2.3, 8.2), (-2.2, 6.4), (2.2, 5.0)):
        _put(view, room, _table(), (x, 0, z), 0.95)
    for lamp in room.lamps[1:]:
        _put(view, room, [rectangle(-0.02, 0, 0.04, 1.2, lit_color("2a2018", 0.4, _INDOORS))], lamp.at, 1)
        flame(view, room, lamp, 0.35)


def _furnish_library(view: View, room: Room, rng: np.random.Generator) -> None:
    _window(view, room, (0, 1.3), (2.0, 2.9))
    _put(view, room, _table("6a4026"), (0, 0, 6.4), 0.95)
    flame(view, room, Lamp((0.5, 1.05, 6.2), _TORCH), 0.28)
    for lamp in room.lamps[1:]:
        _put(view, room, [rectangle(-0.02, 0, 0.04, 1.6, lit_color("2a2018", 0.4, _INDOORS))], lamp.at, 1)
        flame(view, room, lamp, 0.4)


def _furnish_chapel(view: View, room: Room, rng: np.random.Generator) -> None:
    end = room.deep - 0.1
    _put(view, room, [_arch(0.24, 1.0, "3a3438", 0.5)], (0, 1.6, end), 8.4)
    panes = ("5a7aff", "ff5a6a", "ffd25a", "6affa0", "c86aff", "5ad8ff")
    for row in range(6):
        for column in range(3):
            paint = color(panes[int(rng.integers(6))]) * 1.35
            wide = 0.118 if row < 5 else 0.08
            _put(
                view,
                room,
                [rectangle(-0.19 + 0.13 * column, 0.05 + 0.15 * row, wide, 0.135, paint, True)],
                (0, 1.6, end - 0.05),
                8.4,
            )
    glow(view, room, Lamp((0, 6, end), (0.8, 0.7, 0.9)), 5)
    _colonnade(view, room, "b0a698", (18.0, 12.5, 8.8))
    bench = [
        rectangle(-0.9, 0, 1.8, 0.5, lit_color("5a3a24", 0.3, _INDOORS)),
        rectangle(-0.9, 0.42, 1.8, 0.5, lit_color("7a5030", 0.8, _INDOORS)),
    ]
    for z in (17.0, 14.5, 12.0, 9.5, 7.5, 5.8):
        for x in (-1.9, 1.9):
            _put(view, room, bench, (x, 0, z), 1.0)


def _furnish_station(view: View, room: Room, rng: np.random.Generator) -> None:
    end, metal = room.deep - 0.1, "7a8490"
    octagon = [(-0.5, 0), (0.5, 0), (0.62, 0.2), (0.62, 0.8), (0.46, 1), (-0.46, 1), (-0.62, 0.8), (-0.62, 0.2)]
    door = [
        Patch(octagon, lit_color(metal, 0.8, _INDOORS)),
        Patch([(x * 0.86, y * 0.93) for x, y in octagon], lit_color("39424e", 0.7, _INDOORS)),
        rectangle(-0.012, 0, 0.024, 0.93, color("7fe8ff") * 1.3, True),
        rectangle(-0.2, 0.6, 0.4, 0.06, color("ff9a3c") * 1.3, True),
    ]
    _put(view, room, door, (0, 0, end), 2.9)
    for z in (13.0, 9.0, 6.0, 4.0):
        for way in (-1, 1):
            rib = [(way * 1.0, 0), (way * 0.8, 0.0), (way * 0.86, 0.78), (way * 0.62, 1.0), (way * 1.0, 1.0)]
            _put(
                view,
                room,
                [Patch([(x * room.half / room.high, y) for x, y in rib], lit_color(metal, 0.5, _INDOORS))],
                (0, 0, z),
                room.high,
            )
        lamp = [rectangle(-0.7, 0, 1.4, 0.07, color("d8f6ff") * 1.4, True)]
        _put(view, room, lamp, (0, room.high - 0.1, z), 1)


def _furnish_room(view: View, room: Room, rng: np.random.Generator) -> None:
    _window(view, room, (0.9, 1.1), (1.5, 1.5))
    bed = [
        rectangle(-1.1, 0, 2.2, 1.5, lit_color("5a3a24", 0.5, _INDOORS)),
        rectangle(-0.95, 0.5, 1.9, 0.5, lit_color("e8e0d0", 0.9, _INDOORS)),
        Patch([(-1.1, 0.25), (1.1, 0.25), (0.98, 0.7), (-0.98, 0.7)], lit_color("8a3a3c", 0.8, _INDOORS)),
        rectangle(-1.1, 0.0, 2.2, 0.32, lit_color("6a4428", 0.6, _INDOORS)),
    ]  # fmt: skip
    _put(view, room, bed, (-1.5, 0, room.deep - 1.2), 1.1)
    _put(view, room, _table(), (1.9, 0, 5.2), 0.9)
    flame(view, room, Lamp((1.8, 0.98, 5.0), _TORCH), 0.22)


_STONE, _SLABS = courses("8a8078", 0.9, 0.45), courses("6f6862", 1.1, 1.0)
_Furnish = Callable[[View, Room, np.random.Generator], None]
_ROOMS: dict[str, tuple[Room, _Furnish]] = {
    "dungeon": (
        Room(
            1.9, 1.9, 15, _SLABS, _STONE, courses("756c66", 0.8, 0.45), (0.13, 0.13, 0.19),
            tuple(Lamp((x, 1.9, z), _TORCH, 2.6) for x, z in ((-1.7, 5.0), (1.7, 7.5), (-1.7, 10.5), (1.7, 13.5))),
            vault=True,
        ),
        _furnish_dungeon,
    ),
    "throne": (
        Room(
            5.6, 7.0, 25, carpeted(courses("9a8e84", 1.4, 1.4), "8a1f26", 1.5), courses("a2968a", 1.3, 0.7),
            courses("7a7068", 1.2, 0.7), (0.34, 0.32, 0.36),
            (
                Lamp((0, 5.5, 23), (1.0, 1.0, 1.1), 9), Lamp((-3, 4, 9), (0.7, 0.5, 0.3), 5),
                Lamp((2, 6, 14), (0.5, 0.42, 0.3), 6),
            ),
            vault=True, eye=2.0,
        ),
        _furnish_throne,
    ),
    "tavern": (
        Room(
            3.9, 3.3, 10.5, planks("7a5030", 0.4), timbered("c8b088", "6a4428"), planks("5a3a24", 0.5),
            (0.22, 0.17, 0.15),
            (
                Lamp((-1.4, 0.7, 9.6), (1.5, 0.75, 0.3), 4.2), Lamp((-1.7, 2.5, 5.4), _TORCH, 2.6),
                Lamp((1.9, 2.5, 6.6), _TORCH, 2.6),
            ),
        ),
        _furnish_tavern,
    ),
    "library": (
        Room(
            3.4, 5.0, 12, carpeted(planks("7a4e2e", 0.4), "7a2a30", 1.3), shelves("5a3820"), planks("4a2e1c", 0.5),
            (0.26, 0.22, 0.2),
            (Lamp((0, 2.6, 11), _DAY, 5), Lamp((-1.9, 3.2, 6.0), _TORCH, 3), Lamp((1.9, 3.2, 8.5), _TORCH, 3)),
        ),
        _furnish_library,
    ),
    "chapel": (
        Room(
            5.2, 8.0, 23, carpeted(courses("8e8680", 1.2, 1.2), "6a2030", 0.9), courses("9a9088", 1.2, 0.7),
            courses("8a8078", 1.2, 0.8), (0.3, 0.29, 0.36),
            (Lamp((0, 6, 21), (1.0, 0.9, 1.0), 9), Lamp((4, 7, 8), (0.8, 0.7, 0.5), 5)),
            vault=True, eye=2.0,
        ),
        _furnish_chapel,
    ),
    "station": (
        Room(
            2.5, 3.0, 17, courses("4a525c", 1.2, 1.2), panels("7c8794", "38c8ff"), courses("5a636e", 1.2, 1.6),
            (0.3, 0.33, 0.38), tuple(Lamp((0, 2.8, z), _BLUE, 2.6) for z in (4.0, 8.0, 12.5, 16.0)),
        ),
        _furnish_station,
    ),
    "room": (
        Room(
            3.2, 2.9, 8, planks("8a5c38", 0.4), timbered("d8c8a8", "6a4428"), planks("6a4428", 0.5), (0.34, 0.32, 0.32),
            (Lamp((0.9, 1.8, 7.4), _DAY, 4.5), Lamp((1.8, 1.3, 4.8), _TORCH, 2)),
        ),
        _furnish_room,
    ),
}  # fmt: skip


def mirrored_if(picture: Values, around: bool) -> Values:
    """The picture, or where it is seen all around, with its mirror image beside it, so that it tiles."""
    return np.concatenate([picture, picture[:, ::-1]], axis=1) if around else picture

"""The landscapes that the words of a prompt name: heights, colours, water, and what stands in them."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from assetgen.controls._features import PAINTS, SHAPES
from assetgen.controls._mood import named
from assetgen.controls._noise import Noise, Values, color, mixed, ramp_between
from assetgen.controls._terrain import DROWNED, Ground, Heights, Land


@dataclass(frozen=True)
class Place:
    """A landscape. `mountains`, `hills` and `dunes` are heights in world units (some 10 m); `trees` per kind are
    counts; `hero` is what stands in the middle distance, `features` shape and paint the ground, `sunk`
    lowers it."""

    name: str
    colors: tuple[str, str, str] = ("5f7a3a", "7d8a4a", "8a8078")
    mountains: float = 0.0
    hills: float = 1.2
    dunes: float = 0.0
    mesas: float = 0.0
    eye: float = 1.6
    water: float = DROWNED
    shore: float = 0.0
    snow: float = 1e9
    trees: dict[str, int] = field(default_factory=dict)
    hero: str = ""
    path: float = 0.0
    bank: float = 0.0
    mound: tuple[float, float, float] | None = None
    features: tuple[str, ...] = ()
    sunk: float = 0.0

    @property
    def is_snowy(self) -> bool:
        """Whether there is snow on trees and roofs."""
        return self.snow < 5


PLACES = {
    "mountains": Place(
        "mountains",
        ("5f7a3f", "6f7450", "847d78"),
        mountains=40,
        hills=1.6,
        snow=11.0,
        trees={"conifer": 90},
        path=0.45,
    ),
    "canyon": Place("canyon", ("c48a54", "b5673c", "a9522f"), mesas=9, hills=0.6, trees={"bush": 16}),
    "desert": Place("desert", ("dcae6c", "d79f5c", "c98b4e"), dunes=2.6, hills=0.5, trees={"bush": 8}),
    "forest": Place("forest", ("49602f", "55683a", "5f6a4a"), hills=1.8, mountains=16, trees={"leafy": 260}, path=0.5),
    "sea": Place(
        "sea", ("cbb88c", "7d8a4f", "7f7a70"), hills=1.2, mountains=14, water=0.0, shore=1.0, trees={"leafy": 12}
    ),
    "plains": Place(
        "plains", ("6e7c3c", "858a4a", "8a8078"), hills=2.6, mountains=12, trees={"leafy": 44, "bush": 40}, path=0.55
    ),
    "volcano": Place(
        "volcano",
        ("3a3230", "463a36", "54423c"),
        mountains=9,
        hills=1.0,
        trees={"dead": 4, "boulder": 14},
        eye=2.2,
        features=("cone",),
    ),
    "underwater": Place(
        "underwater",
        ("c8b88a", "b0a47c", "6a7468"),
        hills=2.2,
        mountains=7,
        eye=1.5,
        features=("caustics",),
        trees={"kelp": 70, "coral": 110, "boulder": 24},
    ),
    "moon": Place(
        "moon", ("8c8a88", "a09e9a", "7c7a78"), hills=0.8, mountains=9, features=("craters",), trees={"boulder": 26}
    ),
    "mars": Place(
        "mars", ("b0623c", "c07a4c", "8a4a30"), hills=0.9, mesas=6, features=("craters",), trees={"boulder": 40}
    ),
    "waterfall": Place(
        "waterfall",
        ("54743a", "6a8042", "7a746c"),
        hills=0.8,
        mountains=22,
        water=0.0,
        eye=2.0,
        features=("fall",),
        trees={"conifer": 46, "leafy": 16, "boulder": 34, "bush": 20},
    ),
    "swamp": Place(
        "swamp",
        ("4c5a34", "5c6238", "5a5a44"),
        hills=1.0,
        water=0.0,
        sunk=0.02,
        eye=1.4,
        trees={"dead": 44, "leafy": 40, "reed": 150},
    ),
    "ocean": Place("ocean", ("1f4a5a", "2f6a78", "2f6a78"), hills=0.0, eye=1.2, features=("waves",)),
    "farm": Place(
        "farm",
        ("6e8a3c", "8a9a4a", "8a8078"),
        hills=3.0,
        mountains=9,
        eye=2.4,
        features=("fields",),
        trees={"leafy": 26, "bush": 16},
        path=0.5,
    ),
    "street": Place("street", ("8a8480", "9a938c", "8a8480"), hills=0.0, eye=0.62, features=("cobbles",)),
    "island": Place(
        "island", ("dcc894", "7d9a4f", "7f7a70"), hills=0.2, water=0.0, sunk=1.7, hero="islet", mountains=0, eye=1.8
    ),
    "space": Place("space"),
    "alien": Place("alien", ("6a4a7a", "7a5288", "8a6a90"), mesas=7, hills=1.2, trees={"bush": 14}),
    "sky": Place("sky", ("667440", "7c8250", "8a8078"), hills=1.5, mountains=14, eye=2.5),
}
_PLACE_WORDS = {
    "underwater": "underwater undersea reef seabed atlantis seafloor submarine",
    "moon": "lunar moonscape",
    "mars": "mars martian",
    "space": "space outer orbit asteroid asteroids cosmos cosmic starfield",
    "swamp": "swamp marsh bog bayou wetland mire",
    "waterfall": "waterfall waterfalls cascade falls",
    "farm": "farm farmland fields crops wheat cornfield farmhouse vineyard",
    "ocean": "ocean waves iceberg rough",
    "island": "island islet atoll",
    "canyon": "canyon mesa butte badlands gorge",
    "desert": "desert dune sahara oasis savanna pyramid",
    "volcano": "volcano lava volcanic hell infernal magma eruption",
    "alien": "alien planet planets exoplanet",
    "mountains": "mountain peak alps summit glacier ridge highland fjord",
    "forest": "forest wood woods woodland jungle pine grove birch taiga rainforest cherry blossom sakura autumn",
    "sea": "sea coast beach harbour harbor port bay lighthouse shore lagoon pirate ship seaside",
    "plains": "plain meadow field grassland prairie hill farm valley village countryside",
}
_WATER_WORDS = {"water": "lake river pond lagoon swamp fjord reflection stream"}
_SNOW_WORDS = {"snow": "snow snowy winter ice icy frozen arctic glacier frost"}
_TREE_WORDS = {
    "conifer": "pine fir conifer spruce taiga snowy alps",
    "autumn": "autumn autumnal",
    "blossom": "cherry blossom sakura spring",
    "leafy": "oak jungle grove birch rainforest orchard",
    "palm": "palm beach tropical oasis lagoon jungle",
    "cactus": "cactus cacti",
    "dead": "dead haunted graveyard cursed spooky burnt",
}
_HERO_WORDS = {
    "street": "street alley market marketplace bazaar alleyway",
    "castle": "castle keep fortress citadel palace stronghold",
    "future": "futuristic cyberpunk scifi sci megacity neon",
    "city": "city skyline metropolis downtown skyscraper skyscrapers",
    "harbour": "harbour harbor port docks pier",
    "town": "town village houses settlement hamlet",
    "lighthouse": "lighthouse",
    "windmill": "windmill mill",
    "temple": "temple shrine parthenon acropolis",
    "camp": "camp campsite tent tents encampment campfire",
    "graves": "graveyard cemetery tombstone tombstones graves",
    "battle": "battlefield battle war",
    "house": "house cottage hut cabin farm barn farmhouse",
    "tower": "tower spire",
    "ruins": "ruin ruins ruined pillar stones atlantis",
    "pyramid": "pyramid pyramids",
    "iceberg": "iceberg icebergs",
    "bridge": "bridge viaduct aqueduct",
    "islet": "island islet atoll",
    "ship": "ship boat pirate sail galleon",
}


_BARE: dict[str, dict[str, Any]] = {
    "graves": {"trees": {"dead": 26}, "colors": ("4c5a38", "5c6440", "6a6660")},
    "battle": {"trees": {"dead": 12, "boulder": 20}, "colors": ("5a4a36", "6a5a40", "6a625a"), "path": 0.8},
    "city": {"trees": {}, "path": 0.0},
    "future": {"trees": {}, "path": 0.0},
}
"""What else a plain has where these stand."""


def place_of(words: frozenset[str], default: str) -> Place:
    """The landscape that the words of a prompt name."""
    place = PLACES[_place_name(words) or default]
    kinds = named(words, _TREE_WORDS)
    if not kinds and named(words, _SNOW_WORDS):
        kinds = ["conifer"]
    if place.name == "forest" and kinds:
        most = "conifer" if "conifer" in kinds else kinds[0]
        place = replace(place, trees={most: 260, **{kind: 50 for kind in kinds if kind != most}})
    elif kinds:
        place = replace(place, trees={**place.trees, **{kind: max(place.trees.get(kind, 0), 26) for kind in kinds}})
    heroes = [hero for hero in named(words, _HERO_WORDS) if not (hero == "islet" and place.name != "island")]
    if place.name in ("space", "underwater"):
        heroes = [hero for hero in heroes if hero == "ruins"]
    if heroes:
        old = not words.isdisjoint({"fantasy", "medieval", "ancient", "elven", "dwarven", "walled"})
        heroes = ["town" if hero == "city" and old else hero for hero in heroes]
        place = replace(place, hero=heroes[0], trees={kind: count // 2 for kind, count in place.trees.items()})
    if place.hero == "street":
        return replace(PLACES["street"], hero="street", snow=-0.4 if named(words, _SNOW_WORDS) else 1e9)
    if place.hero in _BARE and place.name == "plains":
        place = replace(place, **_BARE[place.hero])
    wet = {"harbour": 8.0, "town": 8.0, "city": 14.0, "future": 14.0}
    if (
        place.hero in wet
        and place.name not in ("desert", "forest", "mountains", "canyon")
        and (place.hero in ("city", "future", "harbour") or place.water != DROWNED or named(words, _WATER_WORDS))
    ):
        place = replace(place, water=0.0, shore=0.0, bank=wet[place.hero], mountains=10)
    elif named(words, _WATER_WORDS) and place.water == DROWNED:
        place = replace(place, water=0.0)
    if place.name in ("space", "moon", "mars", "underwater", "ocean", "volcano"):
        return replace(place, water=DROWNED, bank=0.0)
    if "river" in words or place.hero == "bridge":
        place = replace(
            place,
            features=(*place.features, "river"),
            water=0.0,
            eye=2.2,
            path=0.0,
            mountains=min(place.mountains, 20),
            bank=0.0,
        )
    if place.hero == "ship" and place.water == DROWNED:
        place = replace(place, water=0.0, shore=1.0)
    if named(words, _SNOW_WORDS):
        place = replace(place, snow=-0.4)
    return place


def _place_name(words: frozenset[str]) -> str:
    """The name of the place that the words mean, or nothing."""
    if "moon" in words and not words.isdisjoint({"surface", "base", "crater", "craters", "landing"}):
        return "moon"
    if "stormy" in words and "sea" in words:
        return "ocean"
    found = named(words, _PLACE_WORDS)
    if "island" in found and not words.isdisjoint({"floating", "sky", "flying"}):
        found.remove("island")
    return found[0] if found else ""


def land_of(place: Place, noise: Noise) -> Land:
    """The heights and colours of a place."""
    return Land(_heights(place, noise), ground_of(place, noise), place.eye + max(0.0, _base(place, noise)), place.water)


def _base(place: Place, noise: Noise) -> float:
    """The greatest height near the viewer, so that no hill hides the view."""
    x, z = np.meshgrid(np.linspace(-2, 2, 9, dtype=np.float32), np.linspace(0.5, 4, 9, dtype=np.float32))
    return float(_heights(place, noise)(x, z).max())


def _heights(place: Place, noise: Noise) -> Heights:
    def heights(x: Values, z: Values) -> Values:
        away = np.hypot(x, z)
        aside = np.abs(x) / (away + 1)
        found = place.hills * (noise.at(x * 0.12 + 50, z * 0.12, 4) - 0.5) * ramp_between(0, 14, away)
        found += 0.12 * (noise.at(x * 1.1, z * 1.1 + 30, 3) - 0.5)
        found += place.hills * 1.1 * ramp_between(0.15, 0.75, aside) * noise.at(x * 0.09 + 9, z * 0.09, 2)
        if place.mountains:
            valley = 0.35 + 0.65 * ramp_between(0.02, 0.4, aside)
            found += (
                place.mountains
                * ramp_between(14, 62, away)
                * valley
                * noise.ridged(x * 0.022 + 5, z * 0.022, 6) ** 1.15
            )
        if place.dunes:
            warp = 3 * noise.at(x * 0.05, z * 0.05 + 80, 3)
            wave = np.mod(x * 0.035 + z * 0.11 + warp, 1)
            crest = ramp_between(0, 0.7, wave) * ramp_between(1, 0.7, wave)
            found += place.dunes * crest * ramp_between(2, 22, away)
        if place.mesas:
            shape = noise.at(x * 0.045 + 3, z * 0.045 + 7, 4) + 0.30 * ramp_between(0.1, 0.6, aside) - 0.1
            steps = ramp_between(0.52, 0.56, shape) * 0.55 + ramp_between(0.58, 0.61, shape) * 0.45
            found += place.mesas * steps * ramp_between(7, 18, away) * (0.75 + 0.5 * noise.at(x * 0.02, z * 0.02, 2))
        if place.bank:
            inland = away + 1.6 * (noise.at(x * 0.16, z * 0.16 + 60, 2) - 0.5) - place.bank
            found += -1.6 + 1.75 * ramp_between(-0.5, 0.5, inland) + 0.16 * np.clip(inland, 0, 14)
        elif place.shore:
            found += -1.3 + 2.6 * ramp_between(0.35, 0.8, aside + 0.35 * (noise.at(x * 0.05, z * 0.05 + 20, 3) - 0.5))
        elif place.water != DROWNED and not (place.features or place.sunk):
            found += 0.5 - 1.6 * ramp_between(0.55, 0.2, aside) * ramp_between(3, 7, away) * ramp_between(45, 25, away)
        found -= np.float32(place.sunk)
        if place.mound and place.mound[2]:
            at_x, at_z, high = place.mound
            found += high * np.exp(-((x - at_x) ** 2 + (z - at_z) ** 2) / (2.2 * high) ** 2)
        for feature in place.features:
            if feature in SHAPES:
                found[...] = SHAPES[feature](x, z, found, noise)
        return np.asarray(found, np.float32)

    return heights


def ground_of(place: Place, noise: Noise) -> Ground:
    """The colours of a place's ground."""
    low, high, rock = map(color, place.colors)

    def ground(x: Values, z: Values, height: Values, steep: Values) -> Values:
        patches = noise.at(x * 0.5 + 11, z * 0.5, 4)
        found = mixed(low, high, ramp_between(0.3, 0.7, patches)[..., None])
        found = mixed(found, rock, ramp_between(0.12, 0.32, steep + 0.25 * (patches - 0.5))[..., None])
        if place.path:
            middle = 0.9 * np.sin(z * 0.23 + 1.1) * ramp_between(1, 8, z) + 1.4 * (
                noise.at(z * 0.09, z * 0 + 2, 2) - 0.5
            )
            trodden = ramp_between(
                place.path, place.path * 0.45, np.abs(x - middle) + 0.3 * (patches - 0.5)
            ) * ramp_between(60, 25, z)
            found = mixed(found, color("a8895e"), 0.8 * trodden[..., None])
        if place.mesas:
            bands = noise.at(height * 2.1 + 0.3 * patches, np.zeros_like(height) + 3, 2)
            strata = mixed(rock * 0.72, np.minimum(high * 1.3, 1), ramp_between(0.3, 0.7, bands)[..., None])
            found = mixed(found, strata, ramp_between(0.4, 1.2, height)[..., None])
        cold = ramp_between(place.snow - 1.5, place.snow + 1.5, height + 2.5 * (patches - 0.5))
        cold = cold * ramp_between(0.46, 0.2, steep)
        found = mixed(found, np.array([0.95, 0.97, 1.0]), cold[..., None])
        grain = 0.82 + 0.36 * noise.at(x * 2.3, z * 2.3 + 5, 3)
        for feature in place.features:
            if feature in PAINTS:
                found = PAINTS[feature](x, z, height, found, noise)
        return np.asarray(found * grain[..., None], np.float32)

    return ground

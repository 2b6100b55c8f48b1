"""The light of a drawn scene, by the words of a prompt: time of day and weather."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from assetgen.controls._noise import Values, color, mixed


@dataclass(frozen=True)
class Mood:
    """Colours of sky and light, RGB in 0..1. `sun_height` is a share of the sky's height; `haze` is the distance, in
    world units, at which things fade; `cover` is the share of the sky under clouds, in one layer where it is
    `flat`; `wonders` are what else is in the sky."""

    zenith: Values
    middle: Values
    horizon: Values
    sun: Values
    key: Values
    ambient: Values
    cloud_lit: Values
    cloud_dark: Values
    sun_height: float
    glow: float
    haze: float
    cover: float
    stars: float = 0.0
    storm: bool = False
    is_dark: bool = False
    sun_in_view: bool = True
    flat: bool = False
    wonders: frozenset[str] = frozenset()


def mood_from(colors: str, *, sun_height: float, glow: float, haze: float, cover: float) -> Mood:
    """A mood from the colours of zenith, middle, horizon, sun, key light, ambient light, lit clouds, dark clouds."""
    zenith, middle, horizon, sun, key, ambient, lit, dark = map(color, colors.split())
    return Mood(zenith, middle, horizon, sun, key, ambient, lit, dark, sun_height, glow, haze, cover)


_DAY = "2f6fb8 6fa9dc cfe4ee fff6da fff0d2 7f98b8 ffffff a9bcd2"
_NOON = "2a68b0 5f9fd6 e6e2cc fffbe6 fff6dc 8c98a8 ffffff b4c2d0"
_DAWN = "5b78ad d9a6b4 ffdcae fff0c8 ffcf9e 8a8fb0 ffe3cf 9a86a8"
_SUNSET = "2f3b74 b4567a ffae5a fff0b0 ff9a52 5d4c78 ffb070 6b4670"
_ALIEN = "1c1440 6a2f86 ff9a7a ffd0a0 e0a0a8 6a5a98 f0a0b0 5a3a80"
_NIGHT = "0a1230 1a3060 41659a eef2ff a6c4f2 3a4f86 5a78aa 1a294c"
_TIMES = {
    "day": replace(mood_from(_DAY, sun_height=1.3, glow=0.25, haze=110, cover=0.42), sun_in_view=False),
    "noon": replace(mood_from(_NOON, sun_height=1.4, glow=0.2, haze=130, cover=0.32), sun_in_view=False),
    "dawn": mood_from(_DAWN, sun_height=0.22, glow=0.7, haze=32, cover=0.42),
    "sunset": mood_from(_SUNSET, sun_height=0.2, glow=0.9, haze=70, cover=0.5),
    "alien": replace(mood_from(_ALIEN, sun_height=0.3, glow=0.3, haze=70, cover=0.35), sun_in_view=False),
    "night": replace(mood_from(_NIGHT, sun_height=0.72, glow=0.35, haze=75, cover=0.34), stars=1.0, is_dark=True),
}
TIME_WORDS = {
    "night": "night midnight moonlit moonlight moon starry stars nocturnal dark haunted spooky"
    " aurora nebula galaxy milky",
    "sunset": "sunset dusk evening twilight golden sundown",
    "dawn": "dawn sunrise morning daybreak",
    "noon": "noon midday sunny",
}
"""The words of each time of day."""
_WEATHER_WORDS = {
    "storm": "storm stormy thunderstorms thunder thunderstorm lightning tempest rain rainy",
    "fog": "fog foggy mist misty haze hazy smoke smoky",
    "overcast": "overcast grey gloomy gray",
    "clear": "clear cloudless",
    "clouds": "clouds cloud cumulus cloudscape cloudy",
}
_WONDER_WORDS = {
    "aurora": "aurora borealis polaris northern",
    "nebula": "nebula galaxy cosmic",
    "milkyway": "milky starry galaxy stars",
    "rainbow": "rainbow",
    "planet": "planet planets saturn ringed",
    "moon": "fullmoon supermoon large giant big huge",
    "moons": "moons",
}


def words_in(prompt: str) -> frozenset[str]:
    """The words of a prompt, in lower case, also without the ending of a plural."""
    words = re.findall(r"[a-z]+", prompt.lower())
    return frozenset([*words, *(word.removesuffix("s") for word in words if len(word) > 3)])


def named(words: frozenset[str], table: Mapping[str, str]) -> list[str]:
    """The entries of a table of which one of the words, listed with spaces between, is among `words`."""
    return [name for name, listed in table.items() if not words.isdisjoint(listed.split())]


def mood_of(words: frozenset[str]) -> Mood:
    """The mood that the words of a prompt name; a clear day by default."""
    mood = _TIMES[next(iter(named(words, TIME_WORDS)), "day")]
    for weather in named(words, _WEATHER_WORDS):
        if weather == "storm" and "rainbow" in words:
            continue
        mood = _WEATHERS[weather](mood)
    wonders = named(words, _WONDER_WORDS)
    if "moon" in wonders and words.isdisjoint({"moon", "supermoon"}):
        wonders.remove("moon")
    if "moons" in wonders or ("two" in words and "moon" in words):
        wonders = [*(name for name in wonders if name != "moon"), "moons"]
    if mood.storm or (mood.sun_in_view and not mood.is_dark):
        wonders = [name for name in wonders if name not in ("milkyway",)]
    if "moons" in wonders and words.isdisjoint(TIME_WORDS["sunset"].split()):
        mood = replace(_TIMES["alien"], stars=1.0 if mood.is_dark and "night" in words else 0.35)
    return replace(mood, wonders=frozenset(wonders))


def _storm(mood: Mood) -> Mood:
    dull = _dulled(mood, color("3c444f") * (0.5 if mood.is_dark else 1), 0.85)
    return replace(
        dull,
        cover=0.92,
        storm=True,
        flat=True,
        haze=40,
        key=0.6 * dull.key,
        horizon=mixed(dull.horizon, color("b9b59a"), 0.0 if mood.is_dark else 0.45),
        cloud_lit=1.25 * dull.cloud_lit,
        sun_in_view=False,
        stars=0.0,
    )


def _fog(mood: Mood) -> Mood:
    veil = mixed(mood.horizon, np.full(3, mood.horizon.mean(), np.float32), 0.4)
    return replace(
        mood,
        zenith=mixed(mood.zenith, veil, 0.65),
        middle=mixed(mood.middle, veil, 0.65),
        horizon=veil,
        cloud_lit=mixed(mood.cloud_lit, veil, 0.65),
        cloud_dark=mixed(mood.cloud_dark, veil, 0.65),
        haze=13.0,
        cover=0.2,
        glow=mood.glow * 1.2,
        stars=mood.stars * 0.2,
    )


def _overcast(mood: Mood) -> Mood:
    return replace(
        _dulled(mood, color("8e979f") * (0.3 if mood.is_dark else 1), 0.7),
        cover=1.05,
        flat=True,
        haze=45,
        glow=0.15,
        sun_in_view=False,
        stars=0.0,
    )


def _clear(mood: Mood) -> Mood:
    return replace(mood, cover=mood.cover * 0.55)


def _clouds(mood: Mood) -> Mood:
    return replace(mood, cover=max(mood.cover, 0.85))


_WEATHERS = {"storm": _storm, "fog": _fog, "overcast": _overcast, "clear": _clear, "clouds": _clouds}


def _dulled(mood: Mood, grey: Values, share: float) -> Mood:
    """The mood under a layer of clouds of this grey."""
    light = 1.25 * grey
    return replace(
        mood,
        zenith=mixed(mood.zenith, 0.8 * grey, share),
        middle=mixed(mood.middle, grey, share),
        horizon=mixed(mood.horizon, light, share),
        key=mixed(mood.key, 0.9 * light, 0.6),
        ambient=mixed(mood.ambient, grey, 0.6),
        cloud_lit=mixed(mood.cloud_lit, light, share),
        cloud_dark=mixed(mood.cloud_dark, 0.5 * grey, share),
    )

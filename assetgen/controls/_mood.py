"""The light of a drawn scene, by the words of a prompt: time of day and weather."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from assetgen.controls._noise import Values, color, mixed


@dataclass(frozen=True)
class Mood:
    """Colours of sky and light, RGB in 0..1. `sun_height` is a share of the sky's height; `haze` is the distance, in
    world units, at which things fade; `cover` is the share of the sky under clouds."""

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


def _mood(colors: str, *, sun_height: float, glow: float, haze: float, cover: float) -> Mood:
    """A mood from the colours of zenith, middle, horizon, sun, key light, ambient light, lit clouds, dark clouds."""
    zenith, middle, horizon, sun, key, ambient, lit, dark = map(color, colors.split())
    return Mood(zenith, middle, horizon, sun, key, ambient, lit, dark, sun_height, glow, haze, cover)


_DAY = "2f6fb8 6fa9dc cfe4ee fff6da fff0d2 7f98b8 ffffff a9bcd2"
_NOON = "2a68b0 5f9fd6 e6e2cc fffbe6 fff6dc 8c98a8 ffffff b4c2d0"
_DAWN = "5b78ad d9a6b4 ffdcae fff0c8 ffcf9e 8a8fb0 ffe3cf 9a86a8"
_SUNSET = "2f3b74 b4567a ffae5a fff0b0 ff9a52 5d4c78 ffb070 6b4670"
_NIGHT = "0a1230 1a3060 41659a eef2ff a6c4f2 3a4f86 5a78aa 1a294c"
_TIMES = {
    "day": replace(_mood(_DAY, sun_height=1.3, glow=0.25, haze=110, cover=0.42), sun_in_view=False),
    "noon": replace(_mood(_NOON, sun_height=1.4, glow=0.2, haze=130, cover=0.32), sun_in_view=False),
    "dawn": _mood(_DAWN, sun_height=0.22, glow=0.7, haze=32, cover=0.42),
    "sunset": _mood(_SUNSET, sun_height=0.2, glow=0.9, haze=70, cover=0.5),
    "night": replace(_mood(_NIGHT, sun_height=0.72, glow=0.35, haze=75, cover=0.34), stars=1.0, is_dark=True),
}
_TIME_WORDS = {
    "night": "night midnight moonlit moonlight moon starry stars nocturnal dark",
    "sunset": "sunset dusk evening twilight golden sundown",
    "dawn": "dawn sunrise morning daybreak",
    "noon": "noon midday sunny",
}
_WEATHER_WORDS = {
    "storm": "storm stormy thunder thunderstorm lightning tempest rain rainy",
    "fog": "fog foggy mist misty haze hazy smoke smoky",
    "overcast": "overcast cloudy grey gloomy gray",
    "clear": "clear cloudless",
    "clouds": "clouds cloud",
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
    mood = _TIMES[next(iter(named(words, _TIME_WORDS)), "day")]
    for weather in named(words, _WEATHER_WORDS):
        mood = _WEATHERS[weather](mood)
    return mood


def _storm(mood: Mood) -> Mood:
    dull = _dulled(mood, color("3c444f") * (0.5 if mood.is_dark else 1), 0.85)
    return replace(
        dull,
        cover=0.84,
        storm=True,
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
        cover=0.75,
        haze=45,
        glow=0.15,
        sun_in_view=False,
        stars=0.0,
    )


def _clear(mood: Mood) -> Mood:
    return replace(mood, cover=mood.cover * 0.55)


def _clouds(mood: Mood) -> Mood:
    return replace(mood, cover=max(mood.cover, 0.6))


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

"""The light that a place brings with it, whatever the weather: ash, vacuum, deep water, swamp, other planets."""

from dataclasses import replace

from assetgen.controls._mood import TIME_WORDS, Mood, mood_from, named

_ASH = mood_from(
    "2b1a24 6a2c28 f08a48 ffc070 ff9a5a 5c4048 8a5a50 2a1a20", sun_height=0.3, glow=0.2, haze=75, cover=0.45
)
_VACUUM = replace(
    mood_from("04050c 070a16 0c1020 ffffff fff6e8 2a3040 ffffff ffffff", sun_height=1, glow=0, haze=900, cover=0),
    stars=1.3, wonders=frozenset({"milkyway"}), sun_in_view=False,
)  # fmt: skip
_WATER = mood_from(
    "a8f0f0 2f9cc0 14567e e8ffff a8e0e8 3f7f98 ffffff ffffff", sun_height=1.3, glow=0.3, haze=17, cover=0
)
_SWAMP = mood_from(
    "5a6a58 8a9870 c4c890 f0f0c0 b0b880 5f6c58 b8c098 68745c", sun_height=1.3, glow=0.2, haze=17, cover=0.6
)
_MARS = mood_from(
    "a86a48 d09a6a f0d0a0 fff0d8 ffd8b0 8a6458 e8c098 b88a68", sun_height=0.4, glow=0.3, haze=70, cover=0.15
)
_ALIEN = mood_from(
    "123a5a 2a8a8c ffd0a0 fff0c0 ffd0b0 5a6a98 b0f0e0 3a6a88", sun_height=0.4, glow=0.3, haze=70, cover=0.35
)
_BATTLE = mood_from(
    "4a4650 7a6a64 e0b080 ffd8a0 f0b880 6a6260 b09888 5a5054", sun_height=0.3, glow=0.3, haze=34, cover=0.6
)
_GRAVES = mood_from(
    "3a4458 6a7484 b8bcb4 e8f0f0 a0a8b0 5a6478 98a0a8 4a5464", sun_height=1, glow=0.2, haze=20, cover=0.6
)
_OWN = {"battle": _BATTLE, "graves": _GRAVES, "volcano": _ASH, "swamp": _SWAMP, "mars": _MARS, "alien": _ALIEN}
_ALWAYS = {"space": _VACUUM, "moon": _VACUUM, "underwater": _WATER}


def ambience(names: tuple[str, str], words: frozenset[str], mood: Mood) -> Mood:
    """The mood in a place, by its name and what stands in it: its own where the words name no time of day, or always
    where there is none."""
    place = names[1] if names[1] in _OWN else names[0]
    if place in _ALWAYS:
        own = _ALWAYS[place]
        return replace(own, wonders=own.wonders | mood.wonders | ({"earth"} & words), sun_in_view=False)
    if place not in _OWN or named(words, TIME_WORDS) or mood.storm:
        return mood
    wonders = mood.wonders or frozenset({"moons"} if place == "alien" else ())
    return replace(_OWN[place], wonders=wonders, sun_in_view=False, stars=0.4 if place == "alien" else 0.0)

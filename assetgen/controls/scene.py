"""A landscape drawn from the words of a prompt, as the picture that sampling starts from."""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from assetgen.controls._ambience import ambience
from assetgen.controls._brush import bloomed, brushed
from assetgen.controls._caves import draw_cave
from assetgen.controls._fit import ControlSize, resize_to
from assetgen.controls._flyers import draw_flyers, flyers_of
from assetgen.controls._frame import hang_vines
from assetgen.controls._heroes import draw_heroes, with_mound
from assetgen.controls._interiors import draw_interior, interior_of, mirrored_if
from assetgen.controls._mood import mood_of, words_in
from assetgen.controls._noise import Noise, Values
from assetgen.controls._places import land_of, place_of
from assetgen.controls._props import scatter
from assetgen.controls._sky import sky_layers, sun_of
from assetgen.controls._smoke import fireflies, plume, shafts, sparks, spray
from assetgen.controls._street import draw_stalls, draw_street, is_market, is_modern
from assetgen.controls._terrain import draw_land, draw_water, outlook
from assetgen.images import ImageSet, color_image, to_uint8
from assetgen.parts import part

_LARGE = 512
"""Pictures with fewer rows are drawn at twice their size, then reduced."""
_HORIZON = (0.52, 0.62)
"""Range of the rows above the horizon, as shares of the picture."""
_SKY_HORIZON, _PANORAMA_HORIZON = 0.88, 0.72
"""The same of a panorama of the sky, and of one of a landscape."""
_ROOM_HORIZON = 0.5
_VINES = {"jungle", "rainforest", "vine", "vines", "overgrown"}
_MAGIC = {"enchanted", "magic", "magical", "glowing", "firefly", "fireflies", "fairy", "mystical"}
_PIXELS_A_STROKE = 50


@part(version=2)
def scene(
    *,
    prompt: str = "",
    size: ControlSize = (512, 512),
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0,
    tile: Literal["", "x", "y", "xy"] = "",
    kind: Literal["image_to_image"] = "image_to_image",
) -> ImageSet:
    """Start from a drawn landscape (image-to-image with the `strength` of `diffusion`).

    Words of the `prompt` choose the place (forest, mountains, canyon, desert, sea, island, swamp, waterfall, farm,
    volcano, underwater, street, moon, mars, space), or an interior (cave, dungeon, throne room, tavern, library,
    cathedral, corridor, bedroom); what stands in it (castle, town, harbour, city, lighthouse, windmill, temple, camp,
    graveyard, bridge, iceberg, pyramid, ship, kinds of trees) or flies over it (dragon, airship, balloon, UFO,
    spaceship, floating islands); rivers, lakes and snow; the time of day, the weather, aurora, rainbow, nebula, moons
    and planets; `seed` the rest. With `tile: x` it is a panorama, which shows sky over a low horizon where no place is
    named; an interior is beside its mirror image.

    Example:
        - scene: {prompt: a castle by a lake at sunset, seed: 3}
    """
    scale = 1 if size[1] >= _LARGE else 2
    width, height = size[0] * scale, size[1] * scale
    seeds = [int(each) for each in np.random.SeedSequence(seed).generate_state(6)]
    words, around = words_in(prompt), "x" in tile
    inside = interior_of(words)
    if inside:
        picture, lights = _indoors(inside, words, (width, height), around, seeds)
        bloom = 0.5
    else:
        mood = mood_of(words)
        picture, lights = _outdoors(words, (width, height), around, seeds)
        bloom = 0.9 if mood.glow > 0.3 else 0.4
    strokes = width * height // (_PIXELS_A_STROKE * (5 if inside else 1))
    picture = brushed(bloomed(picture, bloom), seeds[5], strokes)
    return color_image(to_uint8(resize_to(np.clip(picture + lights, 0, 1), size)))


def _indoors(
    kind: str, words: frozenset[str], size: tuple[int, int], around: bool, seeds: list[int]
) -> tuple[Values, Values | float]:
    """An interior, and no lights."""
    width, height = (size[0] + 1) // 2 if around else size[0], size[1]
    noise, rng = Noise(seeds[2]), np.random.default_rng(seeds[3])
    if kind == "cave":
        picture = draw_cave((width, height), words, mood_of(words), noise, rng)
    else:
        view = outlook(width, height, _ROOM_HORIZON, False)
        draw_interior(view, kind, noise, rng)
        picture = view.picture
    return np.ascontiguousarray(mirrored_if(picture, around)[:, : size[0]]), 0.0


def _outdoors(words: frozenset[str], size: tuple[int, int], around: bool, seeds: list[int]) -> tuple[Values, Values]:
    """A landscape or space, and the sharp lights in its sky."""
    rng, place = np.random.default_rng(seeds[0]), place_of(words, "sky" if around else "plains")
    if place.hero == "street" and around:
        half, lights = _outdoors(words, ((size[0] + 1) // 2, size[1]), False, seeds)
        return mirrored_if(half, True)[:, : size[0]], mirrored_if(lights, True)[:, : size[0]]
    mood = ambience((place.name, place.hero), words, mood_of(words))
    share = float(rng.uniform(*_HORIZON))
    if around:
        share = _SKY_HORIZON if place.name == "sky" else _PANORAMA_HORIZON
    if place.name == "space":
        share = 1.0
    view = outlook(*size, share, around)
    sun = sun_of(mood, view.sight, rng)
    sky, lights = sky_layers(mood, view.sight, sun, seeds[1])
    view.picture[:] = sky
    if around and place.shore:
        place = replace(place, features=(*place.features, "offing"))
    place = with_mound(place, rng)
    land = land_of(place, Noise(seeds[2]))
    things = draw_flyers(view, flyers_of(words, place.name), mood, sun, np.random.default_rng(seeds[4] + 1))
    if "cone" in place.features:
        plume(view, land, sun, Noise(seeds[2]), np.random.default_rng(seeds[5]))
        lights = lights + sparks(view, land, Noise(seeds[2]), np.random.default_rng(seeds[5]))
    if place.name != "space":
        draw_land(view, land, mood, sun)
        things += scatter(view, land, place, mood, sun, np.random.default_rng(seeds[3]))
        rng = np.random.default_rng(seeds[4])
        if place.hero == "street":
            things += draw_street(view, land, is_modern(words), mood, sun, rng)
            things += draw_stalls(view, land, mood, sun, rng) if is_market(words) else []
        things += draw_heroes(view, land, place, mood, sun, rng)
    for _, draw in sorted(things, key=lambda each: -each[0]):
        draw()
    draw_water(view, mood, Noise(seeds[5]))
    if "fall" in place.features:
        spray(view, land, mood)
    if place.name == "underwater":
        shafts(view, np.random.default_rng(seeds[5]))
    if not words.isdisjoint(_VINES):
        hang_vines(view, mood, np.random.default_rng(seeds[4]))
    lights = lights * np.isinf(view.distance)[..., None]
    if not words.isdisjoint(_MAGIC):
        lights = lights + fireflies(view, np.random.default_rng(seeds[4]))
    return view.picture, lights

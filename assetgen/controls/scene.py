"""A landscape drawn from the words of a prompt, as the picture that sampling starts from."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from assetgen.controls._brush import bloomed, brushed
from assetgen.controls._fit import ControlSize, resize_to
from assetgen.controls._heroes import draw_heroes, with_mound
from assetgen.controls._mood import mood_of, words_in
from assetgen.controls._noise import Noise
from assetgen.controls._places import land_of, place_of
from assetgen.controls._props import scatter
from assetgen.controls._sky import painted_sky, sun_of
from assetgen.controls._terrain import draw_land, draw_water, outlook
from assetgen.images import ImageSet, color_image, to_uint8
from assetgen.parts import part

_LARGE = 512
"""Pictures with fewer rows are drawn at twice their size, then reduced."""
_HORIZON = (0.52, 0.62)
"""Range of the rows above the horizon, as shares of the picture."""
_SKY_HORIZON, _PANORAMA_HORIZON = 0.88, 0.72
"""The same of a panorama of the sky, and of one of a landscape."""
_PIXELS_A_STROKE = 50


@part(version=1)
def scene(
    *,
    prompt: str = "",
    size: ControlSize = (512, 512),
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0,
    tile: Literal["", "x", "y", "xy"] = "",
    kind: Literal["image_to_image"] = "image_to_image",
) -> ImageSet:
    """Start from a drawn landscape (image-to-image with the `strength` of `diffusion`).

    Words of the `prompt` choose the place (forest, mountains, canyon, desert, sea, plains, volcano), what stands in it
    (castle, town, city, house, tower, ruins, ship, kinds of trees), lakes and snow, the time of day and the weather;
    `seed` the rest. With `tile: x` it is a panorama, which shows sky over a low horizon where no place is named.

    Example:
        - scene: {prompt: a castle by a lake at sunset, seed: 3}
    """
    scale = 1 if size[1] >= _LARGE else 2
    width, height = size[0] * scale, size[1] * scale
    seeds = [int(each) for each in np.random.SeedSequence(seed).generate_state(6)]
    rng, words, around = np.random.default_rng(seeds[0]), words_in(prompt), "x" in tile
    mood, place = mood_of(words), place_of(words, "sky" if around else "plains")
    share = float(rng.uniform(*_HORIZON))
    if around:
        share = _SKY_HORIZON if place.name == "sky" else _PANORAMA_HORIZON
    view = outlook(width, height, share, around)
    sun = sun_of(mood, view.sight, rng)
    view.picture[:] = painted_sky(mood, view.sight, sun, seeds[1])
    place = with_mound(place, rng)
    land = land_of(place, Noise(seeds[2]))
    draw_land(view, land, mood, sun)
    things = scatter(view, land, place, mood, sun, np.random.default_rng(seeds[3]))
    things += draw_heroes(view, land, place, mood, sun, np.random.default_rng(seeds[4]))
    for _, draw in sorted(things, key=lambda each: -each[0]):
        draw()
    draw_water(view, mood, Noise(seeds[5]))
    picture = bloomed(view.picture, 0.9 if mood.glow > 0.3 else 0.4)
    picture = brushed(picture, seeds[5], width * height // _PIXELS_A_STROKE)
    return color_image(to_uint8(resize_to(picture, size)))

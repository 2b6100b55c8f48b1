"""Panels from textures, and their states."""

import numpy as np
import pytest

from assetgen.errors import InputError
from assetgen.images import Array, ImageSet, color_image
from assetgen.steps.panel import panel
from assetgen.steps.ui_states import ui_states


def texture(width: int = 24, height: int = 16) -> ImageSet:
    pixels = np.random.default_rng(0).integers(60, 200, (height, width, 3)).astype(np.uint8)
    return color_image(pixels, tiles="xy")


def middle(made: ImageSet, channel: str = "color") -> Array:
    left, top, right, bottom = made.meta.borders
    return made[channel][top:-bottom, left:-right]


def test_the_middle_is_the_whole_texture() -> None:
    made = panel(texture(), border=6, radius=4)
    assert (made.size, made.meta.borders, made.meta.middle) == ((44, 36), (10, 10, 10, 10), "tile")
    assert (middle(made)[..., :3] == texture()["color"]).all()


@pytest.mark.parametrize(("border", "radius"), [(6, 4), (3, 12), (1, 0)])
def test_edges_and_middle_continue_where_they_repeat(border: int, radius: int) -> None:
    once, twice = (panel(color_image(np.tile(texture()["color"], (times, times, 1)), tiles="xy"), border=border,
                         radius=radius) for times in (1, 2))  # fmt: skip
    left, top, _, _ = once.meta.borders
    columns = np.r_[0 : left + 24, left : once.size[0]]
    rows = np.r_[0 : top + 16, top : once.size[1]]
    assert (once["color"][rows][:, columns] == twice["color"]).all()


def test_light_comes_from_the_top_left_and_corners_are_round() -> None:
    made = panel(color_image(np.full((30, 30, 3), 120, np.uint8), tiles="xy"), border=8, radius=8)["color"]
    size = len(made)
    assert made[3, size // 2, 0] > made[size // 2, size // 2, 0] > made[-4, size // 2, 0]
    assert (made[0, 0, 3], made[0, size // 2, 3]) == (0, 255)


def test_a_hollow_panel_is_a_frame() -> None:
    made = panel(texture(), hollow=True)
    assert (middle(made)[..., 3] == 0).all()
    assert (made["color"][made.size[1] // 2, 5, 3]) == 255


def test_a_texture_that_does_not_tile_is_refused() -> None:
    with pytest.raises(InputError, match="a panel needs a texture that tiles along x and y"):
        panel(texture().with_meta(tiles="x"))


def test_states_differ_in_brightness_and_keep_the_shape() -> None:
    made = ui_states(panel(texture()), states=("hover", "pressed", "disabled", "empty"))
    mean = {name: float(middle(made, name)[..., :3].mean()) for name in made.channels}
    assert mean["hover"] > mean["color"] > mean["pressed"] > mean["empty"]
    grey, before = (np.ptp(middle(made, name)[..., :3].astype(int), axis=2).mean() for name in ("disabled", "color"))
    assert grey < before / 4
    assert all((array[..., 3] == made["color"][..., 3]).all() for array in made.channels.values())

"""Trimming the empty border of sprites."""

import numpy as np
import pytest

from assetgen.errors import InputError
from assetgen.images import Array, ImageSet, Region, Trim, color_image
from assetgen.parts import load_part
from assetgen.pixels.canvas import Box, on_canvas
from assetgen.steps.trim import trim


def sprite() -> Array:
    """6 × 3 visible pixels at (5, 2) of 20 × 10."""
    color = np.zeros((10, 20, 4), np.uint8)
    color[2:5, 5:11] = (9, 8, 7, 255)
    return color


def test_the_border_is_cut_and_its_offset_recorded() -> None:
    made = trim(color_image(sprite()))
    assert made.size == (6, 3)
    assert made.meta.trim == Trim((5, 2), (20, 10))


def test_padding_may_extend_beyond_the_image() -> None:
    made = trim(color_image(sprite()), padding=4)
    assert (made.size, made.meta.trim.offset) == ((14, 11), (1, -2))
    assert (made["color"][:4, :, 3] == 0).all()
    assert (made["color"][4:7, 4:10] == (9, 8, 7, 255)).all()


@pytest.mark.parametrize(("words", "size"), [({"square": True}, (6, 6)), ({"multiple": 4}, (8, 4))])
def test_sides_can_be_equal_or_multiples(words: dict[str, int], size: tuple[int, int]) -> None:
    assert trim(color_image(sprite()), **words).size == size  # type: ignore[arg-type]


@pytest.mark.parametrize(("pivot", "y"), [("center", 0.5), ("bottom", 4.5 / 6), ("top", 1.5 / 6)])
def test_the_pivot_is_relative_to_the_visible_part(pivot: str, y: float) -> None:
    made = trim(color_image(sprite()), square=True, pivot=pivot)  # type: ignore[arg-type]
    assert made.meta.pivot == pytest.approx([0.5, y], abs=0.09)


def test_every_channel_is_cut_equally() -> None:
    height = np.arange(200, dtype=np.uint16).reshape(10, 20, 1)
    made = trim(ImageSet({"color": sprite(), "height": height}))
    assert (made["height"] == height[2:5, 5:11]).all()


def test_an_image_without_visible_pixels_is_unchanged() -> None:
    empty = color_image(np.zeros((4, 4, 4), np.uint8))
    assert trim(empty, padding=3) is empty


def test_trimming_twice_records_the_offset_in_the_first_image() -> None:
    made = trim(trim(color_image(sprite()), padding=2))
    assert made.meta.trim == Trim((5, 2), (20, 10))


def test_a_full_image_stays_opaque_and_still_tiles() -> None:
    full = color_image(np.full((4, 4, 3), 9, np.uint8), tiles="xy")
    made = trim(full)
    assert made["color"].shape == (4, 4, 3) and made.meta.tiles == "xy"
    assert trim(full, padding=1).meta.tiles == ""


def test_regions_are_shifted() -> None:
    made = trim(color_image(sprite(), regions={"a": Region((6, 3, 2, 2))}))
    assert made.meta.regions == {"a": Region((1, 1, 2, 2))}


def test_a_negative_padding_is_refused() -> None:
    with pytest.raises(ValueError, match="padding"):
        load_part("step", "trim").params(padding=-1)


def test_a_canvas_above_the_pixel_limit_is_refused() -> None:
    with pytest.raises(InputError, match="at most 67,108,864 pixels, not 9000 × 9000"):
        on_canvas(color_image(sprite()), Box(0, 0, 9000, 9000))


def test_a_larger_canvas_is_transparent_in_layers_too() -> None:
    images = ImageSet({"color": sprite(), "layer0": sprite()})
    made = on_canvas(images, Box(-2, -2, 40, 40))
    assert (made["layer0"] == made["color"]).all()
    assert made["layer0"][0, 0, 3] == 0


def test_the_tip_is_the_pixel_nearest_to_the_top_left() -> None:
    alpha = np.zeros((8, 8), np.uint8)
    alpha[2:6, 3:7] = 255
    alpha[2, 3] = 10
    alpha[3, 2] = 255
    color = np.dstack([np.zeros((8, 8, 3), np.uint8), alpha])
    made = trim(color_image(color), pivot="tip", padding=1)
    assert (made.meta.pivot[0] * made.size[0], made.meta.pivot[1] * made.size[1]) == (1.5, 2.5)

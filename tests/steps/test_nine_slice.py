"""Nine-slice margins of drawn and of sampled panels."""

import numpy as np
import pytest

from assetgen.errors import InputError
from assetgen.images import Array, ImageSet, color_image
from assetgen.steps.nine_slice import nine_slice
from assetgen.steps.resize import resize
from assetgen.steps.trim import trim


def window(width: int = 40, height: int = 30) -> Array:
    """A frame of 4 pixels with a cut corner, and a stud of 3 pixels at each corner."""
    made = np.full((height, width, 4), (40, 40, 90, 255), np.uint8)
    made[:4] = made[-4:] = made[:, :4] = made[:, -4:] = (200, 150, 40, 255)
    made[0, 0] = 0
    for y in (5, height - 8):
        for x in (5, width - 8):
            made[y : y + 3, x : x + 3] = (220, 220, 220, 255)
    return made


def sampled(seed: int = 0) -> ImageSet:
    """A window with noise everywhere and a letter in the middle."""
    noise = np.random.default_rng(seed).normal(0, 5, (60, 80, 1))
    made = np.clip(np.dstack([window(80, 60)[..., :3] + noise, window(80, 60)[..., 3:]]), 0, 255).astype(np.uint8)
    made[25:35, 38:41, :3] = 255
    return color_image(made)


def test_the_longest_run_of_equal_lines_is_found() -> None:
    made = nine_slice(color_image(window()), middle="find")
    assert (made.meta.borders, made.meta.middle) == ((8, 8, 8, 8), "stretch")
    assert (made["color"] == window()).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_noisy_middle_is_replaced_and_the_margins_hold_the_border(seed: int) -> None:
    made = nine_slice(sampled(seed))
    assert all(8 <= margin <= 14 for margin in made.meta.borders)
    left, _, right, _ = made.meta.borders
    columns = made["color"][:, left:-right].astype(int)
    assert np.ptp(columns, axis=1).max() == 0
    assert np.abs(made["color"][:4, :4].astype(int) - sampled(seed)["color"][:4, :4]).max() == 0


def test_pixel_art_gets_no_new_colours() -> None:
    given = sampled().with_meta(pixel_art=True)
    before = {tuple(color) for color in given["color"].reshape(-1, 4).tolist()}
    assert {tuple(color) for color in nine_slice(given)["color"].reshape(-1, 4).tolist()} <= before


def test_one_axis_alone_has_margins() -> None:
    assert nine_slice(color_image(window()), axes="x").meta.borders == (8, 0, 8, 0)


def test_without_a_run_find_is_refused() -> None:
    with pytest.raises(InputError, match="no part can be stretched along x: 0 of 80 lines are alike"):
        nine_slice(sampled(), middle="find")


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (3, 5)])
def test_tiny_images_keep_their_size(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 4)).astype(np.uint8)
    made = nine_slice(color_image(noise))
    assert made.size == size
    assert made.meta.borders[0] + made.meta.borders[2] < size[0]


def test_later_steps_keep_the_margins_in_place() -> None:
    padded = np.pad(window(), ((2, 2), (2, 2), (0, 0)))
    made = nine_slice(color_image(padded))
    assert trim(made).meta.borders == (8, 8, 8, 8)
    assert resize(made, scale=2, filter="nearest").meta.borders == (20, 20, 20, 20)

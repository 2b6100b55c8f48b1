"""Stray pixels and gaps of outlines in pixel art."""

import numpy as np
import pytest

from assetgen.errors import InputError
from assetgen.images import Array, ImageSet, color_image
from assetgen.steps.clean_pixels import clean_pixels

RED, DARK_RED, WHITE, BLACK = (180, 30, 20), (150, 22, 14), (255, 255, 255), (0, 0, 0)


def sprite(side: int = 9, outline: bool = True) -> Array:
    """A red square with a black outline on a transparent margin of one pixel."""
    color = np.zeros((side, side, 4), np.uint8)
    color[1:-1, 1:-1] = (*BLACK, 255) if outline else (*RED, 255)
    color[2:-2, 2:-2, :3] = RED
    return color


def cleaned(color: Array, **words: float) -> Array:
    return clean_pixels(color_image(color, pixel_art=True), **words)["color"]


def test_a_pixel_a_little_darker_than_all_around_it_is_removed() -> None:
    color = sprite()
    color[4, 4, :3] = DARK_RED
    assert (cleaned(color) == sprite()).all()
    assert (cleaned(color, contrast=0) == color).all()


def test_eyes_and_highlights_stay() -> None:
    color = sprite()
    color[[3, 3, 5], [3, 5, 4], :3] = WHITE, WHITE, BLACK
    assert (cleaned(color) == color).all()


def test_the_end_of_a_ramp_of_single_pixels_stays() -> None:
    color = sprite(outline=False)
    color[3, 3, :3], color[3, 4, :3] = (250, 190, 180), (255, 205, 195)
    assert (cleaned(color) == color).all()


@pytest.mark.parametrize("colors", [[DARK_RED, RED], [WHITE, BLACK]])
def test_a_chessboard_of_two_colours_is_no_orphan(colors: list[tuple[int, int, int]]) -> None:
    rows, columns = np.indices((8, 8))
    color = np.array(colors, np.uint8)[(rows + columns) % 2]
    assert (cleaned(color) == color).all()


@pytest.mark.parametrize(("row", "column"), [(1, 4), (4, 1), (7, 5)])
def test_a_gap_of_one_pixel_in_the_outline_is_closed(row: int, column: int) -> None:
    color = sprite()
    color[row, column, :3] = RED
    assert (cleaned(color) == sprite()).all()


def test_a_gap_of_two_pixels_and_a_tooth_of_another_colour_stay() -> None:
    color = sprite()
    color[1, 4:6, :3], color[7, 4, :3] = RED, WHITE
    assert (cleaned(color) == color).all()


def test_a_figure_without_an_outline_gets_no_dark_pixel() -> None:
    color = sprite(outline=False)
    color[1, [3, 5], :3] = BLACK
    assert (cleaned(color) == color).all()


@pytest.mark.parametrize(("row", "column"), [(0, 4), (4, 8), (8, 3), (5, 0)])
def test_a_dark_pixel_that_sticks_out_of_the_outline_is_removed(row: int, column: int) -> None:
    color = sprite()
    color[row, column] = (*BLACK, 255)
    assert (cleaned(color)[..., 3] == sprite()[..., 3]).all()


def test_horns_and_bumps_of_another_colour_stay() -> None:
    color = sprite(11)
    color[0, 1], color[0, 5], color[9:, 5] = (*BLACK, 255), (*RED, 255), (*BLACK, 255)
    color[10, 4] = (*BLACK, 255)
    assert (cleaned(color) == color).all()


def test_no_colour_is_added_and_alpha_stays() -> None:
    color = np.random.default_rng(0).integers(0, 6, (24, 24, 4)).astype(np.uint8) * 40
    made = cleaned(color, contrast=1)
    assert {*map(tuple, made[..., :3].reshape(-1, 3))} <= {*map(tuple, color[..., :3].reshape(-1, 3))}
    assert (made[..., 3] == color[..., 3]).all() and (made != color).any()


def test_a_mirrored_image_is_cleaned_alike() -> None:
    color = np.random.default_rng(1).integers(0, 3, (16, 16, 3)).astype(np.uint8) * 20
    assert (cleaned(color[:, ::-1].copy()) == cleaned(color)[:, ::-1]).all()


def test_a_tile_is_read_across_its_border() -> None:
    color = np.full((6, 6, 3), RED, np.uint8)
    color[2, 0] = color[2, 5] = DARK_RED
    assert (clean_pixels(color_image(color, pixel_art=True, tiles="x"))["color"] == color).all()
    assert (cleaned(color) == np.array(RED)).all()


def test_other_channels_are_copied_with_the_colour() -> None:
    color = sprite()
    color[4, 4, :3] = DARK_RED
    height = np.zeros((9, 9, 1), np.uint8)
    height[4, 4] = 200
    made = clean_pixels(ImageSet({"color": color, "height": height}).with_meta(pixel_art=True))
    assert made["height"].max() == 0


@pytest.mark.parametrize("color", [np.full((1, 1, 4), 255, np.uint8), np.zeros((3, 2, 4), np.uint8)])
def test_a_single_pixel_and_nothing_visible_are_unchanged(color: Array) -> None:
    assert (cleaned(color) == color).all()


def test_an_image_that_is_not_pixel_art_is_refused() -> None:
    with pytest.raises(InputError, match="not pixel art"):
        clean_pixels(color_image(sprite()))

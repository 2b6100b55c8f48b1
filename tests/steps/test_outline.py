"""Outlines of sprites."""

import numpy as np
import pytest
from pydantic import ValidationError

from assetgen.images import Array, color_image
from assetgen.parts import load_part
from assetgen.steps.outline import outline


def block(margin: int = 4) -> Array:
    color = np.zeros((4 + 2 * margin, 4 + 2 * margin, 4), np.uint8)
    color[margin : -margin or None, margin : -margin or None] = (250, 250, 250, 255)
    return color


def test_the_line_is_outside_and_the_sprite_unchanged() -> None:
    made = outline(color_image(block()), width=2, color="#102030")["color"]
    assert (made[4:8, 4:8] == 250).reshape(-1, 4)[:, :3].all()
    assert made[6, 3].tolist() == made[6, 2].tolist() == [16, 32, 48, 255]
    assert made[6, 1, 3] == 0


def test_an_inner_line_keeps_the_alpha() -> None:
    made = outline(color_image(block()), side="inside", color="#102030")["color"]
    assert (made[..., 3] == block()[..., 3]).all()
    assert made[4, 5].tolist() == [16, 32, 48, 255] and made[5, 5].tolist() == [250, 250, 250, 255]


def test_pixel_art_gets_a_hard_line_without_corners() -> None:
    made = outline(color_image(block(), pixel_art=True))["color"]
    assert (made[3, 3, 3], made[3, 4, 3]) == (0, 255)
    assert set(np.unique(made[..., 3])) == {0, 255}


def test_the_canvas_grows_where_the_line_would_be_cut() -> None:
    made = outline(color_image(block(0), pivot=(0.5, 1.0)), width=3)
    assert made.size == (10, 10)
    assert made.meta.pivot == (0.5, 0.7)
    assert made["color"][5, 0, 3] == 255


def test_nothing_visible_gets_no_line() -> None:
    assert outline(color_image(np.zeros((3, 3, 4), np.uint8)))["color"].max() == 0


def test_a_colour_must_be_hex() -> None:
    with pytest.raises(ValidationError):
        load_part("step", "outline").params(color="red")


def test_an_inner_line_covers_the_old_colour() -> None:
    soft = block()
    soft[3, 4:8] = (250, 250, 250, 90)
    made = outline(color_image(soft), side="inside", color="#102030")["color"]
    assert made[3, 5].tolist() == [16, 32, 48, 90]


def test_no_gap_is_between_a_soft_edge_and_the_line() -> None:
    soft = block()
    soft[4, 4:8, 3] = 160
    made = outline(color_image(soft), width=2, color="#102030")["color"]
    assert (made[3:8, 5, 3] == 255).all()
    assert (made[4, 5, :3] > (16, 32, 48)).all() and (made[4, 5, :3] < 250).all()

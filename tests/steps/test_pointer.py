"""Mouse cursors out of textures."""

import numpy as np
import pytest

from assetgen.images import color_image
from assetgen.steps.outline import outline
from assetgen.steps.pointer import CursorShape, pointer

STONE = color_image(np.full((64, 64, 3), (150, 140, 130), np.uint8), tiles="xy")


@pytest.mark.parametrize(("shape", "hotspot"), [("arrow", (0, 0)), ("hand", (10, 0)), ("crosshair", (15, 15))])
def test_the_pivot_is_the_hotspot_and_lies_on_the_shape(shape: CursorShape, hotspot: tuple[int, int]) -> None:
    made = pointer(STONE, shape=shape)
    assert made.meta.pivot and tuple(int(30 * each) for each in made.meta.pivot) == hotspot
    x, y = hotspot
    assert made.size == (30, 30) and made["color"][y : y + 3, max(0, x - 1) : x + 2, 3].max() > 200


@pytest.mark.parametrize("shape", ["arrow", "hand", "crosshair"])
def test_a_cursor_with_its_outline_has_at_most_32_pixels(shape: CursorShape) -> None:
    assert outline(pointer(STONE, shape=shape), width=1).size == (32, 32)


def test_a_cursor_shows_the_texture_lit_from_the_top_left() -> None:
    color = pointer(STONE, shape="crosshair")["color"].astype(int)
    seen = color[..., 3] > 250
    assert abs(int(color[seen, 0].mean()) - 150) < 15
    assert color[:15, :15][seen[:15, :15], 0].max() > color[15:, 15:][seen[15:, 15:], 0].min() + 30

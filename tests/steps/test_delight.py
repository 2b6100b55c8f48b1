import numpy as np
import pytest

from assetgen.images import Array, color_image
from assetgen.pixels.color import linear_from_srgb, srgb_from_linear
from assetgen.steps.delight import delight


def bricks(size: int = 96) -> Array:
    """Two colours in a pattern that wraps, as linear light."""
    pattern = (np.indices((size, size)) // 8).sum(axis=0) % 2
    return np.where(pattern[..., None], (0.3, 0.15, 0.1), (0.2, 0.2, 0.2)).astype(np.float32)


def lit(shade: Array, **meta: str):
    """The bricks under a shading `H×W`."""
    return color_image((srgb_from_linear(bricks() * shade[..., None]) * 255).astype(np.uint8), **meta)


def rows_of(images) -> Array:
    """The mean linear light of each row, relative to the mean."""
    rows = linear_from_srgb(images["color"][..., :3] / np.float32(255)).mean(axis=(1, 2))
    return rows / rows.mean()


WAVE = (1 + 0.3 * np.sin(2 * np.pi * np.arange(96) / 96))[:, None] * np.ones(96)
FALLOFF = np.linspace(0.5, 1.5, 96)[:, None] * np.ones(96)


@pytest.mark.parametrize(("shade", "tiles"), [(WAVE, "xy"), (FALLOFF, "")])
def test_broad_shading_is_removed(shade: Array, tiles: str) -> None:
    before, after = rows_of(lit(shade, tiles=tiles)), rows_of(delight(lit(shade, tiles=tiles)))
    even = rows_of(lit(np.ones((96, 96))))
    assert np.abs(after - even).mean() < 0.25 * np.abs(before - even).mean()


def test_the_mean_luminance_and_the_hue_stay() -> None:
    before, after = lit(WAVE, tiles="xy"), delight(lit(WAVE, tiles="xy"), hollows=0.0)
    means = [linear_from_srgb(each["color"] / np.float32(255)).mean(axis=(0, 1)) for each in (before, after)]
    np.testing.assert_allclose(*means, rtol=0.05)


def test_a_rolled_tile_gives_the_rolled_result() -> None:
    rolled = color_image(np.roll(lit(WAVE)["color"], (40, 17), (0, 1)), tiles="xy")
    expected = np.roll(delight(lit(WAVE, tiles="xy"))["color"], (40, 17), (0, 1))
    assert np.abs(delight(rolled)["color"].astype(int) - expected).max() <= 1


def test_without_amount_nothing_changes() -> None:
    np.testing.assert_array_equal(delight(lit(WAVE), amount=0.0)["color"], lit(WAVE)["color"])


def test_alpha_and_type_stay() -> None:
    color = np.concatenate([lit(WAVE)["color"], np.full((96, 96, 1), 255, np.uint8)], axis=2)
    color[:48, :, 3] = 0
    made = delight(color_image(color))["color"]
    assert (made.dtype, made.shape) == (color.dtype, color.shape)
    np.testing.assert_array_equal(made[..., 3], color[..., 3])


def test_a_black_image_stays_black() -> None:
    assert delight(color_image(np.zeros((32, 32, 3), np.uint8)))["color"].max() == 0

import numpy as np
import pytest

from assetgen.checks.seam import seam
from assetgen.images import ImageSet, color_image
from assetgen.parts import load_part


def waves(height=48, width=64, turns=3.0):
    """A soft pattern; it tiles along x when `turns` is whole, and always along y."""
    y, x = np.mgrid[:height, :width]
    wave = np.sin(2 * np.pi * (turns * x / width + 0.2 * np.sin(2 * np.pi * y / height)))
    return np.repeat((128 + 90 * wave)[..., None], 3, 2).astype(np.uint8)


def bricks(size=32):
    y, x = np.mgrid[:size, :size]
    joint = (y % 8 == 0) | ((x + y // 8 % 2 * 8) % 16 == 0)
    return np.where(joint[..., None], [40, 40, 40], [180, 70, 50]).astype(np.uint8)


def test_a_tiling_image_passes_at_any_offset():
    assert all(seam(color_image(np.roll(waves(), shift, 1))).passed for shift in range(0, 64, 5))


def test_a_broken_wrap_fails_and_the_reason_names_axis_and_numbers():
    verdict = seam(color_image(waves(turns=3.4)))
    assert not verdict.passed and verdict.score > 1.35
    assert "along x" in verdict.reason and f"{verdict.score:.2f}" in verdict.reason


def test_pixel_art_bricks_with_a_joint_at_the_border_pass():
    for shift in range(16):
        assert seam(color_image(np.roll(bricks(), (shift, shift), (0, 1)))).passed


def test_a_tile_with_a_dark_rim_on_one_side_passes():
    tile = np.full((16, 16, 3), 150, np.uint8)
    tile[0], tile[:, 0] = 40, 40
    assert seam(color_image(tile)).passed


def test_a_step_of_tone_under_strong_grain_fails():
    grain = np.random.default_rng(0).normal(0, 12, (128, 128, 1)) + np.linspace(100, 150, 128)[None, :, None]
    assert not seam(color_image(np.repeat(grain, 3, 2).clip(0, 255).astype(np.uint8))).passed


def test_only_the_axes_in_meta_are_judged():
    assert seam(color_image(waves(turns=3.4), tiles="y")).passed
    assert not seam(color_image(waves(turns=3.4), tiles="y"), axes="xy").passed


def test_an_image_without_tiling_axes_is_judged_on_both():
    assert not seam(color_image(waves(turns=3.4), tiles="")).passed


def test_every_channel_counts():
    images = ImageSet({"color": waves(), "height": waves(turns=3.4)[..., :1].astype(np.uint16) * 257})
    verdict = seam(images)
    assert not verdict.passed and "height" in verdict.reason


def test_colours_under_zero_alpha_do_not_count():
    hidden = np.dstack([waves(turns=3.4), np.zeros((48, 64, 1), np.uint8)])
    assert seam(color_image(hidden)).passed


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 3, 4), (5, 4, 1), (64, 64, 3)])
def test_flat_and_tiny_images_pass(shape):
    assert seam(color_image(np.full(shape, 200, np.uint8))).passed


def test_a_bad_limit_is_refused():
    with pytest.raises(ValueError, match="limit"):
        load_part("check", "seam").params(limit=0)

import time

import numpy as np
import pytest

from assetgen.errors import InputError
from assetgen.images import ImageSet, Meta, color_image
from assetgen.parts import load_part
from assetgen.steps._edge import soft_edge
from assetgen.steps._key import Key
from assetgen.steps.cutout import cutout

RED = (200, 40, 30)
BACKGROUNDS = [(255, 255, 255), (0, 0, 0), (128, 128, 128), (0, 177, 64), (255, 0, 255)]


def disc_alpha(size=64, radius=0.3, hole=0.0):
    """An antialiased disc, `size × size × 1` in 0..1."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    away = np.hypot(y, x)
    ring = np.clip(radius * size - away + 0.5, 0, 1) * np.clip(away - hole * size + 0.5, 0, 1)
    return ring[..., None] if hole else np.clip(radius * size - away + 0.5, 0, 1)[..., None]


def on_plate(alpha, front=RED, back=(255, 255, 255)):
    return np.rint(alpha * front + (1 - alpha) * np.array(back, float)).astype(np.uint8)


@pytest.mark.parametrize("back", BACKGROUNDS)
def test_a_disc_keeps_its_coverage_on_every_plain_background(back):
    alpha = disc_alpha()
    after = cutout(color_image(on_plate(alpha, back=back)))["color"]
    assert np.abs(after[..., 3:] / 255 - alpha).max() < 0.1


@pytest.mark.parametrize("back", BACKGROUNDS)
def test_no_rim_of_the_background_remains(back):
    after = cutout(color_image(on_plate(disc_alpha(), back=back)))["color"]
    seen = after[..., 3] > 0
    assert np.abs(after[seen][:, :3].astype(int) - RED).max() <= 12


def test_transparent_pixels_have_the_nearest_visible_colours():
    after = cutout(color_image(on_plate(disc_alpha())))["color"]
    assert (after[0, 0, :3] == after[10, 10, :3]).all() and after[0, 0, 0] > 150


def test_the_removed_colour_is_recorded():
    assert cutout(color_image(on_plate(disc_alpha(), back=(0, 177, 64)))).meta.background == "#00b140"


def test_noise_and_a_gradient_in_the_background_are_removed():
    noise = np.random.default_rng(0).normal(0, 2, (64, 64, 3)) + np.linspace(-15, 15, 64)[:, None, None]
    rgb = np.clip(on_plate(disc_alpha(), back=(150, 150, 150)) + noise, 0, 255).astype(np.uint8)
    after = cutout(color_image(rgb))["color"]
    assert np.abs(after[..., 3:] / 255 - disc_alpha()).mean() < 0.01


def test_a_soft_contact_shadow_is_removed():
    y, x = np.mgrid[:64, :64]
    shade = 1 - 0.3 * np.exp(-(((x - 32) / 16) ** 2) - ((y - 50) / 9) ** 2)[..., None]
    after = cutout(color_image(on_plate(disc_alpha(), back=255 * shade)))["color"]
    assert after[54:, :, 3].max() == 0 and after[32, 32, 3] == 255


def test_haze_in_exactly_the_colour_of_the_background_is_no_division_by_zero():
    outside = np.zeros((16, 16), bool)
    outside[:, :4] = True
    rgb, nowhere = np.full((16, 16, 3), 0.5, np.float32), np.zeros((16, 16), np.float32)
    alpha, colors = soft_edge(rgb, outside, Key(rgb, nowhere, outside, outside), rgb - 0.1)
    assert alpha[8, 5] == 0
    assert np.isfinite(colors).all()


def test_specks_are_removed():
    rgb = on_plate(disc_alpha())
    rgb[4:6, 4:6] = 0
    assert cutout(color_image(rgb))["color"][:8, :8, 3].max() == 0


def test_a_hole_is_opened_where_the_background_is_a_rare_colour():
    alpha = disc_alpha(hole=0.12)
    assert cutout(color_image(on_plate(alpha, back=(255, 0, 255))))["color"][32, 32, 3] == 0


def test_an_eye_in_the_colour_of_a_white_background_stays():
    rgb = on_plate(disc_alpha(radius=0.4))
    rgb[28:36, 28:36] = 255
    rgb[31:33, 31:33] = 0
    assert cutout(color_image(rgb))["color"][28:36, 28:36, 3].min() == 255


@pytest.mark.parametrize("method", ["key", pytest.param("matting", marks=pytest.mark.slow)])
def test_hard_alpha_is_all_or_nothing(method):
    after = cutout(color_image(on_plate(disc_alpha())), alpha="hard", method=method)["color"]
    assert set(np.unique(after[..., 3])) == {0, 255}


@pytest.mark.slow
def test_matting_finds_the_coverage_too():
    alpha = disc_alpha()
    after = cutout(color_image(on_plate(alpha, back=(0, 177, 64))), method="matting")["color"]
    assert np.abs(after[..., 3:] / 255 - alpha).mean() < 0.02


def test_alpha_that_is_there_is_kept():
    color = np.dstack([on_plate(disc_alpha()), np.rint(disc_alpha() * 255).astype(np.uint8)])
    after = cutout(color_image(color))
    np.testing.assert_array_equal(after["color"][..., 3], color[..., 3])
    assert set(np.unique(cutout(color_image(color), alpha="hard")["color"][..., 3])) == {0, 255}


def test_an_opaque_alpha_channel_is_ignored():
    color = np.dstack([on_plate(disc_alpha()), np.full((64, 64), 255, np.uint8)])
    assert cutout(color_image(color))["color"][0, 0, 3] == 0


def test_an_image_without_a_plain_border_stays_opaque():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    after = cutout(color_image(noise))
    np.testing.assert_array_equal(after["color"][..., :3], noise)
    assert after["color"][..., 3].min() == 255 and after.meta.background is None


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 9, 3), (2, 3, 4), (16, 16, 3)])
def test_a_flat_or_tiny_image_becomes_empty(shape):
    for method in ("key", "matting"):
        assert cutout(color_image(np.full(shape, 255, np.uint8)), method=method)["color"][..., 3].max() == 0


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_sample_types_and_other_channels_are_kept(dtype):
    rgb = on_plate(disc_alpha()) / 255
    color = rgb.astype(np.float32) if dtype == np.float32 else np.rint(rgb * 65535).astype(dtype)
    after = cutout(ImageSet({"color": color, "height": np.ones((64, 64, 1), np.uint16)}, Meta(pixel_art=True)))
    assert after["color"].dtype == dtype and after["color"].shape == (64, 64, 4)
    assert after["height"].all() and after.meta.pixel_art


def test_a_sprite_takes_milliseconds():
    rgb = on_plate(disc_alpha(128))
    cutout(color_image(rgb))
    started = time.process_time()
    for _ in range(5):
        cutout(color_image(rgb))
    assert (time.process_time() - started) / 5 < 0.2  # measured: 0.015


def test_a_misspelt_method_is_refused():
    with pytest.raises(ValueError, match="method"):
        load_part("step", "cutout").params(method="rembg")


@pytest.mark.slow
def test_matting_refuses_a_line_of_pixels_and_prints_nothing(capsys):
    line = np.full((300, 1, 3), 255, np.uint8)
    line[100:200] = 40
    with pytest.raises(InputError, match="Use `method: key`"):
        cutout(color_image(line), method="matting")
    assert capsys.readouterr() == ("", "")


def sampled_with_alpha(alpha):
    """A disc on white whose alpha a model sampled."""
    color = np.dstack([on_plate(disc_alpha()), np.rint(alpha * 255).astype(np.uint8)])
    return color_image(color, native_alpha=True)


def in_fragments(alpha):
    return np.where((np.indices((64, 64)) % 3 == 0).all(0)[..., None], alpha, 0.0)


def test_good_alpha_of_a_model_is_kept():
    shrunk = disc_alpha(radius=0.2)  # the key would find the whole disc
    after = cutout(sampled_with_alpha(shrunk))
    assert (after["color"][..., 3:] == np.rint(shrunk * 255)).all()
    assert after.meta.background is None


def test_bad_alpha_of_a_model_is_replaced_by_the_key():
    scattered = in_fragments(disc_alpha())
    after = cutout(sampled_with_alpha(scattered))
    assert np.abs(after["color"][..., 3:] / 255 - disc_alpha()).max() < 0.1
    assert after.meta.background == "#ffffff"


def test_bad_alpha_of_a_file_is_kept():
    scattered = in_fragments(disc_alpha())
    color = sampled_with_alpha(scattered)["color"]
    assert (cutout(color_image(color))["color"][..., 3] == color[..., 3]).all()

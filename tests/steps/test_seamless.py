import numpy as np
import pytest

from assetgen.errors import InputError
from assetgen.images import ImageSet, color_image
from assetgen.parts import load_part
from assetgen.pixels.seams import worst_wrap, wrap_ratio
from assetgen.steps.seamless import seamless


def grain(height=64, width=64, seed=0):
    return np.random.default_rng(seed).integers(60, 160, (height, width, 3)).astype(np.uint8)


def lit(height=64, width=64):
    """Grain under light that falls off to the right and downwards: a plain seam on both axes."""
    light = np.linspace(-50, 50, width)[None, :, None] + np.linspace(-30, 30, height)[:, None, None]
    return (grain(height, width) * 0.4 + 90 + light).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("method", ["auto", "fft", "cut"])
@pytest.mark.parametrize("axes", ["x", "y", "xy"])
def test_the_seam_is_removed_and_meta_says_so(method, axes):
    before, after = color_image(lit()), seamless(color_image(lit()), axes=axes, method=method)
    assert worst_wrap(before, axes)[0] > 1.6
    assert worst_wrap(after, axes)[0] < 1.2
    assert after.meta.tiles == axes and after.size == before.size


def test_axes_that_already_tile_are_left_alone():
    wave = np.sin(np.arange(64) / 64 * 2 * np.pi)
    tile = np.repeat((128 + 60 * wave[:, None] * wave[None])[..., None], 3, 2).astype(np.uint8)
    after = seamless(color_image(tile))
    np.testing.assert_array_equal(after["color"], tile)
    assert after.meta.tiles == "xy"


def test_repairing_one_axis_keeps_the_other_seamless():
    columns = np.sin(np.arange(64) / 64 * 2 * np.pi)[:, None, None] * 40
    tile = (columns + np.linspace(60, 200, 64)[None, :, None] + np.zeros((1, 1, 3))).astype(np.uint8)
    after = seamless(color_image(tile, tiles="y"), axes="x")
    assert after.meta.tiles == "xy"
    assert worst_wrap(after, "xy")[0] < 1.35


def test_detail_stays_as_strong_as_it_was():
    def sharpness(image):
        return np.abs(np.diff(image.astype(float), axis=1)).mean(axis=(0, 2))

    after = seamless(color_image(lit(128, 128)))["color"]
    assert sharpness(after).mean() > 0.97 * sharpness(lit(128, 128)).mean()
    assert np.convolve(sharpness(after), np.ones(5) / 5, "valid").min() > 0.8 * sharpness(after).mean()


def test_mean_colour_stays():
    np.testing.assert_allclose(seamless(color_image(lit()))["color"].mean((0, 1)), lit().mean((0, 1)), atol=2)


def test_other_channels_are_cut_along_the_same_lines():
    color = lit()
    height = (255 - color[..., :1]).astype(np.uint16) * 257
    after = seamless(ImageSet({"color": color, "height": height}), method="cut")
    difference = after["height"][..., 0] / 257 - (255.0 - after["color"][..., 0])
    assert np.abs(difference).max() < 2


def test_alpha_is_made_to_tile_as_well():
    alpha = np.linspace(0, 255, 64).astype(np.uint8)[None, :, None].repeat(64, 0)
    after = seamless(color_image(np.dstack([lit(), alpha])))
    assert after["color"].shape == (64, 64, 4)
    assert wrap_ratio(after["color"][..., 3:], "x") < 1.35


def test_pixel_art_gets_no_new_colours():
    colors = np.array([[20, 20, 20], [200, 60, 40], [240, 220, 90]], np.uint8)
    art = colors[np.random.default_rng(1).integers(0, 3, (32, 32))]
    after = seamless(color_image(art, pixel_art=True), method="cut")
    assert {tuple(c) for c in after["color"].reshape(-1, 3)} <= {tuple(c) for c in colors}


def test_flat_images_and_odd_sizes_work():
    flat = np.full((17, 23, 3), 9, np.uint8)
    np.testing.assert_array_equal(seamless(color_image(flat), method="cut")["color"], flat)
    assert seamless(color_image(lit(31, 97))).size == (97, 31)


def test_an_image_too_small_to_repair_is_refused():
    with pytest.raises(InputError, match="at least 16 × 16"):
        seamless(color_image(grain(4, 64)))


def test_the_input_is_not_written_into():
    color = lit()
    seamless(color_image(color))
    np.testing.assert_array_equal(color, lit())


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="method"):
        load_part("step", "seamless").params(method="mirror")

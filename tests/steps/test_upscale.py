import numpy as np
import pytest

from assetgen.errors import InputError
from assetgen.images import ImageSet, Meta, Trim, color_image
from assetgen.steps.upscale import upscale


def drawn(*rows: str) -> np.ndarray:
    """Opaque pixel art: a letter a colour, a space transparent."""
    paint = {" ": (0, 0, 0, 0), "a": (200, 40, 30, 255), "b": (30, 60, 200, 255), "c": (250, 240, 90, 255)}
    return np.array([[paint[each] for each in row] for row in rows], np.uint8)


def art(color: np.ndarray, **meta: object) -> ImageSet:
    return color_image(color, pixel_art=True, **meta)


def test_the_stairs_of_a_diagonal_are_rounded():
    line = drawn("a    ", " a   ", "  a  ", "   a ", "    a")
    after = upscale(art(line), factor=2)["color"]
    assert (after[..., 3] > 0)[2:4, 2:4].all()  # the pixel itself
    assert (after[..., 3] > 0)[1, 2] and (after[..., 3] > 0)[2, 1]  # the corners beside it are filled


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_pixel_art_gets_no_new_colour(factor):
    color = np.random.default_rng(0).integers(0, 3, (12, 9, 4)).astype(np.uint8) * 100
    after = upscale(art(color), factor=factor)["color"]
    assert after.shape == (12 * factor, 9 * factor, 4)
    assert set(map(tuple, after.reshape(-1, 4))) <= set(map(tuple, color.reshape(-1, 4)))


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_straight_edges_stay_straight(factor):
    halves = drawn(*["aaabbb"] * 6)
    np.testing.assert_array_equal(
        upscale(art(halves), factor=factor)["color"], halves.repeat(factor, 0).repeat(factor, 1)
    )


def test_every_channel_of_pixel_art_follows_its_colours():
    line = drawn("a    ", " a   ", "  a  ", "   a ", "    a")
    after = upscale(ImageSet({"color": line, "emission": line[..., :3]}, Meta(pixel_art=True)), factor=3)
    np.testing.assert_array_equal(after["color"][..., :3], after["emission"])


def test_transparent_pixels_are_equal_whatever_their_colour():
    line = drawn("a    ", " a   ", "  a  ", "   a ", "    a")
    noise = np.random.default_rng(0).integers(0, 256, line.shape).astype(np.uint8)
    noisy = np.where(line[..., 3:] > 0, line, noise * [1, 1, 1, 0]).astype(np.uint8)
    np.testing.assert_array_equal(*(upscale(art(each), factor=2)["color"][..., 3] for each in (line, noisy)))


@pytest.mark.parametrize("method", ["scale2x", "xbr", "lanczos"])
@pytest.mark.parametrize("factor", [2, 3])
def test_a_tiling_image_still_tiles(method, factor):
    tile = np.random.default_rng(0).integers(0, 4, (16, 16, 3)).astype(np.uint8) * 80
    once, rolled = (
        upscale(color_image(each, tiles="xy"), factor=factor, method=method)["color"]
        for each in (tile, np.roll(tile, (5, 9), (0, 1)))
    )
    np.testing.assert_array_equal(rolled, np.roll(once, (5 * factor, 9 * factor), (0, 1)))


def test_xbr_draws_a_diagonal_edge_as_a_line():
    stairs = (np.add.outer(np.arange(12), np.arange(12)) < 12)[..., None] * np.array([200, 200, 200], np.uint8)
    after = upscale(art(stairs), factor=4, method="xbr")["color"][..., 0].astype(float)
    beyond = np.add.outer(np.arange(48), np.arange(48)) - 49  # of the the line through the stairs, in pixels
    np.testing.assert_array_equal(*(each[8:40, 8:40] for each in (after, np.clip(100 - 100 * beyond, 0, 200))))


def test_xbr_enlarges_mirrored_pixel_art_alike():
    color = np.random.default_rng(1).integers(0, 3, (12, 9, 4)).astype(np.uint8) * 100
    once, mirrored = (upscale(art(each), factor=3, method="xbr")["color"] for each in (color, color[:, ::-1]))
    assert np.abs(once[:, ::-1].astype(int) - mirrored)[once[:, ::-1, 3] > 8].max() <= 1


def test_xbr_shows_nothing_of_transparent_colours():
    line = drawn("a    ", " a   ", "  a  ", "   a ", "    a")
    after = upscale(art(np.where(line[..., 3:] > 0, line, [0, 255, 0, 0]).astype(np.uint8)), factor=4, method="xbr")
    shown = after["color"][after["color"][..., 3] > 0]
    assert np.abs(shown[:, :3].astype(int) - [200, 40, 30]).max() <= 2 and len(np.unique(shown[:, 3])) > 2


def test_other_images_are_filtered_in_linear_light():
    checks = (np.indices((32, 32)).sum(0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, 2)
    once = upscale(color_image(checks), factor=2)["color"][16:48, 16:48].astype(float)
    linear = np.where(once / 255 <= 0.04045, once / 255 / 12.92, ((once / 255 + 0.055) / 1.055) ** 2.4)
    assert abs(linear.mean() - 0.5) < 0.03  # of black and white pixels: half of the light, not of the code


def test_transparent_colours_do_not_bleed():
    color = np.zeros((16, 16, 4), np.uint8)
    color[:, :8] = [200, 100, 50, 255]
    color[:, 8:] = [0, 255, 0, 0]
    after = upscale(color_image(color), factor=3)["color"]
    assert np.abs(after[after[..., 3] > 8][:, :3].astype(int) - [200, 100, 50]).max() <= 3


def test_normals_keep_unit_length_and_other_channels_their_type():
    vectors = np.random.default_rng(0).normal(0, 1, (8, 8, 3)) + np.array([0, 0, 2])
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    normal, height = np.rint((vectors / 2 + 0.5) * 255).astype(np.uint8), np.full((8, 8, 1), 40000, np.uint16)
    after = upscale(ImageSet({"color": normal, "normal": normal, "height": height}), factor=2)
    assert np.abs(np.linalg.norm(after["normal"] / 127.5 - 1, axis=2) - 1).max() < 0.02
    assert after["height"].dtype == np.uint16 and (after["height"] == 40000).all()


def test_metadata_is_scaled():
    meta = upscale(art(drawn("ab", "ba"), trim=Trim((1, 2), (4, 6)), cell=8.0), factor=3).meta
    assert (meta.trim, meta.cell, meta.pixel_art) == (Trim((3, 6), (12, 18)), 24.0, True)


@pytest.mark.parametrize("method", ["scale2x", "xbr", "lanczos"])
@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5, 4), (2, 1, 4)])
def test_tiny_images_are_enlarged(method, shape):
    assert upscale(color_image(np.full(shape, 90, np.uint8)), method=method, factor=4).size == (
        shape[1] * 4,
        shape[0] * 4,
    )


def test_an_image_that_would_be_too_large_is_refused():
    with pytest.raises(InputError, match=r"at most 67,108,864 pixels, not 16400 × 8200. Choose a smaller factor"):
        upscale(color_image(np.zeros((4100, 8200, 3), np.uint8)), factor=2)

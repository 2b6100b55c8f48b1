import numpy as np
import pytest

from assetgen.errors import InputError
from assetgen.images import ImageSet, Meta, Region, Trim, color_image
from assetgen.parts import load_part
from assetgen.steps.resize import resize


def noise(height=32, width=48, channels=3):
    return np.random.default_rng(0).integers(0, 256, (height, width, channels)).astype(np.uint8)


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ({"size": (20, 10)}, (20, 10)),
        ({"width": 24}, (24, 16)),
        ({"height": 64}, (96, 64)),
        ({"width": 7, "height": 9}, (7, 9)),
        ({"scale": 0.5}, (24, 16)),
        ({"scale": 0.001}, (1, 1)),
    ],
)
def test_every_way_to_give_a_size(words, size):
    assert resize(color_image(noise()), **words).size == size


@pytest.mark.parametrize("words", [{}, {"width": 4, "scale": 2.0}, {"size": (4, 4), "height": 4}])
def test_exactly_one_way_to_give_a_size_is_required(words):
    with pytest.raises(InputError, match="one of size"):
        resize(color_image(noise()), **words)


@pytest.mark.parametrize("filter", ["lanczos", "area"])
def test_a_tiling_image_is_filtered_across_the_border(filter):
    tile = noise(32, 32)
    rolled = resize(color_image(np.roll(tile, (8, 16), (0, 1)), tiles="xy"), scale=0.5, filter=filter)["color"]
    np.testing.assert_array_equal(
        rolled, np.roll(resize(color_image(tile, tiles="xy"), scale=0.5, filter=filter)["color"], (4, 8), (0, 1))
    )


def test_an_image_that_does_not_tile_is_not_filtered_across_the_border():
    halves = np.zeros((16, 32, 3), np.uint8)
    halves[:, 16:] = 255
    assert resize(color_image(halves), scale=2.0)["color"][:, 0].max() == 0
    assert resize(color_image(halves, tiles="x"), scale=2.0)["color"][:, 0].max() > 0


def test_transparent_colours_do_not_bleed():
    color = np.zeros((16, 16, 4), np.uint8)
    color[:, :8] = [200, 100, 50, 255]
    color[:, 8:] = [0, 255, 0, 0]
    after = resize(color_image(color), width=12)["color"]
    seen = after[..., 3] > 8
    assert np.abs(after[seen][:, :3].astype(int) - [200, 100, 50]).max() <= 3


def test_pixel_art_is_enlarged_without_new_colours():
    art = noise(8, 8)
    after = resize(color_image(art, pixel_art=True), scale=4)
    np.testing.assert_array_equal(after["color"], art.repeat(4, 0).repeat(4, 1))
    assert after.meta.pixel_art
    assert not resize(color_image(art, pixel_art=True), scale=4, filter="lanczos").meta.pixel_art


def test_a_flat_image_stays_flat():
    for filter in ("lanczos", "area", "nearest"):
        assert (resize(color_image(np.full((9, 7, 4), 77, np.uint8)), size=(31, 5), filter=filter)["color"] == 77).all()


def test_normals_keep_unit_length():
    vectors = np.random.default_rng(0).normal((0, 0, 1), 0.5, (32, 32, 3))
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    images = ImageSet({"color": noise(32, 32), "normal": (vectors / 2 + 0.5).astype(np.float32)})
    after = resize(images, width=11)["normal"] * 2 - 1
    np.testing.assert_allclose(np.linalg.norm(after, axis=2), 1, atol=1e-4)


def test_every_channel_keeps_its_type():
    images = ImageSet({"color": noise(), "height": noise(channels=1).astype(np.uint16) * 257})
    after = resize(images, scale=2)
    assert after["height"].shape == (64, 96, 1) and after["height"].dtype == np.uint16


def test_trim_regions_and_extra_facts_are_scaled_or_kept():
    meta = Meta(
        trim=Trim((4, 6), (64, 64)), pivot=(0.5, 1.0), regions={"a": Region((8, 0, 16, 16))}, tiles="x", extra={"a": 1}
    )
    after = resize(ImageSet({"color": noise()}, meta), scale=2).meta
    assert after.trim == Trim((8, 12), (128, 128))
    assert after.regions == {"a": Region((16, 0, 32, 32))}
    assert (after.pivot, after.tiles, after.extra) == ((0.5, 1.0), "x", {"a": 1})


def test_a_huge_or_negative_size_is_refused():
    for words in ({"width": 10**6}, {"scale": -1}, {"filter": "cubic"}):
        with pytest.raises(ValueError, match=next(iter(words))):
            load_part("step", "resize").params(**words)


def test_transparent_pixels_of_a_layer_do_not_bleed_into_its_colours():
    layer = np.zeros((4, 4, 4), np.uint8)
    layer[:, :2] = (200, 100, 50, 255)
    made = resize(ImageSet({"color": layer, "layer0": layer}), scale=0.25, filter="area")
    assert made["layer0"][0, 0].tolist() == [200, 100, 50, 128]
    assert (made["layer0"] == made["color"]).all()

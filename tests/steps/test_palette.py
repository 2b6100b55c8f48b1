import numpy as np
import pytest

from assetgen.errors import InputError
from assetgen.images import ImageSet, color_image
from assetgen.parts import InputFile, load_part
from assetgen.steps.palette import palette


def ramp(height=16, width=64):
    grey = np.linspace(0, 255, width).astype(np.uint8)
    return np.broadcast_to(grey[None, :, None], (height, width, 3)).copy()


def noise(height=24, width=32, channels=3):
    return np.random.default_rng(0).integers(0, 256, (height, width, channels)).astype(np.uint8)


def written(folder, *colors):
    path = folder / "own.hex"
    path.write_text("\n".join(colors))
    return InputFile.model_validate(path)


def used(color):
    return {tuple(pixel) for pixel in color[..., :3].reshape(-1, 3).tolist()}


@pytest.mark.parametrize("colors", [1, 2, 7, 16, 256])
@pytest.mark.parametrize("dither", [0.0, 1.0])
def test_at_most_the_given_number_of_colours_and_all_from_the_image(colors, dither):
    before = noise()
    after = palette(color_image(before), colors=colors, dither=dither)["color"]
    assert len(used(after)) <= colors and used(after) <= used(before)
    assert len(used(after)) >= 0.9 * colors


def test_an_image_with_few_colours_is_unchanged():
    before = noise(2, 4)
    assert (palette(color_image(before), colors=8, dither=1.0)["color"] == before).all()


def test_two_bright_pixels_keep_their_own_colour():
    before = np.repeat(np.linspace(90, 140, 1024).astype(np.uint8).reshape(32, 32, 1), 3, 2)
    before[4, [4, 8]] = [255, 240, 0]
    assert (255, 240, 0) in used(palette(color_image(before), colors=4)["color"])


def test_every_pixel_gets_the_nearest_colour_of_the_file(tmp_path):
    file = written(tmp_path, "000000", "ffffff", "ff0000")
    after = palette(color_image(np.array([[[30, 20, 20], [220, 40, 30], [230, 240, 255]]], np.uint8)), palette=file)
    assert after["color"].tolist() == [[[0, 0, 0], [255, 0, 0], [255, 255, 255]]]


def test_with_a_file_and_a_number_the_best_colours_of_the_file_are_used(tmp_path):
    file = written(tmp_path, "00ff00", "000000", "404040", "808080", "ffffff")
    after = used(palette(color_image(ramp()), palette=file, colors=3)["color"])
    assert len(after) == 3 and (0, 255, 0) not in after


def test_dithering_keeps_the_mean_tone(tmp_path):
    from assetgen.pixels.color import oklab_from_srgb

    file = written(tmp_path, "000000", "ffffff")
    grey = np.full((16, 16, 3), 60, np.uint8)
    wanted = oklab_from_srgb(np.float32([60, 60, 60]) / 255)[0]
    shares = [palette(color_image(grey), palette=file, dither=d)["color"].mean() / 255 for d in (0.0, 0.3, 1.0)]
    assert shares[0] == 0 and shares[0] <= shares[1] <= shares[2] and abs(shares[2] - wanted) < 0.02


@pytest.mark.parametrize("width", [16, 21, 5])
def test_a_dithered_tile_still_tiles(tmp_path, width):
    grey = np.full((16, width, 3), 96, np.uint8)
    after = palette(color_image(grey, tiles="x"), palette=written(tmp_path, "000000", "ffffff"), dither=1.0)
    white = np.tile(after["color"][..., 0] > 0, 2)
    assert after.meta.tiles == "x"
    spans = [white[:, start : start + 4].mean() for start in range(width)]
    assert max(spans) - min(spans) <= 0.26


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_alpha_type_and_other_channels_are_untouched(kind):
    scale = {np.uint8: 1, np.uint16: 257, np.float32: np.float32(1 / 255)}[kind]
    before = (noise(channels=4).astype(kind) * kind(scale)).astype(kind)
    after = palette(ImageSet({"color": before, "height": noise(channels=1)}), colors=4)
    assert after["color"].dtype == kind and (after["color"][..., 3] == before[..., 3]).all()
    assert len(used(after["color"])) == 4 and (after["height"] == noise(channels=1)).all()


def test_transparent_colours_are_mapped_but_not_counted():
    before = np.dstack([ramp(), np.zeros((16, 64), np.uint8)])
    before[0, 0] = [200, 10, 10, 255]
    assert used(palette(color_image(before.copy()), colors=2)["color"]) == {(200, 10, 10)}
    before[..., 3] = 0
    assert len(used(palette(color_image(before), colors=2)["color"])) == 2


def test_the_palette_does_not_depend_on_pixel_order():
    before = noise()
    turned = palette(color_image(before[::-1, ::-1].copy()), colors=6)["color"][::-1, ::-1]
    assert (palette(color_image(before), colors=6)["color"] == turned).all()


def test_colors_or_a_palette_is_required():
    with pytest.raises(InputError, match="needs colors"):
        palette(color_image(noise()))
    with pytest.raises(InputError, match="'color' channel"):
        palette(ImageSet({"height": noise(channels=1)}), colors=4)


@pytest.mark.parametrize("words", [{"colors": 0}, {"colors": 257}, {"dither": 1.5}, {"palette": "none.hex"}])
def test_bad_arguments_are_refused(words):
    with pytest.raises(ValueError, match=next(iter(words))):
        load_part("step", "palette").params(**words)


def test_a_palette_path_is_relative_to_the_pack(tmp_path):
    written(tmp_path, "102030")
    words = load_part("step", "palette").params.model_validate({"palette": "own.hex"}, context={"folder": tmp_path})
    assert used(palette(color_image(noise()), palette=words.palette)["color"]) == {(16, 32, 48)}

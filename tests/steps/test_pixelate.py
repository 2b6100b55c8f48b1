"""Pixel art: one pixel per cell."""

import io

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from assetgen.errors import InputError
from assetgen.images import Array, ImageSet, color_image
from assetgen.parts import load_part
from assetgen.steps.pixelate import pixelate


def art(width: int = 24, height: int = 20, seed: int = 0) -> Array:
    """Blocky random art in eight colours."""
    rng = np.random.default_rng(seed)
    colors = rng.integers(0, 255, (8, 3), np.uint8)
    return colors[rng.integers(0, 8, (height, width))]


def enlarged(array: Array, cell: float) -> Array:
    size = (round(array.shape[1] * cell), round(array.shape[0] * cell))
    return np.asarray(Image.fromarray(array).resize(size, Image.Resampling.NEAREST))


@pytest.mark.parametrize("cell", [2, 4, 7])
def test_enlarged_art_is_restored_exactly(cell: int) -> None:
    made = pixelate(color_image(enlarged(art(), cell)), cell=cell)
    assert (made["color"] == art()).all()
    assert (made.meta.pixel_art, made.meta.cell) == (True, cell)


@pytest.mark.parametrize("cell", [3, 4, 8, 5.5])
def test_the_grid_is_found(cell: float) -> None:
    made = pixelate(color_image(enlarged(art(), cell)), cell="auto")
    assert (made["color"] == art()).all()


@pytest.mark.parametrize(("left", "top"), [(1, 3), (3, 2)])
def test_the_offset_of_the_grid_is_found(left: int, top: int) -> None:
    shifted = enlarged(art(), 8)[top:, left:]
    made = pixelate(color_image(np.ascontiguousarray(shifted)), cell="auto")["color"]
    assert (made == art()).all()


def test_the_grid_is_found_under_jpeg_noise() -> None:
    buffer = io.BytesIO()
    Image.fromarray(enlarged(art(), 6)).save(buffer, "JPEG", quality=85)
    with Image.open(buffer) as image:
        made = pixelate(color_image(np.asarray(image)), cell="auto")["color"]
    assert made.shape == art().shape
    assert np.abs(made.astype(int) - art()).mean() < 16


def test_the_cells_of_a_model_for_pixel_art_are_used_without_detection() -> None:
    plain = np.full((40, 48, 3), 90, np.uint8)
    assert pixelate(color_image(plain, cell=4)).size == (12, 10)
    assert pixelate(color_image(plain, cell=1, pixel_art=True)).size == (48, 40)


def test_an_image_without_a_grid_gets_the_default_or_given_one() -> None:
    smooth = np.repeat(np.linspace(0, 255, 128, dtype=np.uint8)[None, :, None], 128, axis=0).repeat(3, axis=2)
    assert pixelate(color_image(smooth)).size == (64, 64)
    assert pixelate(color_image(smooth), cell="auto", grid=16).size == (16, 16)


def test_a_material_without_colour_is_refused() -> None:
    with pytest.raises(InputError, match="needs an image with a 'color' channel"):
        pixelate(ImageSet({"height": np.zeros((8, 8, 1), np.uint16)}))


def test_grid_counts_cells_of_the_longer_side_and_cell_wins() -> None:
    image = color_image(np.zeros((64, 128, 3), np.uint8))
    assert pixelate(image, grid=32).size == (32, 16)
    assert pixelate(image, grid=32, cell=8).size == (16, 8)


def test_a_thin_line_keeps_its_colour() -> None:
    image = np.full((32, 32, 3), 200, np.uint8)
    image[:, 12:15] = (250, 20, 20)
    made = pixelate(color_image(image), cell=4)["color"]
    assert made[4, 3].tolist() == [250, 20, 20]


def test_alpha_becomes_hard_and_transparent_colours_do_not_count() -> None:
    image = np.zeros((8, 8, 4), np.uint8)
    image[:, :3] = (10, 200, 10, 255)
    image[:, 3:] = (255, 0, 0, 0)
    made = pixelate(color_image(image), cell=4)["color"]
    assert made[0, 0].tolist() == [10, 200, 10, 255] and made[0, 1, 3] == 0


def test_colours_are_counted() -> None:
    image = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    made = pixelate(color_image(image), cell=4, colors=5)["color"]
    assert len(np.unique(made.reshape(-1, 3), axis=0)) <= 5


def test_other_channels_follow() -> None:
    images = color_image(enlarged(art(), 4)).replace(height=np.full((80, 96, 1), 7, np.uint16))
    made = pixelate(images, cell=4)
    assert (made["height"] == 7).all() and made["height"].shape == (20, 24, 1)


@pytest.mark.parametrize("words", [{"cell": 0}, {"cell": "some"}, {"grid": 0}, {"colors": 0}, {"dither": 2}])
def test_bad_arguments_are_refused(words: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        load_part("step", "pixelate").params(**words)

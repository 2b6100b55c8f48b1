"""Fingerprints of images."""

import numpy as np
import pytest

from assetgen.pixels.fingerprint import SIMILAR, distance, fingerprint, fingerprints_of
from assetgen.pixels.image_files import encode_png

GREY = np.full((64, 64, 3), 128, np.uint8)


def noisy(amount: int) -> bytes:
    noise = np.random.default_rng(1).integers(-amount, amount + 1, GREY.shape)
    return encode_png((GREY + noise).astype(np.uint8))


def test_a_fingerprint_is_the_mean_colour_of_each_field_with_alpha() -> None:
    sprite = np.full((8, 8, 4), (200, 100, 50, 255), np.uint8)
    sprite[:2, 2:] = (255, 255, 255, 0)
    assert fingerprint(encode_png(sprite)) == "c86432ff" + 3 * "00000000" + 12 * "c86432ff"
    assert fingerprint(encode_png(sprite[..., :3])) == "c86432ff" + 3 * "ffffffff" + 12 * "c86432ff"


def test_equal_images_have_equal_fingerprints() -> None:
    assert distance(fingerprint(encode_png(GREY)), fingerprint(encode_png(GREY.copy()))) == 0


def test_rounding_on_other_hardware_gives_a_similar_fingerprint() -> None:
    assert distance(fingerprint(encode_png(GREY)), fingerprint(noisy(3))) < SIMILAR / 4


def test_a_moved_shape_has_another_fingerprint() -> None:
    moved = np.zeros((2, 64, 64, 3), np.uint8)
    moved[0, :32], moved[1, 32:] = 200, 200
    assert distance(*(fingerprint(encode_png(each)) for each in moved)) == 200


def test_a_sprite_trimmed_one_pixel_less_has_a_similar_fingerprint() -> None:
    sprite = np.zeros((40, 40, 4), np.uint8)
    sprite[2:-2, 2:-2] = (200, 60, 30, 255)
    assert distance(fingerprint(encode_png(sprite)), fingerprint(encode_png(sprite[:, 1:-1]))) < SIMILAR


def test_another_colour_has_another_fingerprint() -> None:
    assert distance(fingerprint(encode_png(GREY)), fingerprint(encode_png(GREY + np.uint8(20)))) == 20


def test_transparent_colours_do_not_change_the_fingerprint() -> None:
    clear = [np.dstack([GREY + np.uint8(add), np.zeros((64, 64), np.uint8)]) for add in (0, 90)]
    assert distance(*(fingerprint(encode_png(each)) for each in clear)) == 0


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 200, 3), (5, 7, 4), (16, 16, 1)], ids=str)
def test_an_image_of_any_size_and_type_has_a_fingerprint_of_128_digits(shape: tuple[int, ...]) -> None:
    assert len(fingerprint(encode_png(np.zeros(shape, np.uint8)))) == 128


def test_16_and_8_bits_have_the_same_fingerprint() -> None:
    deep = np.full((8, 8, 1), 128 * 257, np.uint16)
    assert distance(fingerprint(encode_png(deep)), fingerprint(encode_png(GREY))) == 0


@pytest.mark.parametrize("other", ["", "00ff", "not hex"])
def test_an_invalid_fingerprint_has_the_largest_distance(other: str) -> None:
    assert distance(fingerprint(encode_png(GREY)), other) == distance(other, other) == 255


def test_only_images_have_fingerprints() -> None:
    assert list(fingerprints_of({"a.png": encode_png(GREY), "a.png.import": b"x", "a.tres": b"x"})) == ["a.png"]

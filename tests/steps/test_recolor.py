"""Colours of teams: one hue becomes another, with its shading."""

import numpy as np
import pytest
from pydantic import ValidationError

from assetgen.errors import InputError
from assetgen.images import Array, Frames, ImageSet, color_image, sequence
from assetgen.parts import load_part
from assetgen.pixels.color import oklab_from_srgb, srgb_from_oklab
from assetgen.steps.recolor import _NAMED, recolor

REDS = [(52, 6, 8), (104, 16, 14), (150, 24, 18), (204, 40, 26), (240, 90, 70), (250, 160, 140)]
OTHERS = [(0, 0, 0), (120, 120, 126), (40, 90, 200), (250, 250, 250)]


def sprite(*colors: tuple[int, int, int], kind: type = np.uint8) -> ImageSet:
    """Each colour in a block of 2 × 2 pixels, the last block half transparent."""
    color = np.full((2, 2 * len(colors), 4), 255, np.uint8)
    color[..., :3] = np.repeat(np.array(colors, np.uint8), 2, axis=0)
    color[:, -2:, 3] = 90
    scale = 1 if kind == np.uint8 else 257 if kind == np.uint16 else np.float32(1 / 255)
    return color_image((color * kind(scale)).astype(kind), pixel_art=True)


def lightness(color: Array) -> Array:
    return oklab_from_srgb(color[0, ::2, :3] / np.float32(255))[:, 0]


@pytest.mark.parametrize("to", [*_NAMED, "#204080", "#ffe0ff"])
def test_every_shade_stays_a_shade_of_its_own_in_the_same_order(to: str) -> None:
    made = recolor(sprite(*REDS), hue="red", to=to)["color"]
    assert len(np.unique(made[0, :, :3], axis=0)) == len(REDS)
    assert (np.diff(lightness(made)) > 0).all()


def test_the_only_colour_becomes_exactly_the_wanted_one() -> None:
    assert recolor(sprite((204, 40, 26)), hue="red", to="#2f62d2")["color"][0, 0, :3].tolist() == [47, 98, 210]


def test_other_hues_greys_and_alpha_are_untouched() -> None:
    before = sprite(*OTHERS, *REDS)
    made = recolor(before, hue="red", to="green")["color"]
    assert (made[:, :8] == before["color"][:, :8]).all() and (made[..., 3] == before["color"][..., 3]).all()
    assert (made[:, 8:, 1] > made[:, 8:, 0]).all()


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_images_of_more_bits_change_like_those_of_eight(kind: type) -> None:
    made = recolor(sprite(*OTHERS, *REDS, kind=kind), hue="red", to="blue")["color"]
    wanted = recolor(sprite(*OTHERS, *REDS), hue="red", to="blue")["color"]
    assert made.dtype == kind
    assert np.abs(made / (1 if kind == np.float32 else 65535) - wanted / 255).max() < 1 / 255


def test_equal_colours_in_all_frames_become_equal_colours() -> None:
    frames = sequence([sprite(REDS[1], REDS[3]), sprite(REDS[3], REDS[4])], Frames((100, 100)))
    made = recolor(frames, hue="red", to="blue")
    assert made.meta.frames == frames.meta.frames
    assert (made["color"][0, 2, :3] == made["color"][2, 0, :3]).all()


def test_the_tolerance_decides_which_colours_belong_to_a_hue() -> None:
    orange = sprite((240, 140, 40), (204, 40, 26))
    narrow = recolor(orange, hue="red", to="blue", tolerance=20)["color"]
    wide = recolor(orange, hue="red", to="blue", tolerance=60)["color"]
    assert (narrow[0, 0] == orange["color"][0, 0]).all() and (wide[0, 0] != orange["color"][0, 0]).any()


def test_a_painted_image_has_no_edge_where_the_hue_ends() -> None:
    angle = np.radians(np.linspace(20, 110, 256))
    rgb = srgb_from_oklab(np.stack([np.full(256, 0.7), 0.1 * np.cos(angle), 0.1 * np.sin(angle)], 1).astype(np.float32))
    made = recolor(color_image(rgb[None]), hue="red", to="blue")["color"]
    assert np.abs(np.diff(made, axis=1)).max() < 0.05


def test_states_of_a_button_change_with_it() -> None:
    before = sprite(*REDS).replace(hover=sprite(*REDS[::-1])["color"])
    made = recolor(before, hue="red", to="blue")
    assert (made["hover"][0, 0, :3] == made["color"][0, -1, :3]).all()


@pytest.mark.parametrize("image", [sprite(*OTHERS), color_image(np.zeros((2, 2, 4), np.uint8))])
def test_an_image_without_the_hue_is_refused(image: ImageSet) -> None:
    with pytest.raises(InputError, match=r"the image has no red, within 30 degrees\. Choose another hue"):
        recolor(image, hue="red", to="blue")


def test_grey_is_no_hue() -> None:
    with pytest.raises(InputError, match="grey has no hue"):
        recolor(sprite(*OTHERS), hue="grey", to="blue")


@pytest.mark.parametrize("words", [{"hue": "rde", "to": "blue"}, {"hue": "red", "to": "#12345"}, {"hue": "red"}])
def test_bad_arguments_are_refused(words: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=r"Did you mean 'red'\?|neither #rrggbb|Field required"):
        load_part("step", "recolor").params(**words)

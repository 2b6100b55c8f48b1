"""Giving the frames of an animation the colours of one."""

import numpy as np
import pytest

from assetgen.checks.colors import colors
from assetgen.errors import InputError
from assetgen.images import Array, Frames, ImageSet, color_image, sequence
from assetgen.steps.match_colors import match_colors

BLUE, GREEN, RED, SKIN = (60, 90, 200), (60, 160, 80), (190, 60, 50), (220, 180, 150)


def figure(*tones: tuple[int, int, int]) -> Array:
    """Blocks of these colours one below the other, with shading, on a transparent image."""
    color = np.zeros((24 * len(tones) + 2, 20, 4), np.uint8)
    shade = np.linspace(0.8, 1.2, 16)[:, None]
    for number, tone in enumerate(tones):
        color[1 + 24 * number : 25 + 24 * number, 2:18, :3] = (shade * tone).clip(0, 255)
        color[1 + 24 * number : 25 + 24 * number, 2:18, 3] = 255
    return color


def moving(*frames: Array) -> ImageSet:
    return sequence([color_image(each) for each in frames], Frames((100,) * len(frames)))


def mean(images: ImageSet, number: int, rows: slice) -> Array:
    return images.frames[number]["color"][rows, 2:18, :3].mean(axis=(0, 1))


def test_each_part_gets_the_colours_of_the_part_at_the_same_height() -> None:
    made = match_colors(moving(figure(SKIN, BLUE), figure(SKIN, RED)))
    np.testing.assert_allclose(mean(made, 1, slice(30, 45)), mean(made, 0, slice(30, 45)), atol=8)
    np.testing.assert_allclose(mean(made, 1, slice(3, 15)), mean(made, 0, slice(3, 15)), atol=8)
    assert colors(made).score < 0.2 * colors(moving(figure(SKIN, BLUE), figure(SKIN, RED))).score


def test_another_frame_can_be_the_model_and_is_unchanged() -> None:
    images = moving(figure(BLUE), figure(RED), figure(GREEN))
    made = match_colors(images, frame=2)
    np.testing.assert_array_equal(made.frames[2]["color"], images.frames[2]["color"])
    assert mean(made, 0, slice(5, 20))[1] > 140


def test_alpha_and_shading_stay() -> None:
    made = match_colors(moving(figure(BLUE), figure(RED))).frames[1]["color"]
    np.testing.assert_array_equal(made[..., 3], figure(RED)[..., 3])
    assert (np.diff(made[10, 2:18].astype(int).sum(axis=1)) >= 0).all()


def test_equal_frames_and_strength_0_change_nothing() -> None:
    same, other = moving(figure(BLUE), figure(BLUE)), moving(figure(BLUE), figure(RED))
    assert np.abs(match_colors(same)["color"].astype(int) - same["color"]).max() <= 1
    assert np.abs(match_colors(other, strength=0)["color"].astype(int) - other["color"]).max() <= 1


def test_an_empty_frame_and_a_still_are_unchanged() -> None:
    images = moving(figure(BLUE), np.zeros_like(figure(BLUE)))
    np.testing.assert_array_equal(match_colors(images)["color"], images["color"])
    assert match_colors(images.frames[0]) is not None


def test_a_frame_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InputError, match=r"there is no frame 2\. The animation has 2, counted from 0"):
        match_colors(moving(figure(BLUE), figure(RED)), frame=2)

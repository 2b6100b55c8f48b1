"""The figure of an animation at the same place in every frame."""

import numpy as np
import pytest

from assetgen.images import Array, Frames, ImageSet, Trim, color_image, sequence
from assetgen.parts import load_part
from assetgen.pixels.alpha_faults import worst_fault
from assetgen.steps.align import align


def figure(x: int, y: int, arm: int = 0) -> ImageSet:
    """A body of 4 × 10 pixels with its top left pixel at (x, y), and an arm to the right."""
    color = np.zeros((24, 24, 4), np.uint8)
    color[y : y + 10, x : x + 4] = (200, 90, 60, 255)
    color[y + 3, x + 4 : x + 4 + arm] = (40, 60, 90, 255)
    return color_image(color, pixel_art=True, pivot=(0.5, 0.75))


def animated(*frames: ImageSet) -> ImageSet:
    return sequence(frames, Frames((100,) * len(frames)))


def bodies(images: ImageSet) -> list[Array]:
    return [frame["color"][..., 0] == 200 for frame in images.frames]


JITTER = animated(figure(10, 6), figure(12, 5, arm=6), figure(9, 8, arm=3), figure(10, 6))


def test_the_body_stands_at_one_place_whatever_its_arms_do() -> None:
    first, *others = bodies(align(JITTER))
    assert all((first == other).all() for other in others)
    assert load_part("check", "registration").run(align(JITTER)).score == 0


def test_each_axis_can_be_left_alone() -> None:
    across, down = (bodies(align(JITTER, axes=axes)) for axes in ("x", "y"))
    assert len({tuple(np.flatnonzero(body.any(axis=0))) for body in across}) == 1
    assert len({tuple(np.flatnonzero(body.any(axis=1))) for body in down}) == 1
    assert len({body.tobytes() for body in across}) == len({body.tobytes() for body in down}) == 3


@pytest.mark.parametrize("images", [animated(figure(10, 6), figure(10, 6, arm=5)), animated(figure(3, 2))])
def test_an_animation_that_is_in_place_is_unchanged(images: ImageSet) -> None:
    assert align(images) is images


def test_the_canvas_grows_where_a_pixel_would_be_cut_off() -> None:
    made = align(animated(figure(0, 0), figure(0, 0), figure(18, 14, arm=2), figure(0, 0, arm=20)), axes="x")
    assert made.frames[0].size == (24, 24)
    made = align(animated(figure(18, 14), figure(18, 14), figure(2, 2, arm=16)))
    assert made.frames[0].size == (38, 24)
    assert [(frame["color"][..., 3] > 0).sum() for frame in made.frames] == [40, 40, 56]


def test_pivot_and_trim_stay_at_the_figure() -> None:
    made = align(animated(figure(10, 8), figure(10, 8), figure(2, 8, arm=18)))
    assert made.meta.pivot == (12 / 32, 18 / 24)
    assert made.meta.trim == Trim((1, 1), (34, 26))


def test_a_figure_that_the_border_crops_is_not_hidden_from_the_check_of_alpha() -> None:
    tall = np.zeros((24, 24, 4), np.uint8)
    tall[12:, 4:16] = (200, 90, 60, 255)
    frames = animated(figure(10, 6), figure(12, 6), color_image(tall, pixel_art=True, pivot=(0.5, 0.75)))
    assert worst_fault(align(frames).frames[2])[1].startswith("it is cropped")


def test_a_figure_shifted_onto_the_border_is_not_cropped() -> None:
    made = align(animated(figure(0, 0), figure(0, 0), figure(4, 4), figure(8, 2)))
    assert [worst_fault(frame)[0] <= 1 for frame in made.frames] == [True] * 4


def test_an_empty_frame_stays_and_decides_nothing() -> None:
    empty = color_image(np.zeros((24, 24, 4), np.uint8), pixel_art=True, pivot=(0.5, 0.75))
    made = align(animated(empty, figure(10, 6), figure(12, 6), figure(10, 6)))
    assert not made.frames[0]["color"][..., 3].any()
    assert (made.frames[1]["color"] == figure(10, 6)["color"]).all()
    assert align(animated(empty, empty)).size == (24, 48)


def test_other_channels_move_with_the_colour() -> None:
    frames = [each.replace(height=each["color"][..., 3:]) for each in JITTER.frames]
    made = align(sequence(frames, JITTER.meta.frames))
    assert (made["height"] == made["color"][..., 3:]).all()


def test_a_still_is_unchanged() -> None:
    still = figure(1, 1)
    assert align(still) is still

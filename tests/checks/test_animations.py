"""The checks of animations: registration, loop, pops, colors."""

from itertools import permutations
from typing import Any

import numpy as np
import pytest

from assetgen.build.stages import run_part
from assetgen.errors import AssetgenError
from assetgen.images import Array, Frames, ImageSet, Tag, color_image, sequence
from assetgen.parts import Verdict, load_part

CHECKS = ("registration", "loop", "pops", "colors")


def body(x: int = 0, y: int = 0, *, height: int = 16, arm: int = 0, tone: int = 200) -> Array:
    """A striped body of 6 × `height` pixels on the row `y` above the ground, with an arm to the right."""
    color = np.zeros((32, 32, 4), np.uint8)
    rows, columns = slice(28 - y - height, 28 - y), slice(12 + x, 18 + x)
    color[rows, columns] = (tone, 90, 60, 255)
    color[rows, columns][::3] = (40, tone, 90, 255)
    color[20 - y : 22 - y, 18 + x : 18 + x + arm] = (250, 240, 20, 255)
    return color


def clip(*frames: Array, loop: bool = True, pixel_art: bool = True) -> ImageSet:
    timing = Frames((100,) * len(frames), (Tag("walk", 0, len(frames) - 1, loop),))
    return sequence([color_image(frame, pixel_art=pixel_art) for frame in frames], timing)


def check(name: str, images: ImageSet, **arguments: Any) -> Verdict:
    part = load_part("check", name)
    verdict: Verdict = run_part(part, name, images, **dict(part.params(**arguments)))
    return verdict


WALK = [body(arm=arm, y=arm % 2) for arm in (1, 2, 4, 7, 5, 3)]


@pytest.mark.parametrize("name", CHECKS)
def test_a_regular_animation_passes(name: str) -> None:
    assert check(name, clip(*WALK)).passed, check(name, clip(*WALK))


@pytest.mark.parametrize("name", CHECKS)
def test_a_still_is_refused(name: str) -> None:
    with pytest.raises(AssetgenError, match=f"{name}: the image is not an animation"):
        check(name, color_image(body()))


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (body(x=2), "frame 2 is 2 pixels too far to the right"),
        (body(x=-3), "frame 2 is 3 pixels too far to the left"),
        (body(y=4), "frame 2 ends 4 pixels above the ground line"),
        (body(y=-2), "frame 2 ends 2 pixels below the ground line"),
        (body(height=20), "frame 2 is 125% as high as the others"),
    ],
)
def test_a_body_that_moves_or_grows_fails(fault: Array, reason: str) -> None:
    verdict = check("registration", clip(body(), body(arm=2), fault, body(arm=4), body(arm=6)))
    assert (verdict.passed, verdict.reason) == (False, reason)


def test_an_arm_does_not_move_the_anchor() -> None:
    assert check("registration", clip(body(), body(arm=12), body())).score == 0


def test_limits_of_registration_can_be_raised() -> None:
    jump = clip(body(), body(y=3), body(y=6), body(y=3))
    assert [check("registration", jump, ground=ground).passed for ground in (1, 4)] == [False, True]


def test_frames_that_are_not_pixel_art_may_drift_by_a_64th_of_their_height() -> None:
    large = [np.kron(each, np.ones((16, 16, 1), np.uint8)) for each in (body(), body(), body())]
    large[1] = np.roll(large[1], 8, axis=1)
    assert check("registration", clip(*large, pixel_art=False)).score == 1


def test_empty_frames_do_not_count() -> None:
    assert check("registration", clip(body(), body(), np.zeros_like(body()))).passed


def test_a_loop_that_was_cut_fails_and_names_its_animation() -> None:
    verdict = check("loop", clip(*(body(arm=arm) for arm in (1, 3, 5, 7))))
    assert (verdict.passed, verdict.reason[:35]) == (False, "'walk': from frame 3 to frame 0 it ")


def test_an_animation_that_is_played_once_need_not_close() -> None:
    assert check("loop", clip(*WALK, loop=False)) == Verdict(0.0, True, "nothing loops")


@pytest.mark.parametrize("at", [0, 3, 5])
def test_a_frame_with_other_colours_pops(at: int) -> None:
    frames = [*WALK]
    frames[at] = frames[at][..., [2, 0, 1, 3]]
    verdict = check("pops", clip(*frames))
    assert (verdict.passed, f"the colours of frame {at} differ" in verdict.reason) == (False, True)


def test_a_frame_in_another_place_pops() -> None:
    frames = [body(arm=arm) for arm in (1, 2, 3, 4, 3, 2)]
    frames[2] = np.roll(frames[2], 5, axis=1)
    assert check("pops", clip(*frames)).reason.startswith("the pixels of frame 2 differ")


def test_repeated_frames_are_named_and_may_be_allowed() -> None:
    twice = clip(WALK[0], *WALK, loop=False)
    verdict = check("pops", twice)
    assert (verdict.passed, verdict.reason) == (False, "frame 1 repeats frame 0")
    assert check("pops", twice, repeats=1).passed


def test_the_last_frame_of_a_loop_must_not_repeat_the_first() -> None:
    assert check("pops", clip(*WALK, WALK[0])).reason == "frame 0 repeats frame 6"


def test_each_animation_of_a_sequence_is_judged_for_itself() -> None:
    timing = Frames((100,) * 5, (Tag("a", 0, 1), Tag("b", 2, 4)))
    frames = [body(), body(arm=2), body(x=5), body(x=5, arm=2), body(x=9)]
    verdict = check("registration", sequence([color_image(each, pixel_art=True) for each in frames], timing))
    assert verdict.reason == "frame 4 is 4 pixels too far to the right"


@pytest.mark.parametrize("step", ["idle", "flash"])
def test_animations_made_from_stills_pass(step: str) -> None:
    part = load_part("step", step)
    made = part.run(color_image(body(), pixel_art=True), **dict(part.params()))
    assert all(check(name, made).passed for name in ("registration", "loop", "pops"))


@pytest.mark.parametrize("name", CHECKS)
def test_an_animation_of_one_frame_passes(name: str) -> None:
    assert check(name, clip(body())).passed


def test_the_sides_of_a_turnaround_have_one_scale_and_one_ground() -> None:
    sides = [color_image(each, pixel_art=True) for each in (body(), body(arm=4), body(height=20))]
    timing = Frames((100,) * 3, tuple(Tag(name, at, at) for at, name in enumerate(("down", "left", "up"))))
    assert check("registration", sequence(sides, timing)).reason == "frame 2 is 125% as high as the others"


def test_frames_that_all_have_other_colours_fail_and_do_not_pop() -> None:
    changing = clip(*(body(arm=arm)[..., [*list(order), 3]] for arm, order in enumerate(permutations(range(3)))))
    assert [check(name, changing).passed for name in ("pops", "colors")] == [True, False]


def test_lighter_shading_of_one_frame_is_no_other_colour() -> None:
    assert check("colors", clip(body(), body(tone=210), body())).passed

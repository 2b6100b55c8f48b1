"""The steps that make an animation from a still."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from assetgen.build.stages import run_part
from assetgen.errors import AssetgenError
from assetgen.images import Array, ImageSet, Meta, color_image
from assetgen.parts import load_part

MOTIONS = ("idle", "bob", "squash_stretch", "flash", "shake", "spin", "dissolve")
GROWING = ("bob", "squash_stretch", "shake")
LOOPS = ("idle", "bob", "squash_stretch", "spin")


def figure(width: int = 15, height: int = 24, margin: int = 1, **meta: Any) -> ImageSet:
    """A visible block of random colours, pixel art, on a transparent image."""
    color = np.zeros((height + 2 * margin, width + 2 * margin, 4), np.uint8)
    noise = np.random.default_rng(0).integers(1, 6, (height, width, 3))
    color[margin : margin + height, margin : margin + width, :3] = noise * 40
    color[margin : margin + height, margin : margin + width, 3] = 255
    return color_image(color, **{"pixel_art": True, "pivot": (0.5, 1.0), **meta})


def move(step: str, images: ImageSet, **arguments: Any) -> ImageSet:
    part = load_part("step", step)
    made: ImageSet = run_part(part, step, images, **dict(part.params(**arguments)))
    return made


def colors(images: ImageSet) -> set[tuple[int, ...]]:
    color = images["color"]
    return {tuple(each) for each in color[color[..., 3] > 0].tolist()}


def box(color: Array) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the visible pixels."""
    rows, columns = (np.flatnonzero((color[..., 3] > 0).any(axis=axis)) for axis in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


@pytest.mark.parametrize("step", MOTIONS)
def test_an_animation_begins_with_the_still_and_is_named_after_its_step(step: str) -> None:
    still = figure()
    made = move(step, still)
    first, timing = made.frames[0]["color"], made.meta.frames
    left, top, right, bottom = box(first)
    np.testing.assert_array_equal(first[top:bottom, left:right], still["color"][1:-1, 1:-1])
    assert timing and timing.tags[0].name == step and timing.tags[0].last == len(timing.durations) - 1


@pytest.mark.parametrize("step", sorted(set(MOTIONS) - {"flash"}))
def test_no_colour_is_new(step: str) -> None:
    assert colors(move(step, figure())) <= colors(figure())


@pytest.mark.parametrize("step", MOTIONS)
def test_the_same_arguments_give_the_same_bytes(step: str) -> None:
    assert move(step, figure())["color"].tobytes() == move(step, figure())["color"].tobytes()


@pytest.mark.parametrize("step", LOOPS)
def test_the_next_frame_would_be_the_first(step: str) -> None:
    """A loop of twice the frames passes through the same poses."""
    short, long = move(step, figure(), frames=8), move(step, figure(), frames=16)
    for number, frame in enumerate(short.frames):
        np.testing.assert_array_equal(frame["color"], long.frames[2 * number]["color"])


@pytest.mark.parametrize("step", MOTIONS)
def test_neighbouring_frames_differ(step: str) -> None:
    frames = [frame["color"] for frame in move(step, figure()).frames]
    assert not any(np.array_equal(one, other) for one, other in pairwise(frames))


@pytest.mark.parametrize("step", GROWING)
def test_the_pivot_and_the_trim_stay_on_the_same_pixel(step: str) -> None:
    made = move(step, figure())
    assert made.meta.trim and made.meta.pivot
    x, y = (round(made.meta.pivot[axis] * made.frames[0].size[axis], 6) for axis in (0, 1))
    assert (x + made.meta.trim.offset[0], y + made.meta.trim.offset[1]) == (8.5, 26)


@pytest.mark.parametrize("step", GROWING)
def test_nothing_leaves_the_canvas(step: str) -> None:
    for frame in move(step, figure(margin=0), duration=20).frames:
        left, top, right, bottom = box(frame["color"])
        assert left >= 0 and top >= 0 and right <= frame.size[0] and bottom <= frame.size[1]


def test_the_head_and_the_feet_of_an_idle_figure_are_unchanged() -> None:
    still, made = figure(), move("idle", figure(), head=0.5, feet=0.25)
    for frame in made.frames:
        top = box(frame["color"])[1]
        np.testing.assert_array_equal(frame["color"][top : top + 12], still["color"][1:13])
        np.testing.assert_array_equal(frame["color"][-7:], still["color"][-7:])


def test_an_idle_figure_sinks_by_the_distance() -> None:
    tops = [box(frame["color"])[1] for frame in move("idle", figure(), distance=2, frames=4, head=0.3).frames]
    assert (min(tops), max(tops)) == (1, 3)


def test_an_idle_figure_sits_on_its_canvas() -> None:
    assert [frame.size for frame in move("idle", figure(margin=0)).frames] == [(15, 24)] * 6


def test_a_thing_that_bobs_keeps_its_shape() -> None:
    made = move("bob", figure(), distance=4, frames=4)
    assert [box(frame["color"])[3] for frame in made.frames] == [29, 27, 25, 27]
    assert len({frame["color"].sum() for frame in made.frames}) == 1


def test_a_shake_decays_and_is_played_once() -> None:
    made = move("shake", figure(), distance=3)
    assert [box(frame["color"])[0] - 4 for frame in made.frames] == [0, -3, 2, -2, 1, -1]
    assert made.meta.frames and not made.meta.frames.tags[0].loop


def test_a_squashed_body_stays_on_the_ground_and_keeps_its_area() -> None:
    boxes = [box(frame["color"]) for frame in move("squash_stretch", figure(), amount=0.25).frames]
    assert len({bottom for *_, bottom in boxes}) == 1
    assert len({left + right for left, _, right, _ in boxes}) == 1
    areas = [(right - left) * (bottom - top) for left, top, right, bottom in boxes]
    assert max(areas) / min(areas) < 1.25 and max(b - t for _, t, _, b in boxes) == 30


def test_the_width_of_a_coin_follows_the_cosine() -> None:
    made = move("spin", figure(21, 21), frames=12, thickness=0)
    widths = [right - left for left, _, right, _ in (box(frame["color"]) for frame in made.frames)]
    assert widths == [21, 19, 11, 1, 11, 19, 21, 19, 11, 1, 11, 19]


def test_the_back_of_a_coin_is_mirrored_or_the_same() -> None:
    face = figure(21, 21)["color"][1:-1, 1:-1]
    turned = move("spin", figure(21, 21)).frames[4]["color"][1:-1, 1:-1]
    again = move("spin", figure(21, 21), back="same", frames=4)
    np.testing.assert_array_equal(turned, face[:, ::-1])
    assert [box(f["color"])[2] - box(f["color"])[0] for f in again.frames] == [21, 17, 3, 17]


def test_the_edge_of_a_coin_has_the_colour_of_its_rim_inside_an_outline() -> None:
    coin = np.zeros((23, 23, 4), np.uint8)
    coin[1:-1, 1:-1] = (40, 20, 10, 255)
    coin[2:-2, 2:-2] = (240, 180, 40, 255)
    edge = move("spin", color_image(coin, pixel_art=True), frames=4).frames[1]["color"][1:-1]
    assert [tuple(each) for each in edge[10] if each[3]] == [
        (40, 20, 10, 255),
        *[(240, 180, 40, 255)] * 3,
        (40, 20, 10, 255),
    ]
    assert (edge[0, edge[0, :, 3] > 0, 0] == 40).all()


def test_the_edge_of_a_coin_can_have_another_colour() -> None:
    edge = move("spin", figure(21, 21), frames=4, edge="#ff0000", thickness=5).frames[1]
    assert (colors(edge), np.ptp(box(edge["color"])[::2])) == ({(255, 0, 0, 255)}, 5)


def test_faint_pixels_do_not_colour_the_edge_of_a_painted_coin() -> None:
    coin = np.full((22, 22, 4), (200, 150, 40, 255), np.uint8)
    coin[:, [0, 1, -2, -1]] = (0, 0, 0, 9)
    assert move("spin", color_image(coin), frames=4).frames[1]["color"][11, 11].tolist() == [200, 150, 40, 255]


def test_normals_turn_with_a_coin() -> None:
    normal = np.full((23, 23, 3), (128, 128, 255), np.uint8)
    made = move("spin", figure(21, 21).replace(normal=normal), thickness=0)
    vector = made.frames[1]["normal"][11, 11] / 127.5 - 1
    np.testing.assert_allclose(vector, (0.71, 0, 0.71), atol=0.02)


def test_mirrored_normals_point_the_other_way() -> None:
    normal = np.full((23, 23, 3), (204, 128, 230), np.uint8)
    made = move("spin", figure(21, 21).replace(normal=normal), frames=2)
    np.testing.assert_allclose(made.frames[1]["normal"][11, 11], (51, 128, 230), atol=1)


def test_normals_of_a_squashed_body_point_upwards() -> None:
    normal = np.full((26, 17, 3), (128, 204, 230), np.uint8)
    made = move("squash_stretch", figure().replace(normal=normal), amount=0.5, frames=4)
    assert made.frames[1]["normal"][-5, 8, 1] > 204 > made.frames[3]["normal"][-5, 8, 1]


def test_a_flash_has_no_more_colours_than_the_still_and_keeps_the_alpha() -> None:
    made = move("flash", figure(), color="#ff0000", strength=0.5)
    assert all(len(colors(frame)) <= len(colors(figure())) for frame in made.frames)
    assert all(np.array_equal(frame["color"][..., 3], figure()["color"][..., 3]) for frame in made.frames)
    assert colors(move("flash", figure()).frames[2]) == {(255, 255, 255, 255)}


@pytest.mark.parametrize("pattern", ["noise", "ordered"])
def test_each_frame_of_a_dissolve_loses_the_same_number_of_pixels(pattern: str) -> None:
    made = move("dissolve", figure(), pattern=pattern, frames=5)
    assert [int((frame["color"][..., 3] > 0).sum()) for frame in made.frames] == [360, 270, 180, 90, 0]


def test_noise_dissolves_in_holes_not_in_grains() -> None:
    half = move("dissolve", figure(48, 48), frames=3).frames[1]["color"][1:-1, 1:-1, 3] > 0
    assert (half[:, 1:] != half[:, :-1]).mean() < 0.2


def test_the_pixels_that_vanish_next_can_burn() -> None:
    first, *others = move("dissolve", figure(), edge="#ff9a30").frames
    assert (255, 154, 48, 255) not in colors(first)
    assert all((255, 154, 48, 255) in colors(frame) for frame in others[:-1])


def test_a_reversed_dissolve_appears() -> None:
    there, back = move("dissolve", figure()), move("dissolve", figure(), reverse=True)
    np.testing.assert_array_equal(back.frames[-1]["color"], there.frames[0]["color"])


@pytest.mark.parametrize("step", MOTIONS)
def test_painted_images_with_more_channels_move_whole(step: str) -> None:
    channels = {
        "color": figure()["color"][..., :3],
        "normal": figure()["color"][..., :3],
        "ao": np.ones((26, 17, 1), np.uint8),
    }
    made = move(step, ImageSet(channels, Meta(tiles="xy")))
    assert {name: array.shape[2] for name, array in made.channels.items()} == {"color": 4, "normal": 3, "ao": 1}


@pytest.mark.parametrize("step", MOTIONS)
def test_an_animation_and_an_empty_image_are_refused(step: str) -> None:
    with pytest.raises(AssetgenError, match=f"{step} needs a still, not an animation"):
        move(step, move("bob", figure()))
    with pytest.raises(AssetgenError, match=f"{step} needs visible pixels, and the image has none"):
        move(step, color_image(np.zeros((8, 8, 4), np.uint8)))


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("idle", "between head and feet are 1 rows of pixels, too few to breathe by 1"),
        ("squash_stretch", "1 × 1 visible pixels are too few to squash by 0.15"),
        ("spin", "1 visible pixels across are too few to spin"),
    ],
)
def test_a_sprite_of_one_pixel_is_refused_where_it_cannot_move(step: str, problem: str) -> None:
    with pytest.raises(AssetgenError, match=problem):
        move(step, figure(1, 1))


@pytest.mark.parametrize("step", ["bob", "flash", "shake", "dissolve"])
def test_a_sprite_of_one_pixel_moves_elsewhere(step: str) -> None:
    assert len(move(step, figure(1, 1)).frames) > 1


@pytest.mark.parametrize("step", MOTIONS)
def test_frames_that_are_too_large_together_are_refused_at_once(step: str) -> None:
    large = color_image(np.ones((4096, 4096, 1), np.uint8).repeat(3, 2))
    with pytest.raises(AssetgenError, match="the frames are too large together"):
        move(step, large, frames=64)

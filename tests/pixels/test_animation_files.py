"""Animated files, read back by Pillow."""

import io

import numpy as np
import pytest
from PIL import Image

from assetgen.images import Array
from assetgen.pixels.animation_files import AnimationFormat, encode_animation


def moving(count: int, side: int = 12) -> list[Array]:
    """A coloured square that moves right on transparent pixels."""
    frames = [np.zeros((side, side, 4), np.uint8) for _ in range(count)]
    for number, frame in enumerate(frames):
        frame[2:6, number : number + 4] = (200, 30 * number, 0, 255)
    return frames


def read(data: bytes) -> tuple[list[Array], list[int], int]:
    """The frames as RGBA, their milliseconds, and how often they repeat (0: for ever)."""
    image = Image.open(io.BytesIO(data))
    frames, durations = [], []
    for number in range(image.n_frames):
        image.seek(number)
        frames.append(np.asarray(image.convert("RGBA")).copy())
        durations.append(round(image.info["duration"]))
    return frames, durations, image.info["loop"]


@pytest.mark.parametrize("format", ["gif", "apng", "webp"])
def test_every_frame_is_read_back_alone_with_its_time(format: AnimationFormat) -> None:
    frames, durations, loop = read(encode_animation(moving(4), [100, 150, 60, 240], format))
    assert (durations, loop) == ([100, 150, 60, 240], 0)
    assert [np.array_equal(made, given) for made, given in zip(frames, moving(4), strict=True)] == [True] * 4


@pytest.mark.parametrize("format", ["apng", "webp"])
def test_half_transparent_pixels_and_single_milliseconds_stay(format: AnimationFormat) -> None:
    given = [np.full((4, 4, 4), (200, 100, 50, alpha), np.uint8) for alpha in (70, 71)]
    frames, durations, _ = read(encode_animation(given, [33, 34], format))
    assert durations == [33, 34]
    assert [frame[0, 0].tolist() for frame in frames] == [[200, 100, 50, 70], [200, 100, 50, 71]]


def test_rounded_times_of_a_gif_do_not_add_up() -> None:
    _, durations, _ = read(encode_animation(moving(6), [33] * 6, "gif"))
    assert durations == [30, 40, 30, 30, 30, 40] and sum(durations) == 200


def test_a_gif_of_many_colours_has_nearly_these() -> None:
    y, x = np.mgrid[:32, :32]
    given = np.dstack([x * 8, y * 8, x + y, np.full_like(x, 255)]).astype(np.uint8)
    given[:4, :, 3] = 40
    [frame], _, _ = read(encode_animation([given], [100], "gif"))
    assert (frame[:4, :, 3] == 0).all() and (frame[4:, :, 3] == 255).all()
    assert np.abs(frame[4:, :, :3].astype(int) - given[4:, :, :3]).mean() < 8


def test_equal_frames_keep_their_whole_time() -> None:
    _, durations, _ = read(encode_animation([moving(1)[0]] * 3, [100, 100, 50], "gif"))
    assert sum(durations) == 250


def test_a_frame_without_visible_pixels_is_encoded() -> None:
    frames, _, _ = read(encode_animation([np.zeros((3, 3, 4), np.uint8), moving(1, 3)[0]], [50, 50], "gif"))
    assert not frames[0][..., 3].any()

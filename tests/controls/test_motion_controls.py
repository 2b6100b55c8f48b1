"""Controls that draw a frame for each side or pose."""

from pathlib import Path

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray

from assetgen.controls._figure import figure
from assetgen.controls._views import Facing
from assetgen.controls.poses import poses
from assetgen.controls.turntable import turntable
from assetgen.errors import InputError
from assetgen.images import Array, ImageSet
from assetgen.parts import InputFile

SIZE = (96, 96)
FRONT: Facing = "down"


@pytest.fixture
def arrow(tmp_path: Path) -> InputFile:
    """A thin bar from the centre to the front, on a post."""
    post, bar = trimesh.creation.box((0.2, 1, 0.2)), trimesh.creation.box((0.1, 0.1, 1))
    bar.apply_translation((0, 0, 0.6))
    trimesh.util.concatenate([post, bar]).export(tmp_path / "arrow.glb")
    return InputFile(path=tmp_path / "arrow.glb", sha256="")


def columns(color: Array) -> tuple[int, int]:
    """The first and last column with something in it."""
    seen = np.flatnonzero(color.any(axis=(0, 2)))
    return int(seen[0]), int(seen[-1])


def column_heights(frame: ImageSet) -> NDArray[np.intp]:
    return np.asarray(frame["color"].any(axis=2).sum(axis=0))


def test_sides_are_named_after_where_the_front_points_on_the_screen(arrow: InputFile) -> None:
    made = turntable(mesh=arrow, sides=4, size=SIZE, elevation=0)
    assert made.meta.frames is not None
    assert [tag.name for tag in made.meta.frames.tags] == ["down", "left", "up", "right"]
    posts = [np.flatnonzero(heights == heights.max()).mean() for heights in map(column_heights, made.frames)]
    assert posts[0] == posts[2] == 47.5
    assert posts[1] > 55
    assert posts[3] < 40


def test_a_turn_is_one_animation(arrow: InputFile) -> None:
    made = turntable(mesh=arrow, sides=6, play="turn", size=SIZE)
    assert made.meta.frames is not None
    assert [(tag.name, tag.first, tag.last) for tag in made.meta.frames.tags] == [("turn", 0, 5)]


def test_all_sides_have_one_scale_of_grey(arrow: InputFile) -> None:
    front, _, back, _ = turntable(mesh=arrow, sides=4, size=SIZE, elevation=0).frames
    tops = [frame["color"][np.flatnonzero(frame["color"].any(axis=(1, 2)))[1], 47, 0] for frame in (front, back)]
    assert tops[0] < tops[1]  # the post is behind the bar, then before it


def test_too_many_pixels_are_refused(arrow: InputFile) -> None:
    with pytest.raises(InputError, match=r"64 sides of 1024 × 1024 have more than 16,777,216 pixels"):
        turntable(mesh=arrow, sides=64, size=(1024, 1024))


@pytest.mark.parametrize("motion", ["walk", "run"])
def test_half_a_cycle_later_the_other_leg_does_the_same(motion: str) -> None:
    now, later = figure(motion, 0.2), figure(motion, 0.7)  # type: ignore[arg-type]
    assert np.allclose(now[8:11, 1:], later[11:14, 1:])


@pytest.mark.parametrize("motion", ["walk", "run", "attack"])
def test_a_figure_always_stands_on_the_ground(motion: str) -> None:
    heights = [figure(motion, time)[[10, 13], 1].min() for time in np.linspace(0, 1, 20)]  # type: ignore[arg-type]
    assert np.allclose(heights, heights[0])


def test_facing_left_mirrors_facing_right_in_place() -> None:
    right, left = (poses(frames=4, facing=side, size=SIZE).frames[0]["color"] for side in ("right", "left"))
    assert columns(right) == pytest.approx([95 - each for each in columns(left)][::-1], abs=2)


def test_only_a_stroke_ends() -> None:
    loops = {motion: poses(motion=motion, frames=4, size=SIZE).meta.frames for motion in ("walk", "attack")}
    assert {motion: each and each.tags[0].loop for motion, each in loops.items()} == {"walk": True, "attack": False}


@pytest.mark.parametrize("behind", ["up", "up_left", "up_right"])
def test_the_face_is_hidden_from_behind(behind: Facing) -> None:
    front, back = (poses(frames=2, facing=side, size=SIZE).frames[0]["color"] for side in (FRONT, behind))
    assert len(np.unique(front.reshape(-1, 3), axis=0)) > len(np.unique(back.reshape(-1, 3), axis=0))

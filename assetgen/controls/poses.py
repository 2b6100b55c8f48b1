"""A figure in motion as skeletons in the colours of OpenPose: one frame for each pose."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from assetgen.controls._figure import WORDS, Joints, Motion, figure
from assetgen.controls._fit import ControlSize
from assetgen.controls._skeleton import skeletons
from assetgen.controls._views import FACING_WORDS, Facing
from assetgen.controls._wholebody import Person
from assetgen.images import Array, Frames, ImageSet, Milliseconds, Tag, color_image, sequence
from assetgen.parts import part

_ROOM = 0.9  # of the image's shorter side that the figure's height takes
_GROUND, _STRIDE = 0.95, 0.3  # where it stands, of the image's height; how far its feet reach, of its own
_FACE = (0, 14, 15)  # nose and eyes: hidden where they are behind an ear or beside it
_BESIDE = 0.01  # of the figure's height


@part(version=1)
def poses(
    *,
    motion: Motion = "walk",
    frames: Annotated[int, Field(ge=2, le=32)] = 8,
    facing: Facing = "right",
    elevation: Annotated[float, Field(ge=0, le=80)] = 0.0,
    duration: Milliseconds = 100,
    size: ControlSize = (512, 512),
    kind: Literal["openpose"] = "openpose",
) -> ImageSet:
    """Condition on a figure in motion: one frame for each pose, on one place, its feet on one line.

    - `motion`: `walk` and `run` are loops, `attack` is one stroke of the right arm.
    - `facing`: where the figure looks on the screen; `down` is towards the viewer.
    - `elevation`: of the camera above the ground, in degrees; 0 is a side view, about 45 a view from above.
    - `duration`: of a frame, in milliseconds.

    Returns `color`, RGB uint8, for control networks of the kind `openpose`; the words of each pose are for models
    without one. The animation is named after motion and `facing`: `walk_right`.

    Example:
        knight_walk: {preset: walk_cycle, prompt: a knight, poses: {frames: 8, facing: left}}
    """
    loop = motion != "attack"
    drawn = [_drawn(figure(motion, each / frames), facing, elevation, size) for each in range(frames)]
    words = (WORDS[motion][each * len(WORDS[motion]) // frames] for each in range(frames))
    tag = Tag(f"{motion}_{facing}", 0, frames - 1, loop)
    timing = Frames((duration,) * frames, (tag,), tuple(f"{each}, {FACING_WORDS[facing]}" for each in words))
    return sequence([color_image(each) for each in drawn], timing)


def _drawn(joints: Joints, facing: Facing, elevation: float, size: ControlSize) -> Array:
    """One pose, `H×W×3`."""
    turn, tilt = np.radians(-45.0 * list(FACING_WORDS).index(facing)), np.radians(elevation)
    x = joints[:, 0] * np.cos(turn) + joints[:, 2] * np.sin(turn)
    towards = joints[:, 2] * np.cos(turn) - joints[:, 0] * np.sin(turn)
    y = joints[:, 1] * np.cos(tilt) + (_STRIDE - towards) * np.sin(tilt)
    seen = np.ones(len(joints))
    seen[list(_FACE)] = towards[list(_FACE)] > towards[16:].min() + _BESIDE
    scale = _ROOM * min(size)
    points = np.stack([size[0] / 2 + scale * x, _GROUND * size[1] - scale * y, seen], axis=1)
    nothing = np.zeros((0, 3), np.float32)
    person = Person(points.astype(np.float32), nothing, (nothing, nothing))
    return skeletons([person], size, hands=False, face=False)

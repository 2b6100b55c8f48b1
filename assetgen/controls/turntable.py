"""A mesh from several sides, as depth: one frame for each."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from assetgen.controls._camera import Orbit
from assetgen.controls._depth_tones import graded, nearness_of
from assetgen.controls._fit import ControlSize
from assetgen.controls._mesh import Up, read_mesh
from assetgen.controls._shot import Azimuth, Distance, Elevation, Fov, Projection, Zoom, make_shot
from assetgen.controls._views import FACING_WORDS
from assetgen.errors import InputError
from assetgen.images import Frames, ImageSet, Milliseconds, Tag
from assetgen.parts import InputFile, part

_MOST_PIXELS = 4096 * 4096  # of all frames


@part(version=1)
def turntable(
    *,
    mesh: InputFile,
    sides: Annotated[int, Field(ge=2, le=64)] = 8,
    play: Literal["sides", "turn"] = "sides",
    duration: Milliseconds = 100,
    size: ControlSize = (512, 512),
    azimuth: Azimuth = 0.0,
    elevation: Elevation = 20.0,
    fov: Fov = 40.0,
    zoom: Zoom = 1.0,
    distance: Distance | None = None,
    projection: Projection = "orthographic",
    up: Up | None = None,
    kind: Literal["depth"] = "depth",
) -> ImageSet:
    """Condition on the depth of a `mesh` seen from `sides` directions, one frame for each, all with one scale of grey.

    - `play`: `sides` makes an animation of one frame for each side, named after where a figure faces on the screen
      (`down`, `down_left`, `left`, …; 4 or 8 sides) or `side_0`, …; `turn` makes one animation of all frames.
    - `duration`: of a frame, in milliseconds.
    - `azimuth`: of the first side, in degrees; 0 is the front.
    - The others are those of the control `depth`. There is no ground plane.

    Example:
        knight_sides: {preset: turnaround, prompt: a knight, turntable: {mesh: knight.glb, sides: 4}}
    """
    if sides * size[0] * size[1] > _MOST_PIXELS:
        what = f"{sides} sides of {size[0]} × {size[1]} have more than {_MOST_PIXELS:,} pixels"
        raise InputError(what, cure="Use fewer sides or a smaller size")
    try:
        solid = read_mesh(mesh.path, up)
        turns = [azimuth + 360 * number / sides for number in range(sides)]
        orbits = [Orbit(turn, elevation, fov, zoom, distance, projection == "perspective") for turn in turns]
        nearness = [nearness_of(make_shot(solid, orbit, size), size, ground=False) for orbit in orbits]
    except InputError as error:
        raise error.at(mesh.path.name) from error
    names = (
        list(FACING_WORDS)[:: len(FACING_WORDS) // sides]
        if sides in (4, 8)
        else [f"side_{each}" for each in range(sides)]
    )
    tags = (Tag("turn", 0, sides - 1),) if play == "turn" else tuple(Tag(name, n, n) for n, name in enumerate(names))
    captions = tuple(_caption(turn) for turn in turns)
    frames = Frames((duration,) * sides, tags, captions)
    return graded(np.concatenate(nearness), projection == "perspective", "white").with_meta(frames=frames)


def _caption(azimuth: float) -> str:
    """Words for the view of a camera at this azimuth."""
    return list(FACING_WORDS.values())[round(azimuth / 45) % len(FACING_WORDS)]

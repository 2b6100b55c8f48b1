"""Normals: which way the surfaces of a mesh face, seen by a camera, as the colours that normal models obey."""

import numpy as np

from assetgen.controls._camera import Orbit
from assetgen.controls._fit import Size
from assetgen.controls._mesh import Up, read_mesh
from assetgen.controls._raster import Floats
from assetgen.controls._shot import (
    Azimuth,
    Distance,
    Elevation,
    Fov,
    Projection,
    Shot,
    Standing,
    Zoom,
    nothing_seen,
    shot_of,
)
from assetgen.controls._smooth import corner_normals
from assetgen.errors import InputError
from assetgen.images import ImageSet, color_image, to_uint8
from assetgen.parts import InputFile, part

RED_IS_LEFT = np.array([-1.0, 1.0, 1.0])
SKY = (0.0, 0.0, 1.0)
"""Where there is nothing, the picture faces the camera."""


@part(version=1)
def normal(
    *,
    mesh: InputFile,
    size: Size = (512, 512),
    camera: Standing = "orbit",
    azimuth: Azimuth = 35.0,
    elevation: Elevation = 20.0,
    fov: Fov = 40.0,
    zoom: Zoom = 1.0,
    distance: Distance | None = None,
    projection: Projection = "perspective",
    up: Up | None = None,
    ground: bool = True,
) -> ImageSet:
    """Condition on the surface normals of a mesh; the camera and its words are those of `depth`.

    Red is left, green is up, blue is towards the camera: the colours of `normalbae`, with which ControlNet 1.1 was
    trained. Edges sharper than 40 degrees stay sharp. A ready map goes through `picture: {kind: normal}`.
    """
    orbit = Orbit(azimuth, elevation, fov, zoom, distance, projection == "perspective")
    try:
        shot = shot_of(read_mesh(mesh.path, up), orbit if camera == "orbit" else None, size)
        normals = _normals(shot, size, ground)
    except InputError as error:
        raise error.at(mesh.path.name) from error
    return color_image(to_uint8(((normals * RED_IS_LEFT + 1) / 2).astype(np.float32)))


def _normals(shot: Shot, size: Size, ground: bool) -> Floats:
    """View-space normals, `height × width × 3`."""
    triangles = shot.mesh.triangles
    nearness, normals = shot.camera.facing(triangles, corner_normals(triangles), size, shot.near)
    if not np.isfinite(nearness).any():
        raise nothing_seen()
    normals[~np.isfinite(nearness)] = SKY
    if ground:
        below = shot.camera.ground(shot.mesh.foot, size, shot.reach)
        normals[below > nearness] = shot.camera.view[:3, 1]
    return normals

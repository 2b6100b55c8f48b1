"""Surface normals of a mesh as the colours that normal control networks expect."""

import numpy as np

from assetgen.controls._camera import Orbit
from assetgen.controls._fit import ControlSize
from assetgen.controls._mesh import Up, read_mesh
from assetgen.controls._raster import Floats
from assetgen.controls._shot import (
    Azimuth,
    CameraSource,
    Distance,
    Elevation,
    Fov,
    Projection,
    Shot,
    Zoom,
    make_shot,
    not_visible,
)
from assetgen.controls._smooth import corner_normals
from assetgen.errors import InputError
from assetgen.images import FloatArray, ImageSet, color_image, to_uint8
from assetgen.parts import InputFile, part

_RED_IS_LEFT = np.array([-1.0, 1.0, 1.0])
_SKY = np.array([0.0, 0.0, 1.0])
"""The background faces the camera."""


@part(version=1)
def normal(
    *,
    mesh: InputFile,
    size: ControlSize = (512, 512),
    camera: CameraSource = "orbit",
    azimuth: Azimuth = 35.0,
    elevation: Elevation = 20.0,
    fov: Fov = 40.0,
    zoom: Zoom = 1.0,
    distance: Distance | None = None,
    projection: Projection = "perspective",
    up: Up | None = None,
    ground: bool = True,
) -> ImageSet:
    """Condition on the surface normals of a `mesh`. The camera arguments are those of `depth`.

    Red is left, green is up, blue is towards the camera: the colours of `normalbae`, which ControlNet 1.1 was trained
    with. Edges sharper than 40 degrees stay sharp. For a ready normal map, use
    `picture: {image: normals.png, kind: normal}`.

    Example:
        - normal: {mesh: keep.glb, azimuth: 35}
    """
    orbit = Orbit(azimuth, elevation, fov, zoom, distance, projection == "perspective")
    try:
        shot = make_shot(read_mesh(mesh.path, up), orbit if camera == "orbit" else None, size)
        return color_image(to_uint8(_rendered(shot, size, ground)))
    except InputError as error:
        raise error.at(mesh.path.name) from error


def _rendered(shot: Shot, size: ControlSize, ground: bool) -> FloatArray:
    """The colors of the normals, `height × width × 3`."""
    triangles = shot.mesh.triangles
    nearness, colors = shot.camera.facing(triangles, corner_normals(triangles), size, shot.near, _colors)
    if not np.isfinite(nearness).any():
        raise not_visible()
    colors[~np.isfinite(nearness)] = _colors(_SKY)
    if ground:
        below = shot.camera.ground(shot.mesh.foot, size, shot.reach)
        colors[below > nearness] = _colors(shot.camera.view[:3, 1])
    return colors


def _colors(normals: Floats) -> FloatArray:
    """The colors of view-space unit normals `… × 3`, in 0..1."""
    return np.asarray((normals * _RED_IS_LEFT + 1) / 2, np.float32)

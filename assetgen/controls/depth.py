"""Depth: a mesh seen by a camera, or a ready depth picture, as the grey picture that depth models obey."""

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from assetgen.controls._camera import Camera, Orbit, camera_of
from assetgen.controls._fit import Fit, Size, fitted, padded
from assetgen.controls._gltf import walk
from assetgen.controls._mesh import Mesh, Up, read_mesh
from assetgen.controls._raster import Floats
from assetgen.errors import InputError
from assetgen.image_files import read_image
from assetgen.images import Array, FloatArray, ImageSet, to_float, to_uint8, to_uint16
from assetgen.registry import InputFile, part

FAR_PERCENTILE, FAR_SHARE, NEAR_PERCENTILE = 1.0, 0.8, 99.7
"""Where black and white lie among the inverse depths of one picture, as the embedded depth ControlNet was trained."""
FLAT_MARGIN = 0.1  # of the range of depths of an orthographic view, between the farthest surface and black
GROUND_REACH = 2.5  # of the distance to the model: the far ground comes out near 15 of 255, as it was trained
NEAR_SHARE = 1e-3  # of the model's radius: nothing nearer than this is drawn


Tone = Literal["white", "black"]


@part(version=1)
def depth(
    *,
    mesh: InputFile | None = None,
    image: InputFile | None = None,
    size: Size = (512, 512),
    camera: Literal["orbit", "file"] = "orbit",
    azimuth: Annotated[float, Field(ge=-360, le=360)] = 35.0,
    elevation: Annotated[float, Field(ge=-90, le=90)] = 20.0,
    fov: Annotated[float, Field(ge=1, le=150)] = 40.0,
    zoom: Annotated[float, Field(ge=0.01, le=100)] = 1.0,
    distance: Annotated[float, Field(gt=0, le=1000)] | None = None,
    projection: Literal["perspective", "orthographic"] = "perspective",
    up: Up | None = None,
    ground: bool = True,
    near: Tone = "white",
    fit: Fit = "cover",
) -> ImageSet:
    """Condition on the depth of a mesh, or on a ready depth picture; give one of `mesh` and `image`.

    `mesh` is a glb, gltf, obj, stl or ply file. The orbit camera looks at its middle: azimuth 0 is its front, positive
    azimuth goes to the right, elevation up (degrees). It stands so that the whole model fits, or at `distance` model
    radii; `fov` is across the shorter side (degrees) and `zoom` enlarges. `camera: file` takes the first camera of a
    glTF file instead. `up` says which axis is up where the file breaks its kind's custom; `ground` lays a plane under
    the model. `near: black` turns the tones round: for a picture that shows near things dark, or a model that wants so.

    `color` is grey as RGB uint8, `depth` the same in 16 bits: 1/distance, graded, near white, sky 0; an orthographic
    view is graded by distance itself. `meta["depth"]` tells which distances, in units of the mesh, are white and black.
    """
    if image is not None and mesh is None:
        return _from_picture(image, size, fit, near)
    if mesh is None or image is not None:
        raise InputError("depth wants a mesh or an image, one of the two", cure="Write for example {mesh: keep.glb}")
    orbit = Orbit(azimuth, elevation, fov, zoom, distance, projection == "perspective")
    try:
        return _from_mesh(read_mesh(mesh.path, up), orbit if camera == "orbit" else None, size, ground, near)
    except InputError as error:
        raise error.at(mesh.path.name) from error


def _from_mesh(mesh: Mesh, orbit: Orbit | None, size: Size, ground: bool, near: Tone) -> ImageSet:
    centre, radius = mesh.centre, mesh.radius
    camera = orbit.around(centre, radius, size) if orbit else _file_camera(mesh, size)
    nearness = camera.nearness(mesh.triangles, size, NEAR_SHARE * radius)
    if not np.isfinite(nearness).any():
        raise InputError("the camera sees nothing of the mesh", cure="Turn it round, lower zoom or leave out distance")
    if ground:
        reach = GROUND_REACH * max(camera.away(centre), radius)
        nearness = np.maximum(nearness, camera.ground(mesh.foot, size, reach))
    return _graded(nearness, camera.perspective, near)


def _file_camera(mesh: Mesh, size: Size) -> Camera:
    """The first camera of a glTF file."""
    found = next(((node["camera"], matrix) for node, matrix in walk(mesh.tree) if "camera" in node), None)
    if found is None:
        raise InputError("the file holds no camera", cure="Use 'camera: orbit', or export a .glb with its camera")
    index, matrix = found
    try:
        return camera_of(mesh.tree["cameras"][index], matrix, size)
    except (LookupError, TypeError, ValueError, ArithmeticError) as error:
        raise InputError("the file's camera is damaged", cure="Use 'camera: orbit'") from error


def _graded(nearness: Floats, perspective: bool, near: Tone) -> ImageSet:
    """Nearness as grey, black and white placed by percentiles as in training."""
    seen = np.isfinite(nearness)
    far, white = np.percentile(nearness[seen], (FAR_PERCENTILE, NEAR_PERCENTILE))
    black = FAR_SHARE * far if perspective else far - FLAT_MARGIN * (white - far)
    span = white - black
    grey = np.where(seen, np.clip((nearness - black) / span, 0, 1) if span > 0 else 1.0, 0)
    distances = (1 / white, 1 / black) if perspective else (-white, -black)
    facts = {
        "encoding": "inverse" if perspective else "linear",
        "near": float(distances[0]),
        "far": float(distances[1]),
    }
    return _picture(grey.astype(np.float32)[..., None], near, facts)


def _from_picture(image: InputFile, size: Size, fit: Fit, near: Tone) -> ImageSet:
    pixels = to_float(read_image(image.path))
    rgb, alpha = pixels[..., :3], pixels[..., 3:]
    grey = rgb.mean(axis=2, keepdims=True)
    if near == "black":
        grey = 1 - grey
    grey = padded(fitted(grey * alpha if alpha.size else grey, size, fit), size)
    return _picture(grey, "white", {"encoding": "picture"})


def _picture(grey: FloatArray, near: Tone, facts: Mapping[str, object]) -> ImageSet:
    """Grey `H×W×1` in 0..1, near = 1, as the channels and facts of a depth control."""
    tones = grey if near == "white" else 1 - grey
    channels: dict[str, Array] = {"color": np.repeat(to_uint8(tones), 3, axis=2), "depth": to_uint16(tones)}
    return ImageSet(channels, {"depth": {"polarity": f"near_{near}", **facts}})

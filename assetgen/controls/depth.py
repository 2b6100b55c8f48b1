"""Depth: a mesh seen by a camera, or a ready depth picture, as the grey picture that depth models obey."""

from typing import Literal

import numpy as np

from assetgen.controls._camera import Orbit
from assetgen.controls._fit import Fit, Size, fitted, padded
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
from assetgen.errors import InputError
from assetgen.images import Array, DepthRange, FloatArray, ImageSet, Meta, to_float, to_uint8, to_uint16
from assetgen.parts import InputFile, part
from assetgen.pixels.image_files import read_image

FAR_PERCENTILE, FAR_SHARE, NEAR_PERCENTILE = 1.0, 0.8, 99.7
"""Where black and white lie among the inverse depths of one picture, as the embedded depth ControlNet was trained."""
FLAT_MARGIN = 0.1  # of the range of depths of an orthographic view, between the farthest surface and black

Tone = Literal["white", "black"]


@part(version=1)
def depth(
    *,
    mesh: InputFile | None = None,
    image: InputFile | None = None,
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
        shot = shot_of(read_mesh(mesh.path, up), orbit if camera == "orbit" else None, size)
        return _from_mesh(shot, size, ground, near)
    except InputError as error:
        raise error.at(mesh.path.name) from error


def _from_mesh(shot: Shot, size: Size, ground: bool, near: Tone) -> ImageSet:
    nearness = shot.camera.nearness(shot.mesh.triangles, size, shot.near)
    if not np.isfinite(nearness).any():
        raise nothing_seen()
    if ground:
        nearness = np.maximum(nearness, shot.camera.ground(shot.mesh.foot, size, shot.reach))
    return _graded(nearness, shot.camera.perspective, near)


def _graded(nearness: Floats, perspective: bool, near: Tone) -> ImageSet:
    """Nearness as grey, black and white placed by percentiles as in training."""
    seen = np.isfinite(nearness)
    far, white = np.percentile(nearness[seen], (FAR_PERCENTILE, NEAR_PERCENTILE))
    black = FAR_SHARE * far if perspective else far - FLAT_MARGIN * (white - far)
    span = white - black
    grey = np.where(seen, np.clip((nearness - black) / span, 0, 1) if span > 0 else 1.0, 0)
    distances = (1 / white, 1 / black) if perspective else (-white, -black)
    polarity: Literal["near_white", "near_black"] = "near_white" if near == "white" else "near_black"
    shown = DepthRange(polarity, "inverse" if perspective else "linear", *map(float, distances))
    return _depth_image(grey.astype(np.float32)[..., None], shown)


def _from_picture(image: InputFile, size: Size, fit: Fit, near: Tone) -> ImageSet:
    pixels = to_float(read_image(image.path))
    rgb, alpha = pixels[..., :3], pixels[..., 3:]
    grey = rgb.mean(axis=2, keepdims=True)
    if near == "black":
        grey = 1 - grey
    grey = padded(fitted(grey * alpha if alpha.size else grey, size, fit), size)
    return _depth_image(grey, DepthRange("near_white", "picture"))


def _depth_image(grey: FloatArray, shown: DepthRange) -> ImageSet:
    """Channels and metadata of a depth control from grey `H×W×1` in 0..1, near = 1."""
    tones = grey if shown.polarity == "near_white" else 1 - grey
    channels: dict[str, Array] = {"color": np.repeat(to_uint8(tones), 3, axis=2), "depth": to_uint16(tones)}
    return ImageSet(channels, Meta(depth=shown))

"""Depth of a mesh, or a ready depth image, as the grey image that depth control networks expect."""

from typing import Literal

import numpy as np

from assetgen.controls._camera import Orbit
from assetgen.controls._fit import ControlSize, Fit, fit_to_size, pad_to_size
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
from assetgen.errors import InputError
from assetgen.images import Array, DepthRange, FloatArray, ImageSet, Meta, to_float, to_uint8, to_uint16
from assetgen.parts import InputFile, part
from assetgen.pixels.image_files import read_image

_FAR_PERCENTILE, _FAR_SHARE, _NEAR_PERCENTILE = 1.0, 0.8, 99.7
"""Percentiles of inverse depth that become black and white, as in the training of the embedded depth ControlNet."""
_STRIP = 256  # rows of an image that are converted to floats at once
_FLAT_MARGIN = 0.1  # of the depth range of an orthographic view: distance from the farthest surface to black

_Tone = Literal["white", "black"]


@part(version=1)
def depth(
    *,
    mesh: InputFile | None = None,
    image: InputFile | None = None,
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
    near: _Tone = "white",
    fit: Fit = "cover",
) -> ImageSet:
    """Condition on the depth of a `mesh`, or on a ready depth `image`.

    - `mesh`: a .glb, .gltf, .obj, .stl or .ply file. `up` overrides the format's usual up axis.
    - `camera`: `orbit` looks at the centre of the mesh; `file` uses the first camera of a glTF file.
    - `azimuth`, `elevation`: of the orbit camera, in degrees. Azimuth 0 is the front, positive goes to the right.
    - `distance`: of the orbit camera, in model radii. By default the whole model fits into the image.
    - `fov`: across the shorter side, in degrees. `zoom` enlarges the image around its centre.
    - `ground`: add a ground plane under the mesh.
    - `image`: a grey depth image, fitted to `size` by `fit`.
    - `near`: `black` inverts the tones, for an image that shows near surfaces dark or a model that expects it.

    Returns `color`, grey as RGB uint8, and `depth`, the same with 16 bits: linear in 1 / distance (orthographic: in
    distance), near white, background 0. `meta.depth` holds the distances of white and black in units of the mesh.

    Example:
        - depth: {mesh: keep.glb, azimuth: 35, elevation: 15}
    """
    if image is not None and mesh is None:
        return _from_image(image, size, fit, near)
    if mesh is None or image is not None:
        raise InputError("depth needs either a mesh or an image", cure="Write for example {mesh: keep.glb}")
    orbit = Orbit(azimuth, elevation, fov, zoom, distance, projection == "perspective")
    try:
        shot = make_shot(read_mesh(mesh.path, up), orbit if camera == "orbit" else None, size)
        return _from_mesh(shot, size, ground, near)
    except InputError as error:
        raise error.at(mesh.path.name) from error


def _from_mesh(shot: Shot, size: ControlSize, ground: bool, near: _Tone) -> ImageSet:
    nearness = shot.camera.nearness(shot.mesh.triangles, size, shot.near)
    if not np.isfinite(nearness).any():
        raise not_visible()
    if ground:
        nearness = np.maximum(nearness, shot.camera.ground(shot.mesh.foot, size, shot.reach))
    return _graded(nearness, shot.camera.perspective, near)


def _graded(nearness: Floats, perspective: bool, near: _Tone) -> ImageSet:
    """Nearness as grey; percentiles become black and white as in training."""
    seen = np.isfinite(nearness)
    far, white = np.percentile(nearness[seen], (_FAR_PERCENTILE, _NEAR_PERCENTILE))
    black = _FAR_SHARE * far if perspective else far - _FLAT_MARGIN * (white - far)
    span = white - black
    grey = np.where(seen, np.clip((nearness - black) / span, 0, 1) if span > 0 else 1.0, 0)
    distances = (1 / white, 1 / black) if perspective else (-white, -black)
    polarity: Literal["near_white", "near_black"] = "near_white" if near == "white" else "near_black"
    shown = DepthRange(polarity, "inverse" if perspective else "linear", *map(float, distances))
    return _depth_image(grey.astype(np.float32)[..., None], shown)


def _from_image(image: InputFile, size: ControlSize, fit: Fit, near: _Tone) -> ImageSet:
    pixels = read_image(image.path)
    strips = (pixels[top : top + _STRIP] for top in range(0, len(pixels), _STRIP))
    grey = np.concatenate([_nearness(to_float(strip), near) for strip in strips])
    return _depth_image(pad_to_size(fit_to_size(grey, size, fit), size), DepthRange("near_white", "picture"))


def _nearness(pixels: FloatArray, near: _Tone) -> FloatArray:
    """The mean of the colors, `H×W×1`, near = 1; what is transparent is far."""
    grey: FloatArray = pixels[..., :3].mean(axis=2, keepdims=True)
    if near == "black":
        grey = 1 - grey
    return grey * pixels[..., 3:] if pixels.shape[2] == 4 else grey


def _depth_image(grey: FloatArray, shown: DepthRange) -> ImageSet:
    """Channels and metadata of a depth control from grey `H×W×1` in 0..1, near = 1."""
    tones = grey if shown.polarity == "near_white" else 1 - grey
    channels: dict[str, Array] = {"color": np.repeat(to_uint8(tones), 3, axis=2), "depth": to_uint16(tones)}
    return ImageSet(channels, Meta(depth=shown))

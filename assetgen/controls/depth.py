"""Depth of a mesh, or a ready depth image, as the grey image that depth control networks expect."""

import numpy as np

from assetgen.controls._camera import Orbit
from assetgen.controls._depth_tones import Tone, depth_image, graded, nearness_of
from assetgen.controls._fit import ControlSize, Fit, fit_to_size, pad_to_size
from assetgen.controls._mesh import Up, read_mesh
from assetgen.controls._shot import (
    Azimuth,
    CameraSource,
    Distance,
    Elevation,
    Fov,
    Projection,
    Zoom,
    make_shot,
)
from assetgen.errors import InputError
from assetgen.images import DepthRange, FloatArray, ImageSet, to_float
from assetgen.parts import InputFile, part
from assetgen.pixels.image_files import read_image

_STRIP = 256  # rows of an image that are converted to floats at once


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
    near: Tone = "white",
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
        return graded(nearness_of(shot, size, ground), shot.camera.perspective, near)
    except InputError as error:
        raise error.at(mesh.path.name) from error


def _from_image(image: InputFile, size: ControlSize, fit: Fit, near: Tone) -> ImageSet:
    pixels = read_image(image.path)
    strips = (pixels[top : top + _STRIP] for top in range(0, len(pixels), _STRIP))
    grey = np.concatenate([_nearness(to_float(strip), near) for strip in strips])
    return depth_image(pad_to_size(fit_to_size(grey, size, fit), size), DepthRange("near_white", "picture"))


def _nearness(pixels: FloatArray, near: Tone) -> FloatArray:
    """The mean of the colors, `H×W×1`, near = 1; what is transparent is far."""
    grey: FloatArray = pixels[..., :3].mean(axis=2, keepdims=True)
    if near == "black":
        grey = 1 - grey
    return grey * pixels[..., 3:] if pixels.shape[2] == 4 else grey

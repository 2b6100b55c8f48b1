"""Depth as the grey that depth control networks expect: what the controls `depth` and `turntable` share."""

from typing import Literal

import numpy as np

from assetgen.controls._fit import ControlSize
from assetgen.controls._raster import Floats
from assetgen.controls._shot import Shot, not_visible
from assetgen.images import Array, DepthRange, FloatArray, ImageSet, Meta, to_uint8, to_uint16

Tone = Literal["white", "black"]
_FAR_PERCENTILE, _FAR_SHARE, _NEAR_PERCENTILE = 1.0, 0.8, 99.7
"""Percentiles of inverse depth that become black and white, as in the training of the embedded depth ControlNet."""
_FLAT_MARGIN = 0.1  # of the depth range of an orthographic view: distance from the farthest surface to black


def nearness_of(shot: Shot, size: ControlSize, ground: bool) -> Floats:
    """Nearness of a mesh at each pixel (see `Camera.nearness`), with a ground plane under it where wanted.

    Raises `InputError` where no part of the mesh is in view.
    """
    nearness = shot.camera.nearness(shot.mesh.triangles, size, shot.near)
    if not np.isfinite(nearness).any():
        raise not_visible()
    return np.maximum(nearness, shot.camera.ground(shot.mesh.foot, size, shot.reach)) if ground else nearness


def graded(nearness: Floats, perspective: bool, near: Tone) -> ImageSet:
    """Nearness as grey; percentiles become black and white as in training. Frames are graded together if stacked."""
    seen = np.isfinite(nearness)
    far, white = np.percentile(nearness[seen], (_FAR_PERCENTILE, _NEAR_PERCENTILE))
    black = _FAR_SHARE * far if perspective else far - _FLAT_MARGIN * (white - far)
    span = white - black
    grey = np.where(seen, np.clip((nearness - black) / span, 0, 1) if span > 0 else 1.0, 0)
    distances = (1 / white, 1 / black) if perspective else (-white, -black)
    polarity: Literal["near_white", "near_black"] = "near_white" if near == "white" else "near_black"
    shown = DepthRange(polarity, "inverse" if perspective else "linear", *map(float, distances))
    return depth_image(grey.astype(np.float32)[..., None], shown)


def depth_image(grey: FloatArray, shown: DepthRange) -> ImageSet:
    """Channels and metadata of a depth control from grey `H×W×1` in 0..1, near = 1."""
    tones = grey if shown.polarity == "near_white" else 1 - grey
    channels: dict[str, Array] = {"color": np.repeat(to_uint8(tones), 3, axis=2), "depth": to_uint16(tones)}
    return ImageSet(channels, Meta(depth=shown))

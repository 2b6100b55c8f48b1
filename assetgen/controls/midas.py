"""MiDaS: depth or surface normals, estimated from an image."""

from functools import partial
from typing import Literal

import numpy as np

from assetgen.controls import _detector as aux
from assetgen.controls._fit import ControlSize, Fit
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

_WEIGHTS = aux.annotators_file("dpt_hybrid-midas-501f0c75.pt")


@part(version=1, detector=Detector("depth", "MIT", "https://github.com/isl-org/MiDaS/blob/master/LICENSE"))
def midas(
    device: str = "auto",
    *,
    image: InputFile,
    size: ControlSize = (512, 512),
    kind: Literal["depth", "normal"] = "depth",
    fit: Fit = "cover",
    weights: aux.DetectorWeights = _WEIGHTS,
) -> ImageSet:
    """Condition on the estimated depth of an image, near white (MiDaS; Ranftl and others, 2021).

    `kind: normal` derives surface normals from the depth, coloured as for ControlNet 1.0: red is left, green is up,
    blue is towards the camera.

    Example:
        - midas: {image: photo.png, kind: normal}
    """
    return aux.run_detector(aux.DetectorInput(image, size, fit), device, weights, _load, partial(_draw, kind))


def _load(tensors: aux.Tensors, device: str) -> aux.Network:
    module = aux.load_module("midas")
    models = aux.load_module("midas.midas.dpt_depth")
    network = models.DPTDepthModel(path=None, backbone="vitb_rn50_384", non_negative=True)
    return module.MidasDetector(aux.ready(network, tensors.get("model", tensors), device))


def _draw(kind: str, detector: aux.Network, pixels: aux.Pixels) -> aux.Pixels:
    depth, normal = detector(pixels, depth_and_normal=True, **aux.no_scaling(pixels))
    return np.asarray(depth if kind == "depth" else normal[..., ::-1], np.uint8)  # the package returns BGR

"""Segment Anything: an image as coloured regions."""

import numpy as np

from assetgen.controls import _detector as aux
from assetgen.controls._fit import ControlSize, Fit
from assetgen.images import ImageSet
from assetgen.parts import Detector, HubFile, InputFile, part

_WEIGHTS = HubFile(
    hub="ybelkada/segment-anything",
    revision="7790786db131bcdc639f24a915d9f2c331d843ee",
    file="checkpoints/sam_vit_b_01ec64.pth",
)
_LICENCE = "https://github.com/facebookresearch/segment-anything/blob/main/LICENSE"
_NETWORKS = {12: "vit_b", 24: "vit_l", 32: "vit_h"}  # by the number of blocks of the image encoder


@part(version=1, detector=Detector("seg", "Apache-2.0", _LICENCE))
def segment_anything(
    device: str = "auto",
    *,
    image: InputFile,
    size: ControlSize = (512, 512),
    fit: Fit = "cover",
    weights: aux.DetectorWeights = _WEIGHTS,
) -> ImageSet:
    """Condition on the regions of an image, small ones drawn over large ones (Kirillov and others, 2023).

    The colours are arbitrary: they separate regions but do not name them, unlike those of ADE20K. `weights` may be of
    any of the three model sizes.

    Example:
        - segment_anything: {image: photo.png}
    """
    return aux.run_detector(aux.DetectorInput(image, size, fit), device, weights, _load, _draw)


def _load(tensors: aux.Tensors, device: str) -> aux.Network:
    module = aux.load_module("segment_anything")
    blocks = {name.split(".")[2] for name in tensors if name.startswith("image_encoder.blocks.")}
    network = module.sam_model_registry[_NETWORKS[len(blocks)]](checkpoint=None)
    return module.SamAutomaticMaskGenerator(aux.ready(network, tensors, device))


def _draw(generator: aux.Network, pixels: aux.Pixels) -> aux.Pixels:
    canvas, random = np.zeros_like(pixels), np.random.default_rng(0)
    for mask in sorted(generator.generate(pixels), key=lambda each: each["area"], reverse=True):
        canvas[mask["segmentation"]] = random.integers(0, 256, 3, np.uint8)
    return canvas

"""Segment Anything: a picture cut into coloured regions."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from assetgen.controls._detector import View, Weights, detected, module_of, ready
from assetgen.controls._fit import Fit, Size
from assetgen.images import ImageSet
from assetgen.parts import Detector, HubFile, InputFile, part

WEIGHTS = HubFile(
    hub="ybelkada/segment-anything",
    revision="7790786db131bcdc639f24a915d9f2c331d843ee",
    file="checkpoints/sam_vit_b_01ec64.pth",
)
LICENCE = "https://github.com/facebookresearch/segment-anything/blob/main/LICENSE"
NETWORKS = {12: "vit_b", 24: "vit_l", 32: "vit_h"}  # by how many blocks the image encoder has


@part(version=1, detector=Detector("seg", "Apache-2.0", LICENCE))
def segment_anything(
    device: str = "auto", *, image: InputFile, size: Size = (512, 512), fit: Fit = "cover", weights: Weights = WEIGHTS
) -> ImageSet:
    """Condition on the regions of a picture (Kirillov and others, 2023), large ones below small ones.

    The colours only tell regions apart: they do not name things, as those of ADE20K do. `weights` of all three sizes
    are understood.
    """

    def draw(generator: Any, pixels: Any) -> Any:
        canvas, colours = np.zeros_like(pixels), np.random.default_rng(0)
        for mask in sorted(generator.generate(pixels), key=lambda each: each["area"], reverse=True):
            canvas[mask["segmentation"]] = colours.integers(0, 256, 3, np.uint8)
        return canvas

    return detected(View(image, size, fit), device, weights, _load, draw)


def _load(tensors: Mapping[str, Any], place: str) -> Any:
    module = module_of("segment_anything")
    blocks = {name.split(".")[2] for name in tensors if name.startswith("image_encoder.blocks.")}
    network = module.sam_model_registry[NETWORKS[len(blocks)]](checkpoint=None)
    return module.SamAutomaticMaskGenerator(ready(network, tensors, place))

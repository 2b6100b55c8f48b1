"""Cut an object out with a background-removal network, and remove the background from the colours of its edge.

The networks are ONNX files with one RGB image as input and a mask as first output: BiRefNet (Zheng and others, 2024),
U²-Net (Qin and others, 2020), IS-Net (Qin and others, 2022). Their conventions, as in the package rembg: the image is
squashed to the size of the network; BiRefNet returns logits, the others return 0..1.
"""

import json

import numpy as np

from assetgen.diffusion.families import MASK_NETWORKS
from assetgen.diffusion.loading.onnx_files import OnnxNetwork, warm_graph
from assetgen.diffusion.loading.weight_files import check_model, weights_path
from assetgen.errors import InputError
from assetgen.images import FloatArray
from assetgen.pack.schema import ModelCard

_ROUNDING = 0.01
"""Values farther than this outside 0..1 are logits."""
_FOUND = 0.5
"""A mask whose maximum is lower found nothing; it is not stretched to 0..1."""
_BLURS = (90, 6)
"""Pixels: widths of the two box filters, by the authors of blur fusion."""


def find_matte(rgb: FloatArray, network: ModelCard, device: str) -> FloatArray:
    """The coverage `H×W` of the main object of an image (sRGB `H×W×3` in 0..1) by a network.

    Raises `NotInstalledError` for missing weights or packages, `InputError` for a model of another kind.
    """
    if network.family not in MASK_NETWORKS:
        what = f"model '{network.model}' finds no objects: its family is '{network.family}'"
        raise InputError(what, cure=f"Use a model of family {', '.join(MASK_NETWORKS)}")
    check_model(network)
    digest = json.dumps(network.identity)
    graph = warm_graph(weights_path(network.weights), digest, device, size=network.native, outputs=1)
    mean, deviation = (np.array(each, np.float32) for each in MASK_NETWORKS[network.family])
    seen = (np.clip(_scaled(rgb, graph.size), 0, 1) - mean) / deviation
    mask = _run(graph, np.ascontiguousarray(seen.transpose(2, 0, 1)[None]))
    if mask.min() < -_ROUNDING or mask.max() > 1 + _ROUNDING:
        mask = np.asarray(1 / (1 + np.exp(-np.clip(mask, -80, 80))), np.float32)  # the exponential overflows beyond
    if mask.max() >= _FOUND:
        mask = (mask - mask.min()) / np.maximum(mask.max() - mask.min(), np.float32(1e-6))
    return np.clip(_scaled(mask[..., None], (rgb.shape[1], rgb.shape[0]))[..., 0], 0, 1)


def _run(graph: OnnxNetwork, image: FloatArray) -> FloatArray:
    """The first output as a plane `H×W`."""
    cure = "Use a background-removal network: one RGB image in, a mask out"
    try:
        found = graph.run(image.astype(np.float16 if graph.sample_type == "float16" else np.float32))
    except Exception as error:  # the errors of ONNX Runtime have no base of their own
        reason = str(error).strip().partition("\n")[0][:120]
        raise InputError(
            f"the network does not take an RGB image of {graph.size[0]} × {graph.size[1]} ({reason})", cure=cure
        ) from error
    mask = np.asarray(found[0], np.float32)
    if mask.ndim < 3 or mask.size != mask.shape[-1] * mask.shape[-2] or not np.isfinite(mask).all():
        raise InputError(f"the network returns no mask, but an array of {' × '.join(map(str, mask.shape))}", cure=cure)
    return mask.reshape(mask.shape[-2:])


def _scaled(pixels: FloatArray, size: tuple[int, int]) -> FloatArray:
    """Planes scaled by Lanczos, as rembg does."""
    from PIL import Image

    planes = [Image.fromarray(np.ascontiguousarray(plane)) for plane in np.moveaxis(pixels, 2, 0)]
    return np.stack([np.asarray(plane.resize(size, Image.Resampling.LANCZOS)) for plane in planes], axis=2)


def fused_colors(rgb: FloatArray, coverage: FloatArray) -> FloatArray:
    """The colours of the object (`H×W×3`) without the background that is mixed into soft pixels (`coverage`, `H×W`).

    Blur fusion (Forte, "Approximate Fast Foreground Colour Estimation", 2021), twice, as BiRefNet's authors use it.
    """
    front, back, alpha = rgb, rgb, coverage[..., None]
    for width in _BLURS:
        front, back = _fused(rgb, alpha, front, back, width)
    return np.where(alpha >= 1, rgb, front)


def _fused(
    rgb: FloatArray, alpha: FloatArray, front: FloatArray, back: FloatArray, width: int
) -> tuple[FloatArray, FloatArray]:
    """One round: the mean colours of object and background nearby, and the object's corrected by what they leave."""
    import cv2

    def mean(colors: FloatArray, weights: FloatArray) -> FloatArray:
        total = cv2.blur(weights[..., 0], (width, width))[..., None]
        return np.asarray(cv2.blur(colors * weights, (width, width)) / (total + np.float32(1e-5)), np.float32)

    near, behind = mean(front, alpha), mean(back, 1 - alpha)
    return np.clip(near + alpha * (rgb - alpha * near - (1 - alpha) * behind), 0, 1), behind

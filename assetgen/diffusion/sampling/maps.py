"""Maps of a material that Marigold estimates from an image: depth, normals, albedo, roughness, metallicity, shading.

Ke and others, "Repurposing Diffusion-Based Image Generators for Monocular Depth Estimation" (2024), and "Marigold:
Affordable Adaptation of Diffusion-Based Image Generators for Image Analysis" (2025), by the pipelines of diffusers.
A model sees windows of the size it was trained with. Along axes that tile, windows reach across the border and are
placed so that rolling the image by half its side rolls its maps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assetgen.diffusion.loading.estimators import Estimator, warm_estimator
from assetgen.diffusion.speed.devices import libraries
from assetgen.errors import InputError, check_cancelled
from assetgen.images import FloatArray
from assetgen.pack.schema import ModelCard
from assetgen.pixels.color import srgb_from_linear

Maps = Mapping[str, FloatArray]
"""Maps `H×W×C` by name, in 0..1: height (1 is near), roughness, metallic, albedo (sRGB), shading and residual (linear).
Normals are unit vectors in -1..1: x right, y up, z towards the viewer."""
_SMALLEST = 16  # pixels per side
_STEPS = 4  # where the pipeline's configuration has none: what Marigold v1-1 recommends
_STRIDE = 0.75  # of a window: the rest overlaps the next one
_SEED = 0
"""Of the initial noise. Each window has the same, so that maps depend on nothing but the image."""
_NAMES = {"metallicity": "metallic"}
"""Names of diffusers' targets that have another name here."""


def estimate_maps(card: ModelCard, color: FloatArray, tiles: str, device: str) -> Maps:
    """The maps that a model estimates from sRGB `H×W×3` in 0..1. They tile along the axes in `tiles`.

    Raises `InputError` for a model that estimates none, or an image with a side below 16 pixels.
    """
    if min(color.shape[:2]) < _SMALLEST:
        height, width = color.shape[:2]
        raise InputError(
            f"model '{card.model}' needs at least {_SMALLEST} × {_SMALLEST} pixels, not {width} × {height}"
        )
    estimator = warm_estimator(card, device)
    side = _resolution(estimator, card)

    def predict(window: FloatArray) -> FloatArray:
        check_cancelled()
        return _predict(estimator, window, side)

    match card.family:
        case "marigold_depth":
            depth = _in_windows(color, side, tiles, lambda window: _without_plane(predict(window)[0]))
            return {"height": -depth - (-depth).min()}
        case "marigold_normals":
            normals = _in_windows(color, side, tiles, lambda window: predict(window)[0])
            return {"normal": normals / np.linalg.norm(normals, axis=2, keepdims=True).clip(1e-6)}
    targets = _in_windows(color, side, tiles, lambda window: np.concatenate(list(predict(window)), axis=2))
    return dict(_named_targets(targets, estimator.pipeline.target_properties, card))


def _resolution(estimator: Estimator, card: ModelCard) -> int:
    """The longer side that the model was trained with, in pixels."""
    return int(estimator.pipeline.default_processing_resolution or max(card.native))


def _predict(estimator: Estimator, window: FloatArray, side: int) -> FloatArray:
    """The prediction `T×H×W×C` for one window."""
    torch, _ = libraries()
    pipeline: Any = estimator.pipeline
    with estimator.lock:
        found = pipeline(
            window,
            num_inference_steps=pipeline.default_denoising_steps or _STEPS,
            processing_resolution=side,
            generator=torch.Generator("cpu").manual_seed(_SEED),
        )
    return np.asarray(found.prediction, np.float32)


def _in_windows(color: FloatArray, side: int, tiles: str, predict: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Predictions for overlapping windows of at most `side` pixels, blended with smooth weights."""
    lines = [
        _windows(length, min(length, side), axis in tiles) for axis, length in zip("yx", color.shape, strict=False)
    ]
    total: Any = 0.0
    weights = np.zeros((*color.shape[:2], 1), np.float32)
    for rows, columns in product(*lines):
        place = np.ix_(rows, columns)
        weight = (_ramp(len(rows))[:, None] * _ramp(len(columns)))[..., None]
        found = predict(np.ascontiguousarray(color[place]))
        total = np.zeros((*color.shape[:2], found.shape[2]), np.float32) if np.isscalar(total) else total
        total[place] += weight * found
        weights[place] += weight
    return np.asarray(total / weights, np.float32)


def _windows(length: int, window: int, wraps: bool) -> Sequence[NDArray[np.int64]]:
    """The pixels of each window along an axis. Where the image tiles, their number is even."""
    if wraps:
        count = 2 * math.ceil(length / (2 * _STRIDE * window))
        starts = [round(index * length / count) for index in range(count)]
    else:
        count = 1 + math.ceil((length - window) / (_STRIDE * window))
        starts = [round(start) for start in np.linspace(0, length - window, count)]
    return [(start + np.arange(window)) % length for start in starts]


def _ramp(length: int) -> FloatArray:
    """Weights along a window: 1 in the middle, near 0 at the ends."""
    return np.sin(np.pi * (np.arange(length, dtype=np.float32) + 0.5) / length) ** 2


def _without_plane(depth: FloatArray) -> FloatArray:
    """Depth `H×W×1` without its mean and tilt: depth is known up to scale and offset, and a material is seen from
    straight above."""
    height, width = depth.shape[:2]
    down, across = np.linspace(-1, 1, height, dtype=np.float32), np.linspace(-1, 1, width, dtype=np.float32)
    plane = depth[..., 0] - depth.mean()
    for line in (down[:, None], across[None]):  # orthogonal to each other and to the mean
        plane = plane - line * (plane * line).mean() / max(float((line**2).mean()), 1e-12)
    return np.asarray(plane[..., None], np.float32)


def _named_targets(targets: FloatArray, properties: Mapping[str, Any], card: ModelCard) -> Maps:
    """The maps of an intrinsic decomposition `H×W×3T`, by `target_properties` of the pipeline's configuration."""
    maps: dict[str, FloatArray] = {}
    try:
        for number, name in enumerate(properties["target_names"]):
            found, how = targets[..., 3 * number : 3 * number + 3], properties[name]
            if "sub_target_names" in how:
                planes = enumerate(how["sub_target_names"])
                maps |= {_NAMES.get(each, each): found[..., [plane]] for plane, each in planes if each}
            elif name == "albedo" and how.get("prediction_space") == "linear":
                maps[name] = srgb_from_linear(found)
            else:
                maps[_NAMES.get(name, name)] = found
    except (KeyError, TypeError, AttributeError) as error:
        what = f"the weights of '{card.model}' do not say what they estimate (target_properties in model_index.json)"
        raise InputError(what, cure="Download or copy the model again") from error
    return maps

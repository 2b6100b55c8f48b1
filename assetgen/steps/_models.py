"""Models as arguments of steps: the name of a model card, in YAML, on the command line and over HTTP."""

from collections.abc import Iterable
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema

from assetgen.errors import InputError
from assetgen.images import FloatArray, ImageSet, split_alpha, to_float
from assetgen.pack.schema import ModelCard


def _by_name(value: Any, info: ValidationInfo) -> ModelCard:
    """The card of this name, by the function `cards` of the validation context. A card itself is refused where it is
    not an object of Python: a request over HTTP must not name paths of the server."""
    if isinstance(value, ModelCard):
        return value
    cards = (info.context or {}).get("cards")
    if cards is None or not isinstance(value, str):
        raise ValueError("a model is written as the name of its card, like marigold_normals")
    try:
        found: ModelCard = cards(value)
    except InputError as error:
        raise ValueError(str(error)) from error
    return found


_SCHEMA = {"type": "string", "format": "model", "title": "Model", "description": "The name of a model card"}
Model = Annotated[ModelCard, BeforeValidator(_by_name), WithJsonSchema(_SCHEMA)]
"""A model card; written as its name."""


def estimated_maps(models: Iterable[ModelCard], images: ImageSet, device: str) -> dict[str, FloatArray]:
    """The maps `H×W×C` that models estimate from `color` (see `diffusion/sampling/maps.py`); of two for one map, the
    later. Transparent pixels have the mean colour."""
    found: dict[str, FloatArray] = {}
    for model in models:
        from assetgen.diffusion.sampling.maps import estimate_maps

        color, alpha = split_alpha(to_float(images["color"]))
        mean = (color * alpha).sum(axis=(0, 1)) / max(float(alpha.sum()), 1e-6)
        filled = np.asarray(color * alpha + mean * (1 - alpha), np.float32)
        found |= estimate_maps(model, filled, images.meta.tiles or "", device)
    return found

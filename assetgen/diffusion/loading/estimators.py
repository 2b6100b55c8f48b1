"""From a model card to a warm estimator: a Marigold pipeline of diffusers, which estimates maps of an image."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from assetgen.diffusion.families import ESTIMATORS
from assetgen.diffusion.loading.reading import load_weights
from assetgen.diffusion.loading.warm_cache import WARM
from assetgen.diffusion.loading.weight_files import check_model, weights_path
from assetgen.diffusion.speed.devices import device_for, libraries
from assetgen.diffusion.speed.offload import apply_placement
from assetgen.errors import InputError
from assetgen.pack.schema import ModelCard

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline

_IDENTITY = {"weights", "digest", "family", "native", "precision"}
"""Card fields that affect what is loaded."""


@dataclass(frozen=True)
class Estimator:
    """An estimator in memory. Hold `lock` while using it: a pipeline's scheduler is state."""

    pipeline: DiffusionPipeline
    lock: Any = field(default_factory=threading.Lock)


def warm_estimator(card: ModelCard, device: str) -> Estimator:
    """The estimator of a card, kept in memory.

    It runs in 32 bits on CPUs and in float16 elsewhere, where its card sets no `precision`: the 8 significant bits of
    bfloat16 are too few for height and normals. Raises `InputError` for a card of another kind of model and
    `NotInstalledError` for missing weights.
    """
    if card.family not in ESTIMATORS:
        what = f"model '{card.model}' estimates no maps: its family is '{card.family}'"
        raise InputError(what, cure=f"Use a model of family {', '.join(ESTIMATORS)}")
    check_model(card)
    key = (card.model_dump_json(include=_IDENTITY), device)
    return WARM.get("estimator", key, lambda: _load(card, device))


def _load(card: ModelCard, name: str) -> Estimator:
    torch, diffusers = libraries()
    if weights_path(card.weights).is_file():
        what = f"the weights of '{card.model}' are one file"
        raise InputError(what, cure="Name its folder in diffusers layout, as {folder: …}")
    device = device_for(card, name)
    if card.precision == "auto":
        device = replace(device, dtype=torch.float32 if device.name == "cpu" else torch.float16)
    pipeline_class = getattr(diffusers, ESTIMATORS[card.family])
    pipeline = load_weights(pipeline_class, card.weights, card.model, device, family=card.family)
    pipeline.set_progress_bar_config(disable=True)
    apply_placement(pipeline, device, card.native[0] * card.native[1], 0)
    return Estimator(pipeline)

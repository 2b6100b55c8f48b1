"""Qwen-Image-Layered, which takes a picture apart into layers with alpha. Follows `QwenImageLayeredPipeline`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assetgen.diffusion.families import Family, Kwargs, PromptEmbeds, References, classifier_free_guidance
from assetgen.diffusion.families._qwen import masked_text, qwen_family
from assetgen.diffusion.families._qwen_pictures import picture_kwargs, predict_with_pictures
from assetgen.pack.schema import ImageSize

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline
    from torch import Tensor

_BASE_TOKENS = (256 / 16) ** 2
"""Tokens of the image for which the schedule is shifted by 1."""


def qwen_image_layered() -> Family:
    """Qwen-Image's transformer on several frames: the whole picture, then its layers from the back to the front."""
    return qwen_family(
        "QwenImageLayeredPipeline",
        network_kwargs=_network_kwargs,
        predict=predict_with_pictures,
        guide=classifier_free_guidance,
        time_shift=_time_shift,
        references=References(picture_kwargs),
        control_adapters={},
        layered=True,
    )


def _time_shift(config: Mapping[str, Any], tokens: int, steps: int) -> float:
    return float((tokens / _BASE_TOKENS) ** 0.5)


def _network_kwargs(
    pipeline: DiffusionPipeline, embeds: PromptEmbeds, size: ImageSize, guidance_scale: Tensor
) -> Kwargs:
    """With the number of the output's kind, which is 0 for layers."""
    text = masked_text(embeds)
    hidden_states = text["encoder_hidden_states"]
    return {**text, "additional_t_cond": hidden_states.new_zeros(len(hidden_states)).long()}

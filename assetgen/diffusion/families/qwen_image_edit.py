"""Qwen-Image-Edit 2509 and 2511, which draw what the prompt says about up to three pictures. Follows
`QwenImageEditPlusPipeline`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from assetgen.diffusion._private_apis import execution_device
from assetgen.diffusion.families import Family, PromptEmbeds, References
from assetgen.diffusion.families._language_model import pad_prompts
from assetgen.diffusion.families._qwen import NO_NEGATIVE, kept_prompts, qwen_family
from assetgen.diffusion.families._qwen_pictures import picture_kwargs, predict_with_pictures, resized
from assetgen.images import FloatArray, to_float

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline
    from torch import Tensor

_MAX_TOKENS = 2048
"""A picture takes about 200 tokens of a prompt."""


def qwen_image_edit() -> Family:
    """Qwen-Image's transformer, which sees pictures as further tokens; Qwen2.5-VL sees them smaller."""
    return qwen_family(
        "QwenImageEditPlusPipeline",
        predict=predict_with_pictures,
        references=References(picture_kwargs, _prepare, _encode),
        control_adapters={},
    )


def _prepare(pipeline: DiffusionPipeline, picture: FloatArray) -> FloatArray:
    from diffusers.pipelines.qwenimage.pipeline_qwenimage_edit_plus import VAE_IMAGE_SIZE

    return to_float(np.array(resized(pipeline, picture, VAE_IMAGE_SIZE)))


def _encode(
    pipeline: DiffusionPipeline,
    prompts: list[str],
    negative_prompts: list[str],
    cfg: bool,
    pictures: Sequence[FloatArray],
) -> PromptEmbeds:
    from diffusers.pipelines.qwenimage.pipeline_qwenimage_edit_plus import CONDITION_IMAGE_SIZE

    images = [resized(pipeline, picture, CONDITION_IMAGE_SIZE) for picture in pictures]
    texts = {"": prompts} | ({"negative_": [text or NO_NEGATIVE for text in negative_prompts]} if cfg else {})
    found: dict[str, Tensor] = {}
    for prefix, text in texts.items():
        embeds = pipeline.encode_prompt(text, image=images, device=execution_device(pipeline))
        padded = pad_prompts(kept_prompts(*embeds), _MAX_TOKENS)
        found |= {f"{prefix}{name}": tensor for name, tensor in padded.items()}
    return found

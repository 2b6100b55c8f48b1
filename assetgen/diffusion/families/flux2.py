"""FLUX.2 dev and klein. Follows `Flux2Pipeline`, `Flux2KleinPipeline` and `Flux2KleinInpaintPipeline`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from assetgen.diffusion._private_apis import execution_device
from assetgen.diffusion.families import Family, Kwargs, PromptEmbeds, References, linear_sigmas
from assetgen.diffusion.families._language_model import prompt_tokens
from assetgen.diffusion.families._transformer import floored_skipped_steps, unit_timestep
from assetgen.diffusion.sampling.latents import vae_scale_factor
from assetgen.diffusion.sampling.request import center_crop
from assetgen.errors import InputError
from assetgen.images import FloatArray, to_float, to_uint8
from assetgen.pack.schema import ImageSize

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

_MAX_SEQUENCE_LENGTH = 512  # tokens, those of the chat template included
_DEV = "Flux2Pipeline"
_MAX_REFERENCE_PIXELS = 1024 * 1024
_REFERENCE_INTERVAL = 10
"""Between the positions of reference pictures on the time axis; the image that is drawn is at 0."""


def flux2() -> Family:
    """Three hidden states of Qwen3 (klein) or Mistral (dev); one transformer, whose tokens are the latents of 16 × 16
    pixels each. The distilled models have no negative pass: dev takes guidance as an input, klein ignores it."""
    return Family(
        "Flux2KleinPipeline",
        other_pipeline_classes=(_DEV,),
        encode=_encode,
        tokenizers=_tokenizers,
        network_kwargs=_network_kwargs,
        predict=_predict,
        tile_multiple=lambda network: 1,
        network_name="transformer",
        text_layers=3,
        guidance_distilled=lambda pipeline: _is_dev(pipeline) or bool(pipeline.config.is_distilled),
        sigmas=linear_sigmas,
        time_shift=_time_shift,
        skipped_steps=floored_skipped_steps,
        has_position_embeddings=lambda network: True,
        references=References(_reference_kwargs, _fit_reference, shows_image=True),
    )


def _is_dev(pipeline: DiffusionPipeline) -> bool:
    return type(pipeline).__name__ == _DEV


def _encode(pipeline: DiffusionPipeline, prompts: list[str], negative_prompts: list[str], cfg: bool) -> PromptEmbeds:
    texts = {"prompt_embeds": prompts} | ({"negative_prompt_embeds": negative_prompts} if cfg else {})
    options = {"device": execution_device(pipeline), "max_sequence_length": _MAX_SEQUENCE_LENGTH}
    return {name: pipeline.encode_prompt(text, **options)[0] for name, text in texts.items()}


def _tokenizers(pipeline: DiffusionPipeline) -> Sequence[tuple[PreTrainedTokenizerBase, int]]:
    if not _is_dev(pipeline):
        left = prompt_tokens(pipeline.tokenizer, _MAX_SEQUENCE_LENGTH, enable_thinking=False)
        return [(pipeline.tokenizer, left)]
    from diffusers.pipelines.flux2.pipeline_flux2 import format_input

    processor, messages = pipeline.tokenizer, format_input([""], pipeline.system_message)
    empty = processor.apply_chat_template(messages, add_generation_prompt=False, tokenize=True, return_dict=True)
    return [(getattr(processor, "tokenizer", processor), _MAX_SEQUENCE_LENGTH - len(empty["input_ids"][0]))]


def _network_kwargs(
    pipeline: DiffusionPipeline, embeds: PromptEmbeds, size: ImageSize, guidance_scale: Tensor
) -> Kwargs:
    """With position ids (time, row, column, number): that of text tokens is their number."""
    prompt_embeds, side = embeds["prompt_embeds"], vae_scale_factor(pipeline.vae)
    return {
        "encoder_hidden_states": prompt_embeds,
        "txt_ids": _ids(1, 1, prompt_embeds.shape[1]).to(prompt_embeds.device),
        "img_ids": _ids(size[1] // side, size[0] // side, 1).to(prompt_embeds.device),
        "guidance": guidance_scale.reshape(-1) if pipeline.transformer.config.guidance_embeds else None,
    }


def _ids(rows: int, columns: int, numbers: int, time: int = 0) -> Tensor:
    """Position ids `T×4`."""
    import torch

    axes = (torch.arange(length) for length in (rows, columns, numbers))
    return torch.cartesian_prod(torch.tensor([time]), *axes)


def _time_shift(config: Mapping[str, Any], tokens: int, steps: int) -> float:
    """`compute_empirical_mu` of the pipelines: between lines for 10 and for 200 steps, that for 200 in large images."""
    for_200 = 0.00016927 * tokens + 0.45666666
    if tokens > 4300:
        return for_200
    for_10 = 8.73809524e-05 * tokens + 1.89833333
    slope = (for_200 - for_10) / 190.0
    return slope * steps + (for_200 - 200.0 * slope)


def _reference_kwargs(latents: Sequence[Tensor]) -> Kwargs:
    """The latents of pictures as further image tokens `1×T×C`, each picture at a time of its own."""
    import torch

    ids = [
        _ids(each.shape[2], each.shape[3], 1, _REFERENCE_INTERVAL * number) for number, each in enumerate(latents, 1)
    ]
    return {
        "reference_tokens": torch.cat([_pack(each) for each in latents], dim=1),
        "reference_ids": torch.cat(ids)[None].to(latents[0].device),
    }


def _fit_reference(pipeline: DiffusionPipeline, picture: FloatArray) -> FloatArray:
    """A picture shrunk to the largest area that the pipelines encode, its sides cropped to whole latent cells."""
    from PIL import Image

    multiple = vae_scale_factor(pipeline.vae)
    height, width = picture.shape[:2]
    scale = math.sqrt(_MAX_REFERENCE_PIXELS / (width * height))
    if scale < 1:
        width, height = int(width * scale), int(height * scale)
        image = Image.fromarray(to_uint8(picture)).resize((width, height), Image.Resampling.LANCZOS)
        picture = to_float(np.asarray(image))
    if min(width, height) < multiple:
        what = f"a reference picture of {width} × {height} pixels is too small"
        raise InputError(what, cure=f"Use one with sides of at least {multiple} pixels")
    cropped: FloatArray = center_crop(picture, (width // multiple * multiple, height // multiple * multiple))
    return cropped


def _predict(network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs) -> Tensor:
    import torch

    arguments, tokens = dict(kwargs), _pack(latents)
    references, ids = arguments.pop("reference_tokens", None), arguments.pop("reference_ids", None)
    if references is not None:
        tokens = torch.cat([tokens, references.to(tokens)], dim=1)
        arguments["img_ids"] = torch.cat([arguments["img_ids"], ids[0]])
    predicted = network(tokens, timestep=unit_timestep(timestep, latents), **arguments, return_dict=False)[0]
    count = latents.shape[2] * latents.shape[3]
    return predicted[:, :count].transpose(1, 2).reshape(latents.shape)


def _pack(latents: Tensor) -> Tensor:
    """`B×C×h×w` as tokens `B×(h·w)×C`."""
    return latents.flatten(2).transpose(1, 2)

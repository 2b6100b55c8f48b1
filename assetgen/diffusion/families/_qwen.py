"""What the Qwen-Image families share: masked prompt embeddings, packed latents, rescaled guidance and ControlNets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assetgen.diffusion._private_apis import execution_device
from assetgen.diffusion.families import (
    ControlAdapter,
    ControlInput,
    Family,
    Kwargs,
    PromptEmbeds,
    classifier_free_guidance,
    linear_sigmas,
)
from assetgen.diffusion.families._language_model import pad_prompts
from assetgen.diffusion.families._transformer import (
    PATCH,
    floored_skipped_steps,
    pack_latents,
    token_grid,
    unit_timestep,
    unpack_latents,
)
from assetgen.diffusion.sampling.latents import encode_images
from assetgen.errors import InputError
from assetgen.pack.schema import ImageSize

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

_TEXT_TOKENS = 512
"""The default of the pipelines' `max_sequence_length`; shorter prompts are padded to it, so that all batches have one
shape."""
NO_NEGATIVE = " "
"""The negative prompt that the publisher recommends where there is none."""


def qwen_family(pipeline_class: str, **changes: Any) -> Family:
    """A family on Qwen2.5-VL and Qwen-Image's transformer; `changes` are fields of `Family`."""
    settings: dict[str, Any] = {
        "encode": _encode,
        "tokenizers": _tokenizers,
        "network_kwargs": _network_kwargs,
        "predict": _predict,
        "tile_multiple": lambda network: PATCH,
        "network_name": "transformer",
        "patch_size": lambda network: PATCH,
        "in_channels": lambda network: int(network.config.in_channels) // PATCH**2,
        "guide": _rescaled_guidance,
        "sigmas": linear_sigmas,
        "capturable": False,  # makes tensors of numbers in every pass; not tested on a GPU
        "skipped_steps": floored_skipped_steps,
        "has_position_embeddings": lambda network: True,
        "control_adapters": {"controlnet": ControlAdapter("QwenImageControlNetModel", _prepare, _controlnet)},
    }
    return Family(pipeline_class, **{**settings, **changes})


def _encode(pipeline: DiffusionPipeline, prompts: list[str], negative_prompts: list[str], cfg: bool) -> PromptEmbeds:
    found = _encode_padded(pipeline, prompts)
    if cfg:
        negative = _encode_padded(pipeline, [prompt or NO_NEGATIVE for prompt in negative_prompts])
        found |= {f"negative_{name}": tensor for name, tensor in negative.items()}
    return found


def _encode_padded(pipeline: DiffusionPipeline, prompts: list[str]) -> dict[str, Tensor]:
    """The pipeline drops the tokens of its template that precede the prompt."""
    found = pipeline.encode_prompt(prompts, device=execution_device(pipeline), max_sequence_length=_TEXT_TOKENS)
    return pad_prompts(kept_prompts(*found), _TEXT_TOKENS)


def kept_prompts(embeds: Tensor, mask: Tensor | None) -> list[Tensor]:
    """The embeddings `T×D` of each prompt without padding; `mask` is `B×T`, or None where no token is padding."""
    return list(embeds) if mask is None else [row[kept] for row, kept in zip(embeds, mask.bool(), strict=True)]


def _tokenizers(pipeline: DiffusionPipeline) -> Sequence[tuple[PreTrainedTokenizerBase, int]]:
    """The template's tokens after the prompt count as well."""
    template = pipeline.tokenizer(pipeline.prompt_template_encode.format("")).input_ids
    return [(pipeline.tokenizer, _TEXT_TOKENS - (len(template) - pipeline.prompt_template_encode_start_idx))]


def _network_kwargs(
    pipeline: DiffusionPipeline, embeds: PromptEmbeds, size: ImageSize, guidance_scale: Tensor
) -> Kwargs:
    columns, rows = token_grid(pipeline, size)
    sizes = [[(1, rows, columns)]] * len(embeds["prompt_embeds"])
    return {**masked_text(embeds), "img_shapes": sizes}


def masked_text(embeds: PromptEmbeds) -> dict[str, Tensor]:
    """Prompt embeddings with the mask of their padding, as the transformer's arguments."""
    return {
        "encoder_hidden_states": embeds["prompt_embeds"],
        "encoder_hidden_states_mask": embeds["prompt_attention_mask"],
    }


def _predict(network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs) -> Tensor:
    tokens = network(pack_latents(latents), timestep=unit_timestep(timestep, latents), **kwargs, return_dict=False)[0]
    return unpack_latents(tokens, latents.shape)


def _rescaled_guidance(negative: Tensor, positive: Tensor, guidance_scale: Tensor) -> Tensor:
    """Classifier-free guidance, where each token keeps the norm of its positive prediction."""
    guided = pack_latents(classifier_free_guidance(negative, positive, guidance_scale))
    norm = pack_latents(positive).norm(dim=-1, keepdim=True)
    return unpack_latents(guided * (norm / guided.norm(dim=-1, keepdim=True)), positive.shape)


def _prepare(pipeline: DiffusionPipeline, network: ModelMixin, images: Tensor) -> Tensor:
    """Latents of control images."""
    if network.config.extra_condition_channels:
        what = "this ControlNet is one for inpainting, which also needs a mask"
        raise InputError(what, cure="Use `mask:` with a model without it, or another ControlNet")
    return encode_images(pipeline, images).to(network.device, network.dtype)


def _controlnet(
    network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs, control: ControlInput
) -> Kwargs:
    """The residuals of the positive prompts, which the pipeline adds in the negative pass, too."""
    positive = slice(control.negatives, None)
    blocks = network(
        pack_latents(latents[positive]),
        controlnet_cond=pack_latents(control.cond[positive]),
        conditioning_scale=control.conditioning_scale[positive][..., 0],
        timestep=unit_timestep(timestep, latents[positive]),
        return_dict=False,
        **{name: value[positive] for name, value in kwargs.items()},
    )
    repeats = len(latents) // (len(latents) - control.negatives)
    return {"controlnet_block_samples": tuple(block.repeat(repeats, 1, 1) for block in blocks)}

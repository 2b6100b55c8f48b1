"""Krea 2, raw and turbo. Follows `Krea2Pipeline`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assetgen.diffusion._private_apis import execution_device
from assetgen.diffusion.families import Family, Kwargs, PromptEmbeds, linear_sigmas, linear_time_shift
from assetgen.diffusion.families._transformer import (
    PATCH,
    floored_skipped_steps,
    pack_latents,
    token_grid,
    unit_timestep,
    unpack_latents,
)
from assetgen.pack.schema import ImageSize

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

_TURBO_SHIFT = 1.15
_TEXT_TOKENS = 512
"""Of the prompt and the end of its template; shorter prompts are padded to it."""


def krea2() -> Family:
    """Hidden states of twelve layers of Qwen3-VL, Qwen-Image's autoencoder, and one transformer with rotary positions.
    Guidance adds to the positive prediction, so 0 is neutral. Turbo has no negative pass."""
    return Family(
        "Krea2Pipeline",
        encode=_encode,
        tokenizers=_tokenizers,
        network_kwargs=_network_kwargs,
        predict=_predict,
        tile_multiple=lambda network: PATCH,
        network_name="transformer",
        patch_size=lambda network: PATCH,
        in_channels=lambda network: int(network.config.in_channels) // PATCH**2,
        guidance_distilled=lambda pipeline: bool(pipeline.config.is_distilled),
        guide=_guide,
        neutral_guidance=0.0,
        sigmas=linear_sigmas,
        time_shift=_time_shift,
        scheduler_options=_scheduler_options,
        skipped_steps=floored_skipped_steps,
        capturable=False,  # not tested on a GPU
        has_position_embeddings=lambda network: True,
    )


def _guide(negative: Tensor, positive: Tensor, guidance_scale: Tensor) -> Tensor:
    return positive + guidance_scale * (positive - negative)


def _time_shift(config: Mapping[str, Any], tokens: int, steps: int) -> float:
    return linear_time_shift({"max_image_seq_len": 6400, **config}, tokens, steps)


def _scheduler_options(pipeline: DiffusionPipeline) -> Mapping[str, Any]:
    """The pipeline shifts the schedule of turbo by a constant, which its scheduler's configuration may not state."""
    return {"base_shift": _TURBO_SHIFT, "max_shift": _TURBO_SHIFT} if pipeline.config.is_distilled else {}


def _encode(pipeline: DiffusionPipeline, prompts: list[str], negative_prompts: list[str], cfg: bool) -> PromptEmbeds:
    texts = {"": prompts} | ({"negative_": negative_prompts} if cfg else {})
    found: dict[str, Tensor] = {}
    for prefix, text in texts.items():
        options = {"device": execution_device(pipeline), "max_sequence_length": _TEXT_TOKENS}
        found[f"{prefix}prompt_embeds"], found[f"{prefix}prompt_attention_mask"] = pipeline.encode_prompt(
            text, **options
        )
    return found


def _tokenizers(pipeline: DiffusionPipeline) -> Sequence[tuple[PreTrainedTokenizerBase, int]]:
    """The template's tokens that stay before the prompt, and those after it, count as well."""
    prefix = len(pipeline.tokenizer(pipeline.prompt_template_encode_prefix).input_ids)
    own = prefix - pipeline.prompt_template_encode_start_idx + pipeline.prompt_template_encode_num_suffix_tokens
    return [(pipeline.tokenizer, _TEXT_TOKENS - own)]


def _network_kwargs(
    pipeline: DiffusionPipeline, embeds: PromptEmbeds, size: ImageSize, guidance_scale: Tensor
) -> Kwargs:
    prompt_embeds, (columns, rows) = embeds["prompt_embeds"], token_grid(pipeline, size)
    return {
        "encoder_hidden_states": prompt_embeds,
        "encoder_attention_mask": embeds["prompt_attention_mask"],
        "position_ids": pipeline.prepare_position_ids(prompt_embeds.shape[1], rows, columns, prompt_embeds.device),
    }


def _predict(network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs) -> Tensor:
    tokens = network(pack_latents(latents), timestep=unit_timestep(timestep, latents), **kwargs, return_dict=False)[0]
    return unpack_latents(tokens, latents.shape)

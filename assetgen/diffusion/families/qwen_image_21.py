"""Qwen-Image-2.1, which draws RGBA. Follows `QwenImage21Pipeline`, without its cache of keys and values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assetgen.diffusion._private_apis import execution_device
from assetgen.diffusion.families import Family, Kwargs, PromptEmbeds, linear_sigmas, linear_time_shift
from assetgen.diffusion.families._language_model import pad_prompts, unpad_prompts
from assetgen.diffusion.families._qwen import kept_prompts
from assetgen.diffusion.families._transformer import floored_skipped_steps, unit_timestep
from assetgen.diffusion.sampling.latents import vae_scale_factor
from assetgen.pack.schema import ImageSize

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

_MAX_TOKENS = 1024
"""Longer prompts are encoded in chunks; the pipeline has no limit."""
_SLOT = 2
"""The text encoder's tokens stand for squares of 2 × 2 latent cells, so all latent sides are even."""


def qwen_image_21() -> Family:
    """Qwen3-VL, an autoencoder with alpha, and one causal transformer over prompt and image, whose tokens are single
    latent cells. The position of the image follows the prompt's length, so each image is predicted alone."""
    return Family(
        "QwenImage21Pipeline",
        encode=_encode,
        tokenizers=_tokenizers,
        network_kwargs=_network_kwargs,
        predict=_predict,
        tile_multiple=lambda network: _SLOT,
        network_name="transformer",
        patch_size=lambda network: _SLOT,
        sigmas=linear_sigmas,
        time_shift=_time_shift,
        skipped_steps=floored_skipped_steps,
        capturable=False,  # the network reads masks on the CPU
        has_position_embeddings=lambda network: True,
    )


def _time_shift(config: Mapping[str, Any], tokens: int, steps: int) -> float:
    """By latent cells."""
    return linear_time_shift(config, tokens * _SLOT**2, steps)


def _encode(pipeline: DiffusionPipeline, prompts: list[str], negative_prompts: list[str], cfg: bool) -> PromptEmbeds:
    found = _encode_padded(pipeline, prompts)
    if cfg:
        negative = _encode_padded(pipeline, negative_prompts)
        found |= {f"negative_{name}": tensor for name, tensor in negative.items()}
    return found


def _encode_padded(pipeline: DiffusionPipeline, prompts: list[str]) -> dict[str, Tensor]:
    embeds, mask, _ = pipeline.encode_prompt(prompts, device=execution_device(pipeline))
    return pad_prompts(kept_prompts(embeds, mask), _MAX_TOKENS)


def _tokenizers(pipeline: DiffusionPipeline) -> Sequence[tuple[PreTrainedTokenizerBase, int]]:
    """The tokens of the template after the system message count as well."""
    tokenizer = pipeline.processor.tokenizer
    return [(tokenizer, _MAX_TOKENS - len(tokenizer(pipeline.prompt_template_t2i.format("")).input_ids))]


def _network_kwargs(
    pipeline: DiffusionPipeline, embeds: PromptEmbeds, size: ImageSize, guidance_scale: Tensor
) -> Kwargs:
    side = vae_scale_factor(pipeline.vae)
    return {"prompts": unpad_prompts(embeds), "img_shapes": [[(1, size[1] // side, size[0] // side)]]}


def _predict(network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs) -> Tensor:
    import torch

    rows = zip(latents.split(1), kwargs["prompts"], strict=True)
    return torch.cat([_predict_one(network, row, timestep, prompt, kwargs["img_shapes"]) for row, prompt in rows])


def _predict_one(network: ModelMixin, latents: Tensor, timestep: Tensor, prompt: Tensor, img_shapes: Any) -> Tensor:
    """The prediction for latents `1×C×h×w` and a prompt `T×D`."""
    import torch
    from torch.nn import functional

    cells = latents.shape[2] * latents.shape[3]
    text = torch.zeros(1, len(prompt), dtype=torch.bool, device=latents.device)
    predicted = network(
        latents.flatten(2).transpose(1, 2),
        timestep=unit_timestep(timestep, latents),
        encoder_hidden_states=prompt[None],
        img_shapes=img_shapes,
        img_mask=functional.pad(text, (0, cells // _SLOT**2), value=True),
        return_dict=False,
    )[0]
    return predicted[:, -cells:].transpose(1, 2).reshape(latents.shape)

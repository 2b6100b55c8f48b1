"""FLUX.1 dev, schnell and Fill. Follows `FluxPipeline`, `FluxFillPipeline` and `FluxControlNetPipeline`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetgen.diffusion._private_apis import execution_device
from assetgen.diffusion.families import ControlAdapter, ControlInput, Family, Kwargs, PromptEmbeds, linear_sigmas
from assetgen.diffusion.families._transformer import (
    PATCH,
    grid_position_ids,
    pack_latents,
    unit_timestep,
    unpack_latents,
)
from assetgen.diffusion.sampling.latents import encode_images
from assetgen.pack.schema import ImageSize

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from torch import Tensor


def flux() -> Family:
    """T5 and CLIP's pooled output; one guidance-distilled transformer (schnell uses no guidance)."""
    controlnet = ControlAdapter("FluxControlNetModel", _prepare, _controlnet)
    return Family(
        "FluxPipeline",
        encode=_encode,
        tokenizers=lambda pipeline: [(pipeline.tokenizer_2, _max_sequence_length(pipeline))],
        network_kwargs=_network_kwargs,
        predict=_predict,
        tile_multiple=lambda network: PATCH,
        network_name="transformer",
        patch_size=lambda network: PATCH,
        guidance_distilled=lambda pipeline: True,
        in_channels=lambda network: int(network.config.in_channels) // PATCH**2,
        inpainting_channels=lambda latent_channels, vae_scale_factor: 2 * latent_channels + vae_scale_factor**2,
        inpainting_input=_inpainting_input,
        sigmas=linear_sigmas,
        has_position_embeddings=lambda network: True,
        control_adapters={"controlnet": controlnet, "controlnet_union": controlnet},
    )


def _max_sequence_length(pipeline: DiffusionPipeline) -> int:
    """In T5 tokens, as dev and schnell were trained."""
    return 512 if pipeline.transformer.config.guidance_embeds else 256


def _encode(pipeline: DiffusionPipeline, prompts: list[str], negative_prompts: list[str], cfg: bool) -> PromptEmbeds:
    prompt_embeds, pooled_prompt_embeds, _ = pipeline.encode_prompt(
        prompt=prompts,
        prompt_2=None,
        device=execution_device(pipeline),
        max_sequence_length=_max_sequence_length(pipeline),
    )
    return {"prompt_embeds": prompt_embeds, "pooled_prompt_embeds": pooled_prompt_embeds}


def _network_kwargs(
    pipeline: DiffusionPipeline, embeds: PromptEmbeds, size: ImageSize, guidance_scale: Tensor
) -> Kwargs:
    """With position ids: (0, 0, 0) for text tokens, (0, row, column) for image tokens."""
    prompt_embeds = embeds["prompt_embeds"]
    return {
        "encoder_hidden_states": prompt_embeds,
        "pooled_projections": embeds["pooled_prompt_embeds"],
        "txt_ids": prompt_embeds.new_zeros(prompt_embeds.shape[1], 3),
        "img_ids": grid_position_ids(pipeline, size).to(prompt_embeds),
        "guidance": guidance_scale.reshape(-1) if pipeline.transformer.config.guidance_embeds else None,
    }


def _predict(network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs) -> Tensor:
    tokens = network(pack_latents(latents), timestep=unit_timestep(timestep, latents), **kwargs, return_dict=False)[0]
    return unpack_latents(tokens, latents.shape)


def _inpainting_input(masked_image_latents: Tensor, masks: Tensor) -> Tensor:
    """The latents of the masked image, then the mask with the pixels of each latent cell as channels."""
    import torch
    from torch.nn import functional

    factor = masks.shape[-1] // masked_image_latents.shape[-1]
    return torch.cat([masked_image_latents, functional.pixel_unshuffle(masks, factor)], dim=1)


def _prepare(pipeline: DiffusionPipeline, network: ModelMixin, images: Tensor) -> Tensor:
    """Latents; or the images in -1..1 for ControlNets with a hint block (XLabs)."""
    if network.input_hint_block is not None:
        return images.to(network.device, network.dtype) * 2 - 1
    return encode_images(pipeline, images).to(network.device, network.dtype)


def _controlnet(
    network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs, control: ControlInput
) -> Kwargs:
    has_hint_block = network.input_hint_block is not None
    mode = None if control.mode is None else latents.new_full((len(latents), 1), control.mode).long()
    double, single = network(
        pack_latents(latents),
        controlnet_cond=control.cond if has_hint_block else pack_latents(control.cond),
        controlnet_mode=mode,
        conditioning_scale=control.conditioning_scale[..., 0],
        timestep=unit_timestep(timestep, latents),
        return_dict=False,
        **kwargs,
    )
    samples = {"controlnet_block_samples": double, "controlnet_single_block_samples": single}
    residuals = {name: tuple(blocks) for name, blocks in samples.items() if blocks is not None}
    return {**residuals, "controlnet_blocks_repeat": True} if has_hint_block else residuals

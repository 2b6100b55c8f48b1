"""What families with a UNet share: encoding, the forward pass, inpainting channels and four types of control."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from assetgen.diffusion._private_apis import execution_device
from assetgen.diffusion.families import POOLED_EMBEDS, ControlAdapter, ControlInput, Family, Kwargs, PromptEmbeds
from assetgen.diffusion.sampling.ip_adapter import IP_ADAPTER
from assetgen.pack.schema import ImageSize

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase


def unet_family(
    pipeline_class: str,
    network_kwargs: Callable[[PromptEmbeds, ImageSize], Kwargs],
    pipeline_kwargs: dict[str, Any],
) -> Family:
    """A family with a UNet. `network_kwargs(embeds, size)` returns the UNet's conditioning arguments."""

    def _network_kwargs(pipeline: DiffusionPipeline, embeds: PromptEmbeds, size: ImageSize, scale: Tensor) -> Kwargs:
        return {**network_kwargs(embeds, size), **_timestep_cond(pipeline, scale)}

    return Family(
        pipeline_class,
        encode=_encode,
        tokenizers=_tokenizers,
        network_kwargs=_network_kwargs,
        predict=_predict,
        tile_multiple=lambda network: 1 << (len(network.config.block_out_channels) - 1),
        pipeline_kwargs=pipeline_kwargs,
        guidance_distilled=lambda pipeline: pipeline.unet.config.time_cond_proj_dim is not None,
        inpainting_channels=lambda latent_channels, vae_scale_factor: 2 * latent_channels + 1,
        inpainting_input=_inpainting_input,
        control_adapters={
            "controlnet": ControlAdapter("ControlNetModel", _to_network, _controlnet),
            "controlnet_union": ControlAdapter("ControlNetUnionModel", _to_network, _controlnet_union),
            "t2i_adapter": ControlAdapter("T2IAdapter", _t2i_features, _t2i_adapter),
            "ip_adapter": IP_ADAPTER,
        },
    )


def _encode(pipeline: DiffusionPipeline, prompts: list[str], negative_prompts: list[str], cfg: bool) -> PromptEmbeds:
    """Empty negative prompts are passed as None: XL models were trained with zeros for them."""
    embeds = pipeline.encode_prompt(
        prompt=prompts,
        negative_prompt=negative_prompts if any(negative_prompts) else None,
        device=execution_device(pipeline),
        num_images_per_prompt=1,
        do_classifier_free_guidance=cfg,
    )
    return dict(zip(POOLED_EMBEDS, embeds, strict=False))


def _tokenizers(pipeline: DiffusionPipeline) -> Sequence[tuple[PreTrainedTokenizerBase, int]]:
    found = []
    for suffix in ("", "_2"):
        tokenizer, encoder = (getattr(pipeline, f"{name}{suffix}", None) for name in ("tokenizer", "text_encoder"))
        if tokenizer is not None and encoder is not None:
            found.append((tokenizer, min(tokenizer.model_max_length, encoder.config.max_position_embeddings)))
    return found


def _timestep_cond(pipeline: DiffusionPipeline, guidance_scale: Tensor) -> Kwargs:
    """The guidance embedding of latent consistency models (Luo et al. 2023), which replaces the negative pass."""
    width = pipeline.unet.config.time_cond_proj_dim
    if width is None:
        return {}
    embedded = pipeline.get_guidance_scale_embedding(guidance_scale.reshape(-1).cpu() - 1, embedding_dim=width)
    return {"timestep_cond": embedded.to(execution_device(pipeline), pipeline.unet.dtype)}


def _predict(network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs) -> Tensor:
    features = kwargs.get("down_intrablock_additional_residuals")
    if features is not None:
        kwargs = {**kwargs, "down_intrablock_additional_residuals": list(features)}  # the UNet pops from the list
    return network(latents, timestep, **kwargs, return_dict=False)[0]


def _inpainting_input(masked_image_latents: Tensor, masks: Tensor) -> Tensor:
    """The mask at latent size, then the latents of the masked image."""
    import torch
    from torch.nn import functional

    mask = functional.interpolate(masks, size=masked_image_latents.shape[-2:])
    return torch.cat([mask, masked_image_latents], dim=1)


def _to_network(pipeline: DiffusionPipeline, network: ModelMixin, images: Tensor) -> Tensor:
    return images.to(network.device, network.dtype)


def _controlnet(
    network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs, control: ControlInput
) -> Kwargs:
    down, mid = network(
        latents,
        timestep,
        controlnet_cond=control.cond,
        conditioning_scale=control.conditioning_scale,
        return_dict=False,
        **kwargs,
    )
    return _block_residuals(down, mid)


def _controlnet_union(
    network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs, control: ControlInput
) -> Kwargs:
    control_type = latents.new_zeros(len(latents), network.config.num_control_type)
    control_type[:, control.mode] = 1
    down, mid = network(
        latents,
        timestep,
        controlnet_cond=[control.cond],
        control_type=control_type,
        control_type_idx=[control.mode],
        conditioning_scale=[control.conditioning_scale],
        return_dict=False,
        **kwargs,
    )
    return _block_residuals(down, mid)


def _block_residuals(down: Any, mid: Any) -> dict[str, Any]:
    return {"down_block_additional_residuals": tuple(down), "mid_block_additional_residual": mid}


def _t2i_features(pipeline: DiffusionPipeline, network: ModelMixin, images: Tensor) -> tuple[Tensor, ...]:
    """The features of a T2I-Adapter do not depend on the step. Adapters with one input channel take greyscale."""
    if network.config.in_channels == 1:
        images = images.mean(1, keepdim=True)
    return tuple(network(images.to(network.device, network.dtype)))


def _t2i_adapter(
    network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs, control: ControlInput
) -> Kwargs:
    scaled = tuple(feature * control.conditioning_scale for feature in control.cond)
    return {"down_intrablock_additional_residuals": scaled}

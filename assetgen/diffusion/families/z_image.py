"""Z-Image and Z-Image-Turbo. Follows `ZImagePipeline`, its Img2Img and Inpaint variants, `ZImageControlNetPipeline` and
`ZImageControlNetInpaintPipeline`."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from assetgen.diffusion._private_apis import execution_device
from assetgen.diffusion.families import ControlAdapter, ControlInput, Family, Kwargs, PromptEmbeds, linear_sigmas
from assetgen.diffusion.families._language_model import pad_prompts, prompt_tokens, unpad_prompts
from assetgen.diffusion.families._transformer import expand_timestep, floored_skipped_steps
from assetgen.diffusion.sampling.latents import encode_images
from assetgen.errors import InputError
from assetgen.pack.schema import ImageSize

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from torch import Tensor

_MAX_SEQUENCE_LENGTH = 512  # tokens, those of the chat template included
_TRAIN_TIMESTEPS = 1000
_LENGTH_MULTIPLE = 32
"""The transformer pads prompts to multiples of this many tokens."""

_SHARED = (
    "t_embedder",
    "all_x_embedder",
    "cap_embedder",
    "noise_refiner",
    "context_refiner",
    "x_pad_token",
    "cap_pad_token",
)
"""Parts of the transformer that a ControlNet shares and that have weights."""


def z_image() -> Family:
    """Qwen3's second-to-last hidden states, of as many tokens as the prompt has; one transformer."""
    controlnet = ControlAdapter("ZImageControlNetModel", _prepare, _controlnet, prepare_inpainting=_prepare_inpainting)
    return Family(
        "ZImagePipeline",
        encode=_encode,
        tokenizers=lambda pipeline: [(pipeline.tokenizer, prompt_tokens(pipeline.tokenizer, _MAX_SEQUENCE_LENGTH))],
        network_kwargs=_network_kwargs,
        predict=_predict,
        tile_multiple=_patch_size,
        network_name="transformer",
        patch_size=_patch_size,
        max_latent_side=lambda network: _patch_size(network) * min(network.config.axes_lens[1:]),
        guide=lambda negative, positive, guidance_scale: positive + guidance_scale * (positive - negative),
        neutral_guidance=0.0,
        sigmas=linear_sigmas,
        skipped_steps=floored_skipped_steps,
        has_position_embeddings=lambda network: True,
        capturable=False,  # lists of any lengths; not tested on a GPU
        control_adapters={"controlnet": controlnet, "controlnet_union": controlnet},
    )


def _patch_size(network: ModelMixin) -> int:
    return int(network.config.all_patch_size[0])


def _encode(pipeline: DiffusionPipeline, prompts: list[str], negative_prompts: list[str], cfg: bool) -> PromptEmbeds:
    positive, negative = pipeline.encode_prompt(
        list(prompts),  # the pipeline writes into the lists
        negative_prompt=list(negative_prompts),
        device=execution_device(pipeline),
        do_classifier_free_guidance=cfg,
        max_sequence_length=_MAX_SEQUENCE_LENGTH,
    )
    embeds = pad_prompts(positive, _MAX_SEQUENCE_LENGTH)
    if cfg:
        padded = pad_prompts(negative, _MAX_SEQUENCE_LENGTH)
        embeds |= {f"negative_{name}": tensor for name, tensor in padded.items()}
    return embeds


def _network_kwargs(
    pipeline: DiffusionPipeline, embeds: PromptEmbeds, size: ImageSize, guidance_scale: Tensor
) -> Kwargs:
    prompts, limit = unpad_prompts(embeds), pipeline.transformer.config.axes_lens[0] - _LENGTH_MULTIPLE
    longest = max(map(len, prompts))
    if longest > limit:
        what = f"a prompt has {longest} tokens, and this model reads at most {limit}"
        raise InputError(what, cure="Use a shorter prompt")
    return {"cap_feats": prompts}


def _predict(network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs) -> Tensor:
    """Each image alone: then no token is masked, and no image depends on the lengths of the other prompts."""
    import torch

    samples = kwargs.get("controlnet_block_samples", {})
    predicted = [
        network(
            [image[:, None]],
            _time(timestep, image[None]),
            [prompt],
            controlnet_block_samples={layer: sample[number][None] for layer, sample in samples.items()},
            return_dict=False,
        )[0][0]
        for number, (image, prompt) in enumerate(zip(latents, kwargs["cap_feats"], strict=True))
    ]
    return -torch.stack(predicted).squeeze(2)


def _time(timestep: Tensor, latents: Tensor) -> Tensor:
    """From 0 for noise to 1 for the image, repeated for each image."""
    return (_TRAIN_TIMESTEPS - expand_timestep(timestep, latents)) / _TRAIN_TIMESTEPS


def _prepare(pipeline: DiffusionPipeline, network: ModelMixin, images: Tensor) -> Tensor:
    """Latents; ControlNets that were also trained for inpainting receive zeros for mask and image."""
    import torch

    _share_modules(pipeline, network)
    latents = encode_images(pipeline, images)
    missing = network.config.control_in_dim - latents.shape[1]
    padded = torch.cat([latents, latents.new_zeros(len(latents), missing, *latents.shape[2:])], dim=1)
    return padded.to(network.device, network.dtype)


def _prepare_inpainting(
    pipeline: DiffusionPipeline, network: ModelMixin, images: Tensor, masked_images: Tensor, masks: Tensor
) -> Tensor:
    """Latents, the kept part of the image (1 where it is kept), and the latents of the masked images, which are grey
    where they are repainted."""
    import torch
    from torch.nn import functional

    _share_modules(pipeline, network)
    latents, masked = encode_images(pipeline, images), encode_images(pipeline, masked_images)
    if network.config.control_in_dim != 2 * latents.shape[1] + 1:
        return _prepare(pipeline, network, images)
    kept = functional.interpolate(1 - masks.to(latents), size=latents.shape[-2:], mode="nearest")
    return torch.cat([latents, kept, masked], dim=1).to(network.device, network.dtype)


def _share_modules(pipeline: DiffusionPipeline, network: ModelMixin) -> None:
    """Give a ControlNet the transformer's embedders and refiners, which its weights do not repeat; copies of them
    where the transformer is offloaded."""
    transformer = pipeline.transformer
    if network.t_embedder is not None:
        return
    if transformer.x_pad_token.is_meta:
        what = "this model is offloaded by layer, and a ControlNet shares some of its layers"
        raise InputError(what, cure="Use a smaller model or a device with more memory, or remove the control")
    type(network).from_transformer(network, transformer)
    if transformer.x_pad_token.device != network.device:
        for name in _SHARED:
            setattr(network, name, copy.deepcopy(getattr(transformer, name)))
        network.to(network.control_layers[0].after_proj.weight.device)


def _controlnet(
    network: ModelMixin, latents: Tensor, timestep: Tensor, kwargs: Kwargs, control: ControlInput
) -> Kwargs:
    """What is added after layers of the transformer: by layer, a tensor `T×D` for each image."""
    rows = zip(latents, kwargs["cap_feats"], control.cond, control.conditioning_scale, strict=True)
    found = [
        network([image[:, None]], _time(timestep, image[None]), [prompt], [cond[:, None]], conditioning_scale=scale)
        for image, prompt, cond, scale in rows
    ]
    samples = {layer: tuple(each[layer][0] for each in found) for layer in network.config.control_layers_places}
    return {"controlnet_block_samples": samples}

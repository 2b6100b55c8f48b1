"""What families with a UNet share: one reading of texts, one call, and three types of control."""

from collections.abc import Callable, Sequence
from typing import Any

from assetgen.diffusion.families import Family, Sight, Steering, Texts, Told
from assetgen.diffusion.sampling.ip_adapter import STYLE

NAMES = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")
"""What `encode_prompt` returns, in its order; models with one text encoder stop after two."""


def unet_family(pipeline: str, told: Callable[..., dict[str, Any]], options: dict[str, Any]) -> Family:
    """A family with a UNet that is told `told(texts, size)`."""

    def _told(loaded: Any, texts: Texts, size: tuple[int, int], guidance: Any) -> dict[str, Any]:
        return {**told(texts, size), **_distilled(loaded, guidance)}

    return Family(
        pipeline,
        encode=_encode,
        readers=_readers,
        told=_told,
        predict=_predict,
        wraps=lambda network: 1 << (len(network.config.block_out_channels) - 1),
        options=options,
        told_guidance=lambda network: network.config.time_cond_proj_dim is not None,
        filled=lambda channels, grain: 2 * channels + 1,
        filling=_filling,
        steerings={
            "controlnet": Steering("ControlNetModel", _see, _say),
            "controlnet_union": Steering("ControlNetUnionModel", _see, _say_as),
            "t2i_adapter": Steering("T2IAdapter", _adapt, _say_adapted),
            "ip_adapter": STYLE,
        },
    )


def _encode(pipeline: Any, prompts: list[str], negatives: list[str], guided: bool) -> Texts:
    """Empty negatives are left to the pipeline (XL models were trained with zeros for them)."""
    found = pipeline.encode_prompt(
        prompt=prompts,
        negative_prompt=negatives if any(negatives) else None,
        device=pipeline._execution_device,
        num_images_per_prompt=1,
        do_classifier_free_guidance=guided,
    )
    return dict(zip(NAMES, found, strict=False))


def _readers(pipeline: Any) -> Sequence[tuple[Any, int]]:
    found = []
    for number in ("", "_2"):
        tokenizer, encoder = (getattr(pipeline, f"{name}{number}", None) for name in ("tokenizer", "text_encoder"))
        if tokenizer is not None and encoder is not None:
            found.append((tokenizer, min(tokenizer.model_max_length, encoder.config.max_position_embeddings)))
    return found


def _distilled(pipeline: Any, guidance: Any) -> dict[str, Any]:
    """Latent consistency models are told the guidance (Luo et al. 2023); it replaces the unwanted prompt."""
    width = pipeline.unet.config.time_cond_proj_dim
    if width is None:
        return {}
    embedded = pipeline.get_guidance_scale_embedding(guidance.reshape(-1).cpu() - 1, embedding_dim=width)
    return {"timestep_cond": embedded.to(pipeline._execution_device, pipeline.unet.dtype)}


def _predict(network: Any, latents: Any, time: Any, told: Told) -> Any:
    adapted = told.get("down_intrablock_additional_residuals")
    if adapted is not None:
        told = {**told, "down_intrablock_additional_residuals": list(adapted)}  # the network empties it
    return network(latents, time, **told, return_dict=False)[0]


def _filling(kept: Any, masks: Any) -> Any:
    """The mask at the size of latents, then the latents of what is kept."""
    import torch
    from torch.nn import functional

    return torch.cat([functional.interpolate(masks, size=kept.shape[-2:]), kept], dim=1)


def _see(pipeline: Any, network: Any, pictures: Any) -> Any:
    return pictures.to(network.device, network.dtype)


def _say(network: Any, entering: Any, time: Any, told: Told, sight: Sight) -> dict[str, Any]:
    down, middle = network(
        entering, time, controlnet_cond=sight.seen, conditioning_scale=sight.strengths, return_dict=False, **told
    )
    return {"down_block_additional_residuals": tuple(down), "mid_block_additional_residual": middle}


def _say_as(network: Any, entering: Any, time: Any, told: Told, sight: Sight) -> dict[str, Any]:
    """A union of ControlNets: told which of its kinds the picture is."""
    kinds = entering.new_zeros(len(entering), network.config.num_control_type)
    kinds[:, sight.mode] = 1
    down, middle = network(
        entering,
        time,
        controlnet_cond=[sight.seen],
        control_type=kinds,
        control_type_idx=[sight.mode],
        conditioning_scale=[sight.strengths],
        return_dict=False,
        **told,
    )
    return {"down_block_additional_residuals": tuple(down), "mid_block_additional_residual": middle}


def _adapt(pipeline: Any, network: Any, pictures: Any) -> Any:
    """An adapter looks once, not in every step; those for one channel see grey."""
    if network.config.in_channels == 1:
        pictures = pictures.mean(1, keepdim=True)
    return tuple(network(pictures.to(network.device, network.dtype)))


def _say_adapted(network: Any, entering: Any, time: Any, told: Told, sight: Sight) -> dict[str, Any]:
    return {"down_intrablock_additional_residuals": tuple(part * sight.strengths for part in sight.seen)}

"""FLUX.1: dev, schnell, and Fill."""

from collections.abc import Sequence
from typing import Any

from assetgen.diffusion.families import Family, Sight, Steering, Texts, Told
from assetgen.diffusion.families._transformer import each
from assetgen.diffusion.sampling.latents import encode_pictures

PACK = 2  # cells to a side of a token
THOUSAND = 1000  # its network counts time from 0 to 1


def flux() -> Family:
    """T5 for the words, CLIP for the gist, one transformer that is told the guidance (schnell needs none)."""
    return Family(
        "FluxPipeline",
        encode=_encode,
        readers=lambda pipeline: [(pipeline.tokenizer_2, _most_tokens(pipeline))],
        told=_told,
        predict=_predict,
        wraps=lambda network: PACK,
        network="transformer",
        patch=lambda network: PACK,
        told_guidance=lambda network: True,
        channels=lambda network: int(network.config.in_channels) // PACK**2,
        filled=lambda channels, grain: 2 * channels + grain**2,
        filling=_filling,
        even_steps=True,
        rolls=lambda network: True,
        steerings={name: Steering("FluxControlNetModel", _see, _say) for name in ("controlnet", "controlnet_union")},
    )


def _most_tokens(pipeline: Any) -> int:
    """The longest text that each was trained with."""
    return 512 if pipeline.transformer.config.guidance_embeds else 256


def _encode(pipeline: Any, prompts: list[str], negatives: list[str], guided: bool) -> Texts:
    most = _most_tokens(pipeline)
    words, gist, _ = pipeline.encode_prompt(
        prompt=prompts, prompt_2=None, device=pipeline._execution_device, max_sequence_length=most
    )
    return {"prompt_embeds": words, "pooled_prompt_embeds": gist}


def _told(pipeline: Any, texts: Texts, size: tuple[int, int], guidance: Any) -> dict[str, Any]:
    """Besides the words it is told where every token stands: text at the origin, the picture in rows and columns."""
    import torch

    words, grain = texts["prompt_embeds"], pipeline.vae_scale_factor * PACK
    rows, columns = size[1] // grain, size[0] // grain
    places = torch.cartesian_prod(torch.arange(1), torch.arange(rows), torch.arange(columns))
    return {
        "encoder_hidden_states": words,
        "pooled_projections": texts["pooled_prompt_embeds"],
        "txt_ids": words.new_zeros(words.shape[1], 3),
        "img_ids": places.to(words),
        "guidance": guidance.reshape(-1) if pipeline.transformer.config.guidance_embeds else None,
    }


def _predict(network: Any, latents: Any, time: Any, told: Told) -> Any:
    when = each(time, latents).to(latents.dtype) / THOUSAND
    return _unpacked(network(_packed(latents), timestep=when, **told, return_dict=False)[0], latents.shape)


def _packed(latents: Any) -> Any:
    """`B×C×h×w` as tokens `B×(h/2·w/2)×4C`."""
    batch, channels, height, width = latents.shape
    cells = latents.reshape(batch, channels, height // PACK, PACK, width // PACK, PACK)
    return cells.permute(0, 2, 4, 1, 3, 5).reshape(batch, -1, channels * PACK**2)


def _unpacked(tokens: Any, shape: Sequence[int]) -> Any:
    batch, _, height, width = shape
    cells = tokens.reshape(batch, height // PACK, width // PACK, -1, PACK, PACK)
    return cells.permute(0, 3, 1, 4, 2, 5).reshape(batch, -1, height, width)


def _filling(kept: Any, masks: Any) -> Any:
    """The latents of what is kept, then the mask with all pixels of a cell as its channels."""
    import torch
    from torch.nn import functional

    return torch.cat([kept, functional.pixel_unshuffle(masks, masks.shape[-1] // kept.shape[-1])], dim=1)


def _see(pipeline: Any, network: Any, pictures: Any) -> Any:
    """Latents, or for networks with a hint block the very pictures."""
    if network.input_hint_block is not None:
        return pictures.to(network.device, network.dtype) * 2 - 1
    return encode_pictures(pipeline, pictures).to(network.device, network.dtype)


def _say(network: Any, entering: Any, time: Any, told: Told, sight: Sight) -> dict[str, Any]:
    hinted = network.input_hint_block is not None
    mode = None if sight.mode is None else entering.new_full((len(entering), 1), sight.mode).long()
    double, single = network(
        _packed(entering),
        controlnet_cond=sight.seen if hinted else _packed(sight.seen),
        controlnet_mode=mode,
        conditioning_scale=sight.strengths[..., 0],
        timestep=each(time, entering).to(entering.dtype) / THOUSAND,
        return_dict=False,
        **told,
    )
    said = {"controlnet_block_samples": double, "controlnet_single_block_samples": single}
    found = {name: tuple(blocks) for name, blocks in said.items() if blocks is not None}
    return {**found, "controlnet_blocks_repeat": True} if hinted else found

"""Stable Diffusion 3 and 3.5."""

from collections.abc import Sequence
from typing import Any

from assetgen.diffusion.families import Family, Sight, Steering, Texts, Told
from assetgen.diffusion.families._transformer import call, each, patch_size
from assetgen.diffusion.sampling.latents import encode_pictures, shift_of

MOST_TOKENS = 256  # the longest text of T5 that it was trained with; two CLIPs read its beginning
NAMES = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")


def sd3() -> Family:
    """Three text encoders (T5 may be left out), one transformer with positions, flow matching."""
    return Family(
        "StableDiffusion3Pipeline",
        encode=_encode,
        readers=_readers,
        told=_told,
        predict=call,
        wraps=patch_size,
        network="transformer",
        patch=patch_size,
        most=lambda network: int(network.config.pos_embed_max_size * network.config.patch_size),
        rolls=lambda network: True,
        steerings={"controlnet": Steering("SD3ControlNetModel", _see, _say)},
    )


def _encode(pipeline: Any, prompts: list[str], negatives: list[str], guided: bool) -> Texts:
    found = pipeline.encode_prompt(
        prompt=prompts,
        prompt_2=None,
        prompt_3=None,
        negative_prompt=negatives,
        device=pipeline._execution_device,
        do_classifier_free_guidance=guided,
        max_sequence_length=MOST_TOKENS,
    )
    return dict(zip(NAMES, found, strict=True))


def _readers(pipeline: Any) -> Sequence[tuple[Any, int]]:
    if pipeline.text_encoder_3 is not None:
        return [(pipeline.tokenizer_3, MOST_TOKENS)]
    clips = (pipeline.tokenizer, pipeline.tokenizer_2)
    return [(tokenizer, tokenizer.model_max_length) for tokenizer in clips]


def _told(pipeline: Any, texts: Texts, size: tuple[int, int], guidance: Any) -> dict[str, Any]:
    return {"encoder_hidden_states": texts["prompt_embeds"], "pooled_projections": texts["pooled_prompt_embeds"]}


def _see(pipeline: Any, network: Any, pictures: Any) -> Any:
    """Latents. Networks that see no pooled text were trained with latents that are not shifted, either."""
    if not network.config.use_pos_embed:
        network.pos_embed = network._get_pos_embed_from_transformer(pipeline.transformer).to(network.device)
    latents = encode_pictures(pipeline, pictures)
    if network.config.force_zeros_for_pooled_projection:
        latents = latents + shift_of(pipeline.vae) * pipeline.vae.config.scaling_factor
    return latents.to(network.device, network.dtype)


def _say(network: Any, entering: Any, time: Any, told: Told, sight: Sight) -> dict[str, Any]:
    pooled, words = told["pooled_projections"], told["encoder_hidden_states"]
    [blocks] = network(
        network.pos_embed(entering) if not network.config.use_pos_embed else entering,
        controlnet_cond=sight.seen,
        conditioning_scale=sight.strengths[..., 0],
        timestep=each(time, entering),
        pooled_projections=pooled * 0 if network.config.force_zeros_for_pooled_projection else pooled,
        encoder_hidden_states=words if network.config.joint_attention_dim is not None else None,
        return_dict=False,
    )
    return {"block_controlnet_hidden_states": tuple(blocks)}

"""PixArt-α and PixArt-Σ."""

from typing import Any

from assetgen.diffusion.families import Family, Texts, Told
from assetgen.diffusion.families._transformer import MASKED, call, first_half, masked_told, patch_size

MOST_TOKENS = {True: 120, False: 300}
"""The longest text that α (which is told sizes) and Σ were trained with."""


def pixart() -> Family:
    """T5 for the words, one transformer with positions that predicts variances besides."""
    return Family(
        "PixArtSigmaPipeline",
        encode=_encode,
        readers=lambda pipeline: [(pipeline.tokenizer, _most_tokens(pipeline))],
        told=_told,
        predict=_predict,
        wraps=patch_size,
        network="transformer",
        patch=patch_size,
        rolls=lambda network: True,
    )


def _is_told_sizes(pipeline: Any) -> bool:
    return bool(pipeline.transformer.use_additional_conditions)


def _most_tokens(pipeline: Any) -> int:
    return MOST_TOKENS[_is_told_sizes(pipeline)]


def _encode(pipeline: Any, prompts: list[str], negatives: list[str], guided: bool) -> Texts:
    found = pipeline.encode_prompt(
        prompts,
        negative_prompt=negatives,
        device=pipeline._execution_device,
        do_classifier_free_guidance=guided,
        max_sequence_length=_most_tokens(pipeline),
    )
    return dict(zip(MASKED, found, strict=True))


def _told(pipeline: Any, texts: Texts, size: tuple[int, int], guidance: Any) -> dict[str, Any]:
    words, (width, height) = texts["prompt_embeds"], size
    place: dict[str, Any] = {"resolution": None, "aspect_ratio": None}
    if _is_told_sizes(pipeline):
        place["resolution"] = words.new_tensor([height, width]).repeat(len(words), 1)
        place["aspect_ratio"] = words.new_tensor([height / width]).repeat(len(words), 1)
    return {**masked_told(texts), "added_cond_kwargs": place}


def _predict(network: Any, latents: Any, time: Any, told: Told) -> Any:
    return first_half(call(network, latents, time, told), latents)

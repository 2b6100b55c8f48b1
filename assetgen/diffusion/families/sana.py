"""Sana and Sana 1.5."""

import inspect
from typing import Any

from assetgen.diffusion.families import Family, Texts, Told
from assetgen.diffusion.families._transformer import MASKED, call, first_half, masked_told, patch_size

MOST_TOKENS = 300  # section 3.1 of the paper (Xie et al. 2024)


def sana() -> Family:
    """Gemma for the words, an autoencoder of factor 32, and a transformer that knows places by convolutions.

    Those for 2K and 4K know them by positions, too.
    """
    return Family(
        "SanaPipeline",
        encode=_encode,
        readers=lambda pipeline: [(pipeline.tokenizer, MOST_TOKENS)],
        told=lambda pipeline, texts, size, guidance: masked_told(texts),
        predict=_predict,
        wraps=patch_size,
        network="transformer",
        patch=patch_size,
        rolls=lambda network: network.config.interpolation_scale is not None,
    )


def _encode(pipeline: Any, prompts: list[str], negatives: list[str], guided: bool) -> Texts:
    """The instruction that its language model was given in training stands before the prompt, not the unwanted one."""
    instruction = inspect.signature(type(pipeline).__call__).parameters["complex_human_instruction"].default
    found = pipeline.encode_prompt(
        prompts,
        negative_prompt=negatives,
        device=pipeline._execution_device,
        do_classifier_free_guidance=guided,
        max_sequence_length=MOST_TOKENS,
        complex_human_instruction=instruction,
    )
    return dict(zip(MASKED, found, strict=True))


def _predict(network: Any, latents: Any, time: Any, told: Told) -> Any:
    return first_half(call(network, latents, time * network.config.timestep_scale, told), latents)

"""What families with a diffusion transformer share."""

from collections.abc import Sequence
from typing import Any

from assetgen.diffusion.families import Texts, Told

MASKED = ("prompt_embeds", "prompt_attention_mask", "negative_prompt_embeds", "negative_prompt_attention_mask")
"""What `encode_prompt` of models returns whose text encoder pads, in its order."""


def patch_size(network: Any) -> int:
    """Latent cells to a side of a token."""
    return int(network.config.patch_size)


def each(time: Any, latents: Any) -> Any:
    """The time, once an image."""
    return time.expand(len(latents))


def first_half(found: Any, latents: Any) -> Any:
    """A prediction without the variances that some models learned beside it."""
    return found.chunk(2, dim=1)[0] if found.shape[1] == 2 * latents.shape[1] else found


def masked_told(texts: Texts) -> dict[str, Any]:
    """Words, and which of them are padding."""
    words, mask = texts["prompt_embeds"], texts["prompt_attention_mask"]
    return {"encoder_hidden_states": words, "encoder_attention_mask": mask}


def call(network: Any, latents: Any, time: Any, told: Told) -> Any:
    """The usual call, with one time an image."""
    return network(latents, timestep=each(time, latents), **told, return_dict=False)[0]


def reader(tokenizer: Any, most: int) -> Sequence[tuple[Any, int]]:
    """The one tokenizer that must read all of a prompt."""
    return [(tokenizer, most)]

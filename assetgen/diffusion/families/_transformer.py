"""What families with a diffusion transformer share."""

from typing import Any

from assetgen.diffusion.families import NetworkKwargs, PromptEmbeds

MASKED_EMBEDS = (
    "prompt_embeds",
    "prompt_attention_mask",
    "negative_prompt_embeds",
    "negative_prompt_attention_mask",
)
"""What `encode_prompt` returns, in order, for text encoders whose padding is masked."""


def patch_size(network: Any) -> int:
    """Latent cells per token side."""
    return int(network.config.patch_size)


def expand_timestep(timestep: Any, latents: Any) -> Any:
    """A timestep, repeated for each image of a batch."""
    return timestep.expand(len(latents))


def drop_variance(prediction: Any, latents: Any) -> Any:
    """The prediction without learned variances, which are the second half of its channels."""
    return prediction.chunk(2, dim=1)[0] if prediction.shape[1] == 2 * latents.shape[1] else prediction


def masked_kwargs(embeds: PromptEmbeds) -> dict[str, Any]:
    """Prompt embeddings with the mask of their padding, as the transformer's arguments."""
    return {
        "encoder_hidden_states": embeds["prompt_embeds"],
        "encoder_attention_mask": embeds["prompt_attention_mask"],
    }


def call_transformer(network: Any, latents: Any, timestep: Any, kwargs: NetworkKwargs) -> Any:
    """One forward pass on latents `B×C×h×w`."""
    return network(latents, timestep=expand_timestep(timestep, latents), **kwargs, return_dict=False)[0]

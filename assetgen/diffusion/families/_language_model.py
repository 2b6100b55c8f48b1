"""What families with a language model as text encoder share: chat templates, and prompts of different lengths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assetgen.diffusion.families import PromptEmbeds
from assetgen.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor


def prompt_tokens(tokenizer: Any, max_length: int, **options: Any) -> int:
    """How many of `max_length` tokens the chat template of a tokenizer leaves for the prompt. `options` are further
    arguments of `apply_chat_template`."""
    messages = [{"role": "user", "content": ""}]
    empty = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True, **options)
    return max_length - len(tokenizer(empty).input_ids)


def pad_prompts(prompts: Sequence[Tensor], length: int) -> dict[str, Tensor]:
    """Embeddings `T×D` of prompts as `B×length×D`, with the mask of their tokens; `InputError` for longer ones."""
    import torch
    from torch.nn import functional

    longest = max(map(len, prompts))
    if longest > length:
        what = f"a prompt and its pictures take {longest} tokens, and this model reads at most {length}"
        raise InputError(what, cure="Use a shorter prompt, or fewer reference pictures")
    padded = [functional.pad(prompt, (0, 0, 0, length - len(prompt))) for prompt in prompts]
    lengths = torch.tensor([len(prompt) for prompt in prompts], device=padded[0].device)
    mask = torch.arange(length, device=padded[0].device) < lengths[:, None]
    return {"prompt_embeds": torch.stack(padded), "prompt_attention_mask": mask}


def unpad_prompts(embeds: PromptEmbeds) -> list[Tensor]:
    """The embeddings `T×D` of each prompt without padding."""
    pairs = zip(embeds["prompt_embeds"], embeds["prompt_attention_mask"], strict=True)
    return [prompt[mask] for prompt, mask in pairs]

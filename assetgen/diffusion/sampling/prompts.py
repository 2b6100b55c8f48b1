"""Prompts to embeddings. A prompt that is too long for the text encoder is encoded in chunks, and none is cut off."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from assetgen.diffusion.families import PromptEmbeds
from assetgen.diffusion.loading.models import WarmModel
from assetgen.images import FloatArray

if TYPE_CHECKING:
    from torch import Tensor

Pictures: TypeAlias = Sequence[FloatArray]
"""The reference pictures `H×W×3` of one request, in 0..1."""
_TOKEN_EMBEDS = ("prompt_embeds", "prompt_attention_mask")
"""Embeddings `B×T×…` with a token axis, along which chunks are concatenated. Of pooled ones the first chunk counts."""


def chunk_count(warm: WarmModel, prompt: str, negative_prompt: str) -> int:
    """How many chunks the longer of the two takes. Prompts of one batch have the same count."""
    return max(len(prompt_chunks(warm, prompt)), len(prompt_chunks(warm, negative_prompt)))


def prompt_chunks(warm: WarmModel, prompt: str) -> list[str]:
    """The prompt in chunks of whole words, each short enough for every tokenizer of the model."""
    with warm.lock:
        if prompt not in warm.prompt_chunks:
            warm.prompt_chunks[prompt] = _split(warm, prompt)
        return warm.prompt_chunks[prompt]


def _split(warm: WarmModel, prompt: str) -> list[str]:
    tokenizers = [
        (tokenizer, max_length - tokenizer.num_special_tokens_to_add())
        for tokenizer, max_length in warm.family.tokenizers(warm.pipeline)
    ]
    # a textual inversion of several vectors takes as many tokens
    convert = getattr(warm.pipeline, "maybe_convert_prompt", lambda text, tokenizer: text)

    def fits(text: str) -> bool:
        return all(
            len(tokenizer(convert(text, tokenizer), add_special_tokens=False).input_ids) <= max_tokens
            for tokenizer, max_tokens in tokenizers
        )

    if fits(prompt):
        return [prompt]
    chunks: list[str] = []
    for word in prompt.split():
        if chunks and fits(f"{chunks[-1]} {word}"):
            chunks[-1] += f" {word}"
        else:
            chunks.append(word)
    return chunks


def encode_prompts(
    warm: WarmModel, prompts: Sequence[tuple[str, str]], cfg: bool, pictures: Sequence[Pictures]
) -> dict[str, Tensor]:
    """The `PromptEmbeds` of pairs of prompt and negative prompt; with `cfg` those of the negative prompts, too.
    `pictures` are the references of each pair, which the text encoders of some families see.

    On CPUs each pair is encoded alone, so that its bits do not depend on the batch; on GPUs a batch takes no longer
    than one pair. The embeddings of the last batches are cached: attempts of one asset share their prompts.
    """
    family = warm.family.references
    sees = family.encode if family is not None and any(pictures) else None
    key = (*prompts, cfg, *(_digest(picture) for each in pictures for picture in each if sees))
    with warm.lock:
        if key not in warm.embeddings:
            warm.embeddings[key] = _encode(warm, prompts, cfg, pictures if sees else ())
        return warm.embeddings[key]


def _digest(picture: FloatArray) -> tuple[tuple[int, ...], bytes]:
    return picture.shape, hashlib.sha256(picture.tobytes()).digest()


def _encode(
    warm: WarmModel, prompts: Sequence[tuple[str, str]], cfg: bool, pictures: Sequence[Pictures]
) -> dict[str, Tensor]:
    import torch

    split = [(prompt_chunks(warm, prompt), prompt_chunks(warm, negative)) for prompt, negative in prompts]
    count = max(len(chunks) for pair in split for chunks in pair)
    rows = [(_padded(positive, count), _padded(negative, count)) for positive, negative in split]
    empty_patterns = {tuple(map(bool, negative)) for _, negative in rows}
    together = warm.device.name != "cpu" and len(empty_patterns) == 1 and not pictures
    groups = [rows] if together else [[row] for row in rows]
    seen = pictures or [()] * len(groups)
    encoded = [_encode_rows(warm, group, cfg, each) for group, each in zip(groups, seen, strict=True)]
    return {name: torch.cat([embeds[name] for embeds in encoded]) for name in encoded[0]}


def _padded(chunks: list[str], count: int) -> list[str]:
    return chunks + [""] * (count - len(chunks))


def _encode_rows(
    warm: WarmModel, rows: Sequence[tuple[list[str], list[str]]], cfg: bool, pictures: Pictures
) -> dict[str, Tensor]:
    """Encode the first chunks of all rows, then the second ones, …, and concatenate them. `pictures` are seen with
    each of them."""
    import torch

    family = warm.family
    seeing = family.references.encode if pictures and family.references else None

    def encode(prompts: list[str], negative_prompts: list[str]) -> PromptEmbeds:
        if seeing is not None:
            return seeing(warm.pipeline, prompts, negative_prompts, cfg, pictures)
        return family.encode(warm.pipeline, prompts, negative_prompts, cfg)

    columns = (zip(*chunks, strict=True) for chunks in zip(*rows, strict=True))
    encoded = [
        encode(list(prompts), list(negative_prompts)) for prompts, negative_prompts in zip(*columns, strict=True)
    ]
    return {
        name: torch.cat([embeds[name] for embeds in encoded], dim=1) if _has_token_axis(name) else tensor
        for name, tensor in encoded[0].items()
        if tensor is not None and (cfg or not name.startswith("negative_"))
    }


def _has_token_axis(name: str) -> bool:
    return name.removeprefix("negative_") in _TOKEN_EMBEDS

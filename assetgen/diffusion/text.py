"""Prompts as embeddings. A long one is cut into chunks that the text encoder can read, and none of it is dropped.

Each prompt is encoded by itself, so that its numbers do not depend on the batch it is in.
"""

from collections.abc import Iterator
from typing import Any

NAMES = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")
"""What `encode_prompt` of every family returns, in its order; models with one text encoder stop after two."""


def chunk_count(pipeline: Any, prompt: str, negative: str) -> int:
    """How many chunks the longer of the two takes; only prompts with the same count share a batch."""
    return max(len(chunks(pipeline, prompt)), len(chunks(pipeline, negative)))


def chunks(pipeline: Any, text: str) -> list[str]:
    """The text in pieces of whole words, each short enough for every tokenizer of the pipeline."""
    readers = list(_readers(pipeline))

    def fits(piece: str) -> bool:
        return all(len(tokenizer(piece, add_special_tokens=False).input_ids) <= room for tokenizer, room in readers)

    if fits(text):
        return [text]
    pieces: list[str] = []
    for word in text.split():
        if pieces and fits(f"{pieces[-1]} {word}"):
            pieces[-1] += f" {word}"
        else:
            pieces.append(word)
    return pieces


def _readers(pipeline: Any) -> Iterator[tuple[Any, int]]:
    """Each tokenizer with the number of tokens it takes besides its special ones."""
    for number in ("", "_2"):
        tokenizer, encoder = (getattr(pipeline, f"{name}{number}", None) for name in ("tokenizer", "text_encoder"))
        if tokenizer is not None and encoder is not None:
            room = min(tokenizer.model_max_length, encoder.config.max_position_embeddings)
            yield tokenizer, room - tokenizer.num_special_tokens_to_add()


def encode(pipeline: Any, prompt: str, negative: str, guided: bool) -> dict[str, Any]:
    """The embeddings of one prompt by the pipeline's argument names, each with a batch of one.

    An empty negative is left to the pipeline (XL models were trained with zeros for it).
    """
    import torch

    wanted, unwanted = chunks(pipeline, prompt), chunks(pipeline, negative)
    count = max(len(wanted), len(unwanted))
    parts = [
        pipeline.encode_prompt(
            prompt=piece,
            negative_prompt=opposite or None,
            device=pipeline.device,
            num_images_per_prompt=1,
            do_classifier_free_guidance=guided,
        )
        for piece, opposite in zip(_to(wanted, count), _to(unwanted, count), strict=True)
    ]
    along_words = [torch.cat(column, dim=1) for column in list(zip(*parts, strict=True))[: 2 if guided else 1]]
    summaries = dict(zip(NAMES[2:], parts[0][2:], strict=False))
    found = dict(zip(NAMES, along_words, strict=False)) | summaries
    return {name: tensor for name, tensor in found.items() if tensor is not None}


def _to(pieces: list[str], count: int) -> list[str]:
    return pieces + [""] * (count - len(pieces))

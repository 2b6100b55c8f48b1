"""Prompts as embeddings. A long one is cut into chunks that the text encoder can read, and none of it is dropped.

Each prompt is encoded by itself, so that its numbers do not depend on the batch it is in.
"""

from typing import Any

from assetgen.diffusion.load import Warm

ALONG_WORDS = ("prompt_embeds", "prompt_attention_mask")
"""Embeddings whose second axis is the words, so that chunks of them are joined there. Others sum a prompt up: the
first chunk stands for it."""


def chunk_count(warm: Warm, prompt: str, negative: str) -> int:
    """How many chunks the longer of the two takes; only prompts with the same count share a batch."""
    return max(len(chunks(warm, prompt)), len(chunks(warm, negative)))


def chunks(warm: Warm, text: str) -> list[str]:
    """The text in pieces of whole words, each short enough for every tokenizer that must read all of it."""
    readers = [
        (tokenizer, most - tokenizer.num_special_tokens_to_add())
        for tokenizer, most in warm.family.readers(warm.pipeline)
    ]

    spoken = getattr(warm.pipeline, "maybe_convert_prompt", lambda piece, tokenizer: piece)  # a word taught as several

    def fits(piece: str) -> bool:
        counts = (
            (len(tokenizer(spoken(piece, tokenizer), add_special_tokens=False).input_ids), room)
            for tokenizer, room in readers
        )
        return all(count <= room for count, room in counts)

    if fits(text):
        return [text]
    pieces: list[str] = []
    for word in text.split():
        if pieces and fits(f"{pieces[-1]} {word}"):
            pieces[-1] += f" {word}"
        else:
            pieces.append(word)
    return pieces


def encode(warm: Warm, prompt: str, negative: str, guided: bool) -> dict[str, Any]:
    """The embeddings of one prompt by the pipeline's argument names, each with a batch of one."""
    import torch

    wanted, unwanted = chunks(warm, prompt), chunks(warm, negative)
    count = max(len(wanted), len(unwanted))
    parts = [
        warm.family.encode(warm.pipeline, piece, opposite, guided)
        for piece, opposite in zip(_to(wanted, count), _to(unwanted, count), strict=True)
    ]
    return {
        name: torch.cat([part[name] for part in parts], dim=1) if _joined(name) else tensor
        for name, tensor in parts[0].items()
        if tensor is not None and (guided or not name.startswith("negative_"))
    }


def _joined(name: str) -> bool:
    return name.removeprefix("negative_") in ALONG_WORDS


def _to(pieces: list[str], count: int) -> list[str]:
    return pieces + [""] * (count - len(pieces))

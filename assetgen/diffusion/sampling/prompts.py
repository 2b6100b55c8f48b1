"""Prompts as embeddings. A long one is cut into chunks that the text encoder can read, and none of it is dropped."""

from collections.abc import Sequence
from typing import Any

from assetgen.diffusion.loading.models import WarmModel

ALONG_WORDS = ("prompt_embeds", "prompt_attention_mask")
"""Embeddings whose second axis is the words, so that chunks of them are joined there. Others sum a prompt up: the
first chunk stands for it."""


def chunk_count(warm: WarmModel, prompt: str, negative: str) -> int:
    """How many chunks the longer of the two takes; only prompts with the same count share a batch."""
    return max(len(chunks(warm, prompt)), len(chunks(warm, negative)))


def chunks(warm: WarmModel, text: str) -> list[str]:
    """The text in pieces of whole words, each short enough for every tokenizer that must read all of it."""
    return warm.prompt_chunks.get(text, lambda: _cut(warm, text))


def _cut(warm: WarmModel, text: str) -> list[str]:
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


def encode(warm: WarmModel, texts: Sequence[tuple[str, str]], guided: bool) -> dict[str, Any]:
    """The embeddings of prompts and of what they unwant, by the pipeline's argument names: a row a prompt.

    On CPUs each is encoded by itself, so that its bits do not depend on its neighbours; GPUs take as long for one as
    for all. All take the same number of chunks. The last few batches are remembered: candidates share their words.
    """
    return warm.embeddings.get((*texts, guided), lambda: _encode(warm, texts, guided))


def _encode(warm: WarmModel, texts: Sequence[tuple[str, str]], guided: bool) -> dict[str, Any]:
    import torch

    pieces = [(chunks(warm, prompt), chunks(warm, negative)) for prompt, negative in texts]
    count = max(len(side) for both in pieces for side in both)
    rows = [(_to(wanted, count), _to(unwanted, count)) for wanted, unwanted in pieces]
    empty = {tuple(map(bool, unwanted)) for _, unwanted in rows}
    groups = [rows] if warm.device.name != "cpu" and len(empty) == 1 else [[row] for row in rows]
    each = [_encoded(warm, group, guided) for group in groups]
    return {name: torch.cat([found[name] for found in each]) for name in each[0]}


def _encoded(warm: WarmModel, rows: Sequence[tuple[list[str], list[str]]], guided: bool) -> dict[str, Any]:
    """The chunks of each row, encoded and joined."""
    import torch

    columns = (zip(*side, strict=True) for side in zip(*rows, strict=True))
    parts = [
        warm.family.encode(warm.pipeline, list(prompts), list(negatives), guided)
        for prompts, negatives in zip(*columns, strict=True)
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

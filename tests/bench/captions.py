"""Write the captions of mini, and the word vectors that prompts are compared with, into assetgen/weights/mini.

    python tests/bench/captions.py INDEX.jsonl.gz

INDEX has a line of JSON for each training picture: `group` (sprite, texture, scene) and `captions`. Of captions that
differ in colours alone one is kept for each style, and the shorter ones of the same name are left out.
"""

import gzip
import io
import json
import re
import sys
from pathlib import Path

import numpy as np

from assetgen.pack.captions import find_colors, words_of

FOLDER = Path(__file__).parents[2] / "assetgen/weights/mini"
GROUPS = ("sprite", "texture", "scene")
DIMENSIONS = 64
NOT_TRAINED_ON = ("oga-0x72",)
LONGEST = {"sprite": 14, "texture": 14, "scene": 7}
"""Words of a caption. Scenes with lists of things in them are left out."""
VARIANT = re.compile(r"\b(?:16x16|armor|gray|dark night|golden hour|cloudy day|clear day)\b")
"""Other words for what another caption of the same picture says."""


def write_captions(index: Path) -> None:
    """Write `captions.txt.gz`, the kinds of pictures with an empty line between them."""
    every = (json.loads(line) for line in gzip.decompress(index.read_bytes()).splitlines())
    records = [each for each in every if each["source"] not in NOT_TRAINED_ON]
    kinds = ["\n".join(_kind([each for each in records if each["group"] == group], group)) for group in GROUPS]
    stream = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, stream, mtime=0) as file:
        file.write(("\n\n".join(kinds) + "\n").encode())
    (FOLDER / "captions.txt.gz").write_bytes(stream.getvalue())


def _kind(records: list[dict[str, list[str]]], group: str) -> list[str]:
    pairs = sorted({tuple(caption.split(" of ", 1)) for each in records for caption in each["captions"]})
    pairs = [pair for pair in pairs if len(pair) == 2 and "," not in pair[0]]
    colors = find_colors(words_of(text.partition(",")[0]) for _, text in pairs)
    kept: dict[tuple[str, tuple[str, ...]], tuple[tuple[bool, int, str], str]] = {}
    for style, text in pairs:
        words = words_of(text)
        content = tuple(word for word in words if word not in colors)
        rank = (text.count(",") > 1, len(words) - len(content), text)
        if len(words) <= LONGEST[group] and not VARIANT.search(text):
            kept[style, content] = min(kept.get((style, content), (rank, text)), (rank, text))
    texts = {(style, text) for (style, _), (_, text) in kept.items()}
    named = {(style, _name(text, colors)) for style, text in texts if ", " in text}
    short = group == "scene"
    return sorted(f"{s} of {t}" for s, t in texts if short or ", " in t or (s, _name(t, colors)) not in named)


def _name(text: str, colors: frozenset[str]) -> tuple[str, ...]:
    return tuple(word for word in words_of(text.partition(",")[0]) if word not in colors)


def write_vectors() -> None:
    """Write `words.npy`: for each token the mean state of mini's text encoder, its principal components in 8 bits."""
    import torch
    from transformers import AutoTokenizer, BertModel

    tokenizer = AutoTokenizer.from_pretrained(FOLDER / "tokenizer")
    encoder = BertModel.from_pretrained(FOLDER / "text_encoder").eval()
    tokens = tokenizer.convert_ids_to_tokens(range(tokenizer.vocab_size))
    rows = []
    for start in range(0, len(tokens), 256):
        words = [token.removeprefix("##") for token in tokens[start : start + 256]]
        batch = tokenizer(words, return_tensors="pt", padding=True)
        mask = batch.attention_mask[..., None]
        with torch.no_grad():
            states = encoder(input_ids=batch.input_ids, attention_mask=batch.attention_mask).last_hidden_state
        rows.append(((states * mask).sum(1) / mask.sum(1)).numpy())
    vectors = np.concatenate(rows)
    centred = vectors - vectors.mean(0)
    reduced = centred @ np.linalg.svd(centred, full_matrices=False)[2][:DIMENSIONS].T
    scale = 127 / np.percentile(np.abs(reduced), 99.9)
    np.save(FOLDER / "words.npy", np.clip(np.rint(reduced * scale), -127, 127).astype(np.int8))


if __name__ == "__main__":
    write_captions(Path(sys.argv[1]))
    write_vectors()

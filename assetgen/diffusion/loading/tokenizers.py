"""The vocabularies that models of one file are read with, which such files do not hold: CLIP's and T5's."""

import gzip
import json
from pathlib import Path

from assetgen.diffusion.loading.checkpoint_config import END, START, TEXT_LENGTH
from assetgen.diffusion.loading.weight_files import DOWNLOAD_AGAIN
from assetgen.errors import InputError

FOLDER = Path(__file__).parent / "vocabulary"
T5_LENGTH = 512  # tokens
T5_WORDS = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}


def save_tokenizer(folder: Path, pad: str | None) -> None:
    """CLIP's, which pads a text with this word, or without one T5's."""
    if pad is None:
        folder.mkdir(parents=True)
        (folder / "tokenizer.json").write_text(_read("t5_tokenizer.json.gz"))
        told = {"tokenizer_class": "T5Tokenizer", "model_max_length": T5_LENGTH, **T5_WORDS}
        (folder / "tokenizer_config.json").write_text(json.dumps(told))
    else:
        _save_clip(folder, pad)


def _save_clip(folder: Path, pad: str) -> None:
    """Every byte, every byte that ends a word, every merge of two, and two that frame a text."""
    import transformers

    merges = [tuple(line.split()) for line in _read("clip_merges.txt.gz").splitlines()]
    letters = _letters()
    words = [*letters, *(f"{letter}</w>" for letter in letters), *("".join(pair) for pair in merges), START, END]
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = transformers.CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=TEXT_LENGTH, pad_token=pad)
    tokenizer.save_pretrained(folder)


def _read(name: str) -> str:
    try:
        return gzip.decompress((FOLDER / name).read_bytes()).decode()
    except OSError as error:
        raise InputError(f"the vocabulary '{name}' is missing from this installation", cure=DOWNLOAD_AGAIN) from error


def _letters() -> list[str]:
    """Every byte as a letter that can be seen (those that cannot come last), in the order of GPT-2's vocabulary."""
    seen = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = 256 - len(seen)
    return [chr(code) for code in (*seen, *range(256, 256 + hidden))]

"""The tokenizers of CLIP and T5, which single-file models do not contain."""

import gzip
import json
from pathlib import Path

from assetgen.diffusion.loading.weight_headers import DOWNLOAD_AGAIN
from assetgen.errors import InputError

_VOCABULARIES = Path(__file__).parent / "vocabulary"
_CLIP_LENGTH = 77  # tokens
_START, _END = "<|startoftext|>", "<|endoftext|>"
_T5_LENGTH = 512  # tokens
_T5_TOKENS = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}


def save_tokenizer(folder: Path, padding: str | None) -> None:
    """Save CLIP's tokenizer with this padding token; T5's for None."""
    if padding is None:
        folder.mkdir(parents=True)
        (folder / "tokenizer.json").write_text(_read("t5_tokenizer.json.gz"))
        config = {"tokenizer_class": "T5Tokenizer", "model_max_length": _T5_LENGTH, **_T5_TOKENS}
        (folder / "tokenizer_config.json").write_text(json.dumps(config))
    else:
        _save_clip(folder, padding)


def _save_clip(folder: Path, padding: str) -> None:
    """The vocabulary is every byte, every byte at the end of a word, every merge of two tokens, start and end."""
    import transformers

    merges = [tuple(line.split()) for line in _read("clip_merges.txt.gz").splitlines()]
    letters = _byte_letters()
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), *("".join(pair) for pair in merges), _START, _END]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    options = {"model_max_length": _CLIP_LENGTH, "pad_token": padding}
    transformers.CLIPTokenizer(vocab=vocabulary, merges=merges, **options).save_pretrained(folder)


def _read(name: str) -> str:
    try:
        return gzip.decompress((_VOCABULARIES / name).read_bytes()).decode()
    except OSError as error:
        raise InputError(f"the vocabulary '{name}' is missing from this installation", cure=DOWNLOAD_AGAIN) from error


def _byte_letters() -> list[str]:
    """Every byte as a printable letter (substitutes come last), in the order of GPT-2's vocabulary."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    substitutes = range(256, 256 + 256 - len(printable))
    return [chr(code) for code in (*printable, *substitutes)]

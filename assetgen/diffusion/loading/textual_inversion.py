"""Textual inversions (Gal et al. 2022): words that a text encoder is taught, spoken in prompts by their token."""

from pathlib import Path
from typing import Any

from assetgen.diffusion.loading.weight_files import addition_path, check_file
from assetgen.errors import InputError
from assetgen.pack.schema import Embedding

READERS = {"clip_l": "", "clip_g": "_2"}
"""Which encoder the parts of a file for two encoders are for."""

MOST_AXES = 2  # a row of numbers for each of its words


def load_embedding(pipeline: Any, embedding: Embedding) -> None:
    """Teach the text encoders of a pipeline a word; what it means comes from one .safetensors file."""
    from safetensors.torch import load_file

    file = addition_path(embedding)
    check_file(file)
    if not hasattr(pipeline, "load_textual_inversion"):
        raise InputError(f"'{file}' has no place in this family of models", cure="Remove it, or use another")
    learnt, found = 0, load_file(file)
    if len(found) > len(READERS) or any(vectors.ndim > MOST_AXES for vectors in found.values()):
        raise InputError(f"'{file}' is no textual inversion", cure="Name a LoRA under `loras:`")
    for name, vectors in found.items():
        if name in READERS and getattr(pipeline, f"text_encoder{READERS[name]}", None) is None:
            raise _other_kind(file)
        for number in [READERS[name]] if name in READERS else READERS.values():
            encoder, tokenizer = (getattr(pipeline, f"{part}{number}", None) for part in ("text_encoder", "tokenizer"))
            if encoder is None or vectors.shape[-1] != encoder.get_input_embeddings().weight.shape[-1]:
                continue
            try:
                pipeline.load_textual_inversion(vectors, embedding.token, tokenizer=tokenizer, text_encoder=encoder)
            except ValueError as error:
                what = f"'{embedding.token}' is a word already"
                raise InputError(what, cure=f"Give '{file}' another `token:`") from error
            learnt += 1
    if not learnt:
        raise _other_kind(file)


def _other_kind(file: Path) -> InputError:
    return InputError(f"'{file}' was made for another kind of model", cure="Use one made for this kind")

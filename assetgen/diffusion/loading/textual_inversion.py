"""Textual inversions (Gal et al. 2022): learned embeddings of a text encoder, used in prompts by their token."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assetgen.diffusion.loading.weight_files import addition_path
from assetgen.diffusion.loading.weight_headers import check_file
from assetgen.errors import InputError
from assetgen.pack.schema import Embedding

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline

_ENCODERS = {"clip_l": "", "clip_g": "_2"}
"""Suffix of the text encoder, by tensor name in files for two encoders."""

_MAX_DIMENSIONS = 2  # vectors × width


def load_embedding(pipeline: DiffusionPipeline, embedding: Embedding) -> None:
    """Load a textual inversion from a .safetensors file into the text encoders of a pipeline."""
    from safetensors.torch import load_file

    file = addition_path(embedding)
    check_file(file)
    if not hasattr(pipeline, "load_textual_inversion"):
        raise InputError(f"this model family does not support textual inversions ('{file}')", cure="Remove it")
    loaded, found = 0, load_file(file)
    if len(found) > len(_ENCODERS) or any(vectors.ndim > _MAX_DIMENSIONS for vectors in found.values()):
        raise InputError(f"'{file}' is not a textual inversion", cure="Name a LoRA under `loras:`")
    for name, vectors in found.items():
        if name in _ENCODERS and getattr(pipeline, f"text_encoder{_ENCODERS[name]}", None) is None:
            raise _other_kind(file)
        for number in [_ENCODERS[name]] if name in _ENCODERS else _ENCODERS.values():
            encoder, tokenizer = (getattr(pipeline, f"{part}{number}", None) for part in ("text_encoder", "tokenizer"))
            if encoder is None or vectors.shape[-1] != encoder.get_input_embeddings().weight.shape[-1]:
                continue
            try:
                pipeline.load_textual_inversion(vectors, embedding.token, tokenizer=tokenizer, text_encoder=encoder)
            except ValueError as error:
                what = f"the tokenizer already has the token '{embedding.token}'"
                raise InputError(what, cure=f"Give '{file}' another `token:`") from error
            loaded += 1
    if not loaded:
        raise _other_kind(file)


def _other_kind(file: Path) -> InputError:
    return InputError(f"'{file}' was made for another kind of model", cure="Use one made for this kind")

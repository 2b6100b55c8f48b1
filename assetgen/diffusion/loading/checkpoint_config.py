"""What the shapes of tensors in one file tell of the networks that they are of, as configurations of diffusers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Shapes = Mapping[str, list[int]]
"""The shape of each tensor by its name in the file."""
HEAD = 64  # numbers to an attention head, in all of them but Stable Diffusion 1
TEXT_LENGTH = 77  # tokens that CLIP reads at a time
START, END = "<|startoftext|>", "<|endoftext|>"


@dataclass(frozen=True)
class Layout:
    """What a file holds: its family, configurations by the file that diffusers reads, and by the folder of each
    tokenizer the word that pads a text of CLIP's, or None for T5's."""

    family: str
    configs: Mapping[str, Mapping[str, Any]]
    tokenizers: Mapping[str, str | None]


def pad_of(clip: Mapping[str, Any]) -> str:
    """CLIP pads a text with its end, OpenCLIP with the vocabulary's first word."""
    return END if clip["hidden_act"] == "quick_gelu" else "!"


def numbers(shapes: Shapes, pattern: str) -> list[int]:
    """The numbers at the place of `#` in names that begin like this, sorted."""
    found = re.compile(re.escape(pattern).replace(r"\#", r"(\d+)"))
    return sorted({int(match[1]) for name in shapes if (match := found.match(name))})


def vae(shapes: Shapes, stem: str, factor: float) -> dict[str, Any]:
    """An autoencoder; `factor` brings its latents near the spread of noise."""
    downs = numbers(shapes, f"{stem}.encoder.down.#.")
    return {
        "_class_name": "AutoencoderKL",
        "block_out_channels": [shapes[f"{stem}.encoder.down.{number}.block.0.conv2.weight"][0] for number in downs],
        "layers_per_block": len(numbers(shapes, f"{stem}.encoder.down.0.block.#.")),
        "latent_channels": shapes[f"{stem}.decoder.conv_in.weight"][1],
        "down_block_types": ["DownEncoderBlock2D"] * len(downs),
        "up_block_types": ["UpDecoderBlock2D"] * len(downs),
        "scaling_factor": factor,
    }


def clip(shapes: Shapes, stem: str, kind: str = "CLIPTextModel") -> dict[str, Any]:
    """A text encoder in the form of transformers, with the activation of CLIP."""
    layers = len(numbers(shapes, f"{stem}.encoder.layers.#."))
    inner = shapes[f"{stem}.encoder.layers.0.mlp.fc1.weight"][0]
    tokens, width = shapes[f"{stem}.embeddings.token_embedding.weight"]
    return text(tokens, width, inner, layers, act="quick_gelu", kind=kind, projection=width)


def open_clip(shapes: Shapes, stem: str, skipped: int) -> dict[str, Any]:
    """A text encoder in the form of OpenCLIP, of which the last layers are skipped."""
    layers = len(numbers(shapes, f"{stem}.transformer.resblocks.#.")) - skipped
    inner = shapes[f"{stem}.transformer.resblocks.0.mlp.c_fc.weight"][0]
    tokens, width = shapes[f"{stem}.token_embedding.weight"]
    kind = "CLIPTextModel" if skipped else "CLIPTextModelWithProjection"
    projection = shapes.get(f"{stem}.text_projection", [width, width])[1]
    return text(tokens, width, inner, layers, act="gelu", kind=kind, projection=projection)


def text(tokens: int, width: int, inner: int, layers: int, **words: Any) -> dict[str, Any]:
    """A text encoder of CLIP's shape: `act`, `kind` and `projection` besides its sizes."""
    return {
        "model_type": "clip_text_model",
        "architectures": [words["kind"]],
        "vocab_size": tokens,
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": max(width // HEAD, 1),
        "max_position_embeddings": TEXT_LENGTH,
        "hidden_act": words["act"],
        "projection_dim": words["projection"],
        "bos_token_id": tokens - 2,
        "eos_token_id": tokens - 1,
        "pad_token_id": 1,
    }

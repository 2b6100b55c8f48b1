"""Bytes of device memory that a model needs, computed from the headers of its weight files. Nothing is loaded.

Weights in 16 bits take two bytes a parameter. `quantize:` stores the matrices in the repeated blocks of the network and
the text encoders in fewer bits; embeddings, norms, first and last layers and the autoencoder stay in 16 bits.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from assetgen.diffusion.families import network_name
from assetgen.diffusion.loading.quantized_files import logical_shapes, runs_in_fp8
from assetgen.diffusion.loading.weight_files import (
    SKIPPED_COMPONENTS,
    check_model,
    replaced_parts,
    stored_format,
    weights_path,
)
from assetgen.diffusion.loading.weight_headers import GGUF, read_header
from assetgen.errors import AssetgenError
from assetgen.pack.schema import ModelCard, Quantization

WORKSPACE_BYTES = 500_000_000
"""Memory for activations and the device's libraries, beside what decoding takes."""
DECODE_BYTES_PER_PIXEL = 2700
"""Memory of decoding one image: 2.8 GB measured for 1024² with SDXL's autoencoder in bfloat16."""
QUANTIZED_COMPONENTS = ("unet", "transformer", "text_encoder", "text_encoder_2", "text_encoder_3")
"""Components whose matrices `quantize:` stores in fewer bits."""
PRECISIONS: tuple[Quantization, ...] = ("none", "int8", "fp8", "fp8_dynamic", "nf4")
_IN_A_BLOCK = re.compile(r"(?:^|\.)\d+\.[^.\d][^.]*\.(?:.*\.)?weight$")
"""A number, the block's, then a named layer: not the layers of an embedder that is a sequence (`mlp.0.weight`)."""
_KEPT = re.compile(r"\.(wo|relative_attention_bias)\.")
"""Layers of T5 that stay in 16 bits: `wo` overflows in fewer, and its position bias is an embedding."""
_BLOCK_OF_NF4 = 64  # weights that share one scale
_SCALES_PER_BLOCK = 256  # 8-bit scales that share one 32-bit scale
_PREFIXES = (
    ("first_stage_model.", "vae"),
    ("vae.", "vae"),
    ("cond_stage_model.", "text_encoder"),
    ("conditioner.", "text_encoder"),
    ("text_encoders.", "text_encoder"),
)
"""Tensor names in a file of a whole model, by component; all others are the network's."""
_Shapes = Mapping[str, Sequence[int]]
"""Tensor shapes by tensor name."""


@dataclass(frozen=True)
class MemoryNeeded:
    """Bytes of a model's components by number format, and `workspace`: what one image of the native size takes beside
    the weights. Computed, not measured."""

    components: Mapping[str, Mapping[Quantization, int]]
    workspace: int

    def resident_in(self, quantize: Quantization) -> int:
        """Bytes with all components on the device."""
        return sum(each[quantize] for each in self.components.values()) + self.workspace

    def offloaded_in(self, quantize: Quantization) -> int:
        """Bytes with one component at a time on the device."""
        return max((each[quantize] for each in self.components.values()), default=0) + self.workspace

    @property
    def resident(self) -> int:
        """Bytes with all components on the device, in 16 bits."""
        return self.resident_in("none")

    @property
    def offloaded(self) -> int:
        """Bytes with one component at a time on the device, in 16 bits."""
        return self.offloaded_in("none")

    @property
    def quantized(self) -> int:
        """Bytes with all components on the device, in 4 bits."""
        return self.resident_in("nf4")


def memory_needed(card: ModelCard) -> MemoryNeeded | None:
    """What a model needs, without its controls; None where its weights are not on this machine or not whole."""
    try:
        check_model(card)
        found = dict(_components(card))
    except AssetgenError:
        return None
    element = 4 if card.precision == "float32" else 2
    components = {name: _sizes(name, component, element) for name, component in found.items()}
    return MemoryNeeded(components, workspace_bytes(card.native[0] * card.native[1]))


def workspace_bytes(pixels: int) -> int:
    """Bytes of device memory beside the weights, for images of `pixels` pixels."""
    return WORKSPACE_BYTES + DECODE_BYTES_PER_PIXEL * pixels


def is_quantizable(name: str, shape: Sequence[int]) -> bool:
    """True for the weight of a matrix in a repeated block, by its tensor name."""
    return len(shape) == 2 and bool(_IN_A_BLOCK.search(name)) and not _KEPT.search(name)


def tensor_bytes(shape: Sequence[int], quantize: Quantization, element: int = 2) -> int:
    """Bytes of a matrix in a number format, with its scales; `element` is the size of an unquantized number."""
    count = prod(shape)
    match quantize:
        case "none":
            return count * element
        case "int8":
            return count + 5 * shape[0]  # a 32-bit scale and an 8-bit zero point a row
        case "fp8" | "fp8_dynamic":
            return count + 4 * shape[0]
        case "nf4":
            scales = -(-count // _BLOCK_OF_NF4)
            return -(-count // 2) + scales + 4 * -(-scales // _SCALES_PER_BLOCK)


@dataclass(frozen=True)
class _Component:
    """Tensor shapes of a component. `stored` are the bytes of one whose file has fewer bits, which it keeps where
    `quantize:` is one of `runs_as`."""

    shapes: _Shapes
    stored: int = 0
    runs_as: tuple[Quantization, ...] = ()


def _sizes(name: str, component: _Component, element: int) -> dict[Quantization, int]:
    def size(quantize: Quantization) -> int:
        if quantize in component.runs_as:
            return component.stored
        quantized = quantize if name in QUANTIZED_COMPONENTS else "none"
        return sum(
            tensor_bytes(shape, quantized if is_quantizable(tensor, shape) else "none", element)
            for tensor, shape in component.shapes.items()
        )

    return {quantize: size(quantize) for quantize in PRECISIONS}


def _components(card: ModelCard) -> Iterator[tuple[str, _Component]]:
    """The components that a card loads, by name."""
    path, network = weights_path(card.weights), network_name(card.family)
    replaced = replaced_parts(card)
    yield from _in_folder(path, replaced) if path.is_dir() else _in_whole_file(path, network, replaced)
    for name, location in ((network, card.network), ("vae", card.vae)):
        if location:
            path = weights_path(location)
            yield name, _of_folder(path) if path.is_dir() else _of_file(path, has_loras=bool(card.loras))


def _in_folder(folder: Path, replaced: Sequence[str]) -> Iterator[tuple[str, _Component]]:
    for part in sorted(each for each in folder.iterdir() if each.is_dir()):
        if part.name not in (*SKIPPED_COMPONENTS, *replaced):
            component = _of_folder(part)
            if component.shapes:
                yield part.name, component


def _of_folder(folder: Path) -> _Component:
    """A network's folder. Copies in other precisions have the same tensor names."""
    header = {name: entry for file in sorted(folder.glob("*.safetensors")) for name, entry in read_header(file).items()}
    shapes = {name: entry["shape"] for name, entry in header.items()}
    if stored_format(folder):
        return _Component(shapes, _file_bytes(header.values()), PRECISIONS)
    return _Component(shapes)


def _of_file(file: Path, *, has_loras: bool) -> _Component:
    """A single file. Scaled fp8 is converted to 16 bits where LoRAs are fused into it."""
    header, shapes = read_header(file), logical_shapes(file)
    if file.suffix == GGUF:
        return _Component(shapes, _file_bytes(header.values()), PRECISIONS)
    if runs_in_fp8(header) and not has_loras:
        return _Component(shapes, sum(_run_bytes(each) for each in header.values()), ("none", "fp8"))
    return _Component(shapes)


def _file_bytes(entries: Iterable[Mapping[str, Any]]) -> int:
    return sum(int(entry["data_offsets"][1] - entry["data_offsets"][0]) for entry in entries)


def _run_bytes(entry: Mapping[str, Any]) -> int:
    """Bytes of a tensor of a scaled fp8 file as it runs: a scale a row for matrices, 16 bits for others."""
    if entry["dtype"] == "F8_E4M3" and len(entry["shape"]) == 2:
        return tensor_bytes(entry["shape"], "fp8")
    return 2 * int(prod(entry["shape"]))


def _in_whole_file(file: Path, network: str, replaced: Sequence[str]) -> Iterator[tuple[str, _Component]]:
    """The components in a file of a whole model."""
    found: dict[str, dict[str, Sequence[int]]] = {}
    for name, shape in logical_shapes(file).items():
        component = next((part for prefix, part in _PREFIXES if name.startswith(prefix)), network)
        found.setdefault(component, {})[name] = shape
    yield from ((name, _Component(shapes)) for name, shapes in found.items() if name not in replaced)

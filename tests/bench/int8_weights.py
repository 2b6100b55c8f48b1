"""Store the weights of a network's folder as 8-bit integers with one scale a row.

    python tests/bench/int8_weights.py FOLDER OUT

FOLDER and OUT are folders of one network in diffusers layout. Matrices and kernels become int8 with `NAME_scale`, one
float32 a row (output channel): half the size of 16 bits. Small tensors become float16. Prints the relative error.
"""

import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

FILE = "diffusion_pytorch_model.safetensors"
SMALL = 1024
"""Tensors with fewer numbers stay in 16 bits."""
LARGEST = 127


def store_int8(source: Path, target: Path) -> None:
    """Convert one folder."""
    tensors = load_file(source / FILE)
    stored: dict[str, torch.Tensor] = {}
    error = power = 0.0
    for name, tensor in tensors.items():
        weight = tensor.float()
        if weight.ndim < 2 or weight.numel() < SMALL:
            stored[name] = weight.half()
            continue
        scale = weight.flatten(1).abs().amax(1).clamp_min(1e-12) / LARGEST
        rows = scale.reshape(-1, *[1] * (weight.ndim - 1))
        stored[name] = (weight / rows).round().clamp(-LARGEST, LARGEST).to(torch.int8)
        stored[f"{name}_scale"] = scale
        error += float((stored[name].float() * rows - weight).square().sum())
        power += float(weight.square().sum())
    target.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in stored.items()}, target / FILE)
    if source.resolve() != target.resolve():
        shutil.copy(source / "config.json", target)
    print(f"{target}: {(target / FILE).stat().st_size:,} bytes, relative error {(error / power) ** 0.5:.4f}")


if __name__ == "__main__":
    store_int8(*map(Path, sys.argv[1:]))

"""Fuse LoRAs (diffusers or kohya tensor names) into a model's weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetgen.diffusion._private_apis import lora_components
from assetgen.diffusion.loading.compatibility import OTHER_MODEL_CURE, error_summary
from assetgen.diffusion.loading.weight_files import addition_path
from assetgen.diffusion.loading.weight_headers import check_file
from assetgen.errors import InputError
from assetgen.pack.schema import Lora

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline
    from torch.nn import Module


def fuse_lora(pipeline: DiffusionPipeline, lora: Lora, name: str) -> None:
    """Fuse a LoRA into the weights of the network and text encoders, so that it does not slow the steps."""
    file = addition_path(lora)
    check_file(file)
    if not hasattr(pipeline, "load_lora_weights"):
        raise InputError(f"this model family does not support LoRAs ('{file}')", cure="Remove it")
    options = {"weight_name": file.name, "adapter_name": name, "local_files_only": True}
    try:
        pipeline.load_lora_weights(str(file.parent), **options)
        parts = [part for part in lora_components(pipeline) if _has(getattr(pipeline, part, None), name)]
        if not parts:
            raise ValueError("none of its weights is for this model")
        pipeline.fuse_lora(components=parts, lora_scale=lora.weight, adapter_names=[name])
        pipeline.unload_lora_weights()
    except (ValueError, KeyError, RuntimeError, AttributeError, IndexError) as error:
        raise InputError(
            f"LoRA '{file}' does not fit this model ({error_summary(error)})", cure=OTHER_MODEL_CURE
        ) from error


def _has(part: Module | None, name: str) -> bool:
    """True if layers of a network have the adapter of this name."""
    return part is not None and any(name in (getattr(module, "lora_A", None) or ()) for module in part.modules())

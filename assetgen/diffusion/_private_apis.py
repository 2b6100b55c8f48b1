"""Every use of a private API of torch, diffusers or transformers, and why the public API is not enough.

Read this file first when one of these libraries is upgraded: private names change without notice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from torch import Tensor, device
    from torch.nn import Module

CONV_FORWARD = "_conv_forward"
"""The method of `torch.nn.Conv2d` that pads and convolves, called by `forward` with input, weight and bias. Replacing
it changes the padding and leaves `forward`, which accelerate's offload hooks replace, alone. `padding_mode` cannot
differ between x and y."""


def execution_device(pipeline: DiffusionPipeline) -> device:
    """The torch device on which a pipeline's networks run. `pipeline.device` is where their weights are, which is
    "cpu" or "meta" while they are offloaded."""
    return pipeline._execution_device


def load_ip_adapter_weights(unet: ModelMixin, state_dict: dict[str, dict[str, Tensor]]) -> None:
    """Install IP-Adapter weights from memory in a UNet. `pipeline.load_ip_adapter` would also add an image processor
    and encoder to the pipeline, which others share."""
    unet._load_ip_adapter_weights([state_dict])


def transformer_pos_embed(controlnet: ModelMixin, transformer: ModelMixin) -> Module:
    """The position embedding of an SD3 transformer, for a ControlNet trained without its own. The pipelines of
    diffusers call the same method; from outside a pipeline there is no other way."""
    return controlnet._get_pos_embed_from_transformer(transformer)


def lora_components(pipeline: DiffusionPipeline) -> list[str]:
    """Names of the pipeline components that can hold LoRAs. `fuse_lora` and `unload_lora_weights` require them, and
    the public API lists only the adapters that are loaded."""
    return list(pipeline._lora_loadable_modules)


@contextmanager
def single_file_tensors(tensors: dict[str, Tensor]) -> Iterator[None]:
    """Context in which a pipeline's `from_single_file` takes these tensors instead of reading its file: it accepts only
    a path, and converts no scaled weights."""
    from diffusers.loaders import single_file

    original = single_file.load_single_file_checkpoint
    single_file.load_single_file_checkpoint = lambda *path, **options: tensors
    try:
        yield
    finally:
        single_file.load_single_file_checkpoint = original


def has_fast_bfloat16() -> bool:
    """True if the CPU computes in bfloat16 natively (AVX-512 BF16 or AMX). `torch.cpu.get_capabilities` is newer than
    the oldest supported torch."""
    import torch

    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def limit_recompiles(shapes: int) -> None:
    """How many shapes of one module torch compiles before it silently runs further ones eagerly. Only the
    configuration of dynamo has this limit."""
    import torch

    torch._dynamo.config.recompile_limit = shapes


def repeated_blocks(network: Module) -> Collection[str]:
    """Class names of the blocks that diffusers' `compile_repeated_blocks` compiles; empty where a network names none.
    That method compiles them without returning them, and they must be called uncompiled as well."""
    return getattr(network, "_repeated_blocks", None) or ()


def compile_error() -> type[Exception]:
    """The exception class of dynamo's and inductor's errors, which has no public name."""
    from torch._dynamo.exc import TorchDynamoException

    found: type[Exception] = TorchDynamoException
    return found


def compiled_call(network: Module) -> Callable[..., object] | None:
    """What `network.compile()` runs instead of the module's `forward`; None if it is not compiled."""
    call: Callable[..., object] | None = network._compiled_call_impl
    return call


def set_compiled_call(network: Module, call: Callable[..., object] | None) -> None:
    """Restore or, with None, remove a compiled call. `torch.compiler.set_stance("force_eager")` would act on all
    modules and threads."""
    network._compiled_call_impl = call


def flatten(tree: Any) -> tuple[list[Any], Any]:
    """The leaves of nested mappings and lists, and their structure. torch has no public name for its pytrees."""
    from torch.utils._pytree import tree_flatten

    leaves, structure = tree_flatten(tree)
    return leaves, structure


def unflatten(leaves: list[Any], structure: Any) -> Any:
    """The tree of these leaves; the inverse of `flatten`."""
    from torch.utils._pytree import tree_unflatten

    return tree_unflatten(leaves, structure)


def causal_padding(convolution: Module) -> tuple[int, int] | None:
    """Zero cells that a causal convolution of Qwen-Image's autoencoders adds on each side along x and along y, in its
    `forward`; None for another module. Its public `padding` is 0."""
    if not type(convolution).__name__.startswith("QwenImage") or not hasattr(convolution, "_padding"):
        return None
    return convolution._padding[0], convolution._padding[2]

"""Compile a model's networks with torch's inductor, and run them compiled or not.

Of a transformer the repeated blocks are compiled, all of one class at once (regional compilation, diffusers'
`compile_repeated_blocks`): compiling takes the time of two blocks, the first and one more, whose input has other
strides, instead of that of all. UNets and autoencoders, whose blocks differ, are compiled whole.

Measured with Stable Diffusion 1.5 (512², 20 steps, batches of 8, H200, PyTorch 2.11): compiling takes 54 to 67 s and
saves 30 % of the time of an image, 0.05 s.
"""

import contextlib
import warnings
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from assetgen.diffusion._private_apis import (
    compile_error,
    compiled_call,
    limit_recompiles,
    repeated_blocks,
    set_compiled_call,
)
from assetgen.diffusion.speed.devices import libraries

COMPILE_FROM = 2000
"""Images of one shape that must remain before `compile: auto` compiles; by the figures above it pays from 1,200."""
_MAX_SHAPES = 64
"""Shapes that torch compiles for one module, more than any build has; beyond its default of 8 it silently stops."""
_COMPLEX = "Torchinductor does not support code generation for complex operators"
"""A warning for the rotary embeddings of Z-Image and Qwen-Image, which run as torch's own kernel inside the rest."""
_BLOCKS: Mapping[str, Collection[str]] = {
    "UNet2DConditionModel": (),  # compiled whole: diffusers names only its attention blocks
    "SD3Transformer2DModel": ("JointTransformerBlock",),
    "SD3ControlNetModel": ("JointTransformerBlock", "SD3SingleTransformerBlock"),
    "PixArtTransformer2DModel": ("BasicTransformerBlock",),
    "SanaTransformer2DModel": ("SanaTransformerBlock",),
    "FluxControlNetModel": ("FluxTransformerBlock", "FluxSingleTransformerBlock"),
    "ZImageControlNetModel": ("ZImageTransformerBlock", "ZImageControlTransformerBlock"),
    "QwenImageControlNetModel": ("QwenImageTransformerBlock",),
}
"""Class names of the repeated blocks of networks of diffusers, where its own are none or not wanted."""


@dataclass
class Compiler:
    """The shapes of a model's batches that are compiled.

    `allowed` is False for offloaded weights and for those stored in fewer bits alone, and after a compilation failed;
    `cuda` is True on a CUDA device.
    """

    allowed: bool
    cuda: bool
    compiled: set[Hashable] = field(default_factory=set)

    def should_compile(self, mode: Literal["auto", "always", "never"], remaining: int) -> bool:
        """True if a shape with `remaining` images is to be compiled, by the card's `compile` key."""
        if mode == "auto":
            return self.allowed and self.cuda and remaining >= COMPILE_FROM
        return self.allowed and mode == "always"


def compilable_parts(network: Any) -> Iterator[Any]:
    """The modules of a network that are compiled: a transformer's repeated blocks, in order; others as a whole."""
    names = _BLOCKS.get(type(network).__name__, repeated_blocks(network))
    if not names:
        yield network
    else:
        yield from (module for module in network.modules() if type(module).__name__ in names)


def compile_modules(modules: Iterable[Any]) -> None:
    """Compile these torch modules at their next call, separately for each shape. Equal blocks share compiled code."""
    torch, _ = libraries()
    limit_recompiles(_MAX_SHAPES)
    warnings.filterwarnings("ignore", _COMPLEX, UserWarning)
    for module in modules:
        if compiled_call(module) is None:
            module.to(memory_format=torch.channels_last)  # faster for compiled convolutions, slower for others
            module.compile(dynamic=False, options={"conv_1x1_as_mm": True})


def is_compiled(network: Any) -> bool:
    """True if a call of this network runs compiled code."""
    return compiled_call(next(compilable_parts(network))) is not None


class CompilingError(Exception):
    """Torch could not compile a network, as without a C compiler or Triton."""


@contextlib.contextmanager
def compiled(compiler: Compiler, modules: Iterable[Any]) -> Iterator[None]:
    """Context in which these modules run compiled. A failure raises `CompilingError` and disables compiling."""
    from torch import contiguous_format

    try:
        yield
    except compile_error() as error:
        compiler.allowed = False
        compiler.compiled.clear()
        for module in modules:
            set_compiled_call(module, None)
            module.to(memory_format=contiguous_format)
        raise CompilingError(str(error).strip().partition("\n")[0]) from error


@contextlib.contextmanager
def uncompiled(modules: Iterable[Any]) -> Iterator[None]:
    """Context in which these modules run eagerly, so that their layers may be changed temporarily."""
    kept = [(module, compiled_call(module)) for module in modules]
    try:
        for module, _ in kept:
            set_compiled_call(module, None)
        yield
    finally:
        for module, call in kept:
            set_compiled_call(module, call)

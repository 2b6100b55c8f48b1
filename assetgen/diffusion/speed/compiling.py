"""Compile a model's networks with torch's inductor, and run them compiled or not.

Measured with Stable Diffusion 1.5 (512², 20 steps, batches of 8, H200, PyTorch 2.11): compiling takes 54 to 67 s and
saves 30 % of the time of an image, 0.05 s.
"""

import contextlib
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from assetgen.diffusion._private_apis import compile_error, compiled_call, limit_recompiles, set_compiled_call
from assetgen.diffusion.speed.devices import libraries

COMPILE_FROM = 2000
"""Images of one shape that must remain before `compile: auto` compiles; by the figures above it pays from 1,200."""
_MAX_SHAPES = 64
"""Shapes that torch compiles for one module, more than any build has; beyond its default of 8 it silently stops."""


@dataclass
class Compiler:
    """The shapes of a model's batches that are compiled.

    `allowed` is False for offloaded and quantized weights, and after a compilation failed; `cuda` is True on a CUDA
    device.
    """

    allowed: bool
    cuda: bool
    compiled: set[Hashable] = field(default_factory=set)

    def should_compile(self, mode: Literal["auto", "always", "never"], remaining: int) -> bool:
        """True if a shape with `remaining` images is to be compiled, by the card's `compile` key."""
        if mode == "auto":
            return self.allowed and self.cuda and remaining >= COMPILE_FROM
        return self.allowed and mode == "always"


def compile_networks(networks: Iterable[Any]) -> None:
    """Compile these torch modules at their next call, separately for each shape."""
    torch, _ = libraries()
    limit_recompiles(_MAX_SHAPES)
    for network in networks:
        if not is_compiled(network):
            network.to(memory_format=torch.channels_last)  # faster for compiled convolutions, slower for others
            network.compile(dynamic=False, options={"conv_1x1_as_mm": True})


def is_compiled(network: Any) -> bool:
    """True if a call of this module runs compiled code."""
    return compiled_call(network) is not None


class CompilingError(Exception):
    """Torch could not compile a network, as without a C compiler or Triton."""


@contextlib.contextmanager
def compiled(compiler: Compiler, networks: Iterable[Any]) -> Iterator[None]:
    """Context in which these modules run compiled. A failure raises `CompilingError` and disables compiling."""
    from torch import contiguous_format

    try:
        yield
    except compile_error() as error:
        compiler.allowed = False
        compiler.compiled.clear()
        for network in networks:
            set_compiled_call(network, None)
            network.to(memory_format=contiguous_format)
        raise CompilingError(str(error).strip().partition("\n")[0]) from error


@contextlib.contextmanager
def uncompiled(networks: Iterable[Any]) -> Iterator[None]:
    """Context in which these modules run eagerly, so that their layers may be changed temporarily."""
    kept = [(network, compiled_call(network)) for network in networks]
    try:
        for network, _ in kept:
            set_compiled_call(network, None)
        yield
    finally:
        for network, call in kept:
            set_compiled_call(network, call)

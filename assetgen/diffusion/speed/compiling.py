"""Whether compiling a model's networks pays for what is still to be drawn, and doing it.

Compiled by torch's inductor, Stable Diffusion 1.5 takes two thirds of its time on an H200, and compiling takes a
minute: it pays for packs of many hundred pictures, or of fewer where inductor's cache on disk has what it made before.
That is decided from the time that the pictures before took.
"""

import contextlib
import hashlib
import json
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assetgen.diffusion.speed.devices import libraries
from assetgen.store.atomic import write_atomically

SAVED = 0.3
"""The share of a picture's time that compiling saves: Stable Diffusion 1.5, 512², batches of 8, H200, PyTorch 2.11."""
COLD = 60.0
COLD_A_PARAMETER = 7e-8
"""Seconds where nothing is in the cache, at least, and for each parameter: 54 to 67 for that UNet (of 0.86 billion) and
the decoder."""
MARGIN = 1.5
"""It must save so many times what it costs: both are estimates."""
SHAPES = 64
"""More of them than anybody builds at once: torch would stop compiling at 8, and say so only to itself."""


@dataclass
class Compiler:
    """Which shapes of a model's batches are compiled, and the seconds that one picture of each shape took before (None
    after the first batch, in which the device reads its kernels).

    `about` names model, device and libraries; `parameters` are those of its network. `allowed` is False where nothing
    is gained: on CPUs, and where weights do not stay in their place.
    """

    about: str
    parameters: int
    allowed: bool
    compiled: set[Hashable] = field(default_factory=set)
    paces: dict[Hashable, float | None] = field(default_factory=dict)

    def pays(self, shape: Hashable, ahead: int) -> bool:
        """Whether to compile for so many pictures of this shape. It must have been drawn often enough to know."""
        pace = self.paces.get(shape)
        return self.allowed and pace is not None and ahead * pace * SAVED > MARGIN * self._cost(shape)

    def drew(self, shape: Hashable, seconds: float, count: int) -> None:
        """Learn from a batch. The first of a compiled shape tells what compiling cost."""
        known, each = self.paces.get(shape), seconds / count
        if shape not in self.compiled:
            self.paces[shape] = (min(each, known) if known else each) if shape in self.paces else None
        elif known:
            with contextlib.suppress(OSError):  # a cache that cannot be written costs time, nothing else
                write_atomically(
                    self._place(shape), json.dumps({"seconds": max(0.0, seconds - known * count)}).encode()
                )
            self.paces[shape] = None

    def _cost(self, shape: Hashable) -> float:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            return float(json.loads(self._place(shape).read_bytes())["seconds"])
        return max(COLD, COLD_A_PARAMETER * self.parameters)

    def _place(self, shape: Hashable) -> Path:
        import platformdirs

        name = hashlib.sha256(repr((self.about, shape)).encode()).hexdigest()[:32]
        return platformdirs.user_cache_path("assetgen") / "compiled" / name


def compile_networks(networks: Iterable[Any]) -> None:
    """Let these torch modules be compiled when they are next called, anew for each shape."""
    torch, _ = libraries()
    torch._dynamo.config.recompile_limit = SHAPES
    for network in networks:
        if not is_compiled(network):
            network.to(memory_format=torch.channels_last)  # faster for compiled convolutions, slower for others
            network.compile(dynamic=False, options={"conv_1x1_as_mm": True})


def is_compiled(network: Any) -> bool:
    """Whether a call of this module runs what was compiled."""
    return network._compiled_call_impl is not None


class CompilingError(Exception):
    """Torch could not compile a network: a C compiler or Triton is missing, or it does not know what it met."""


@contextlib.contextmanager
def compiled(compiler: Compiler, networks: Iterable[Any]) -> Iterator[None]:
    """Within it, these modules run compiled. Where that fails it raises `CompilingError`, and they never will again."""
    from torch import contiguous_format
    from torch._dynamo.exc import TorchDynamoException

    try:
        yield
    except TorchDynamoException as error:
        compiler.allowed = False
        compiler.compiled.clear()
        for network in networks:
            network._compiled_call_impl = None
            network.to(memory_format=contiguous_format)
        raise CompilingError(str(error).strip().partition("\n")[0]) from error


@contextlib.contextmanager
def uncompiled(networks: Iterable[Any]) -> Iterator[None]:
    """Within it, these modules run as they were written: their layers may then be changed for a while."""
    kept = [(network, network._compiled_call_impl) for network in networks]
    try:
        for network, _ in kept:
            network._compiled_call_impl = None
        yield
    finally:
        for network, call in kept:
            network._compiled_call_impl = call

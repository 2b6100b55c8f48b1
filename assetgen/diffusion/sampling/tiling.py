"""Pictures that wrap: circular padding in every convolution, along x, y or both."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any


@contextmanager
def wrapping(networks: Iterable[Any], axes: str) -> Iterator[None]:
    """Within it, convolutions of these torch modules wrap along `axes` ("", "x", "y" or "xy"); then all is as before.

    A network whose convolutions wrap commutes with rolling its input: nothing in it knows where the edge was. The VAE
    encoder pads outside its convolution (one row and column at the far side), so its `Downsample2D` is replaced too.
    """
    patched: list[tuple[Any, str]] = []
    try:
        if axes:
            for module in (module for network in networks for module in network.modules()):
                for name, method in _wrapped(module, axes):
                    setattr(module, name, method)
                    patched.append((module, name))
        yield
    finally:
        for module, name in patched:
            delattr(module, name)


def _wrapped(module: Any, axes: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    from diffusers.models.downsampling import Downsample2D
    from torch import nn

    if isinstance(module, nn.Conv2d) and any(module.padding):
        yield "_conv_forward", partial(_convolve, module, axes)
    elif isinstance(module, Downsample2D) and module.use_conv and module.padding == 0:
        yield "forward", partial(_downsample, module, axes)


def _convolve(module: Any, axes: str, images: Any, weight: Any, bias: Any) -> Any:
    from torch.nn import functional

    down, across = module.padding
    images = _pad(images, axes, (across, across), (down, down))
    rest = (0 if "y" in axes else down, 0 if "x" in axes else across)
    return functional.conv2d(images, weight, bias, module.stride, rest, module.dilation, module.groups)


def _downsample(module: Any, axes: str, images: Any) -> Any:
    from torch.nn import functional

    images = functional.pad(images, (0, "x" not in axes, 0, "y" not in axes))
    return module.conv(_pad(images, axes, (0, 1), (0, 1)))


def _pad(images: Any, axes: str, across: tuple[int, int], down: tuple[int, int]) -> Any:
    from torch.nn import functional

    if axes == "xy":
        return functional.pad(images, (*across, *down), mode="circular")
    return functional.pad(images, (*across, 0, 0) if axes == "x" else (0, 0, *down), mode="circular")

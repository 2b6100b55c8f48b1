"""Circular padding in every convolution, along x, y or both, so that images tile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from assetgen.diffusion._private_apis import CONV_FORWARD, causal_padding

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Conv2d, Module


@contextmanager
def circular_padding(networks: Iterable[Module], axes: str) -> Iterator[None]:
    """Context in which the convolutions of these torch modules pad circularly along `axes` ("", "x", "y" or "xy").

    Such a network commutes with rolling its input: no layer depends on where the border is. A VAE's encoder pads
    outside its convolutions (one row and column at the end), so its `Downsample2D` or `ZeroPad2d` is replaced, too.
    In autoencoders of videos only the padding in space changes. A context inside another one replaces it: with no axes,
    the images have borders again.
    """
    before: list[tuple[Module, str, Any]] = []
    try:
        for module in (module for network in networks for module in network.modules()):
            for name, method in _replacements(module, axes):
                current = vars(module).get(name)
                if axes or isinstance(current, _Padding):
                    setattr(module, name, method)
                    before.append((module, name, current))
        yield
    finally:
        for module, name, method in before:
            if method is None:
                delattr(module, name)
            else:
                setattr(module, name, method)


class _Padding(partial[Any]):
    """A method of a module that pads along axes."""


def _replacements(module: Module, axes: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    from diffusers.models.downsampling import Downsample2D
    from torch import nn

    if isinstance(module, nn.Conv2d) and any(module.padding):
        yield CONV_FORWARD, _Padding(_convolve, module, axes)
    elif any(causal_padding(module) or ()):
        yield CONV_FORWARD, _Padding(_convolve_causal, module, axes)
    elif isinstance(module, nn.ZeroPad2d):
        yield "forward", _Padding(_pad_end, module, axes)
    elif isinstance(module, Downsample2D) and module.use_conv and module.padding == 0:
        yield "forward", _Padding(_downsample, module, axes)


def _convolve(module: Conv2d, axes: str, images: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    from torch.nn import functional

    y, x = module.padding
    images = _pad(images, axes, (x, x), (y, y))
    zero_padding = (0 if "y" in axes else y, 0 if "x" in axes else x)
    return functional.conv2d(images, weight, bias, module.stride, zero_padding, module.dilation, module.groups)


def _downsample(module: Module, axes: str, images: Tensor) -> Tensor:
    from torch.nn import functional

    images = functional.pad(images, (0, "x" not in axes, 0, "y" not in axes))
    return module.conv(_pad(images, axes, (0, 1), (0, 1)))


def _convolve_causal(module: Module, axes: str, images: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The padding with zeros that `forward` has added in space is replaced along `axes`."""
    x, y = causal_padding(module) or (0, 0)
    if "x" in axes:
        images = images[..., x : images.shape[-1] - x]
    if "y" in axes:
        images = images[..., y : images.shape[-2] - y, :]
    return getattr(type(module), CONV_FORWARD)(module, _pad(images, axes, (x, x), (y, y)), weight, bias)


def _pad_end(module: Module, axes: str, images: Tensor) -> Tensor:
    """A `ZeroPad2d` that pads circularly along `axes`."""
    from torch.nn import functional

    left, right, top, bottom = module.padding
    zeros = ((0, 0) if "x" in axes else (left, right)) + ((0, 0) if "y" in axes else (top, bottom))
    return _pad(functional.pad(images, zeros), axes, (left, right), (top, bottom))


def _pad(images: Tensor, axes: str, x: tuple[int, int], y: tuple[int, int]) -> Tensor:
    """Images `B×C×H×W` or frames `B×C×T×H×W`, padded circularly along `axes` by these cells before and after."""
    from torch.nn import functional

    padding = (*(x if "x" in axes else (0, 0)), *(y if "y" in axes else (0, 0)))
    return functional.pad(images, padding + (0, 0) * (images.ndim - 4), mode="circular")

"""Images to latents and back, both float32; only the autoencoder itself runs in its own dtype."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assetgen.diffusion._private_apis import execution_device
from assetgen.images import FloatArray

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from torch import Generator, Tensor


def seeded_noise(seed: int, channels: int, size: tuple[int, int]) -> tuple[Tensor, Generator]:
    """Normal noise `1×C×h×w` for latents of `size` (width, height), and its generator for later draws.

    It is drawn on the CPU in float32, so that a seed produces the same image on every device and in every dtype.
    """
    import torch

    generator = torch.Generator("cpu").manual_seed(seed)
    shape = (1, channels, size[1], size[0])
    return torch.randn(shape, generator=generator, dtype=torch.float32), generator


def vae_scale_factor(vae: ModelMixin) -> int:
    """Image pixels per latent cell, in each direction."""
    if hasattr(vae, "spatial_compression_ratio"):
        return int(vae.spatial_compression_ratio)
    return _layout(vae).patch << (len(vae.config.block_out_channels) - 1)


def latent_channels(vae: ModelMixin) -> int:
    """Channels `C` of the latents that are sampled."""
    return int(vae.config.get("latent_channels") or vae.config.z_dim) * _layout(vae).patch ** 2


def encode_images(pipeline: DiffusionPipeline, images: Tensor) -> Tensor:
    """Latents `B×C×h×w` of images, a tensor `B×3×H×W` or, with alpha, `B×4×H×W` in 0..1: the mode of the distribution,
    without noise. For autoencoders with alpha, images without it are opaque."""
    vae = pipeline.vae
    layout = _layout(vae)
    images = _with_channels(images, image_channels(vae)).to(execution_device(pipeline), vae.dtype) * 2 - 1
    encoded = vae.encode(images.unsqueeze(2) if layout.frames else images)
    latents = (encoded.latent_dist.mode() if "latent_dist" in encoded else encoded.latent).float()
    latents = _to_patches(latents.squeeze(2) if layout.frames else latents, layout.patch)
    mean, std = layout.statistics(vae, latents)
    return (latents - mean) / std


def decode_latents(vae: ModelMixin, latents: Tensor) -> Tensor:
    """The image `H×W×3` (RGBA: `H×W×4`) in 0..1, float32, of latents `1×C×h×w`; a tensor on their device."""
    layout = _layout(vae)
    mean, std = layout.statistics(vae, latents)
    raw = _from_patches(latents * std + mean, layout.patch).to(vae.dtype)
    pixels = vae.decode(raw.unsqueeze(2) if layout.frames else raw, return_dict=False)[0]
    pixels = pixels.squeeze(2) if layout.frames else pixels
    return (pixels.float() / 2 + 0.5).clamp(0, 1)[0].permute(1, 2, 0)


def image_channels(vae: ModelMixin) -> int:
    """Channels of the images that an autoencoder encodes: 3, or 4 with alpha."""
    return int(vae.config.get("input_channels") or vae.config.in_channels)


def decoded_channels(vae: ModelMixin) -> int:
    """Channels of the images that an autoencoder decodes: 3, or 4 with alpha."""
    return int(vae.config.get("out_channels") or image_channels(vae))


def to_tensor(image: FloatArray) -> Tensor:
    """`H×W×C` as a float32 tensor `1×C×H×W`."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float32))[None]


def quantize(image: Tensor) -> Tensor:
    """A tensor in 0..1 as uint8, on its device: a quarter of the bytes is then copied to the CPU."""
    import torch

    return (image * 255).round().to(torch.uint8)


def shift_factor(vae: ModelMixin) -> float:
    """The VAE's `shift_factor`; 0 for a VAE without one."""
    return float(getattr(vae.config, "shift_factor", None) or 0.0)


def _latent_statistics(vae: ModelMixin, like: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of raw latents: `latents_mean` and `latents_std` of each channel, or `shift_factor`
    and 1 / `scaling_factor`."""
    config = vae.config
    std = 1 / config.get("scaling_factor", 1.0)
    latents_mean, latents_std = getattr(config, "latents_mean", None), getattr(config, "latents_std", None)
    if latents_mean is not None and latents_std is not None:
        by_channel = (1, -1, 1, 1)
        return like.new_tensor(latents_mean).reshape(by_channel), like.new_tensor(latents_std).reshape(by_channel) * std
    return like.new_tensor(shift_factor(vae)), like.new_tensor(std)


def _batch_norm_statistics(vae: ModelMixin, like: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of raw latents from the running statistics of the VAE's BatchNorm layer."""
    import torch

    by_channel = (1, -1, 1, 1)
    variance = vae.bn.running_var.to(like).reshape(by_channel) + vae.config.batch_norm_eps
    return vae.bn.running_mean.to(like).reshape(by_channel), torch.sqrt(variance)


def _with_channels(images: Tensor, channels: int) -> Tensor:
    """Images `B×C×H×W`, with opaque alpha where `channels` is one more."""
    import torch

    return images if images.shape[1] == channels else torch.cat([images, torch.ones_like(images[:, :1])], dim=1)


def _to_patches(latents: Tensor, patch: int) -> Tensor:
    """`B×C×h×w` with the cells of each `patch × patch` square as channels."""
    from torch.nn import functional

    return functional.pixel_unshuffle(latents, patch) if patch > 1 else latents


def _from_patches(latents: Tensor, patch: int) -> Tensor:
    """The inverse of `_to_patches`."""
    from torch.nn import functional

    return functional.pixel_shuffle(latents, patch) if patch > 1 else latents


@dataclass(frozen=True)
class _Layout:
    """How the latents that are sampled differ from what an autoencoder encodes and decodes: squares of `patch` cells
    become channels, then mean and standard deviation (`statistics`) are removed. With `frames` it is one of videos, for
    which an image is one frame."""

    patch: int = 1
    frames: bool = False
    statistics: Callable[[ModelMixin, Tensor], tuple[Tensor, Tensor]] = _latent_statistics


_LAYOUTS = {
    "AutoencoderKLFlux2": _Layout(patch=2, statistics=_batch_norm_statistics),
    "AutoencoderKLQwenImage": _Layout(frames=True),
    "AutoencoderKLQwenImage21": _Layout(frames=True),
}
"""By the class of the autoencoder, where it is not the usual one."""


def _layout(vae: ModelMixin) -> _Layout:
    return _LAYOUTS.get(type(vae).__name__, _Layout())

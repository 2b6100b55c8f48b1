"""Pictures to latents and back. Both are float32; only the autoencoder itself runs in its own dtype."""

from typing import Any

import numpy as np

from assetgen.images import FloatArray


def noise(seed: int, channels: int, size: tuple[int, int]) -> tuple[Any, Any]:
    """Unit normal noise `1×C×H×W` of a latent of `size` (width, height), and the generator, ready for more.

    It comes from the CPU in float32, so that a seed means the same picture on every device and in every dtype.
    """
    import torch

    generator = torch.Generator("cpu").manual_seed(seed)
    shape = (1, channels, size[1], size[0])
    return torch.randn(shape, generator=generator, dtype=torch.float32), generator


def grain_of(vae: Any) -> int:
    """Pixels of a picture to one cell of its latent, across and down."""
    config = vae.config
    widths = config.get("block_out_channels") or config.encoder_block_out_channels
    return 1 << (len(widths) - 1)


def encode_pictures(pipeline: Any, pictures: Any) -> Any:
    """Pictures, a tensor `B×3×H×W` in 0..1, as latents `B×C×h×w`: the likeliest ones, so without chance."""
    vae = pipeline.vae
    found = vae.encode(pictures.to(pipeline._execution_device, vae.dtype) * 2 - 1)
    raw = found.latent_dist.mode() if "latent_dist" in found else found.latent
    return _standardised(vae, raw.float())


def decode_picture(vae: Any, latent: Any) -> Any:
    """A latent `1×C×h×w` as a picture `H×W×3` in 0..1, a tensor where the latent is."""
    pixels = vae.decode(_raw(vae, latent).to(vae.dtype), return_dict=False)[0]
    return (pixels.float() / 2 + 0.5).clamp(0, 1)[0].permute(1, 2, 0)


def as_tensor(picture: FloatArray) -> Any:
    """`H×W×C` as `1×C×H×W`."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1), dtype=np.float32))[None]


def to_bytes(picture: Any) -> Any:
    """A tensor of 0..1 as 0..255, rounded where it is: a quarter of the bytes is then fetched."""
    import torch

    return (picture * 255).round().to(torch.uint8)


def _standardised(vae: Any, raw: Any) -> Any:
    mean, deviation = _spread(vae, raw)
    return (raw - mean) / deviation


def _raw(vae: Any, latent: Any) -> Any:
    mean, deviation = _spread(vae, latent)
    return latent * deviation + mean


def shift_of(vae: Any) -> float:
    """What is taken from raw latents before they are scaled."""
    return float(getattr(vae.config, "shift_factor", None) or 0.0)


def _spread(vae: Any, like: Any) -> tuple[Any, Any]:
    """Mean and standard deviation of the raw latents: by channel, or one for all (then called shift and factor)."""
    config = vae.config
    deviation = 1 / config.scaling_factor
    mean, spread = getattr(config, "latents_mean", None), getattr(config, "latents_std", None)
    if mean is not None and spread is not None:
        by_channel = (1, -1, 1, 1)
        return like.new_tensor(mean).reshape(by_channel), like.new_tensor(spread).reshape(by_channel) * deviation
    return like.new_tensor(shift_of(vae)), like.new_tensor(deviation)

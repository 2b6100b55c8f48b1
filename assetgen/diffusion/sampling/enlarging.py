"""Enlarge images by a super-resolution network, in windows; across the border where the image tiles."""

from __future__ import annotations

import itertools

import numpy as np

from assetgen.diffusion.loading.upscalers import Upscaler, warm_upscaler
from assetgen.diffusion.speed.devices import libraries
from assetgen.errors import InputError, check_cancelled
from assetgen.images import FloatArray
from assetgen.pack.schema import ModelCard

_MARGIN = 16  # pixels around each window that are computed and cut off; ESRGAN's effect beyond is below 1 of 255


def enlarge(rgb: FloatArray, card: ModelCard, tiles: str, device: str) -> FloatArray:
    """sRGB `H×W×3` in 0..1, enlarged by the network's own factor. Windows have the card's `native` size.

    Where the image tiles (`tiles`), rolling it rolls the result, up to what a network sees beyond 16 pixels.
    Networks of attention (SwinIR, HAT, DAT) divide a window into squares, and so depend a little on where they begin.
    Raises as `warm_upscaler` does.
    """
    upscaler = warm_upscaler(card, device)
    height, width = rgb.shape[:2]
    wide = rgb
    for axis, name in enumerate("yx"):
        margins = [(_MARGIN, _MARGIN) if each == axis else (0, 0) for each in range(3)]
        wide = np.pad(wide, margins, mode="wrap" if name in tiles else "symmetric")
    scale = upscaler.scale
    made = np.empty((height * scale, width * scale, 3), np.float32)
    across, down = card.native
    for top, left in itertools.product(range(0, height, down), range(0, width, across)):
        check_cancelled()
        bottom, right = min(top + down, height), min(left + across, width)
        window = _run(upscaler, wide[top : bottom + 2 * _MARGIN, left : right + 2 * _MARGIN])
        inside = window[_MARGIN * scale : -_MARGIN * scale, _MARGIN * scale : -_MARGIN * scale]
        made[top * scale : bottom * scale, left * scale : right * scale] = inside
    return made


def _run(upscaler: Upscaler, window: FloatArray) -> FloatArray:
    torch, _ = libraries()
    entry = torch.from_numpy(np.ascontiguousarray(window.transpose(2, 0, 1)[None])).to(upscaler.device)
    with upscaler.lock, torch.inference_mode():
        found = upscaler.network(entry)[0].float().cpu().numpy()
    if not np.isfinite(found).all():
        raise InputError("the network that enlarges the image returns no numbers", cure="Its weights may be damaged")
    return np.asarray(np.clip(found, 0, 1).transpose(1, 2, 0), np.float32)

"""Filters that wrap at the border where an image tiles, and mirror or repeat it elsewhere."""

from collections.abc import Iterable, Iterator

import numpy as np

from assetgen.images import Array, FloatArray


def gaussian_blurs(plane: FloatArray, sigmas: Iterable[float], tiles: str) -> Iterator[FloatArray]:
    """Blur a plane `H×W` with Gaussians of these standard deviations (pixels), wrapping along the axes in `tiles`.

    An image followed by its mirror image is periodic, so one Fourier transform handles both kinds of border.
    """
    from scipy.fft import irfft2, rfft2

    height, width = plane.shape
    whole = plane
    for axis, name in enumerate("yx"):
        whole = whole if name in tiles else np.concatenate([whole, np.flip(whole, axis)], axis)
    spectrum = rfft2(whole)
    down, across = np.fft.fftfreq(whole.shape[0])[:, None], np.fft.rfftfreq(whole.shape[1])[None]
    squared = (down**2 + across**2).astype(np.float32)
    for sigma in sigmas:
        gaussian = np.exp(-2 * (np.pi * sigma) ** 2 * squared)
        blurred: FloatArray = irfft2(spectrum * gaussian, whole.shape)[:height, :width].astype(np.float32)
        yield blurred


def pad_border(pixels: Array, margin: tuple[int, int], tiles: str) -> Array:
    """Add `margin` (rows, columns) pixels around `H×W×…`: wrapped along `tiles`, repeating the edge elsewhere."""
    for axis, name in enumerate("yx"):
        widths = [(0, 0)] * pixels.ndim
        widths[axis] = (margin[axis], margin[axis])
        pixels = np.pad(pixels, widths, mode="wrap" if name in tiles else "edge")
    return pixels

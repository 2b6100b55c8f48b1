"""Heights, slopes and normals of a surface that is seen from straight above.

Slopes `H×W×2` are the height's derivatives to the right and downwards. Normals `H×W×3` are unit vectors: x right, y up,
z towards the viewer.
"""

import numpy as np

from assetgen.images import FloatArray
from assetgen.steps._wrap import pad_border

_SCHARR = np.array([3, 10, 3], np.float32) / 32  # Scharr (2000): the derivative with the least directional error
_STEEPEST = 10.0
"""Of slopes that are read from normals: about 84 degrees."""


def slopes_of_height(height: FloatArray, tiles: str) -> FloatArray:
    """The slopes of a height map `H×W` in pixels."""
    rows, columns = height.shape
    wide = pad_border(height, (1, 1), tiles)
    across = sum(_SCHARR[i] * (wide[i : i + rows, 2:] - wide[i : i + rows, :-2]) for i in range(3))
    down = sum(_SCHARR[i] * (wide[2:, i : i + columns] - wide[:-2, i : i + columns]) for i in range(3))
    return np.stack([across, down], axis=2)


def normals_of_slopes(slopes: FloatArray) -> FloatArray:
    """The normals of slopes."""
    vectors = np.stack([-slopes[..., 0], slopes[..., 1], np.ones_like(slopes[..., 0])], axis=2)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=2, keepdims=True), np.float32)


def slopes_of_normals(normals: FloatArray) -> FloatArray:
    """The slopes of normals, without their mean: a surface that tiles has none, and a material is not tilted."""
    upward = np.maximum(normals[..., 2:], 1e-3)
    slopes = np.clip(normals[..., :2] / upward, -_STEEPEST, _STEEPEST) * np.array([-1, 1], np.float32)
    return np.asarray(slopes - slopes.mean(axis=(0, 1)), np.float32)


def height_of_slopes(slopes: FloatArray, tiles: str) -> FloatArray:
    """The height map `H×W`, in pixels and with mean 0, whose slopes come closest (Frankot and Chellappa, 1988).

    It wraps along the axes in `tiles`, and is mirrored at other borders.
    """
    from scipy.fft import irfft2, rfft2

    rows, columns = slopes.shape[:2]
    across, down = slopes[..., 0], slopes[..., 1]
    if "y" not in tiles:
        across, down = np.concatenate([across, across[::-1]], 0), np.concatenate([down, -down[::-1]], 0)
    if "x" not in tiles:
        across, down = np.concatenate([across, -across[:, ::-1]], 1), np.concatenate([down, down[:, ::-1]], 1)
    horizontal = 2 * np.pi * np.fft.rfftfreq(across.shape[1])[None]
    vertical = 2 * np.pi * np.fft.fftfreq(across.shape[0])[:, None]
    squared = horizontal**2 + vertical**2
    squared[0, 0] = 1
    spectrum = -1j * (horizontal * rfft2(across) + vertical * rfft2(down)) / squared
    spectrum[0, 0] = 0
    return np.asarray(irfft2(spectrum, across.shape)[:rows, :columns], np.float32)

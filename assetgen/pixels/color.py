"""Colour spaces: sRGB transfer (IEC 61966-2-1) and Oklab (Björn Ottosson, 2020)."""

from typing import Annotated

import numpy as np
from pydantic import Field

from assetgen.images import Array, FloatArray

_LINEAR_THRESHOLD = 0.0031308  # IEC 61966-2-1
_ENCODED_THRESHOLD = 0.04045  # IEC 61966-2-1
_GAMUT_ROUNDS = 12  # of bisection: chroma is found to 1/2048 of itself, less than one step of 8 bits
_GAMUT_ROUNDING = 1e-4  # of linear light, a third of a step of 8 bits where it is darkest

# https://bottosson.github.io/posts/oklab/ (matrices of 2021-01-25)
_RGB_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_LMS_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)


HexColor = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
"""An sRGB colour, "#rrggbb"."""


def srgb_from_hex(code: str) -> FloatArray:
    """The sRGB-encoded colour of "#rrggbb", three values 0..1."""
    return np.array([int(code[at : at + 2], 16) / 255 for at in (1, 3, 5)], np.float32)


def linear_from_srgb(encoded: Array) -> FloatArray:
    """sRGB-encoded 0..1 to linear light 0..1."""
    encoded = np.asarray(encoded, np.float32)
    curve = ((np.maximum(encoded, 0) + 0.055) / 1.055) ** 2.4
    return np.where(encoded <= _ENCODED_THRESHOLD, encoded / 12.92, curve).astype(np.float32, copy=False)


def srgb_from_linear(linear: Array) -> FloatArray:
    """Linear light 0..1 to sRGB-encoded 0..1, clipped."""
    linear = np.clip(np.asarray(linear, np.float32), 0, 1)
    curve = 1.055 * linear ** (1 / 2.4) - 0.055
    return np.where(linear <= _LINEAR_THRESHOLD, linear * 12.92, curve).astype(np.float32)


def oklab_from_srgb(encoded: Array) -> FloatArray:
    """sRGB-encoded `…×3` in 0..1 to Oklab (L 0..1, a and b about ±0.4)."""
    lms: FloatArray = np.cbrt(linear_from_srgb(encoded) @ _RGB_TO_LMS.T)
    return lms @ _LMS_TO_LAB.T


def srgb_from_oklab(lab: Array) -> FloatArray:
    """Oklab `…×3` to sRGB-encoded 0..1, clipped to the gamut."""
    return srgb_from_linear(_linear_from_oklab(np.asarray(lab, np.float32)))


def oklab_in_gamut(lab: Array) -> Array:
    """Oklab colours `…×3` with their chroma reduced, at the same lightness and hue, to what sRGB has."""
    low, high = np.zeros(lab.shape[:-1]), np.ones(lab.shape[:-1])
    factor = high
    for _ in range(_GAMUT_ROUNDS):
        linear = _linear_from_oklab(_with_chroma(lab, factor))
        inside = ((linear >= -_GAMUT_ROUNDING) & (linear <= 1 + _GAMUT_ROUNDING)).all(axis=-1)
        low, high = np.where(inside, factor, low), np.where(inside, high, factor)
        factor = (low + high) / 2
    return _with_chroma(lab, low)


def _with_chroma(lab: Array, factor: Array) -> Array:
    changed: Array = lab * np.stack([np.ones_like(factor), factor, factor], axis=-1)
    return changed


def _linear_from_oklab(lab: Array) -> Array:
    lms: Array = (lab @ np.linalg.inv(_LMS_TO_LAB).T) ** 3
    linear: Array = lms @ np.linalg.inv(_RGB_TO_LMS).T
    return linear

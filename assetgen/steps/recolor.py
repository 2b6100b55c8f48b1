"""Give the parts of one hue another colour, for teams and variants."""

import re
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from assetgen.errors import InputError, did_you_mean
from assetgen.images import Array, ImageSet, is_colored, split_alpha, to_float, to_uint16
from assetgen.parts import part
from assetgen.pixels.color import oklab_from_srgb, oklab_in_gamut, srgb_from_oklab
from assetgen.steps._resample import like_samples

_NAMED = {
    "red": "#d8281e",
    "orange": "#e87a1c",
    "yellow": "#f0c424",
    "green": "#42a83a",
    "cyan": "#22a8b4",
    "blue": "#2f62d2",
    "purple": "#7f40c8",
    "pink": "#e65c9e",
    "brown": "#8a5a34",
    "white": "#e6e6ea",
    "grey": "#88888c",
    "black": "#34343a",
}
"""Middle tones of a team's colours: they leave room for lighter and darker shades."""

_GREYEST, _COLORFUL = 0.02, 0.04
"""Oklch chroma: below the first, a colour has no hue to the eye; from the second on, all of it is changed."""

_FADE = 10.0  # degrees beyond the tolerance over which the change fades where the image is not pixel art

_Values = NDArray[np.float64]


def _known(color: str) -> str:
    if color not in _NAMED and not re.fullmatch("#[0-9a-fA-F]{6}", color):
        raise ValueError(f"'{color}' is neither #rrggbb nor a known colour. {did_you_mean(color, _NAMED)}")
    return color


_Color = Annotated[str, AfterValidator(_known)]


@part(version=1, frames=True)
def recolor(
    images: ImageSet, *, hue: _Color, to: _Color, tolerance: Annotated[float, Field(gt=0, le=180)] = 30.0
) -> ImageSet:
    """Give the parts of one hue another colour, with their shading.

    - `hue`: which parts: red, orange, yellow, green, cyan, blue, purple, pink, brown, or "#rrggbb", of which only the
      hue counts. Greys have none and are untouched.
    - `to`: the colour that their middle tone gets: a name as above, white, grey, black, or "#rrggbb".
    - `tolerance`: how far from `hue` a colour may be, in degrees of Oklch. Where the image is not pixel art, the
      change fades over the next 10 degrees.

    Lighter and darker shades follow the middle tone and keep their order; their hues and saturation keep their
    differences. A colour that sRGB does not have loses saturation, not lightness. Every pixel of one colour gets the
    same new colour, so pixel art gains no colours; put `palette` after this step to return to the colours of a file.
    The frames of a sequence change alike. Alpha is untouched. Raises `InputError` where no visible pixel has the hue.

    Example:
        - recolor: {hue: red, to: blue}
    """
    source, target = _lch(_rgb(hue))[0], _lch(_rgb(to))[0]
    if source[1] < _COLORFUL:
        raise InputError(f"{hue} has no hue", cure="Name a colour such as red, or one with more saturation")
    family = _Family(float(source[2]), tolerance, 0.0 if images.meta.pixel_art else _FADE)
    middle = _middle(images["color"], family)
    if middle is None:
        what = f"the image has no {hue}, within {tolerance:g} degrees"
        raise InputError(what, cure="Choose another hue, or a wider tolerance")
    colored = {name: array for name, array in images.channels.items() if is_colored(name)}
    return images.replace(**{name: _recolored(array, family, middle, target) for name, array in colored.items()})


@dataclass(frozen=True)
class _Family:
    """The colours around one hue, in degrees of Oklch."""

    hue: float
    tolerance: float
    fade: float

    def share(self, lch: _Values) -> _Values:
        """How much of each colour `N×3` belongs to it, 0..1."""
        apart = np.abs((lch[:, 2] - self.hue + 180) % 360 - 180) - self.tolerance
        near = np.clip(1 - apart / self.fade, 0, 1) if self.fade else (apart <= 0).astype(np.float64)
        return near * np.clip((lch[:, 1] - _GREYEST) / (_COLORFUL - _GREYEST), 0, 1)


def _middle(color: Array, family: _Family) -> _Values | None:
    """The middle tone of a family in an image, Oklch; None where no visible pixel belongs to it.

    It is the mean of its colours by area and squared chroma, so that outlines and highlights count little.
    """
    shades, where = _shades(color)
    lch = _lch(shades)
    area = np.bincount(where.ravel(), to_float(split_alpha(color)[1]).ravel(), len(shades))
    weight = family.share(lch) * area
    if not weight.any():
        return None
    mean = np.average(_lab(lch), axis=0, weights=weight * lch[:, 1] ** 2, keepdims=True)
    middle: _Values = _lch_from_lab(mean)[0]
    return middle


def _recolored(color: Array, family: _Family, middle: _Values, target: _Values) -> Array:
    """A channel with the family's colours moved, so that `middle` becomes `target`. Equal pixels stay equal."""
    shades, where = _shades(color)
    lch = _lch(shades)
    share = family.share(lch)[:, None]
    lightness = np.interp(lch[:, 0], [0, middle[0], 1], [0, target[0], 1])
    chroma = lch[:, 1] * target[1] / middle[1]
    moved = _lab(np.stack([lightness, chroma, lch[:, 2] + target[2] - middle[2]], axis=1))
    mixed = srgb_from_oklab(share * oklab_in_gamut(moved) + (1 - share) * _lab(lch))
    rgb = split_alpha(color)[0]
    made = np.where((share > 0)[where], like_samples(mixed, rgb)[where], rgb)
    return np.concatenate([made, color[..., 3:]], axis=2)


def _shades(color: Array) -> tuple[Array, NDArray[np.intp]]:
    """The unique colours of a channel, `N×3` uint8 or uint16, and the index of each pixel's colour, `H×W`."""
    rgb = split_alpha(color)[0]
    rgb = rgb if rgb.dtype == np.uint8 else to_uint16(rgb)
    codes, where = np.unique(rgb.astype(np.int64) @ np.array([1 << 32, 1 << 16, 1]), return_inverse=True)
    shades = np.stack([codes >> 32, codes >> 16 & 0xFFFF, codes & 0xFFFF], axis=1).astype(rgb.dtype)
    return shades, where.reshape(rgb.shape[:2])


def _rgb(color: str) -> NDArray[np.uint8]:
    return np.array([[*bytes.fromhex(_NAMED.get(color, color)[1:])]], np.uint8)


def _lch(shades: Array) -> _Values:
    """Integer sRGB colours `N×3` as Oklch: lightness, chroma, and hue in degrees."""
    return _lch_from_lab(oklab_from_srgb(to_float(shades)).astype(np.float64))


def _lch_from_lab(lab: _Values) -> _Values:
    angle = np.degrees(np.arctan2(lab[:, 2], lab[:, 1]))
    return np.stack([lab[:, 0], np.hypot(lab[:, 1], lab[:, 2]), angle], axis=1)


def _lab(lch: _Values) -> _Values:
    angle = np.radians(lch[:, 2])
    return np.stack([lch[:, 0], lch[:, 1] * np.cos(angle), lch[:, 1] * np.sin(angle)], axis=1)

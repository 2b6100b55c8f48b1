"""Shading in a colour image: light and shadow that belong to the place where it was taken, not to the material."""

import numpy as np

from assetgen.errors import InputError
from assetgen.images import Array, FloatArray, ImageSet, split_alpha, to_float, to_uint8, to_uint16
from assetgen.pixels.color import linear_from_srgb, oklab_from_srgb, srgb_from_linear, srgb_from_oklab
from assetgen.steps._wrap import gaussian_blurs

SHADING_WIDTH = 1 / 10
"""Of the side: broader shading is lighting, not relief."""
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)  # Rec. 709
_DARKEST = 0.05  # of the mean: darker areas are a colour, not a shadow


def filled_light(light: FloatArray, alpha: FloatArray) -> FloatArray:
    """Light `H×W` with the visible mean in transparent pixels, so that hidden colours count as nothing."""
    mean = float((light * alpha).sum() / max(float(alpha.sum()), 1e-6))
    return np.asarray(light * alpha + mean * (1 - alpha), np.float32)


def without_broad_shading(images: ImageSet) -> FloatArray:
    """The colour (sRGB `H×W×3`) divided by its blurred luminance, in linear light (homomorphic filtering; Stockham,
    1972). The mean luminance stays.

    Along axes that do not tile, an even falloff of light is divided out first: the blur is mirrored at borders.
    """
    color, alpha = split_alpha(to_float(images["color"]))
    tiles, linear = images.meta.tiles or "", linear_from_srgb(color)
    light = filled_light(linear @ _LUMINANCE, alpha[..., 0])
    mean = max(float(light.mean()), 1e-6)
    sigma = SHADING_WIDTH * min(images.size)
    soft = np.maximum(next(gaussian_blurs(light, [sigma], tiles)), np.float32(_DARKEST * mean))
    falloff = np.asarray(np.exp(_ramps(np.log(soft), tiles)), np.float32)
    shading = falloff * next(gaussian_blurs(np.asarray(light / falloff, np.float32), [sigma], tiles))
    even = linear / np.maximum(shading, np.float32(_DARKEST * mean))[..., None]
    return _same_luminance(np.asarray(even, np.float32), light, alpha[..., 0])


def _ramps(plane: FloatArray, tiles: str) -> FloatArray:
    """The straight line that comes closest to a plane `H×W` along each axis that does not tile."""
    found = np.zeros_like(plane)
    for axis, name in enumerate("yx"):
        line = np.linspace(-1, 1, plane.shape[axis], dtype=np.float32)
        line = line[:, None] if name == "y" else line[None]
        if name not in tiles:
            found += line * (plane * line).mean() / max(float((line**2).mean()), 1e-6)
    return found


def given_albedo(images: ImageSet, albedo: FloatArray) -> FloatArray:
    """A model's albedo (sRGB `H×W×3`) with the mean luminance of the image: a model knows it up to a scale."""
    color, alpha = split_alpha(to_float(images["color"]))
    return _same_luminance(linear_from_srgb(albedo), linear_from_srgb(color) @ _LUMINANCE, alpha[..., 0])


def _same_luminance(linear: FloatArray, light: FloatArray, alpha: FloatArray) -> FloatArray:
    """Linear colour as sRGB, scaled to the visible mean of `light`."""
    before, now = (float((each * alpha).sum()) for each in (light, linear @ _LUMINANCE))
    return srgb_from_linear(linear * np.float32(before / max(now, 1e-6)))


def mixed_colors(images: ImageSet, other: FloatArray, amount: float) -> Array:
    """`color` mixed in Oklab with `amount` of another (sRGB `H×W×3`), in its own sample type and with its alpha."""
    old = images["color"]
    lab = oklab_from_srgb(split_alpha(to_float(old))[0])
    mixed = srgb_from_oklab(lab + amount * (oklab_from_srgb(other) - lab))
    now = {np.uint8: to_uint8, np.uint16: to_uint16}.get(old.dtype.type, lambda pixels: pixels)(mixed)
    return np.concatenate([now, old[..., 3:]], axis=2)


def albedo_among(maps: dict[str, FloatArray], model: str) -> FloatArray:
    """The albedo of a model's maps. Raises `InputError` for a model that estimates none."""
    if "albedo" not in maps:
        what = f"model '{model}' estimates {', '.join(maps)}, and not the colour without shading"
        raise InputError(what, cure="Use marigold_lighting or marigold_appearance")
    return maps["albedo"]

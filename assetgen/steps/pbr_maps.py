"""Estimate material maps (height, normal, roughness, occlusion, metallic) from a colour image."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from assetgen.images import Array, FloatArray, ImageSet, split_alpha, to_float, to_uint8, to_uint16
from assetgen.parts import adds, part
from assetgen.pixels.color import oklab_from_srgb, srgb_from_oklab
from assetgen.steps._wrap import gaussian_blurs, pad_border

_Share = Annotated[float, Field(ge=0, le=1)]

_SHADING_WIDTH = 1 / 10  # of the side: broader shading is lighting, not relief
_BAND_WIDTHS = (1 / 512, 1 / 256, 1 / 128, 1 / 64, 1 / 32)  # of the side: Gaussians that separate the bands
_BAND_GROWTH = 1.4  # relief of a band relative to the next finer one: broad forms are deeper than grain
_RELIEF = 0.025  # of the side: depth of the whole height range at strength 1
_FULL_RELIEF = 0.4  # Oklab lightness times band gain: images with less contrast stay flatter
_OUTLIERS = 1.0  # per cent at each end, ignored for the height range
_OCCLUSION_WIDTHS = (1 / 128, 1 / 64, 1 / 32, 1 / 16)  # of the side: radii of the occlusion
_OCCLUSION = 0.7  # 1 - ao of a hollow is about this times the mean slope of its walls
_GRAIN = 1.0  # pixels: finer detail is grain
_SCHARR = np.array([3, 10, 3], np.float32) / 32  # Scharr (2000): the derivative with the least directional error


@part(version=1)
@adds("ao", "height", "metallic", "normal", "orm", "roughness")
def pbr_maps(
    images: ImageSet,
    *,
    strength: Annotated[float, Field(ge=0, le=10)] = 1.0,
    normal: Literal["gl", "dx"] = "gl",
    delight: _Share = 0.5,
    invert: bool = False,
    roughness: _Share = 0.75,
    roughness_contrast: _Share = 0.3,
    metallic: _Share = 0.0,
    occlusion: Annotated[float, Field(ge=0, le=4)] = 1.0,
) -> ImageSet:
    """Estimate the maps of a PBR material from `color`.

    Adds height (uint16), normal, roughness, ao, metallic and orm (R ao, G roughness, B metallic), uint8 and linear.
    The maps tile along the axes that the image tiles along.

    - `strength`: scale of the relief. Light areas are high; `invert` makes dark areas high.
    - `normal`: direction of green. `gl` is up (Godot, Unity, Blender, glTF), `dx` is down (Unreal).
    - `delight`: 0 to 1, how much broad shading is removed from the colour. The relief never includes it.
    - `roughness`: mean roughness, 0 to 1. Hollows and grain are rougher, raised areas smoother, within a range of about
      `roughness_contrast`.
    - `metallic`: 0 to 1, the same for the whole image.
    - `occlusion`: strength of the ambient occlusion.

    Example:
        - pbr_maps: {strength: 1.5, normal: dx}
    """
    tiles, side = images.meta.tiles or "", min(images.size)
    color, detail = _without_shading(images, delight, side, tiles)
    height = _height(-detail if invert else detail, side, tiles)
    depth = height * np.float32(_RELIEF * strength * side)
    ao = _occlusion(depth, occlusion, side, tiles)
    maps = {
        "ao": to_uint8(ao[..., None]),
        "roughness": to_uint8(_roughness(detail, height, roughness, roughness_contrast, tiles)[..., None]),
        "metallic": to_uint8(np.full_like(ao, metallic)[..., None]),
    }
    return images.replace(
        color=color,
        height=to_uint16(height[..., None]),
        normal=to_uint8(_normal(depth, tiles, normal)),
        orm=np.concatenate([maps["ao"], maps["roughness"], maps["metallic"]], axis=2),
        **maps,
    )


def _without_shading(images: ImageSet, delight: float, side: int, tiles: str) -> tuple[Array, FloatArray]:
    """`color` with broad shading reduced by `delight`, and lightness (`H×W`) without any."""
    color, alpha = split_alpha(to_float(images["color"]))
    lab = oklab_from_srgb(color)
    light = _filled(lab[..., 0], alpha[..., 0])
    broad = next(gaussian_blurs(light, [_SHADING_WIDTH * side], tiles))
    if not delight:
        return images["color"], light - broad
    lab[..., 0] -= delight * (broad - broad.mean())
    return _with_alpha(srgb_from_oklab(lab), images), light - broad


def _filled(light: FloatArray, alpha: FloatArray) -> FloatArray:
    """Lightness with the visible mean in transparent pixels, so that hidden colours add no relief."""
    mean = float((light * alpha).sum() / max(float(alpha.sum()), 1e-6))
    return np.asarray(light * alpha + mean * (1 - alpha), np.float32)


def _height(detail: FloatArray, side: int, tiles: str) -> FloatArray:
    """Relief in 0..1 from lightness: the weighted sum of its frequency bands."""
    soft = list(gaussian_blurs(detail, [width * side for width in _BAND_WIDTHS], tiles))
    gains = [_BAND_GROWTH**power for power in range(len(_BAND_WIDTHS))]
    relief = gains[-1] * soft[-1]
    for finer, broader, gain in zip(soft, soft[1:], gains, strict=False):
        relief = relief + gain * (finer - broader)
    low, high = np.percentile(relief, [_OUTLIERS, 100 - _OUTLIERS])
    span = max(float(high - low), _FULL_RELIEF)
    return np.asarray(np.clip(0.5 + (relief - (low + high) / 2) / span, 0, 1), np.float32)


def _normal(depth: FloatArray, tiles: str, convention: str) -> FloatArray:
    """Encoded unit normals `H×W×3` of a height map in pixels."""
    wide = pad_border(depth, (1, 1), tiles)
    across = sum(_SCHARR[i] * (wide[i : i + depth.shape[0], 2:] - wide[i : i + depth.shape[0], :-2]) for i in range(3))
    down = sum(_SCHARR[i] * (wide[2:, i : i + depth.shape[1]] - wide[:-2, i : i + depth.shape[1]]) for i in range(3))
    vectors = np.stack([-across, down if convention == "gl" else -down, np.ones_like(depth)], axis=2)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    return np.asarray(vectors / 2 + 0.5, np.float32)


def _occlusion(depth: FloatArray, amount: float, side: int, tiles: str) -> FloatArray:
    """Ambient occlusion 0..1 (1 is open): pixels below their surroundings are darker, over several radii."""
    widths = [width * side for width in _OCCLUSION_WIDTHS]
    blurred = gaussian_blurs(depth, widths, tiles)
    walls = sum(np.maximum(around - depth, 0) / width for around, width in zip(blurred, widths, strict=True))
    return np.asarray(np.exp(-_OCCLUSION * amount * walls), np.float32)


def _roughness(detail: FloatArray, height: FloatArray, base: float, contrast: float, tiles: str) -> FloatArray:
    """Roughness with mean `base`: higher in hollows and grainy areas, lower on raised areas."""
    fine = next(gaussian_blurs(detail, [_GRAIN], tiles))
    grain = np.sqrt(next(gaussian_blurs(np.square(detail - fine), [4 * _GRAIN], tiles)).clip(0))
    grain = grain / max(float(np.percentile(grain, 99)), 1e-6)
    uneven = 0.5 * grain.clip(0, 1) - height
    return np.asarray(np.clip(base + contrast * (uneven - uneven.mean()), 0, 1), np.float32)


def _with_alpha(color: FloatArray, images: ImageSet) -> Array:
    """`color` in the sample type of the image, with the image's alpha."""
    old = images["color"]
    now = {np.uint8: to_uint8, np.uint16: to_uint16}.get(old.dtype.type, lambda pixels: pixels)(color)
    return np.concatenate([now, old[..., 3:]], axis=2)

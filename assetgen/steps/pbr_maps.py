"""Estimate material maps (height, normal, roughness, occlusion, metallic) from a colour image."""

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from assetgen.images import FloatArray, ImageSet, split_alpha, to_float, to_uint8, to_uint16
from assetgen.parts import adds, part
from assetgen.pixels.color import oklab_from_srgb
from assetgen.steps._models import Model, estimated_maps
from assetgen.steps._shading import SHADING_WIDTH, filled_light, given_albedo, mixed_colors, without_broad_shading
from assetgen.steps._surface import height_of_slopes, normals_of_slopes, slopes_of_height, slopes_of_normals
from assetgen.steps._wrap import gaussian_blurs

_Share = Annotated[float, Field(ge=0, le=1)]

_BAND_WIDTHS = (1 / 512, 1 / 256, 1 / 128, 1 / 64, 1 / 32)  # of the side: Gaussians that separate the bands
_BAND_GROWTH = 1.4  # relief of a band relative to the next finer one: broad forms are deeper than grain
_RELIEF = 0.0125  # of the side: depth of the whole height range at strength 1
_FULL_RELIEF = 0.4  # Oklab lightness times band gain: images with less contrast stay flatter
_OUTLIERS = 1.0  # per cent at each end, ignored for the height range
_OCCLUSION_WIDTHS = (1 / 128, 1 / 64, 1 / 32, 1 / 16)  # of the side: radii of the occlusion
_OCCLUSION = 1.4  # 1 - ao of a hollow is about this times the mean slope of its walls
_GRAIN = 1.0  # pixels: finer detail is grain
_JOINTS = (1 / 256, 1 / 32)  # of the side: Gaussians that keep light joints, and that blur them away
_SKEWED = 0.3  # skewness from which few areas are much lighter than the rest
_THIN = 0.25  # of that skewness: what blurring leaves of it where the light areas are lines and not spots
_FLATTEST = 1 / 500  # of the side, and of a model's depth: a smaller range of heights is not stretched


@part(version=3)
@adds("ao", "height", "metallic", "normal", "orm", "roughness")
def pbr_maps(
    images: ImageSet,
    device: str = "auto",
    *,
    models: tuple[Model, ...] = (),
    strength: Annotated[float, Field(ge=0, le=10)] = 1.0,
    normal: Literal["gl", "dx"] = "gl",
    delight: _Share = 0.5,
    invert: bool | None = None,
    roughness: _Share = 0.75,
    roughness_contrast: _Share = 0.3,
    metallic: _Share = 0.0,
    occlusion: Annotated[float, Field(ge=0, le=4)] = 1.0,
) -> ImageSet:
    """Estimate the maps of a PBR material from `color`.

    Adds height (uint16), normal, roughness, ao, metallic and orm (R ao, G roughness, B metallic), uint8 and linear.
    The maps tile along the axes that the image tiles along.

    - `models`: `marigold_normals` gives normals and height, `marigold_depth` height, `marigold_appearance` roughness,
      metallic and the colour without shading. What no model gives is guessed from light and dark, as follows.
    - `strength`: scale of the relief. `occlusion`: strength of the ambient occlusion.
    - `normal`: direction of green. `gl` is up (Godot, Unity, Blender, glTF), `dx` is down (Unreal).
    - `delight`: 0 to 1, how much shading is removed from the colour: broad shading without a model.
    - `invert`: `false` makes light areas high, `true` dark ones. By default dark ones are high where thin lines are the
      lightest, such as light mortar.
    - `roughness`: mean, 0 to 1. Hollows and grain are rougher, raised areas smoother, by about `roughness_contrast`.
    - `metallic`: 0 to 1, the same for the whole image.

    Example:
        - pbr_maps: {strength: 1.5, models: [marigold_normals, marigold_appearance]}
    """
    tiles, side = images.meta.tiles or "", min(images.size)
    known = estimated_maps(models, images, device)
    detail, color = _detail(images, side, tiles), images["color"]
    if delight:
        unlit = given_albedo(images, known["albedo"]) if "albedo" in known else without_broad_shading(images)
        color = mixed_colors(images, unlit, delight)
    height, depth, slopes = _relief(known, detail, invert, strength, tiles)
    ao = _occlusion(depth, occlusion, side, tiles)
    rough = known.get("roughness", _roughness(detail, height, roughness, roughness_contrast, tiles)[..., None])
    vectors = normals_of_slopes(slopes) * np.array([1, 1 if normal == "gl" else -1, 1], np.float32)
    metal = known.get("metallic", np.full((*ao.shape, 1), metallic, np.float32))
    maps = {"ao": to_uint8(ao[..., None]), "roughness": to_uint8(rough), "metallic": to_uint8(metal)}
    orm = np.concatenate(list(maps.values()), axis=2)
    return images.replace(
        color=color, height=to_uint16(height[..., None]), normal=to_uint8(vectors / 2 + 0.5), orm=orm, **maps
    )


def _relief(
    known: Mapping[str, FloatArray], detail: FloatArray, invert: bool | None, strength: float, tiles: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Height in 0..1 and depth in pixels, both `H×W`, and slopes `H×W×2`: those of a model, else from lightness."""
    side = min(detail.shape)
    if "normal" in known:
        slopes = slopes_of_normals(known["normal"]) * np.float32(strength)
        depth = height_of_slopes(slopes, tiles)
        height = _stretched(depth, _FLATTEST * side)
    if "height" in known:
        height = _stretched(known["height"][..., 0], _FLATTEST)
    elif "normal" not in known:
        height = _height(detail, invert, side, tiles)
    if "normal" not in known:
        depth = height * np.float32(_RELIEF * strength * side)
        slopes = slopes_of_height(depth, tiles)
    return height, depth, slopes


def _stretched(relief: FloatArray, least: float) -> FloatArray:
    """Relief as height in 0..1. Where its range is smaller than `least`, less than the whole range."""
    low, high = np.percentile(relief, [_OUTLIERS, 100 - _OUTLIERS])
    return np.asarray(np.clip(0.5 + (relief - (low + high) / 2) / max(float(high - low), least), 0, 1), np.float32)


def _detail(images: ImageSet, side: int, tiles: str) -> FloatArray:
    """Lightness `H×W` without broad shading."""
    color, alpha = split_alpha(to_float(images["color"]))
    light = filled_light(oklab_from_srgb(color)[..., 0], alpha[..., 0])
    return np.asarray(light - next(gaussian_blurs(light, [SHADING_WIDTH * side], tiles)), np.float32)


def _height(detail: FloatArray, invert: bool | None, side: int, tiles: str) -> FloatArray:
    """Height in 0..1 from lightness: the weighted sum of its frequency bands."""
    soft = list(gaussian_blurs(detail, [width * side for width in _BAND_WIDTHS], tiles))
    gains = [_BAND_GROWTH**power for power in range(len(_BAND_WIDTHS))]
    relief = gains[-1] * soft[-1]
    for finer, broader, gain in zip(soft, soft[1:], gains, strict=False):
        relief = relief + gain * (finer - broader)
    dark_is_high = _has_light_joints(detail, side, tiles) if invert is None else invert
    return _stretched(-relief if dark_is_high else relief, _FULL_RELIEF)


def _has_light_joints(detail: FloatArray, side: int, tiles: str) -> bool:
    """Whether the lightest areas are few and thin, as light mortar is, and pebbles and rivets are not."""
    fine, blurred = (_skewness(soft) for soft in gaussian_blurs(detail, [width * side for width in _JOINTS], tiles))
    return fine > _SKEWED and blurred < _THIN * fine


def _skewness(plane: FloatArray) -> float:
    away = plane - plane.mean()
    return float((away**3).mean() / max(float((away**2).mean()), 1e-9) ** 1.5)


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

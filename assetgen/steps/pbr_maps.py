"""Material maps (height, normal, roughness, occlusion, metal) guessed from one colour picture."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from assetgen.images import Array, FloatArray, ImageSet, split_alpha, to_float, to_uint8, to_uint16
from assetgen.parts import part
from assetgen.pixels.color import oklab_from_srgb, srgb_from_oklab
from assetgen.steps._wrap import gaussian_blurs, pad_border

Share = Annotated[float, Field(ge=0, le=1)]

SHADING_WIDTH = 1 / 10  # of the side: broader light and dark is lighting, not relief
BAND_WIDTHS = (1 / 512, 1 / 256, 1 / 128, 1 / 64, 1 / 32)  # of the side: Gaussians between which relief is read
BAND_GROWTH = 1.4  # how much more a band of twice the width stands out: broad forms are deeper than fine grain
RELIEF = 0.025  # of the side: depth of the whole height range at strength 1
FULL_RELIEF = 0.4  # Oklab lightness times band gain: a picture with less contrast is flatter, not stretched
OUTLIERS = 1.0  # per cent at each end that do not decide the height range
OCCLUSION_WIDTHS = (1 / 128, 1 / 64, 1 / 32, 1 / 16)  # of the side: how far around a hollow is shaded
OCCLUSION = 0.7  # how dark a hollow gets: 1 - ao is about this, times the mean slope of its walls
GRAIN = 1.0  # pixels: what is finer counts as grain
SCHARR = np.array([3, 10, 3], np.float32) / 32  # Scharr (2000): derivative with the least error of direction


@part(version=1)
def pbr_maps(
    images: ImageSet,
    *,
    strength: Annotated[float, Field(ge=0, le=10)] = 1.0,
    normal: Literal["gl", "dx"] = "gl",
    delight: Share = 0.5,
    invert: bool = False,
    roughness: Share = 0.75,
    roughness_contrast: Share = 0.3,
    metallic: Share = 0.0,
    occlusion: Annotated[float, Field(ge=0, le=4)] = 1.0,
) -> ImageSet:
    """Add height (uint16), normal, roughness, ao, metallic and orm (R ao, G roughness, B metal; uint8, linear).

    Light is taken for high (`invert` where dark stands out); broad light and dark counts as lighting and is taken out
    of the relief, and out of the colour by the share `delight`. `strength` scales the relief, `normal` says where green
    points: up (`gl`: Godot, Unity, Blender, glTF) or down (`dx`: Unreal). Hollows and grain are rougher than
    `roughness` on the mean, worn heights smoother, over a range of about `roughness_contrast`. The maps tile along the
    axes that the picture tiles along.
    """
    tiles = images.meta.tiles or ""
    color, alpha = split_alpha(to_float(images["color"]))
    lab = oklab_from_srgb(color)
    side = min(images.size)
    light = _filled(lab[..., 0], alpha[..., 0])
    broad = next(gaussian_blurs(light, [SHADING_WIDTH * side], tiles))
    if delight:
        lab[..., 0] -= delight * (broad - broad.mean())
        color = srgb_from_oklab(lab)
    detail = light - broad
    height = _height(-detail if invert else detail, side, tiles)
    depth = height * np.float32(RELIEF * strength * side)
    ao = _occlusion(depth, occlusion, side, tiles)
    maps = {
        "ao": to_uint8(ao[..., None]),
        "roughness": to_uint8(_roughness(detail, height, roughness, roughness_contrast, tiles)[..., None]),
        "metallic": to_uint8(np.full_like(ao, metallic)[..., None]),
    }
    return images.replace(
        color=_with_alpha(color, images) if delight else images["color"],
        height=to_uint16(height[..., None]),
        normal=to_uint8(_normal(depth, tiles, normal)),
        orm=np.concatenate([maps["ao"], maps["roughness"], maps["metallic"]], axis=2),
        **maps,
    )


def _filled(light: FloatArray, alpha: FloatArray) -> FloatArray:
    """Lightness with the mean of the visible part where nothing is visible, so that hidden colours make no relief."""
    mean = float((light * alpha).sum() / max(float(alpha.sum()), 1e-6))
    return np.asarray(light * alpha + mean * (1 - alpha), np.float32)


def _height(detail: FloatArray, side: int, tiles: str) -> FloatArray:
    """Relief in 0..1 from lightness: the sum of its bands, the broader ones enlarged."""
    soft = list(gaussian_blurs(detail, [width * side for width in BAND_WIDTHS], tiles))
    gains = [BAND_GROWTH**power for power in range(len(BAND_WIDTHS))]
    relief = gains[-1] * soft[-1]
    for finer, broader, gain in zip(soft, soft[1:], gains, strict=False):
        relief = relief + gain * (finer - broader)
    low, high = np.percentile(relief, [OUTLIERS, 100 - OUTLIERS])
    span = max(float(high - low), FULL_RELIEF)
    return np.asarray(np.clip(0.5 + (relief - (low + high) / 2) / span, 0, 1), np.float32)


def _normal(depth: FloatArray, tiles: str, convention: str) -> FloatArray:
    """Encoded unit normals `H×W×3` of a relief in pixels."""
    wide = pad_border(depth, (1, 1), tiles)
    across = sum(SCHARR[i] * (wide[i : i + depth.shape[0], 2:] - wide[i : i + depth.shape[0], :-2]) for i in range(3))
    down = sum(SCHARR[i] * (wide[2:, i : i + depth.shape[1]] - wide[:-2, i : i + depth.shape[1]]) for i in range(3))
    vectors = np.stack([-across, down if convention == "gl" else -down, np.ones_like(depth)], axis=2)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    return np.asarray(vectors / 2 + 0.5, np.float32)


def _occlusion(depth: FloatArray, amount: float, side: int, tiles: str) -> FloatArray:
    """How open each place is, 0..1: a place below its surroundings loses light, over several distances."""
    widths = [width * side for width in OCCLUSION_WIDTHS]
    blurred = gaussian_blurs(depth, widths, tiles)
    walls = sum(np.maximum(around - depth, 0) / width for around, width in zip(blurred, widths, strict=True))
    return np.asarray(np.exp(-OCCLUSION * amount * walls), np.float32)


def _roughness(detail: FloatArray, height: FloatArray, base: float, contrast: float, tiles: str) -> FloatArray:
    """Rougher in hollows and where the picture is grainy, smoother on worn heights; the mean is about `base`."""
    fine = next(gaussian_blurs(detail, [GRAIN], tiles))
    grain = np.sqrt(next(gaussian_blurs(np.square(detail - fine), [4 * GRAIN], tiles)).clip(0))
    grain = grain / max(float(np.percentile(grain, 99)), 1e-6)
    uneven = 0.5 * grain.clip(0, 1) - height
    return np.asarray(np.clip(base + contrast * (uneven - uneven.mean()), 0, 1), np.float32)


def _with_alpha(color: FloatArray, images: ImageSet) -> Array:
    """`color` in the type of the picture and with its alpha, untouched."""
    old = images["color"]
    now = {np.uint8: to_uint8, np.uint16: to_uint16}.get(old.dtype.type, lambda pixels: pixels)(color)
    return np.concatenate([now, old[..., 3:]], axis=2)

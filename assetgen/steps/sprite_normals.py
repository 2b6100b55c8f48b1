"""Normals that make a sprite look like a volume under 2D lights."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.images import FloatArray, ImageSet, split_alpha, to_float, to_uint8
from assetgen.parts import adds, part
from assetgen.pixels.color import oklab_from_srgb
from assetgen.steps._wrap import gaussian_blurs

_VISIBLE = 0.5
_COARSEST = 16  # pixels of the longer side, on the coarsest grid of the solver
_ITERATIONS = 60  # of Jacobi on each grid; the coarsest, where the shape is found, gets ten times as many
_SOURCE = 4.0  # with it the height of a disc is a hemisphere
_DETAIL_WIDTHS = (1 / 128, 1 / 16)  # of the longer side: finer is grain, broader is lighting
_DETAIL_DEPTH = 0.12  # of the longer side: height of the full range of lightness at detail 1


@part(version=1)
@adds("normal")
def sprite_normals(
    images: ImageSet,
    *,
    roundness: Annotated[float, Field(ge=0, le=2)] = 0.8,
    detail: Annotated[float, Field(ge=0, le=2)] = 0.4,
    levels: Annotated[int, Field(ge=2, le=32)] | None = None,
    normal: Literal["gl", "dx"] = "gl",
) -> ImageSet:
    """Add the channel `normal` (uint8) for a sprite: its silhouette inflated, with relief from its shading.

    - `roundness`: 0 is flat, 1 a volume as deep as it is wide.
    - `detail`: strength of the relief; light areas are high.
    - `levels`: number of steps of x and y, for hard bands of light on pixel art.
    - `normal`: direction of green. `gl` is up (Godot, Unity), `dx` is down (Unreal).

    The height is the square root of the solution of Poisson's equation inside the silhouette, 0 at its edge (compare
    Williams, "Fun with Silhouettes", and Johnston, "Lumo", 2002): a disc becomes a hemisphere. Transparent pixels face
    the viewer. Godot's `CanvasTexture` and atlases use the channel.

    Example:
        - sprite_normals: {roundness: 1.0, levels: 6}
    """
    rgb, alpha = (to_float(array) for array in split_alpha(images["color"]))
    body = alpha[..., 0] >= _VISIBLE
    volume = _inflated(body)
    across, down = (roundness * slope for slope in _slopes(volume))
    facing = np.where(body, 2 * np.sqrt(volume), 1)
    relief_across, relief_down = _slopes(_relief(rgb, alpha, detail))
    across, down = across + relief_across * facing, down + relief_down * facing
    length = np.sqrt(across**2 + down**2 + facing**2)
    x, y = -across / np.maximum(length, 1e-6), -down / np.maximum(length, 1e-6)
    if levels is not None:
        x, y = (np.rint(part * levels) / levels for part in (x, y))
    x, y = np.where(body, x, 0), np.where(body, y if normal == "dx" else -y, 0)
    z = np.sqrt(np.clip(1 - x**2 - y**2, 0, 1))
    vectors = np.stack([x, y, z], axis=2) / 2 + 0.5
    return images.replace(normal=to_uint8(vectors.astype(np.float32)))


def _inflated(body: NDArray[np.bool_]) -> FloatArray:
    """The solution of Poisson's equation inside `body` in pixels², by Jacobi iterations from coarse to fine grids.

    Sums have a fixed order. The blurs of `detail` use the FFT, which rounds differently on other processors.
    """
    grids = [body]
    while max(grids[-1].shape) > _COARSEST:
        grids.append(_halved(grids[-1]))
    height = np.zeros(grids[-1].shape, np.float32)
    for number in range(len(grids) - 1, -1, -1):
        mask = grids[number].astype(np.float32)
        height = height[: mask.shape[0], : mask.shape[1]] * mask
        source = np.float32(_SOURCE * 4**number)
        for _ in range(_ITERATIONS * (10 if number == len(grids) - 1 else 1)):
            wide = np.pad(height, 1)
            around = (wide[:-2, 1:-1] + wide[2:, 1:-1]) + (wide[1:-1, :-2] + wide[1:-1, 2:])
            height = (around + source) * np.float32(0.25) * mask
        if number:
            height = np.repeat(np.repeat(height, 2, axis=0), 2, axis=1)
    return height


def _halved(body: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The silhouette at half the size: pixels of which at least half are inside."""
    rows, columns = (side % 2 for side in body.shape)
    even = np.pad(body, ((0, rows), (0, columns)))
    return np.asarray(even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2).sum(axis=(1, 3)) >= 2)


def _slopes(height: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Change to the right and downwards, per pixel; outside the image the height is 0."""
    wide: FloatArray = np.pad(height, 1)
    half = np.float32(0.5)
    return (wide[1:-1, 2:] - wide[1:-1, :-2]) * half, (wide[2:, 1:-1] - wide[:-2, 1:-1]) * half


def _relief(rgb: FloatArray, alpha: FloatArray, detail: float) -> FloatArray:
    """Height in pixels from the lightness, without grain and without broad shading; weighted by alpha."""
    side = max(alpha.shape)
    cover = alpha[..., 0]
    lightness = oklab_from_srgb(rgb)[..., 0] * cover
    fine, broad = (
        light / np.maximum(weight, 1e-3)
        for light, weight in zip(
            gaussian_blurs(lightness, [width * side for width in _DETAIL_WIDTHS], ""),
            gaussian_blurs(cover, [width * side for width in _DETAIL_WIDTHS], ""),
            strict=True,
        )
    )
    return np.asarray((fine - broad) * cover * np.float32(detail * _DETAIL_DEPTH * side), np.float32)

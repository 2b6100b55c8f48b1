"""Turn images into pixel art."""

from dataclasses import dataclass, replace
from math import ceil
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.errors import InputError
from assetgen.images import Array, FloatArray, ImageSet, Meta, Trim, split_alpha, to_float
from assetgen.parts import InputFile, describes, part
from assetgen.pixels.color import oklab_from_srgb
from assetgen.pixels.palettes import MAX_COLORS
from assetgen.pixels.quantize import reduce_colors
from assetgen.steps._grid import find_grid
from assetgen.steps._wrap import pad_border

_USUAL_GRID = 64  # cells along the longer side, by default and without a detected grid
_MOST_SAMPLES = 16  # per side of a cell; larger cells are subsampled
_RIM = 0.2  # of a cell on each side: blurred by smooth enlarging or JPEG, and not read
_ROUNDS = 4  # of 2-means in each cell; most converge after two
_ONE_COLOR = 0.06  # Oklab distance below which a cell has one colour with noise
_CONTRAST_GAIN = 4.0  # weight of contrast to the surroundings against area: a line over 1/4 of the cell wins
_ALPHA_GAIN = 1.0  # the same for alpha: a twig that covers 0.4 of its cell stays


@dataclass(frozen=True)
class _Cells:
    """`count` cells of `size` pixels from `start` along an axis of `length` pixels; `wraps` at the border."""

    start: float
    size: float
    count: int
    length: int
    wraps: bool

    def samples(self, rim: float) -> NDArray[np.intp]:
        """Pixels read in each cell, `count × samples`."""
        count = min(ceil(self.size), _MOST_SAMPLES)
        inside = rim + (1 - 2 * rim) * (np.arange(count) + 0.5) / count
        pixels = np.floor(self.start + (np.arange(self.count)[:, None] + inside) * self.size + 1e-6).astype(np.intp)
        return pixels % self.length if self.wraps else pixels.clip(0, self.length - 1)


@describes(Meta(pixel_art=True))
@part(version=2, frames=True)
def pixelate(
    images: ImageSet,
    *,
    cell: Annotated[int, Field(ge=1, le=256)] | Literal["auto"] | None = None,
    grid: Annotated[int, Field(ge=1, le=4096)] | None = None,
    colors: Annotated[int, Field(ge=1, le=MAX_COLORS)] | None = None,
    palette: InputFile | None = None,
    dither: Annotated[float, Field(ge=0, le=1)] = 0.0,
) -> ImageSet:
    """Turn the image into pixel art: one pixel per cell, with few colours, the same ones in all frames of a sequence.

    - `cell`: pixels per cell, or `auto` to detect the grid of enlarged pixel art. A model whose card has a `cell` needs
      no detection.
    - `grid`: cells along the longer side. Without `cell` and `grid`, the grid is detected; 64 cells are the fallback.
    - `colors`, `palette`, `dither`: as in the step `palette`.

    Each pixel gets the most prominent colour of its cell, so that lines and eyes survive. Alpha becomes 0 or full.
    Tiling is kept. Never enlarges. Sets `meta.pixel_art` and `meta.cell`.

    Example:
        - pixelate: {grid: 32, colors: 16}
    """
    if "color" not in images:
        raise InputError("pixelate needs an image with a 'color' channel", cure=f"It has {', '.join(images.channels)}")
    axes, snapped = _layout(images.frames[0], cell, grid)
    whole = all(axis.size == 1 for axis in axes)
    shrunk = images.each(lambda frame: _hardened(frame) if whole else _shrunk(frame, axes, snapped))
    file = palette.path if palette else None
    color = reduce_colors(shrunk, colors=colors, palette=file, dither=dither)
    return ImageSet({**shrunk.channels, "color": color}, _meta(images.meta, axes))


def _layout(images: ImageSet, cell: int | str | None, grid: int | None) -> tuple[tuple[_Cells, _Cells], bool]:
    """The cells along x and y, and whether they follow a detected grid."""
    tiles, longer = images.meta.tiles or "", max(images.size)
    automatic = cell == "auto" or (cell is None and grid is None)
    if automatic and (images.meta.pixel_art or images.meta.cell):
        wanted, found = 1.0 if images.meta.pixel_art else images.meta.cell or 1.0, None
    elif automatic or isinstance(cell, int):
        found = find_grid(images["color"], None if automatic else float(cell or 1)) if cell != 1 else None
        wanted = found.cell if found else float(cell) if isinstance(cell, int) else longer / (grid or _USUAL_GRID)
    else:
        wanted, found = longer / (grid or _USUAL_GRID), None
    phases = found.phase if found else (None, None)
    across, down = (
        _cells(length, max(1.0, wanted), phase, name in tiles)
        for length, phase, name in zip(images.size, phases, "xy", strict=True)
    )
    return (across, down), found is not None


def _cells(length: int, size: float, phase: float | None, wraps: bool) -> _Cells:
    if phase is None or wraps:
        count = max(1, round(length / size))
        return _Cells(phase or 0.0, length / count, count, length, wraps)
    start = phase - size if phase >= size / 2 else phase
    return _Cells(start, size, max(1, round((length - start) / size)), length, wraps)


def _shrunk(images: ImageSet, axes: tuple[_Cells, _Cells], snapped: bool) -> ImageSet:
    tiles = images.meta.tiles or ""
    across, down = (axis.samples(_RIM if snapped and axis.size >= 4 else 0.0) for axis in axes)
    rows, columns = down[:, None, :, None], across[None, :, None, :]
    shape = (axes[1].count, axes[0].count, -1)
    rgb, alpha = (
        to_float(plane[rows, columns]).reshape(*shape, plane.shape[2]) for plane in split_alpha(images["color"])
    )
    seen = alpha[..., 0]
    weights = np.where(seen.sum(axis=2, keepdims=True) > 0, seen, 1).astype(np.float32)
    weights = weights * _dominant(oklab_from_srgb(rgb), weights, 0.0 if snapped else _CONTRAST_GAIN, tiles)
    weights /= weights.sum(axis=2, keepdims=True)
    channels = {
        name: _weighed(array[rows, columns].reshape(*shape, array.shape[2]), weights, name)
        for name, array in images.channels.items()
    }
    if images["color"].shape[2] == 4:
        stays = _stays(seen.mean(axis=2), 0.0 if snapped else _ALPHA_GAIN, tiles)
        channels["color"][..., 3] = stays * _full(images["color"])
    return ImageSet(channels, images.meta)


def _dominant(lab: FloatArray, weights: FloatArray, gain: float, tiles: str) -> NDArray[np.bool_]:
    """Mask of the samples (`rows × columns × samples`) that have the prominent colour of their cell.

    Splits the colours of a cell in two clusters. The larger one wins, weighted by its contrast to the surroundings.
    """
    mean = _mean(lab, weights)
    first = _farthest(lab, mean, weights)
    second = _farthest(lab, first, weights)
    for _ in range(_ROUNDS):
        in_first = _distance(lab, first) <= _distance(lab, second)
        first, second = _mean(lab, weights * in_first), _mean(lab, weights * ~in_first)
    around = _around(mean, tiles)
    apart = np.linalg.norm(first - second, axis=2)
    shares = [(weights * group).sum(axis=2) for group in (in_first, ~in_first)]
    scores = [
        share * (1 + gain * np.linalg.norm(centre - around, axis=2))
        for share, centre in zip(shares, (first, second), strict=True)
    ]
    chosen = np.where((scores[0] >= scores[1])[..., None], in_first, ~in_first)
    return np.asarray(chosen | (apart < _ONE_COLOR)[..., None], np.bool_)


def _mean(lab: FloatArray, weights: FloatArray) -> FloatArray:
    mass = np.maximum(weights.sum(axis=2, keepdims=True), np.float32(1e-9))
    return np.asarray((lab * weights[..., None]).sum(axis=2) / mass, np.float32)


def _distance(lab: FloatArray, centre: FloatArray) -> FloatArray:
    return np.asarray(np.square(lab - centre[:, :, None]).sum(axis=3), np.float32)


def _farthest(lab: FloatArray, centre: FloatArray, weights: FloatArray) -> FloatArray:
    index = (_distance(lab, centre) * (weights > 0)).argmax(axis=2)
    return np.asarray(np.take_along_axis(lab, index[..., None, None], axis=2)[:, :, 0], np.float32)


def _around(cells: FloatArray, tiles: str) -> FloatArray:
    """Mean of each cell and its eight neighbours."""
    height, width = cells.shape[:2]
    wide = pad_border(cells, (1, 1), tiles)
    total = sum(wide[y : y + height, x : x + width] for y in range(3) for x in range(3))
    return np.asarray(total / np.float32(9), np.float32)


def _stays(cover: FloatArray, gain: float, tiles: str) -> NDArray[np.bool_]:
    around = _around(cover[..., None], tiles)[..., 0]
    return np.asarray(cover * (1 + gain * (1 - around)) >= (1 - cover) * (1 + gain * around), np.bool_)


def _weighed(samples: Array, weights: FloatArray, name: str) -> Array:
    values: Array = (samples * weights[..., None]).sum(axis=2)
    if name == "normal":
        top = _full(samples)
        vectors = values / top * 2 - 1
        values = (vectors / np.maximum(np.linalg.norm(vectors, axis=2, keepdims=True), 1e-6) / 2 + 0.5) * top
    is_float = samples.dtype == np.float32
    whole: Array = (np.clip(values, 0, 1) if is_float else np.rint(values)).astype(samples.dtype)
    return whole


def _hardened(images: ImageSet) -> ImageSet:
    color = images["color"]
    if color.shape[2] == 3:
        return images
    full = _full(color)
    alpha = np.where(color[..., 3:] * 2.0 >= full, full, 0).astype(color.dtype)
    return images.replace(color=np.concatenate([color[..., :3], alpha], axis=2))


def _full(array: Array) -> float:
    return 1.0 if array.dtype == np.float32 else float(np.iinfo(array.dtype).max)


def _meta(meta: Meta, axes: tuple[_Cells, _Cells]) -> Meta:
    """Metadata in game pixels."""
    trim, regions = meta.trim, meta.regions
    across, down = axes
    if trim:
        (left, top), (width, height) = trim.offset, trim.source_size
        offset = round((left + across.start) / across.size), round((top + down.start) / down.size)
        trim = Trim(offset, (round(width / across.size), round(height / down.size)))
    if regions:
        regions = {name: replace(region, rect=_rect(region.rect, axes)) for name, region in regions.items()}
    return replace(meta, pixel_art=True, cell=round(across.size, 4), trim=trim, regions=regions)


def _rect(rect: tuple[int, int, int, int], axes: tuple[_Cells, _Cells]) -> tuple[int, int, int, int]:
    left, right = (round((x - axes[0].start) / axes[0].size) for x in (rect[0], rect[0] + rect[2]))
    top, bottom = (round((y - axes[1].start) / axes[1].size) for y in (rect[1], rect[1] + rect[3]))
    return left, top, max(1, right - left), max(1, bottom - top)

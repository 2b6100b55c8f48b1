"""Make a picture tile that does not: the repair for images that were not sampled with circular padding."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.errors import InputError
from assetgen.images import Array, FloatArray, ImageSet, to_float
from assetgen.parts import part
from assetgen.pixels.seams import SEAM_LIMIT, worst_wrap
from assetgen.steps._quilt import cheapest_path, path_sums
from assetgen.steps._wrap import gaussian_blurs

SMALLEST = 16  # pixels a side; below that there is no inside to take a strip from
SURELY_TILES = 1.05  # wrap ratio up to which an image that does not claim to tile is taken to do so
SEARCH_SIDE = 96  # the strip is sought in a picture at most this wide
SHIFTS = 12  # places along a tiling seam at which a strip is tried
TONE_WIDTH = 0.1  # of the side: what is wider than this is tone, which is evened out; the rest is detail, which is cut
FEATHER = 1 / 80  # of the side, and at least LEAST_FEATHER pixels: how wide a cut is softened
LEAST_FEATHER = 2.0


@part(version=1)
def seamless(
    images: ImageSet,
    *,
    axes: Literal["x", "y", "xy"] = "xy",
    method: Literal["auto", "fft", "cut"] = "auto",
    band: Annotated[float, Field(ge=0.05, le=0.5)] = 0.3,
) -> ImageSet:
    """Make the picture tile along `axes`, at its size and with its detail, every channel alike.

    `fft` takes away the smooth part that makes opposite borders differ (Moisan, "Periodic plus smooth image
    decomposition", 2011): for clouds, grain, uneven light. `cut` evens out the tone in that way and then lays a strip
    of the picture, `band` of its side wide, over the seam along two cheapest cuts: for bricks, planks, leaves.
    `auto` cuts, but leaves axes alone that tile already. Pixel art is cut hard, so that no new colour appears.
    """
    if min(images.size) < SMALLEST:
        across, down = images.size
        raise InputError(f"seamless wants at least {SMALLEST} × {SMALLEST} pixels, not {across} × {down}")
    tiles = images.meta.tiles or ""
    wanted = "".join(axis for axis in axes if method != "auto" or not _tiles_already(images, axis, tiles))
    hard = bool(images.meta.pixel_art)
    if not hard:
        images = _evened(images, wanted, 0.0 if method == "fft" else TONE_WIDTH)
    if hard or method != "fft":
        for axis in wanted:
            images = _patched(images, axis, band, tiles)
            tiles += axis
    return images.with_meta(tiles="".join(axis for axis in "xy" if axis in tiles + axes))


def _tiles_already(images: ImageSet, axis: str, tiles: str) -> bool:
    return worst_wrap(images, axis)[0] <= (SEAM_LIMIT if axis in tiles else SURELY_TILES)


def _evened(images: ImageSet, axes: str, smoothing: float) -> ImageSet:
    return images.map(lambda array: _periodic_part(array, axes, smoothing)) if axes else images


def _periodic_part(array: Array, axes: str, smoothing: float) -> Array:
    """The periodic part of each plane: the picture less the smooth field whose Laplacian is the jump at the border.

    `smoothing` blurs the jump along the border by this share of its length, so that only tone is evened out.
    """
    from scipy.fft import irfft2, rfft2

    pixels = to_float(array)
    height, width = array.shape[:2]
    down, across = np.fft.fftfreq(height)[:, None, None], np.fft.rfftfreq(width)[None, :, None]
    jumps = np.zeros((height, width // 2 + 1, array.shape[2]), np.complex64)
    for axis, along, length in (("x", down, height), ("y", across, width)):
        if axis in axes:
            gaussian = np.exp(-2 * (np.pi * smoothing * length * along) ** 2)
            jumps += rfft2(_jump(pixels, 1 if axis == "x" else 0), axes=(0, 1)) * gaussian
    laplacian = 2 * np.cos(2 * np.pi * down) + 2 * np.cos(2 * np.pi * across) - 4
    laplacian[0, 0] = 1  # the mean stays: the jumps sum to nothing
    pixels -= irfft2(jumps / laplacian, (height, width), axes=(0, 1))
    return _as_before(pixels, array)


def _jump(pixels: FloatArray, axis: int) -> FloatArray:
    """Zero but at the two border lines, which hold what a step across the border adds to the Laplacian."""
    lines, jump = np.moveaxis(pixels, axis, 0), np.zeros_like(pixels)
    borders = np.moveaxis(jump, axis, 0)
    borders[0], borders[-1] = lines[-1] - lines[0], lines[0] - lines[-1]
    return jump


def _as_before(pixels: FloatArray, array: Array) -> Array:
    pixels = np.clip(pixels, 0, 1)
    if array.dtype == np.float32:
        return pixels.astype(np.float32)
    return np.rint(pixels * np.iinfo(array.dtype).max).astype(array.dtype)


def _patched(images: ImageSet, axis: str, band: float, tiles: str) -> ImageSet:
    """Lay the detail of the best strip over the seam along `axis`; the tone of the picture stays as it is."""

    def turned(array: Array) -> Array:
        return array if axis == "x" else array.swapaxes(0, 1)

    tone = {name: _tone(array, axis, tiles, images) for name, array in images.channels.items()}
    detail = {name: turned(to_float(array) - tone[name]) for name, array in images.channels.items()}
    pixels = np.concatenate(list(detail.values()), axis=2)
    half, loop = max(3, round(pixels.shape[1] * band / 2)), ("x" if axis == "y" else "y") in tiles
    left, shift = _best_strip(pixels, half, loop)
    errors = np.square(_seam_band(pixels, half) - _strip(pixels, half, left, shift)).sum(axis=2)
    begin, end = cheapest_path(errors[:, :half], loop=loop), half + cheapest_path(errors[:, half:], loop=loop)
    feather = 0.0 if images.meta.pixel_art else max(LEAST_FEATHER, FEATHER * min(images.size))
    mask = _mask(begin, end, 2 * half, feather)

    def patch(name: str, array: Array) -> Array:
        old, new = _seam_band(detail[name], half), _strip(detail[name], half, left, shift)
        mixed = old + mask * (new - old)
        whole = np.concatenate([mixed[:, half:], detail[name][:, half:-half], mixed[:, :half]], axis=1)
        return np.ascontiguousarray(_as_before(turned(whole) + tone[name], array))

    return images.replace(**{name: patch(name, array) for name, array in images.channels.items()})


def _tone(array: Array, axis: str, tiles: str, images: ImageSet) -> FloatArray:
    """The broad light and dark of a channel, which already runs on across the seam; nothing for pixel art."""
    pixels = to_float(array)
    if images.meta.pixel_art:
        return np.zeros_like(pixels)
    sigma = TONE_WIDTH * min(array.shape[:2])
    planes = [next(gaussian_blurs(pixels[..., plane], [sigma], tiles + axis)) for plane in range(array.shape[2])]
    return np.stack(planes, axis=2)


def _seam_band(pixels: Array, half: int) -> Array:
    return np.concatenate([pixels[:, -half:], pixels[:, :half]], axis=1)


def _strip(pixels: Array, half: int, left: int, shift: int) -> Array:
    return np.roll(pixels[:, left : left + 2 * half], shift, axis=0)


def _best_strip(pixels: FloatArray, half: int, loop: bool) -> tuple[int, int]:
    """Left column and downward shift of the strip that the two cuts cost least, sought at a coarse scale."""
    import cv2

    factor = max(1.0, max(pixels.shape[:2]) / SEARCH_SIDE)
    height, width = (max(8, round(side / factor)) for side in pixels.shape[:2])
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA).reshape(height, width, -1)
    narrow = max(2, round(half / factor))
    shifts = [round(height * turn / SHIFTS) for turn in range(SHIFTS)] if loop else [0]
    places = [(left, shift) for shift in shifts for left in range(width - 2 * narrow + 1)]
    band = _seam_band(small, narrow)
    errors = np.stack([np.square(band - _strip(small, narrow, *place)).sum(axis=2) for place in places])
    costs = path_sums(errors[..., :narrow]) + path_sums(errors[..., narrow:])
    left, shift = places[int(costs.argmin())]
    return min(round(left * factor), pixels.shape[1] - 2 * half), round(shift * factor)


def _mask(begin: NDArray[np.int64], end: NDArray[np.int64], width: int, feather: float) -> FloatArray:
    """1 where the strip lies (between the cuts, `H×width×1`), softened over `feather` pixels."""
    columns = np.arange(width)
    inside = np.minimum(columns - begin[:, None], end[:, None] - columns).astype(np.float32)
    mask = np.clip(inside / feather + 0.5, 0, 1) if feather else (inside > 0).astype(np.float32)
    return np.asarray(mask[..., None], np.float32)

"""Make an image tile that was not sampled with circular padding."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.errors import InputError
from assetgen.images import Array, FloatArray, ImageSet, Meta, to_float
from assetgen.parts import describes, part
from assetgen.pixels.quilting import cheapest_path, path_sums
from assetgen.pixels.seams import SEAM_LIMIT, worst_wrap
from assetgen.steps._wrap import gaussian_blurs

_SMALLEST = 16  # pixels per side: smaller images have no room for a strip
_SURELY_TILES = 1.05  # wrap ratio up to which an image counts as tiling without `meta.tiles`
_SEARCH_SIDE = 96  # pixels: the strip is searched for in an image at most this large
_SHIFTS = 12  # offsets along a tiling seam that are tried
_TONE_WIDTH = 0.1  # of the side: wider structures are tone, which is evened out; finer ones are detail, which is cut
_FEATHER = 1 / 80  # of the side, at least `_LEAST_FEATHER` pixels: width of the blend along a cut
_LEAST_FEATHER = 2.0


@describes(Meta(tiles="xy"))
@part(version=1)
def seamless(
    images: ImageSet,
    *,
    axes: Literal["x", "y", "xy"] = "xy",
    method: Literal["auto", "fft", "cut"] = "auto",
    band: Annotated[float, Field(ge=0.05, le=0.5)] = 0.3,
) -> ImageSet:
    """Make the image tile along `axes`, at its size and in every channel.

    - `method`: `fft` removes the smooth component that makes opposite borders differ (Moisan, "Periodic plus smooth
      image decomposition", 2011): for clouds, grain, uneven light. `cut` evens out the tone that way, then covers the
      seam with a strip of the image along two minimal-error cuts: for bricks, planks, leaves. `auto` is `cut`, except
      for axes that already tile.
    - `band`: width of the strip, as a fraction of the side.

    Pixel art is cut without blending, so that no new colour appears. Sets `meta.tiles`.

    Example:
        - seamless: {axes: x, method: fft}
    """
    if min(images.size) < _SMALLEST:
        across, down = images.size
        raise InputError(f"seamless needs at least {_SMALLEST} × {_SMALLEST} pixels, not {across} × {down}")
    tiles = images.meta.tiles or ""
    wanted = "".join(axis for axis in axes if method != "auto" or not _tiles_already(images, axis, tiles))
    hard = bool(images.meta.pixel_art)
    if not hard:
        images = _evened(images, wanted, 0.0 if method == "fft" else _TONE_WIDTH)
    if hard or method != "fft":
        for axis in wanted:
            images = _patched(images, axis, band, tiles)
            tiles += axis
    return images.with_meta(tiles="".join(axis for axis in "xy" if axis in tiles + axes))


def _tiles_already(images: ImageSet, axis: str, tiles: str) -> bool:
    return worst_wrap(images, axis)[0] <= (SEAM_LIMIT if axis in tiles else _SURELY_TILES)


def _evened(images: ImageSet, axes: str, smoothing: float) -> ImageSet:
    return images.map(lambda array: _periodic_part(array, axes, smoothing)) if axes else images


def _periodic_part(array: Array, axes: str, smoothing: float) -> Array:
    """The periodic part of each plane: the image minus the smooth field whose Laplacian is the jump at the border.

    `smoothing` blurs the jump along the border by this fraction of its length, so that only tone is evened out.
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
    laplacian[0, 0] = 1  # the mean stays: the jumps sum to zero
    pixels -= irfft2(jumps / laplacian, (height, width), axes=(0, 1))
    return _as_before(pixels, array)


def _jump(pixels: FloatArray, axis: int) -> FloatArray:
    """Zero except at the two border lines, which hold the step across the border as it enters the Laplacian."""
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
    """Cover the seam along `axis` with the detail of the best strip; the tone of the image stays."""

    def turned(array: Array) -> Array:
        return array if axis == "x" else array.swapaxes(0, 1)

    tone = {name: _tone(array, axis, tiles, images) for name, array in images.channels.items()}
    detail = {name: turned(to_float(array) - tone[name]) for name, array in images.channels.items()}
    pixels = np.concatenate(list(detail.values()), axis=2)
    half, loop = max(3, round(pixels.shape[1] * band / 2)), ("x" if axis == "y" else "y") in tiles
    left, shift = _best_strip(pixels, half, loop)
    errors = np.square(_seam_band(pixels, half) - _strip(pixels, half, left, shift)).sum(axis=2)
    begin, end = cheapest_path(errors[:, :half], loop=loop), half + cheapest_path(errors[:, half:], loop=loop)
    feather = 0.0 if images.meta.pixel_art else max(_LEAST_FEATHER, _FEATHER * min(images.size))
    mask = _mask(begin, end, 2 * half, feather)

    def patch(name: str, array: Array) -> Array:
        old, new = _seam_band(detail[name], half), _strip(detail[name], half, left, shift)
        mixed = old + mask * (new - old)
        whole = np.concatenate([mixed[:, half:], detail[name][:, half:-half], mixed[:, :half]], axis=1)
        return np.ascontiguousarray(_as_before(turned(whole) + tone[name], array))

    return images.replace(**{name: patch(name, array) for name, array in images.channels.items()})


def _tone(array: Array, axis: str, tiles: str, images: ImageSet) -> FloatArray:
    """The low frequencies of a channel, which already continue across the seam; zero for pixel art."""
    pixels = to_float(array)
    if images.meta.pixel_art:
        return np.zeros_like(pixels)
    sigma = _TONE_WIDTH * min(array.shape[:2])
    planes = [next(gaussian_blurs(pixels[..., plane], [sigma], tiles + axis)) for plane in range(array.shape[2])]
    return np.stack(planes, axis=2)


def _seam_band(pixels: Array, half: int) -> Array:
    return np.concatenate([pixels[:, -half:], pixels[:, :half]], axis=1)


def _strip(pixels: Array, half: int, left: int, shift: int) -> Array:
    return np.roll(pixels[:, left : left + 2 * half], shift, axis=0)


def _best_strip(pixels: FloatArray, half: int, loop: bool) -> tuple[int, int]:
    """Left column and downward shift of the strip with the cheapest two cuts, searched at a coarse scale."""
    import cv2

    factor = max(1.0, max(pixels.shape[:2]) / _SEARCH_SIDE)
    height, width = (max(8, round(side / factor)) for side in pixels.shape[:2])
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA).reshape(height, width, -1)
    narrow = max(2, round(half / factor))
    shifts = [round(height * turn / _SHIFTS) for turn in range(_SHIFTS)] if loop else [0]
    candidates = [(left, shift) for shift in shifts for left in range(width - 2 * narrow + 1)]
    band = _seam_band(small, narrow)
    errors = np.stack([np.square(band - _strip(small, narrow, *each)).sum(axis=2) for each in candidates])
    costs = path_sums(errors[..., :narrow]) + path_sums(errors[..., narrow:])
    left, shift = candidates[int(costs.argmin())]
    return min(round(left * factor), pixels.shape[1] - 2 * half), round(shift * factor)


def _mask(begin: NDArray[np.int64], end: NDArray[np.int64], width: int, feather: float) -> FloatArray:
    """1 between the cuts (`H×width×1`), blended over `feather` pixels."""
    columns = np.arange(width)
    inside = np.minimum(columns - begin[:, None], end[:, None] - columns).astype(np.float32)
    mask = np.clip(inside / feather + 0.5, 0, 1) if feather else (inside > 0).astype(np.float32)
    return np.asarray(mask[..., None], np.float32)

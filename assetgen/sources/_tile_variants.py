"""A tile cut out of a larger texture, and variants that join like the tile: its middle is replaced by another place."""

import numpy as np
from numpy.typing import NDArray

from assetgen.images import Array, FloatArray, ImageSet, to_float
from assetgen.pixels.quilting import cheapest_path, path_sums

_CANDIDATES = 16
"""Places of a texture that tiles, of which one is taken."""
_PLACES = 64
"""The same of a larger texture."""
_OVERLAP = 4
"""A cut runs through this part of a tile: a quarter."""
_Place = tuple[int, int]
"""Row and column in a texture."""


def cut_tile(images: ImageSet, size: tuple[int, int], seed: int) -> tuple[ImageSet, _Place]:
    """A tile of `size` (width, height) from a texture at least a quarter larger, and its place there.

    The left of the tile continues its right up to the cut of the least difference (Efros and Freeman 2001), and the top
    continues the bottom. Of several places the one with the cheapest cuts is taken; no pixel is blended.
    """
    (width, height), color = size, to_float(images["color"])
    more = width + width // _OVERLAP, height + height // _OVERLAP
    places = _places(np.random.default_rng(seed), images.size, more)
    pieces = [color[y : y + more[1], x : x + more[0]] for y, x in places]
    costs = path_sums(_differences(pieces, width)) + path_sums(
        _differences([piece[:, :width].swapaxes(0, 1) for piece in pieces], height)
    )
    y, x = places[int(costs.argmin())]

    def cut(array: Array) -> Array:
        return array[y : y + more[1], x : x + more[0]]

    joined = _joined(images.map(cut), width)
    turned = _joined(joined.map(lambda array: array.swapaxes(0, 1)), height, loop=True)
    return turned.map(lambda array: np.ascontiguousarray(array.swapaxes(0, 1))), (y, x)


def _places(generator: np.random.Generator, within: tuple[int, int], size: tuple[int, int]) -> list[_Place]:
    """Random places of pieces of `size` (width, height) in a texture."""
    rows, columns = (
        generator.integers(0, whole - side + 1, _PLACES) for whole, side in zip(within[::-1], size[::-1], strict=True)
    )
    return [(int(y), int(x)) for y, x in zip(rows, columns, strict=True)]


def _differences(pieces: list[FloatArray], width: int) -> FloatArray:
    """How far the columns behind `width` differ from the first ones, `N×H×columns`."""
    return np.stack([np.square(piece[:, width:] - piece[:, : piece.shape[1] - width]).sum(axis=2) for piece in pieces])


def _joined(images: ImageSet, width: int, *, loop: bool = False) -> ImageSet:
    """The first `width` columns, which begin with what lies behind them."""
    [error] = _differences([to_float(images["color"])], width)
    behind = np.arange(error.shape[1]) <= cheapest_path(error[:, :-1], loop=loop)[:, None]

    def join(array: Array) -> Array:
        first = np.where(behind[..., None], array[:, width:], array[:, : behind.shape[1]])
        return np.concatenate([first, array[:, behind.shape[1] : width]], axis=1)

    return images.map(join)


def variant(images: ImageSet, seed: int, larger: tuple[ImageSet, _Place] | None = None) -> ImageSet:
    """A texture that tiles, with other content inside and the same border.

    The inner part is another place of the texture, or of the `larger` one that it was cut out of at a place. It begins
    along the closed cut of the least difference (Efros and Freeman 2001), at least one pixel inside; of several places
    the one with the cheapest cut is taken.
    """
    color = to_float(images["color"])
    height, width = color.shape[:2]
    source, places = _sources(images, np.random.default_rng(seed), larger)
    angle, ring, (rows, columns) = _rings(width, height)
    whole = to_float(source["color"])
    others = (whole[y : y + height, x : x + width] for y, x in places)
    errors = np.stack([np.square(color - other).sum(axis=2)[rows, columns] for other in others])
    best = int(path_sums(errors).argmin())
    inside = ring > cheapest_path(errors[best], loop=True)[angle]
    y, x = places[best]
    return images.replace(
        **{
            name: np.where(inside[..., None], source[name][y : y + height, x : x + width], array)
            for name, array in images.channels.items()
        }
    )


def _sources(
    images: ImageSet, generator: np.random.Generator, larger: tuple[ImageSet, _Place] | None
) -> tuple[ImageSet, list[_Place]]:
    """What variants are taken from, and places in it that lie at least a quarter of the tile away from its own."""
    width, height = images.size
    if larger is None:
        down = generator.integers(height // 4, height - height // 4, _CANDIDATES)
        right = generator.integers(0, width, _CANDIDATES)
        rolls = zip(down, right, strict=True)
        twice = images.map(lambda array: np.tile(array, (2, 2, 1)))
        return twice, [(int(-y % height), int(-x % width)) for y, x in rolls]
    texture, (top, left) = larger
    places = _places(generator, texture.size, images.size)
    far = [(y, x) for y, x in places if abs(y - top) >= height // 4 or abs(x - left) >= width // 4]
    return texture, far or places


def _rings(width: int, height: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """For each pixel its place along the border and its ring, 0 for the border itself; and for each place and ring
    from 1 to half of the way to the middle (`places × rings`) the row and column there."""
    y, x = np.mgrid[:height, :width]
    across, down = (x + 0.5) / width * 2 - 1, (y + 0.5) / height * 2 - 1
    far = np.maximum(np.maximum(np.abs(across), np.abs(down)), 1e-9)  # 0 in the middle of odd sizes
    rings = max(1, min(width, height) // 4)
    ring = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    places = 2 * (width + height)
    turn = np.where(
        -down == far, (across / far + 1) / 8,
        np.where(across == far, (down / far + 3) / 8,
        np.where(down == far, (5 - across / far) / 8, (7 - down / far) / 8)),
    )  # fmt: skip
    angle = np.minimum((turn * places).astype(np.int64), places - 1)
    at, depth = np.meshgrid((np.arange(places) + 0.5) / places * 8, np.arange(rings), indexing="ij")
    side, along = (at // 2).astype(np.int64), at % 2 - 1
    edge_x = np.choose(side, (along, np.ones_like(along), -along, -np.ones_like(along)))
    edge_y = np.choose(side, (-np.ones_like(along), along, np.ones_like(along), -along))
    shrink_x, shrink_y = (1 - 2 * (depth + 0.5) / size for size in (width, height))
    column = np.clip(((edge_x * shrink_x + 1) / 2 * width).astype(np.int64), 0, width - 1)
    row = np.clip(((edge_y * shrink_y + 1) / 2 * height).astype(np.int64), 0, height - 1)
    return angle, ring.astype(np.int64), np.stack([row, column])

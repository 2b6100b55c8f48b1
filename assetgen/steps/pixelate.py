"""Real pixel art: one pixel a cell, few colours."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from assetgen.errors import InputError
from assetgen.images import Array, ImageSet, split_alpha, to_float, to_uint8
from assetgen.palette_files import MAX_COLORS
from assetgen.registry import InputFile, part
from assetgen.steps._grid import Grid, find_grid
from assetgen.steps._quantize import reduce_colors

OPAQUE = 0.5
BALLOT = 32  # colours that the pixels of a cell vote among
MIDDLE_WEIGHT = 3.0  # of a pixel in the middle of a cell; one at its edge, where blur mixes neighbours, has 1

Places = NDArray[np.intp]


@part(version=1)
def pixelate(
    images: ImageSet,
    *,
    cell: Annotated[int, Field(ge=1, le=512)] | Literal["auto"] | None = None,
    grid: Annotated[int, Field(ge=1, le=4096)] | None = None,
    colors: Annotated[int, Field(ge=1, le=MAX_COLORS)] | None = None,
    palette: InputFile | None = None,
    dither: Annotated[float, Field(ge=0, le=1)] = 0.0,
) -> ImageSet:
    """Make every cell of a pixel grid one pixel, in the colour that most of the cell has.

    `cell` is the grid's size in pixels of the picture; `auto` finds it, and where its lines lie. `grid` is the wanted
    longer side in cells, for when no `cell` is given or found. Then at most `colors` colours, those of a `palette` file
    (.hex, .gpl, .pal), or both, with `dither` as Bayer pattern. Alpha becomes hard. Raises `InputError` where neither
    word is given and no grid is found.
    """
    if "color" not in images:
        raise InputError("pixelate wants an image with a 'color' channel", cure=f"It has {', '.join(images.channels)}")
    rows, columns, size = _laid(images, cell, grid)
    cells, shape = (rows[:, None] * len(np.unique(columns)) + columns[None], (rows[-1] + 1, columns[-1] + 1))
    channels = {
        name: _voted(array, cells, shape) if name == "color" else _averaged(array, cells, shape)
        for name, array in images.channels.items()
    }
    tiles = images.meta.get("tiles", "")
    file = palette.path if palette else None
    channels["color"] = reduce_colors(channels["color"], colors, file, dither, tiles)
    return ImageSet(channels, {**images.meta, "pixel_art": True, "cell": round(size, 3)})


def _laid(images: ImageSet, cell: int | str | None, grid: int | None) -> tuple[Places, Places, float]:
    """The cell row of every pixel row, the cell column of every pixel column, and the size of a cell."""
    width, height = images.size
    found = find_grid(images["color"]) if cell == "auto" or (cell is None and grid is None) else None
    if found and not images.meta.get("tiles"):
        return _cut(height, found.cell, found.top), _cut(width, found.cell, found.left), found.cell
    size = _size(found, cell, grid, max(width, height))
    rows, columns = (_even(length, max(1, round(length / size))) for length in (height, width))
    return rows, columns, size


def _size(found: Grid | None, cell: int | str | None, grid: int | None, longer: int) -> float:
    if found:
        return found.cell
    if isinstance(cell, int):
        return float(min(cell, longer))
    if grid is not None:
        return longer / min(grid, longer)
    raise InputError("there is no pixel grid in this picture", cure="Name the size with cell: 4, or with grid: 32")


def _even(length: int, count: int) -> Places:
    return np.arange(length) * count // length


def _cut(length: int, cell: float, first: float) -> Places:
    """Cells whose lines lie at `first` plus whole cells; a border cell of less than half goes to its neighbour."""
    place = np.floor((np.arange(length) + 0.5 - first) / cell).astype(np.intp)
    for end, inward in ((0, 1), (-1, -1)):
        if (place == place[end]).sum() < cell / 2 and place[0] != place[-1]:
            place[place == place[end]] += inward
    return np.asarray(place - place[0])


def _voted(color: Array, cells: Places, shape: tuple[int, int]) -> Array:
    """The commonest colour of each cell, as the mean of its pixels of that colour; alpha by majority."""
    rgb, alpha = (to_float(channel) for channel in split_alpha(color))
    simple = to_uint8(split_alpha(reduce_colors(color, BALLOT, None, 0.0, ""))[0])
    codes = simple.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    names, party = np.unique(codes, return_inverse=True)
    weight = (np.maximum(alpha[..., 0], 1e-4) * _middle(cells)).ravel()
    count, flat = shape[0] * shape[1], cells.ravel()
    votes = np.bincount(flat * len(names) + party.ravel(), weight, count * len(names)).reshape(count, -1)
    won = (votes.argmax(axis=1)[flat] == party.ravel()) * weight
    mass = np.bincount(flat, won, count)
    mean = np.stack([np.bincount(flat, won * part.ravel(), count) / mass for part in np.moveaxis(rgb, 2, 0)], axis=1)
    solid = np.bincount(flat, alpha.ravel(), count) / np.bincount(flat, minlength=count) >= OPAQUE
    made = np.concatenate([mean, solid[:, None]], axis=1)[:, : color.shape[2]].reshape(*shape, -1)
    return _as(made, color)


def _middle(cells: Places) -> NDArray[np.float64]:
    """The weight of each pixel by its place in its cell."""

    def toward(line: Places) -> NDArray[np.float64]:
        _, first, index, count = np.unique(line, return_index=True, return_inverse=True, return_counts=True)
        place = (np.arange(len(line)) - first[index] + 0.5) / count[index]
        return 1 - np.abs(2 * place - 1)

    rows, columns = toward(cells[:, 0]), toward(cells[0])
    return 1 + (MIDDLE_WEIGHT - 1) * rows[:, None] * columns[None]


def _averaged(array: Array, cells: Places, shape: tuple[int, int]) -> Array:
    count = shape[0] * shape[1]
    planes = np.moveaxis(to_float(array), 2, 0)
    size = np.bincount(cells.ravel(), minlength=count)
    mean = np.stack([np.bincount(cells.ravel(), plane.ravel(), count) / size for plane in planes], axis=1)
    return _as(mean.reshape(*shape, -1), array)


def _as(values: NDArray[np.float64], like: Array) -> Array:
    if like.dtype == np.float32:
        return values.astype(np.float32)
    top = np.iinfo(like.dtype).max
    return np.rint(values * top).astype(like.dtype)

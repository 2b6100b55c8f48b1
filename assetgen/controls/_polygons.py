"""What the readers of mesh files share: limits, lines of text, and polygons as triangles."""

from array import array
from collections.abc import Iterator

import numpy as np

from assetgen.controls._raster import Booleans, Floats, Whole, ramp
from assetgen.errors import InputError, check_cancelled

MAX_FACES = 1_500_000  # triangles: rendering their normals takes almost 1 GB of memory
_MAX_LINE = 1_000_000  # bytes of a line of text, and of the lines that are split at once


def check_faces(count: int) -> None:
    """Raise `InputError` for more triangles than are read."""
    _check(count, MAX_FACES, "triangles")


def check_vertices(count: int) -> None:
    """Raise `InputError` for more vertices than are read."""
    _check(count, 3 * MAX_FACES, "vertices")


def _check(count: int, most: int, what: str) -> None:
    if count > most:
        raise InputError(f"it has {count:,} {what}", cure=f"At most {most:,} are read; simplify the mesh")


def rows(text: bytes, start: int = 0) -> Iterator[list[bytes]]:
    """The words of each line from `start` on that has any. Raises `InputError` for a line of more than 1 MB."""
    while start < len(text):
        check_cancelled()
        end = start + _MAX_LINE
        if end < len(text):
            end = text.rfind(b"\n", start, end) + 1
            if not end:
                raise InputError(f"one of its lines is longer than {_MAX_LINE:,} bytes", cure="Export the mesh again")
        yield from filter(None, map(bytes.split, text[start:end].split(b"\n")))
        start = end


def fans(corners: Whole, counts: Whole, order: Whole, is_halved: Booleans) -> Whole:
    """Polygons as fans of triangles, `n × 3` vertex indices.

    `corners` holds the vertex indices of all polygons, and `counts` how many each has. Polygons are sorted by `order`.
    Of equal order, the second halves of the quads that are marked in `is_halved` follow all first halves.
    """
    check_faces(int(np.maximum(counts - 2, 0).sum()))
    triangles = np.maximum(counts - 2, 0)
    polygon, step = np.repeat(np.arange(len(counts)), triangles), ramp(triangles)
    first = (np.cumsum(counts) - counts)[polygon]
    found = np.stack([corners[first], corners[first + step + 1], corners[first + step + 2]], axis=1)
    is_second = (counts[polygon] == 4) & (step == 1)
    found[is_second] = np.roll(found[is_second], -1, axis=1)
    return found[np.argsort(2 * order[polygon] + (is_second & is_halved[polygon]), kind="stable")]


def placed(vertices: Floats, triangles: Whole) -> Floats:
    """The corners of triangles, `n × 3 × 3`. Raises `InputError` for an index without a vertex."""
    if len(triangles) and not 0 <= triangles.min() <= triangles.max() < len(vertices):
        raise InputError("a triangle refers to a vertex that does not exist", cure="Export the mesh again")
    return vertices[triangles]


def points(coordinates: "array[float]", count: int) -> Floats:
    """Coordinates in sequence as `count × 3`. Raises `ValueError` for another number of them."""
    return np.frombuffer(coordinates, np.float64).reshape(count, 3) if count else np.empty((0, 3))


def whole(numbers: "array[int]") -> Whole:
    """Integers of 64 bits as an array."""
    return np.frombuffer(numbers, np.int64) if numbers else np.empty(0, np.int64)

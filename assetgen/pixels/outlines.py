"""Meshes around what an image shows, so that an engine draws fewer transparent pixels."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from assetgen.images import Array, split_alpha, to_uint8

_Points = NDArray[np.int64]
_Seen = NDArray[np.bool_]
_EDGES = (  # of a pixel: the direction of its neighbour, and where the edge between them starts and ends
    (0, -1, (0, 0), (1, 0)),
    (1, 0, (1, 0), (1, 1)),
    (0, 1, (1, 1), (0, 1)),
    (-1, 0, (0, 1), (0, 0)),
)
_DETAIL = 64  # the tolerance is a pixel, or the longer side of the image divided by this
_MAX_VERTICES = 48  # more cost an engine more than the transparent pixels that they save
_MAX_ISLANDS = 8


def outline_mesh(color: Array) -> tuple[_Points, _Points]:
    """Triangles that cover all pixels that are not transparent: `N×2` corners of pixels, x and y, and `M×3` indices.

    `color` is `H×W×3` or `H×W×4`. The visible pixels, grown by a tolerance, are outlined by Douglas and Peucker's
    algorithm (1973), with a point more wherever an edge would cut a visible pixel, and triangulated by ear clipping
    (Meisters, 1975). Holes are filled; islands are apart. Where that needs more than 48 vertices or islands would
    overlap, the tolerance is doubled. The convex outline is returned where none is smaller, and of an image without
    visible pixels the whole image. Corners are whole numbers inside the image, so that every visible pixel is exactly
    covered; triangles do not overlap.
    """
    seen = to_uint8(split_alpha(color)[1])[..., 0] > 0
    hull, side = _convex_outline(seen), max(seen.shape)
    tolerance = max(1, side // _DETAIL)
    while tolerance * 4 < side:
        loops = _outlines(seen, tolerance)
        if loops and _are_apart(loops, seen.shape):
            return _joined(loops if sum(map(_doubled_area, loops)) < _doubled_area(hull) else [hull])
        tolerance *= 2
    return _joined([hull])


def _convex_outline(seen: _Seen) -> _Points:
    import cv2

    rows = np.flatnonzero(seen.any(axis=1))
    if not rows.size:
        height, width = seen.shape
        return np.array([(0, 0), (width, 0), (width, height), (0, height)])
    left, right = seen[rows].argmax(axis=1), seen.shape[1] - seen[rows, ::-1].argmax(axis=1)
    corners = [np.stack([x, y], axis=1) for x in (left, right) for y in (rows, rows + 1)]
    hull: _Points = cv2.convexHull(np.concatenate(corners).astype(np.int32))[:, 0].astype(np.int64)
    return hull if _doubled_area(hull) > 0 else hull[::-1]


def _outlines(seen: _Seen, tolerance: int) -> list[_Points]:
    """A polygon around each island of the visible pixels, grown by the tolerance; none where they are too complex."""
    import cv2

    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * tolerance + 1,) * 2)
    grown = cv2.dilate(seen.astype(np.uint8), disk)
    # with holes, and without pixels that touch by a corner alone, in one island: its border never touches itself
    _, outside = cv2.connectedComponents(np.pad(1 - grown, 1, constant_values=1), connectivity=4)
    count, islands = cv2.connectedComponents((outside != outside[0, 0]).astype(np.uint8), connectivity=4)
    if count - 1 > _MAX_ISLANDS:
        return []
    loops = [_simplified(_border(islands == island) - 1, seen, tolerance) for island in range(1, count)]
    return loops if sum(map(len, loops)) <= _MAX_VERTICES else []


def _border(island: _Seen) -> _Points:
    """The corners of an island, clockwise on the screen, from its topmost, leftmost one. No pixel is at a side."""
    following: dict[tuple[int, int], tuple[int, int]] = {}
    for across, down, start, end in _EDGES:
        pixels = np.argwhere(island & ~np.roll(island, (-down, -across), (0, 1)))[:, ::-1]
        following |= dict(zip(map(tuple, pixels + start), map(tuple, pixels + end), strict=True))
    first = min(following, key=lambda corner: corner[::-1])
    loop, corner = [first], following[first]
    while corner != first:
        loop.append(corner)
        corner = following[corner]
    return _without_straight(np.array(loop))


def _simplified(loop: _Points, seen: _Seen, tolerance: int) -> _Points:
    """Fewer corners: no other is farther than the tolerance from the line between two, and no visible pixel is cut."""
    middle = int(np.square(loop - loop[0]).sum(axis=1).argmax())
    closed, kept, left = np.concatenate([loop, loop[:1]]), [], [(middle, len(loop)), (0, middle)]
    while left:
        first, last = left.pop()
        chain = closed[first : last + 1]
        across, down = chain[-1] - chain[0]
        distances = np.abs((chain[:, 1] - chain[0, 1]) * across - (chain[:, 0] - chain[0, 0]) * down)
        near = int(distances.max()) ** 2 <= tolerance**2 * int(across**2 + down**2)
        if last - first == 1 or (near and not _cuts(chain, seen)):
            kept.append(first)
        else:
            farthest = first + 1 + int(distances[1:-1].argmax())
            left += [(farthest, last), (first, farthest)]
    return _without_straight(closed[kept])


def _cuts(chain: _Points, seen: _Seen) -> bool:
    """True if the line from the first to the last corner cuts a visible pixel, or one lies between it and the rest."""
    (left, top), (right, bottom) = chain.min(axis=0), chain.max(axis=0)
    chain, seen = chain - (left, top), seen[top:bottom, left:right]
    if (_inside(chain, seen.shape) & seen).any():
        return True
    (x0, y0), (x1, y1) = chain[0], chain[-1]
    rows, columns = slice(min(y0, y1), max(y0, y1)), slice(min(x0, x1), max(x0, x1))
    row, column = np.mgrid[rows, columns]
    across, down = x1 - x0, y1 - y0
    side = (row - y0) * across - (column - x0) * down  # twice the area of the line and a pixel's top left corner
    least, most = side + min(0, across) + min(0, -down), side + max(0, across) + max(0, -down)
    return bool(((least < 0) & (most > 0) & seen[rows, columns]).any())


def _inside(loop: _Points, shape: tuple[int, ...]) -> _Seen:
    """The pixels whose centres lie inside a polygon: exact, by the crossings of each row with its edges."""
    starts, ends = loop, np.roll(loop, -1, axis=0)
    upwards = starts[:, 1] > ends[:, 1]
    (x0, y0), (x1, y1) = np.where(upwards, ends.T, starts.T), np.where(upwards, starts.T, ends.T)
    edge = np.repeat(np.arange(len(loop)), y1 - y0)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(y1 - y0) - (y1 - y0), y1 - y0) + y0[edge]
    x0, y0, x1, y1 = x0[edge], y0[edge], x1[edge], y1[edge]
    twice = 2 * (y1 - y0)
    column = -((twice // 2 - x0 * twice - (2 * (row - y0) + 1) * (x1 - x0)) // twice)  # ceil(x - 1 / 2)
    crossings = np.zeros((shape[0], shape[1] + 1), np.int64)
    np.add.at(crossings, (row, column), 1)
    inside: _Seen = crossings.cumsum(axis=1)[:, :-1] % 2 == 1
    return inside


def _without_straight(loop: _Points) -> _Points:
    """Without the corners on the line between their neighbours."""
    while len(loop) > 2 and not (turns := _turns(loop)).all():
        loop = loop[turns != 0]
    return loop


def _turns(loop: _Points) -> _Points:
    """At each corner, twice the area of the triangle with its neighbours: positive where the loop turns right."""
    before, after = loop - np.roll(loop, 1, axis=0), np.roll(loop, -1, axis=0) - loop
    return before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]


def _doubled_area(loop: _Points) -> int:
    after = np.roll(loop, -1, axis=0)
    return int((loop[:, 0] * after[:, 1] - loop[:, 1] * after[:, 0]).sum())


def _are_apart(loops: list[_Points], shape: tuple[int, ...]) -> bool:
    """True if no two edges of the polygons meet, but neighbours at their corner, and no polygon lies in another."""
    starts, ends = np.concatenate(loops), np.concatenate([np.roll(loop, -1, axis=0) for loop in loops])
    side = (ends - starts)[:, None] * (starts - starts[:, None])[..., ::-1]
    other = (ends - starts)[:, None] * (ends - starts[:, None])[..., ::-1]
    sides = np.sign(side[..., 0] - side[..., 1]) * np.sign(other[..., 0] - other[..., 1])
    low, high = np.minimum(starts, ends), np.maximum(starts, ends)
    close = (low[:, None] <= high).all(axis=2) & (low <= high[:, None]).all(axis=2)
    meet = close & (sides <= 0) & (sides.T <= 0)
    neighbours = (starts[:, None] == ends).all(axis=2)
    meet &= ~(neighbours | neighbours.T | np.eye(len(starts), dtype=bool))
    covers = np.sum([_inside(loop, shape) for loop in loops], axis=0)
    return not meet.any() and int(covers.max()) <= 1


def _joined(loops: list[_Points]) -> tuple[_Points, _Points]:
    offsets = np.cumsum([0, *map(len, loops)])
    triangles = [triangle + offset for loop, offset in zip(loops, offsets, strict=False) for triangle in _ears(loop)]
    return np.concatenate(loops), np.array(triangles)


def _ears(loop: _Points) -> Iterator[_Points]:
    """The triangles of a polygon that turns right: three corners in a row with no other corner between them."""
    left = np.arange(len(loop))
    while len(left) > 3:
        corners = np.stack([np.roll(left, 1), left, np.roll(left, -1)], axis=1)
        turns, across = _turns(loop[left]), np.square(loop[corners[:, 2]] - loop[corners[:, 0]]).sum(axis=1)
        reflex, shortest = loop[left[turns <= 0]], np.argsort(across, kind="stable")
        ear = next(each for each in shortest if turns[each] > 0 and not _holds(loop[corners[each]], reflex))
        yield corners[ear]
        left = np.delete(left, ear)
    yield left


def _holds(triangle: _Points, points: _Points) -> bool:
    """True if a point lies in a triangle that turns right, or on its border but at no corner."""
    edges = triangle[[1, 2, 0]] - triangle
    offsets = points[:, None] - triangle
    within = (edges[:, 0] * offsets[..., 1] >= edges[:, 1] * offsets[..., 0]).all(axis=1)
    return bool((within & (offsets != 0).any(axis=2).all(axis=1)).any())

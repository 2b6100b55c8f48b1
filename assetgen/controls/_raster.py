"""A z-buffer in numpy: the nearest triangle at every pixel centre, without a graphics driver.

Triangles are split into rows, rows into spans of pixels, and many spans are filled at once. Time grows with the pixels
covered; memory is bounded.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_Whole = NDArray[np.int64]

_PORTION = 2_000_000  # rows or pixels processed at once: about 100 MB of memory
_EDGE_SLACK = 1e-6  # pixels: closes the gap between triangles that share an edge


def rasterise(corners: Floats, size: tuple[int, int]) -> Floats:
    """The greatest `q` at each pixel centre, `height × width`; -inf where there is no triangle.

    `corners` is `n × 3 × (x, y, q)`, x to the right and y down, in pixels of `size` (width, height). `q` must be affine
    on the screen and greater for nearer surfaces: `1 / z` in perspective, `-z` in an orthographic view.
    """
    width, height = size
    buffer = np.full(width * height, -np.inf)
    for _, pixels, q in _covered(corners, size):
        np.maximum.at(buffer, pixels, q)
    return buffer.reshape(height, width)


def visible_triangles(corners: Floats, nearness: Floats) -> tuple[_Whole, Floats]:
    """The visible triangle at each pixel (`height × width`, -1 for none) and its barycentric coordinates there
    (`height × width × 3`, in screen space). `nearness` is the result of `rasterise` for the same corners.
    """
    height, width = nearness.shape
    seen = np.full(width * height, -1)
    for owners, pixels, q in _covered(corners, (width, height)):
        front = q >= nearness.flat[pixels]
        seen[pixels[front]] = owners[front]
    drawn = np.flatnonzero(seen >= 0)
    along = _along(corners[seen[drawn]], drawn % width, drawn // width)
    shares = np.zeros((width * height, 3))
    shares[drawn] = np.clip(np.stack([1 - along[0] - along[1], *along], axis=-1), 0, 1)
    return seen.reshape(height, width), shares.reshape(height, width, 3)


def _covered(corners: Floats, size: tuple[int, int]) -> Iterator[tuple[_Whole, _Whole, Floats]]:
    """The pixels that each triangle covers, in portions: triangle index, pixel index, `q`."""
    number = np.flatnonzero(_in_sight(corners, size))
    corners = corners[number]
    first, rows = _rows(corners[..., 1], size[1])
    for part in portions(rows):
        owner = np.repeat(np.arange(part.start, part.stop), rows[part])
        drawn, spans = _spans(corners[owner], first[owner] + ramp(rows[part]), size[0])
        yield from ((number[owner[drawn]][span], pixels, q) for span, pixels, q in _filled(spans))


def clip_near(triangles: Floats, near: float) -> Floats:
    """Clip view-space triangles `n × 3 × 3` (the camera looks along -z) at depth `near`.

    Corners may carry further values after x, y and z, which are interpolated too.
    """
    depth = -triangles[..., 2]
    behind = depth < near
    count = behind.sum(axis=1)
    whole = triangles[count == 0]
    one = _turned(triangles[count == 1], behind[count == 1].argmax(axis=1))
    two = _turned(triangles[count == 2], (~behind[count == 2]).argmax(axis=1))
    left, right = _cut(one[:, 0], one[:, 1], near), _cut(one[:, 0], one[:, 2], near)
    quads = np.stack([left, one[:, 1], one[:, 2]], 1), np.stack([left, one[:, 2], right], 1)
    tips = np.stack([two[:, 0], _cut(two[:, 0], two[:, 1], near), _cut(two[:, 0], two[:, 2], near)], 1)
    return np.concatenate([whole, *quads, tips])


def _turned(triangles: Floats, first: NDArray[np.intp]) -> Floats:
    """The same triangles, rotated so that corner `first` comes first."""
    order = (first[:, None] + np.arange(3)) % 3
    return np.take_along_axis(triangles, order[..., None], axis=1)


def _cut(start: Floats, end: Floats, near: float) -> Floats:
    share = (-near - start[:, 2:3]) / (end[:, 2:3] - start[:, 2:3])
    return start + share * (end - start)


def _in_sight(corners: Floats, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Which triangles have an area and a bounding box that overlaps the screen."""
    lowest, highest = corners[..., :2].min(axis=1), corners[..., :2].max(axis=1)
    across, down = corners[:, 1, :2] - corners[:, 0, :2], corners[:, 2, :2] - corners[:, 0, :2]
    area = across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]
    seen: NDArray[np.bool_] = (highest > 0).all(1) & (lowest < np.array(size)).all(1) & (area != 0)
    return seen


def _rows(y: Floats, height: int) -> tuple[_Whole, _Whole]:
    """First row of each triangle on the screen, and the number of rows it covers."""
    first = np.ceil(np.clip(y.min(axis=1) - 0.5, 0, height)).astype(np.int64)
    last = np.floor(np.clip(y.max(axis=1) - 0.5, -1, height - 1)).astype(np.int64)
    return first, np.maximum(last - first + 1, 0)


def _spans(corners: Floats, row: _Whole, width: int) -> tuple[NDArray[np.bool_], tuple[_Whole, _Whole, Floats, Floats]]:
    """Which triangles the row centre crosses; for those: first pixel, pixel count, `q` at the first, slope of `q`."""
    y = row + 0.5
    left, right = np.full(len(row), np.inf), np.full(len(row), -np.inf)
    for a, b in ((0, 1), (1, 2), (2, 0)):
        (ax, ay), (bx, by) = corners[:, a, :2].T, corners[:, b, :2].T
        rise = np.where(ay == by, 1.0, by - ay)
        x = np.clip(ax + (y - ay) * (bx - ax) / rise, np.minimum(ax, bx), np.maximum(ax, bx))
        crossed = (ay != by) & (np.minimum(ay, by) <= y) & (y <= np.maximum(ay, by))
        left, right = np.where(crossed & (x < left), x, left), np.where(crossed & (x > right), x, right)
    first = np.ceil(np.clip(left - 0.5 - _EDGE_SLACK, 0, width)).astype(np.int64)
    last = np.floor(np.clip(right - 0.5 + _EDGE_SLACK, -1, width - 1)).astype(np.int64)
    drawn = last >= first
    corners, row, first, last = corners[drawn], row[drawn], first[drawn], last[drawn]
    begin, end = (_plane_at(corners, x, row) for x in (first, last))
    return drawn, (row * width + first, last - first + 1, begin, (end - begin) / np.maximum(last - first, 1))


def _plane_at(corners: Floats, column: _Whole, row: _Whole) -> Floats:
    """`q` of each triangle's plane at a pixel centre, clipped to its corners (the plane of a sliver is very steep)."""
    along_u, along_v = _along(corners, column, row)
    origin = corners[:, 0, 2]
    q = origin + along_u * (corners[:, 1, 2] - origin) + along_v * (corners[:, 2, 2] - origin)
    return np.clip(q, corners[..., 2].min(axis=1), corners[..., 2].max(axis=1))


def _along(corners: Floats, column: _Whole, row: _Whole) -> tuple[Floats, Floats]:
    """Barycentric coordinates of a pixel centre for the second and third corner."""
    origin, u, v = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    dx, dy = column + 0.5 - origin[:, 0], row + 0.5 - origin[:, 1]
    return (dx * v[:, 1] - dy * v[:, 0]) / area, (u[:, 0] * dy - u[:, 1] * dx) / area


def _filled(spans: tuple[_Whole, _Whole, Floats, Floats]) -> Iterator[tuple[_Whole, _Whole, Floats]]:
    """The pixels of each span, in portions: span index, pixel index, `q`."""
    start, length, begin, slope = spans
    for part in portions(length):
        span = np.repeat(np.arange(part.start, part.stop), length[part])
        step = ramp(length[part])
        yield span, start[span] + step, begin[span] + slope[span] * step


def portions(weights: _Whole) -> Iterator[slice]:
    """Consecutive slices whose weights sum to at most 2,000,000, or that hold one element."""
    total = np.cumsum(weights)
    start = 0
    while start < len(weights):
        spent = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total, spent + _PORTION, side="right")))
        yield slice(start, stop)
        start = stop


def ramp(counts: _Whole) -> _Whole:
    """0, 1, … counts[0]-1, 0, 1, … counts[1]-1, …"""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)

"""A z-buffer in numpy: triangles to the nearest surface at every pixel centre, without a graphics driver.

Every triangle becomes rows, every row one span of pixels, and all spans of a portion are filled at once, so the cost
goes with the pixels covered and memory stays bounded.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

PORTION = 2_000_000  # rows or pixels worked on at once, about 100 MB of scratch
EDGE_SLACK = 1e-6  # pixels: two triangles that share an edge leave no gap between them


def rasterise(corners: Floats, size: tuple[int, int]) -> Floats:
    """The greatest `q` at each pixel centre, `height × width`, -inf where there is no triangle.

    `corners` is `n × 3 × (x, y, q)`, x to the right and y down in pixels of `size` (width, height). `q` must be affine
    on the screen and greater for what is nearer: `1 / z` in perspective, `-z` in an orthographic view.
    """
    width, height = size
    buffer = np.full(width * height, -np.inf)
    for _, pixels, q in _covered(corners, size):
        np.maximum.at(buffer, pixels, q)
    return buffer.reshape(height, width)


def nearest(corners: Floats, nearness: Floats) -> tuple[Whole, Floats]:
    """Which triangle is seen at each pixel, `height × width`, -1 for none, and the share that each of its corners has
    there (`height × width × 3`, on the screen). `nearness` is what `rasterise` made of the same corners.
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


def _covered(corners: Floats, size: tuple[int, int]) -> Iterator[tuple[Whole, Whole, Floats]]:
    """Each pixel that each triangle covers, in portions: the triangle's number, the pixel's, and `q` there."""
    number = np.flatnonzero(_in_sight(corners, size))
    corners = corners[number]
    first, rows = _rows(corners[..., 1], size[1])
    for part in portions(rows):
        owner = np.repeat(np.arange(part.start, part.stop), rows[part])
        drawn, spans = _spans(corners[owner], first[owner] + ramp(rows[part]), size[0])
        yield from ((number[owner[drawn]][span], pixels, q) for span, pixels, q in _filled(spans))


def clip_near(triangles: Floats, near: float) -> Floats:
    """View-space triangles `n × 3 × 3` (the camera looks along -z) cut at depth `near`; what is behind is dropped.

    A corner may have more than its place: what follows x, y and z is cut alike.
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
    """The same triangles with corner `first` in front."""
    order = (first[:, None] + np.arange(3)) % 3
    return np.take_along_axis(triangles, order[..., None], axis=1)


def _cut(start: Floats, end: Floats, near: float) -> Floats:
    share = (-near - start[:, 2:3]) / (end[:, 2:3] - start[:, 2:3])
    return start + share * (end - start)


def _in_sight(corners: Floats, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Triangles with an area whose box meets the screen."""
    lowest, highest = corners[..., :2].min(axis=1), corners[..., :2].max(axis=1)
    across, down = corners[:, 1, :2] - corners[:, 0, :2], corners[:, 2, :2] - corners[:, 0, :2]
    area = across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]
    seen: NDArray[np.bool_] = (highest > 0).all(1) & (lowest < np.array(size)).all(1) & (area != 0)
    return seen


def _rows(y: Floats, height: int) -> tuple[Whole, Whole]:
    """The first row of each triangle and how many row centres it spans on the screen."""
    first = np.ceil(np.clip(y.min(axis=1) - 0.5, 0, height)).astype(np.int64)
    last = np.floor(np.clip(y.max(axis=1) - 0.5, -1, height - 1)).astype(np.int64)
    return first, np.maximum(last - first + 1, 0)


def _spans(corners: Floats, row: Whole, width: int) -> tuple[NDArray[np.bool_], tuple[Whole, Whole, Floats, Floats]]:
    """Whether the row centre cuts each triangle; of those that it cuts: first pixel, pixels, `q` there, its slope."""
    y = row + 0.5
    left, right = np.full(len(row), np.inf), np.full(len(row), -np.inf)
    for a, b in ((0, 1), (1, 2), (2, 0)):
        (ax, ay), (bx, by) = corners[:, a, :2].T, corners[:, b, :2].T
        rise = np.where(ay == by, 1.0, by - ay)
        x = np.clip(ax + (y - ay) * (bx - ax) / rise, np.minimum(ax, bx), np.maximum(ax, bx))
        crossed = (ay != by) & (np.minimum(ay, by) <= y) & (y <= np.maximum(ay, by))
        left, right = np.where(crossed & (x < left), x, left), np.where(crossed & (x > right), x, right)
    first = np.ceil(np.clip(left - 0.5 - EDGE_SLACK, 0, width)).astype(np.int64)
    last = np.floor(np.clip(right - 0.5 + EDGE_SLACK, -1, width - 1)).astype(np.int64)
    drawn = last >= first
    corners, row, first, last = corners[drawn], row[drawn], first[drawn], last[drawn]
    begin, end = (_plane_at(corners, x, row) for x in (first, last))
    return drawn, (row * width + first, last - first + 1, begin, (end - begin) / np.maximum(last - first, 1))


def _plane_at(corners: Floats, column: Whole, row: Whole) -> Floats:
    """`q` of each triangle's plane at a pixel centre, held within its corners (a sliver's plane is nearly upright)."""
    along_u, along_v = _along(corners, column, row)
    origin = corners[:, 0, 2]
    q = origin + along_u * (corners[:, 1, 2] - origin) + along_v * (corners[:, 2, 2] - origin)
    return np.clip(q, corners[..., 2].min(axis=1), corners[..., 2].max(axis=1))


def _along(corners: Floats, column: Whole, row: Whole) -> tuple[Floats, Floats]:
    """How far a pixel centre lies from the first corner of a triangle along its two sides, each from 0 to 1."""
    origin, u, v = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    dx, dy = column + 0.5 - origin[:, 0], row + 0.5 - origin[:, 1]
    return (dx * v[:, 1] - dy * v[:, 0]) / area, (u[:, 0] * dy - u[:, 1] * dx) / area


def _filled(spans: tuple[Whole, Whole, Floats, Floats]) -> Iterator[tuple[Whole, Whole, Floats]]:
    """Each pixel of each span, in portions: the span's number, the pixel's, and `q` there."""
    start, length, begin, slope = spans
    for part in portions(length):
        span = np.repeat(np.arange(part.start, part.stop), length[part])
        step = ramp(length[part])
        yield span, start[span] + step, begin[span] + slope[span] * step


def portions(weights: Whole) -> Iterator[slice]:
    """Slices in order whose weights add up to at most `PORTION`, or hold one element."""
    total = np.cumsum(weights)
    start = 0
    while start < len(weights):
        spent = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total, spent + PORTION, side="right")))
        yield slice(start, stop)
        start = stop


def ramp(counts: Whole) -> Whole:
    """0, 1, … counts[0]-1, 0, 1, … counts[1]-1, …"""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)

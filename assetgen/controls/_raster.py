"""A z-buffer in numpy: the nearest triangle at every pixel centre, without a graphics driver.

Triangles are split into rows, and rows into spans of pixels. The spans of many small triangles are filled at once.
Large triangles are filled one by one, the nearest first, and hidden ones are skipped. Memory is bounded, and
`check_work` bounds the time.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from assetgen.errors import InputError, check_cancelled

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Owners = NDArray[np.int32]
"""The index of a triangle at each pixel, -1 for none."""
_Spans = tuple[Whole, Whole, Floats, Floats]
"""First pixel of each span, its pixel count, `q` at the first pixel, slope of `q`."""
Booleans = NDArray[np.bool_]
_Box = tuple[Whole, slice]
"""Rows and columns of the screen."""

_PORTION = 500_000  # rows or pixels processed at once: about 50 MB of memory
_EDGE_SLACK = 1e-6  # pixels: closes the gap between triangles that share an edge
_LARGE = 1_024  # pixels of the bounding box from which a triangle is filled by itself
_GROUP = 64  # large triangles whose spans are found at once
_DENSE = 1 / 8  # share of its bounding box from which a large triangle is filled in one box
_NARROW_ROWS = 8  # of each box of other large triangles
_ROUNDING = 1e-12  # relative error of `q`
_MAX_WORK = 500_000_000  # 2 to 5 seconds on one core
_ROW_WORK = 64  # pixels that take as long to fill as a row takes to split


def check_work(corners: Floats, size: tuple[int, int], done: int = 0) -> int:
    """The work of drawing triangles, added to that `done` before: the pixels of their bounding boxes, and their rows.

    Raises `InputError` where it is too much. The arguments are those of `rasterise`.
    """
    _, rows = _extent(corners[..., 1], size[1])
    _, columns = _extent(corners[..., 0], size[0])
    total = done + int((rows * (columns + _ROW_WORK))[columns > 0].sum())
    if total > _MAX_WORK:
        cure = "Simplify the mesh, remove what is hidden, or render a smaller size"
        raise InputError("its triangles cover too many pixels to render", cure=cure)
    return total


def rasterise(corners: Floats, nearest: Floats) -> None:
    """Raise each pixel of `nearest` (`height × width`) to the greatest `q` at its centre.

    `corners` is `n × 3 × (x, y, q)`, x to the right and y down, in pixels. `q` must be affine on the screen and greater
    for nearer surfaces: `1 / z` in perspective, `-z` in an orthographic view.
    """
    small, large = _by_size(corners, nearest.shape)
    for _, pixels, q in _covered(corners, small, nearest.shape):
        np.maximum.at(nearest.reshape(-1), pixels, q)
    nearest_first = large[np.argsort(-corners[large, :, 2].max(axis=1))]
    for _, box, q, inside in _filled_boxes(corners, nearest_first, nearest):
        nearest[box] = np.where(inside & (q > nearest[box]), q, nearest[box])


def visible_triangles(corners: Floats, nearest: Floats) -> Owners:
    """The visible triangle at each pixel (`height × width`, -1 for none).

    `nearest` is the result of `rasterise`, and may hold nearer surfaces. Of equally near triangles, the last counts.
    """
    seen = np.full(nearest.shape, -1, np.int32)
    small, large = _by_size(corners, nearest.shape)
    for owners, pixels, q in _covered(corners, small, nearest.shape):
        front = q >= nearest.reshape(-1)[pixels]
        seen.reshape(-1)[pixels[front]] = owners[front]
    for owner, box, q, inside in _filled_boxes(corners, large, nearest):
        seen[box] = np.where(inside & (q >= nearest[box]), np.maximum(owner, seen[box]), seen[box])
    return seen


def barycentric(corners: Floats, column: Whole, row: Whole) -> Floats:
    """Barycentric coordinates `n × 3` of a pixel centre in each triangle, in screen space, clipped to the triangle."""
    along = _along(corners, column, row)
    return np.clip(np.stack([1 - along[0] - along[1], *along], axis=-1), 0, 1)


def _by_size(corners: Floats, shape: tuple[int, ...]) -> tuple[Whole, Whole]:
    """Indices of the small and of the large triangles on the screen."""
    seen = np.flatnonzero(_in_sight(corners, (shape[1], shape[0])))
    _, rows = _extent(corners[seen, :, 1], shape[0])
    _, columns = _extent(corners[seen, :, 0], shape[1])
    is_large = rows * columns > _LARGE
    return seen[~is_large], seen[is_large]


def _covered(corners: Floats, chosen: Whole, shape: tuple[int, ...]) -> Iterator[tuple[Whole, Whole, Floats]]:
    """The pixels that each chosen triangle covers, in portions: triangle index, pixel index, `q`."""
    corners = corners[chosen]
    first, rows = _extent(corners[..., 1], shape[0])
    for part in portions(rows):
        check_cancelled()
        owner = np.repeat(np.arange(part.start, part.stop), rows[part])
        drawn, spans = _spans(corners[owner], first[owner] + ramp(rows[part]), shape[1])
        yield from ((chosen[owner[drawn]][span], pixels, q) for span, pixels, q in _filled(spans))


def _filled_boxes(corners: Floats, chosen: Whole, nearest: Floats) -> Iterator[tuple[int, _Box, Floats, Booleans]]:
    """The pixels that each chosen triangle covers, in boxes: triangle index, box, `q` in the box, which are covered.

    Triangles that are hidden behind `nearest` are left out.
    """
    for start in range(0, len(chosen), _GROUP):
        check_cancelled()
        group = chosen[start : start + _GROUP]
        group = group[[not _is_hidden(corners[index], nearest) for index in group]]
        first, rows = _extent(corners[group, :, 1], nearest.shape[0])
        owner = np.repeat(np.arange(len(group)), rows)
        drawn, spans = _spans(corners[group[owner]], first[owner] + ramp(rows), nearest.shape[1])
        ends = np.searchsorted(owner[drawn], np.arange(len(group) + 1))
        for index, begin, end in zip(group, ends, ends[1:], strict=False):
            for box in _boxes(spans, begin, end, nearest.shape[1]):
                yield int(index), *box


def _is_hidden(triangle: Floats, nearest: Floats) -> bool:
    """Whether every pixel of the triangle's bounding box holds a nearer surface."""
    (top, rows), (left, columns) = (_extent(triangle[None, :, axis], nearest.shape[1 - axis]) for axis in (1, 0))
    box = nearest[top[0] : top[0] + rows[0], left[0] : left[0] + columns[0]]
    q = triangle[:, 2].max()
    return bool(q + _ROUNDING * abs(q) < box.min())


def _boxes(spans: _Spans, begin: int, end: int, width: int) -> Iterator[tuple[_Box, Floats, Booleans]]:
    """The pixels of one triangle's spans `begin` to `end`: box, `q` in the box, which pixels are covered.

    A narrow diagonal triangle is divided into boxes of few rows.
    """
    row, left = np.divmod(spans[0][begin:end], width)
    length, q, slope = spans[1][begin:end], spans[2][begin:end], spans[3][begin:end]
    columns = int((left + length).max() - left.min()) if len(row) else 0
    is_dense = length.sum() > _DENSE * len(row) * columns
    rows = len(row) if is_dense else _NARROW_ROWS
    for start in range(0, len(row), max(rows, 1)):
        part = slice(start, start + rows)
        first, last = int(left[part].min()), int((left + length)[part].max())
        step = np.arange(first, last) - left[part, None]
        inside = (step >= 0) & (step < length[part, None])
        yield (row[part], slice(first, last)), q[part, None] + slope[part, None] * step, inside


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


def _in_sight(corners: Floats, size: tuple[int, int]) -> Booleans:
    """Which triangles have an area and a bounding box that overlaps the screen."""
    lowest, highest = corners[..., :2].min(axis=1), corners[..., :2].max(axis=1)
    across, down = corners[:, 1, :2] - corners[:, 0, :2], corners[:, 2, :2] - corners[:, 0, :2]
    area = across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]
    seen: Booleans = (highest > 0).all(1) & (lowest < np.array(size)).all(1) & (area != 0)
    return seen


def _extent(places: Floats, side: int) -> tuple[Whole, Whole]:
    """First row (or column) of each triangle on a screen of this height (width), and the number that it crosses."""
    first = np.ceil(np.clip(places.min(axis=1) - 0.5, 0, side)).astype(np.int64)
    last = np.floor(np.clip(places.max(axis=1) - 0.5, -1, side - 1)).astype(np.int64)
    return first, np.maximum(last - first + 1, 0)


def _spans(corners: Floats, row: Whole, width: int) -> tuple[Booleans, _Spans]:
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


def _plane_at(corners: Floats, column: Whole, row: Whole) -> Floats:
    """`q` of each triangle's plane at a pixel centre, clipped to its corners (the plane of a sliver is very steep)."""
    along_u, along_v = _along(corners, column, row)
    origin = corners[:, 0, 2]
    q = origin + along_u * (corners[:, 1, 2] - origin) + along_v * (corners[:, 2, 2] - origin)
    return np.clip(q, corners[..., 2].min(axis=1), corners[..., 2].max(axis=1))


def _along(corners: Floats, column: Whole, row: Whole) -> tuple[Floats, Floats]:
    """Barycentric coordinates of a pixel centre for the second and third corner."""
    origin, u, v = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    dx, dy = column + 0.5 - origin[:, 0], row + 0.5 - origin[:, 1]
    return (dx * v[:, 1] - dy * v[:, 0]) / area, (u[:, 0] * dy - u[:, 1] * dx) / area


def _filled(spans: _Spans) -> Iterator[tuple[Whole, Whole, Floats]]:
    """The pixels of each span, in portions: span index, pixel index, `q`."""
    start, length, begin, slope = spans
    for part in portions(length):
        check_cancelled()
        span = np.repeat(np.arange(part.start, part.stop), length[part])
        step = ramp(length[part])
        yield span, start[span] + step, begin[span] + slope[span] * step


def portions(weights: Whole) -> Iterator[slice]:
    """Consecutive slices whose weights sum to at most 500,000, or that hold one element."""
    total = np.cumsum(weights)
    start = 0
    while start < len(weights):
        spent = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total, spent + _PORTION, side="right")))
        yield slice(start, stop)
        start = stop


def ramp(counts: Whole) -> Whole:
    """0, 1, … counts[0]-1, 0, 1, … counts[1]-1, …"""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)

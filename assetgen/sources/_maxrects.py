"""MaxRects bin packing (Jylänki 2010: best short side fit) on pages that grow and keep what lies on them.

Corners depend on names and sizes alone. Whole numbers only: the same on every machine.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assetgen.images import MAX_PIXELS

Size = tuple[int, int]
"""Width and height in pixels."""
_Free = NDArray[np.int64]  # N×4: left, top, right, bottom of the largest empty rectangles
_GROWTH = 1.02  # factor between candidate side lengths: less than the gaps that packing leaves
_BITS = 15  # of a side: four numbers fit into one sortable integer


@dataclass(frozen=True)
class PageLimits:
    """What pages may be. `gap` pixels are part of each rectangle, to its right and below; a page's last are cut off."""

    max_size: int
    pages: int = 1
    gap: int = 0
    power_of_two: bool = False
    square: bool = False


@dataclass
class Page:
    """A page: its size while packing, gaps included, and the top left corner and size of each rectangle by name."""

    size: Size = (0, 0)
    rects: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)

    def trimmed_size(self, limits: PageLimits) -> Size:
        """Width and height without what no rectangle uses, unless the sides must be powers of two."""
        width, height = (side - limits.gap for side in self.size)
        if not limits.power_of_two:
            width = max(x + wide for x, _, wide, _ in self.rects.values()) - limits.gap
            height = max(y + high for _, y, _, high in self.rects.values()) - limits.gap
        return (max(width, height),) * 2 if limits.square else (width, height)


def pack_pages(batches: Sequence[Mapping[str, Size]], limits: PageLimits) -> list[Page]:
    """Pack rectangles on as few and as small pages as the heuristic finds.

    Each batch is packed around the ones before it and moves none of them. What fits on no page is left out.
    """
    pages: list[Page] = []
    for batch in batches:
        rest = dict(sorted(batch.items(), key=lambda item: (-max(item[1]), -min(item[1]), item[0])))
        for page in pages:
            rest = _add(page, rest, limits) if rest else rest
        while rest and len(pages) < limits.pages:
            pages.append(Page())
            rest = _add(pages[-1], rest, limits)
    return [page for page in pages if page.rects]


def _add(page: Page, sizes: dict[str, Size], limits: PageLimits) -> dict[str, Size]:
    """Put rectangles on a page, which grows as little as needed. Returns those that do not fit."""
    candidates = list(_page_sizes(page, sizes, limits))
    area = sum(width * height for width, height in [*sizes.values(), *(rect[2:] for rect in page.rects.values())])
    for size in candidates:
        if size[0] * size[1] < area:
            continue
        placed = _place(page, sizes, size, all_of_them=True)
        if len(placed) == len(sizes):
            page.size, page.rects = size, page.rects | placed
            return {}
    size = candidates[-1] if candidates else page.size
    placed = _place(page, sizes, size, all_of_them=False)
    if placed:
        page.size, page.rects = size, page.rects | placed
    return {name: each for name, each in sizes.items() if name not in placed}


def _page_sizes(page: Page, sizes: Mapping[str, Size], limits: PageLimits) -> Iterator[Size]:
    """Candidate sizes, gaps included, ordered by area, then by aspect ratio (square first)."""
    gap, top = limits.gap, limits.max_size + limits.gap
    widest, tallest = (max(page.size[axis], *(each[axis] for each in sizes.values())) for axis in (0, 1))
    if limits.power_of_two:
        sides = [2**power + gap for power in range(limits.max_size.bit_length())]
        found = {(width, height) for width in sides for height in sides if width == height or not limits.square}
    else:
        area = sum(width * height for width, height in [*sizes.values(), *(rect[2:] for rect in page.rects.values())])
        found = {(max(side, widest), max(side, tallest)) for side in _growing_sides(area, top)}
    fitting = [
        (width, height)
        for width, height in found
        if widest <= width <= top and tallest <= height <= top and _pixels(width, height, limits) <= MAX_PIXELS
    ]
    yield from sorted(fitting, key=lambda size: (size[0] * size[1], abs(size[0] - size[1]), size))


def _pixels(width: int, height: int, limits: PageLimits) -> int:
    width, height = width - limits.gap, height - limits.gap
    return max(width, height) ** 2 if limits.square else width * height


def _growing_sides(area: int, top: int) -> list[int]:
    sides = [min(top, max(1, int(area**0.5)))]
    while sides[-1] < top:
        sides.append(min(top, int(sides[-1] * _GROWTH) + 1))
    return sides


def _place(
    page: Page, sizes: Mapping[str, Size], size: Size, *, all_of_them: bool
) -> dict[str, tuple[int, int, int, int]]:
    """Rectangles by name on a page enlarged to `size`; with `all_of_them`, it ends at the first that does not fit."""
    free: _Free = np.array([(0, 0, *size)], np.int64)
    for rect in page.rects.values():
        free = _carve(free, rect)
    placed = {}
    for name, (width, height) in sizes.items():
        spare = np.stack([free[:, 2] - free[:, 0] - width, free[:, 3] - free[:, 1] - height])
        short, long = spare.min(axis=0), spare.max(axis=0)
        if not (short >= 0).any():
            if all_of_them:
                break
            continue
        score = (((short << _BITS | long) << _BITS | free[:, 1]) << _BITS) | free[:, 0]
        score[short < 0] = np.iinfo(np.int64).max
        left, top = (int(value) for value in free[int(score.argmin()), :2])
        placed[name] = (left, top, width, height)
        free = _carve(free, placed[name])
    return placed


def _carve(free: _Free, rect: tuple[int, int, int, int]) -> _Free:
    """The largest empty rectangles after `rect` (left, top, width, height) is filled."""
    left, top, width, height = rect
    right, bottom = left + width, top + height
    hit = (free[:, 0] < right) & (free[:, 2] > left) & (free[:, 1] < bottom) & (free[:, 3] > top)
    kept, cut = free[~hit], free[hit]
    pieces = []
    for column, edge, inside in (
        (2, left, cut[:, 0] < left),
        (0, right, cut[:, 2] > right),
        (3, top, cut[:, 1] < top),
        (1, bottom, cut[:, 3] > bottom),
    ):
        piece = cut[inside].copy()
        piece[:, column] = edge
        pieces.append(piece)
    new = np.unique(np.concatenate(pieces), axis=0)
    others = np.concatenate([kept, new])
    within = (others[None, :, :2] <= new[:, None, :2]).all(2) & (others[None, :, 2:] >= new[:, None, 2:]).all(2)
    return np.concatenate([kept, new[within.sum(axis=1) == 1]])  # each new one lies within itself

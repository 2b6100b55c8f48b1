"""Wave-function collapse: a level in which each tile fits its neighbours, found without an idea of the terrain.

Maxim Gumin's simple tiled model (https://github.com/mxgmn/WaveFunctionCollapse) with backtracking: the cell with the
fewest choices gets one by weight, and what no longer fits is removed from its neighbours, and from theirs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from assetgen.errors import InputError
from assetgen.pixels.tilesets import Tile, Tileset

_AGREEMENT = 5.0
"""Factor of a tile's weight for each quarter of its sides and corners that is like its middle: areas, not noise."""
_RESTARTS, _BACKTRACKS = 5, 500
_AROUND = ((-1, 0), (0, 1), (1, 0), (0, -1), (-1, -1), (-1, 1), (1, 1), (1, -1))
"""Rows down and columns right of the neighbours: at the sides from the top, then at the corners from the top left."""
_ENDS = ((0, 1), (1, 2), (3, 2), (0, 3))
"""The corners at the ends of each side, in an order that the opposite side shares."""
Domains = list[int]
"""For each cell the kinds of tile that it may become, as the bits of a number."""


def collapse(tileset: Tileset, *, rows: int, columns: int, seed: int) -> list[list[list[int]]]:
    """For each cell the tiles of one kind: alike in terrain, corners and sides. Neighbours fit each other.

    Tiles that only a person places are left out. Raises `InputError` where no level is found.
    """
    kinds: dict[tuple[object, ...], list[int]] = {}
    for index, tile in enumerate(tileset.tiles):
        if tile.probability > 0:
            kinds.setdefault((tile.terrain, tile.corners, tile.sides), []).append(index)
    alike = list(kinds.values())
    tiles = [tileset.tiles[indices[0]] for indices in alike]
    search = _Search(rows, columns, _weights(tiles), _supported(tiles))
    generator = np.random.default_rng(seed)
    for _ in range(_RESTARTS):
        if domains := search.run(generator):
            found = [alike[domain.bit_length() - 1] for domain in domains]
            return [found[start : start + columns] for start in range(0, rows * columns, columns)]
    raise InputError(f"no level of {columns} × {rows} of these tiles was found", cure="Paint one by noise")


def fits(tile: Tile, other: Tile, place: int) -> bool:
    """Whether `other` may lie at a place around a tile: 0 to 3 its sides, 4 to 7 its corners.

    Corners and sides that touch are equal. Where sides count, too, they state the terrain of the cell behind them, and
    so does a corner with the first terrain on both of its sides.
    """
    if place >= 4:
        return _fits_corner(tile, other, place - 4)
    back = (place + 2) % 4
    ends = [tile.corners[end] for end in _ENDS[place]], [other.corners[end] for end in _ENDS[back]]
    if not tile.sides or ends[0] != ends[1]:
        return ends[0] == ends[1]
    joined = tile.sides[place] == 0
    return tile.sides[place] == other.sides[back] and (joined or (tile.terrain, other.terrain) != (0, 0))


def _fits_corner(tile: Tile, other: Tile, corner: int) -> bool:
    if not tile.sides:
        return tile.corners[corner] == other.corners[(corner + 2) % 4]
    inside = tile.terrain == tile.sides[corner] == tile.sides[(corner - 1) % 4] == 0
    return not inside or (tile.corners[corner] == 0) == (other.terrain == 0)


def _weights(tiles: Sequence[Tile]) -> tuple[float, ...]:
    """Of equal sum for each terrain in the middle."""
    found, sums = [], dict[int, float]()
    for tile in tiles:
        around = (*tile.sides, *tile.corners)
        middle = tile.terrain if tile.sides else max(around, key=around.count)
        found.append((middle, _AGREEMENT ** (4 * around.count(middle) / len(around))))
        sums[middle] = sums.get(middle, 0.0) + found[-1][1]
    return tuple(weight / sums[middle] for middle, weight in found)


def _supported(tiles: Sequence[Tile]) -> Callable[[int, int], int]:
    """The kinds that fit at a place around at least one kind of a domain."""
    table = [
        [sum(1 << number for number, other in enumerate(tiles) if fits(tile, other, place)) for tile in tiles]
        for place in range(len(_AROUND))
    ]

    @cache
    def supported(place: int, domain: int) -> int:
        found = 0
        for number, kinds in enumerate(table[place]):
            if domain >> number & 1:
                found |= kinds
        return found

    return supported


@dataclass(frozen=True)
class _Search:
    """Cells are numbered by rows. `supported` is a function of a place and a domain."""

    rows: int
    columns: int
    weights: tuple[float, ...]
    supported: Callable[[int, int], int]

    def run(self, generator: np.random.Generator) -> Domains | None:
        """Domains of one kind each; None after too many dead ends."""
        domains = [(1 << len(self.weights)) - 1] * (self.rows * self.columns)
        order, made, dead_ends = generator.permutation(len(domains)).tolist(), [], 0
        ready = self._propagate(domains, order)
        while True:
            if ready:
                undecided = [cell for cell in order if domains[cell] & (domains[cell] - 1)]
                if not undecided:
                    return domains
                cell = min(undecided, key=lambda each: domains[each].bit_count())
                kind = self._choice(domains[cell], float(generator.random()))
                made.append((domains.copy(), cell, kind))
                domains[cell] = 1 << kind
            else:
                dead_ends += 1
                if not made or dead_ends > _BACKTRACKS:
                    return None
                domains, cell, kind = made.pop()
                domains[cell] &= ~(1 << kind)
            ready = self._propagate(domains, [cell])

    def _choice(self, domain: int, at: float) -> int:
        """A kind of a domain by weight; `at` is in 0..1."""
        kinds = [kind for kind in range(len(self.weights)) if domain >> kind & 1]
        sums = np.cumsum([self.weights[kind] for kind in kinds])
        return kinds[int(np.searchsorted(sums, at * sums[-1], side="right"))]

    def _propagate(self, domains: Domains, changed: list[int]) -> bool:
        """Remove from the neighbours of changed cells what does not fit; False where a cell has nothing left."""
        waiting = list(changed)
        while waiting:
            cell = waiting.pop()
            if not domains[cell]:
                return False
            y, x = divmod(cell, self.columns)
            for place, (down, right) in enumerate(_AROUND):
                if 0 <= y + down < self.rows and 0 <= x + right < self.columns:
                    neighbor = cell + down * self.columns + right
                    left = domains[neighbor] & self.supported(place, domains[cell])
                    if left != domains[neighbor]:
                        domains[neighbor] = left
                        waiting.append(neighbor)
        return True

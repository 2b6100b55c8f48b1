"""What engines need to know about a tileset: terrains, and for each tile what it joins and what it collides with.

Terrains are numbered from 0; `NO_TERRAIN` stands for emptiness. Corners and sides are those of the cell before an
isometric projection, which turns the top left corner of a cell into the top of its diamond.
"""

from dataclasses import dataclass
from typing import Literal

NO_TERRAIN = -1
Point = tuple[float, float]
"""x and y in pixels from the top left of the tile."""
Polygon = tuple[Point, ...]


@dataclass(frozen=True)
class Terrain:
    """A material of a tileset: the name of the asset it comes from, and its mean colour as "#rrggbb"."""

    name: str
    color: str


@dataclass(frozen=True)
class Tile:
    """One tile of the sheet. Numbers are those of terrains."""

    terrain: int = NO_TERRAIN
    """The terrain that a cell with this tile counts as."""
    corners: tuple[int, ...] = ()
    """Top left, top right, bottom right and bottom left; empty for a tile that no rule chooses."""
    sides: tuple[int, ...] = ()
    """Top, right, bottom and left; empty where the tiles match by their corners alone."""
    probability: float = 1.0
    """Weight among the tiles with equal terrains, corners and sides; 0 for tiles that only a person places."""
    collision: tuple[Polygon, ...] = ()
    """Solid areas."""
    name: str = ""
    """What sets the tile apart from others with its corners and sides, such as "slope_up"."""


@dataclass(frozen=True)
class Tileset:
    """The tiles of a sheet in rows from the top left. The last row may be incomplete."""

    layout: Literal["dual_grid", "corner", "blob", "rpgmaker_a2", "platformer"]
    tile_size: tuple[int, int]
    """Width and height of a tile in the sheet, in pixels."""
    columns: int
    terrains: tuple[Terrain, ...]
    tiles: tuple[Tile, ...]
    shape: Literal["square", "isometric"] = "square"

    @property
    def by_corners(self) -> bool:
        """The tiles match by their corners alone; else by corners and sides."""
        return self.layout in ("dual_grid", "corner")

    def origin(self, index: int) -> tuple[int, int]:
        """x and y of a tile's top left corner in the sheet, in pixels."""
        width, height = self.tile_size
        return index % self.columns * width, index // self.columns * height

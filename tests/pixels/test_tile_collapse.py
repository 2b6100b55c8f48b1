"""Wave-function collapse of the tiles that a source draws; what lies beside what is read from their own pixels."""

import numpy as np
import pytest

from assetgen.errors import InputError
from assetgen.images import ImageSet, color_image
from assetgen.parts import Context
from assetgen.pixels.tile_collapse import collapse
from assetgen.pixels.tilesets import Tile, Tileset
from assetgen.sources.tileset import tileset

LAYOUTS = ("corner", "blob")  # in a platformer terrains end where cells do
MEMBERS = {
    name: color_image(np.full((16, 16, 3), shade, np.uint8), pixel_art=True) for name, shade in (("a", 50), ("b", 200))
}


def made(layout: str) -> ImageSet:
    return tileset(Context(members=MEMBERS), layout=layout, variants=(), outline=0, highlight=0, shadow=0)  # type: ignore[arg-type]


def described(images: ImageSet) -> Tileset:
    assert images.meta.tileset is not None
    return images.meta.tileset


@pytest.mark.parametrize("layout", LAYOUTS)
def test_neighbours_show_one_terrain_on_both_sides_of_their_border(layout: str) -> None:
    images = made(layout)
    found = collapse(described(images), rows=16, columns=24, seed=1)
    origins = np.array([[described(images).origin(tiles[0]) for tiles in row] for row in found])
    level = np.block([[[images["color"][y : y + 16, x : x + 16, :3]] for x, y in row] for row in origins.tolist()])
    across, down = level[:, 15:-1:16] == level[:, 16::16], level[15:-1:16] == level[16::16]
    assert across.mean() > 0.97 and down.mean() > 0.97, "only the noise of a border moves between two columns"
    assert len({tiles[0] for row in found for tiles in row}) > 8


@pytest.mark.parametrize("layout", ["blob", "platformer"])
def test_a_corner_of_four_equal_cells_is_closed(layout: str) -> None:
    tiles = described(made(layout)).tiles
    cells = [
        [tiles[found[0]] for found in row] for row in collapse(described(made(layout)), rows=8, columns=12, seed=0)
    ]
    for y, x in np.ndindex(7, 11):
        four = cells[y][x], cells[y][x + 1], cells[y + 1][x + 1], cells[y + 1][x]
        corners = [tile.corners[(number + 2) % 4] for number, tile in enumerate(four)]
        assert (corners == [0] * 4) == ([tile.terrain for tile in four] == [0] * 4)


def test_levels_depend_on_the_seed_alone() -> None:
    first, again, other = (collapse(described(made("blob")), rows=6, columns=6, seed=seed) for seed in (3, 3, 4))
    assert first == again != other


def test_tiles_without_a_level_are_refused() -> None:
    """Each tile requires another terrain at its right than at its left, and there is no third one."""
    tiles = (Tile(0, (0, 1, 1, 0)), Tile(1, (1, 2, 2, 1)))
    with pytest.raises(InputError, match="no level of 3 × 1 of these tiles was found"):
        collapse(Tileset("corner", (8, 8), 2, (), tiles), rows=1, columns=3, seed=0)

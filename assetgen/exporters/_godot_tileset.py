"""A tileset as Godot's `TileSet`: terrains with their peering bits, probabilities, collision polygons."""

from collections.abc import Iterator, Mapping

from assetgen.exporters._godot_files import internal, resource_file
from assetgen.pixels.tilesets import NO_TERRAIN, Tile, Tileset

# Names in Godot of the corners from the top left, and of the sides from the top, both clockwise
_CORNERS = {
    "square": ("top_left_corner", "top_right_corner", "bottom_right_corner", "bottom_left_corner"),
    "isometric": ("top_corner", "right_corner", "bottom_corner", "left_corner"),
}
_SIDES = {
    "square": ("top_side", "right_side", "bottom_side", "left_side"),
    "isometric": ("top_right_side", "bottom_right_side", "bottom_left_side", "top_left_side"),
}
_NEIGHBORS = (
    "right_side", "right_corner", "bottom_right_side", "bottom_right_corner", "bottom_side", "bottom_corner",
    "bottom_left_side", "bottom_left_corner", "left_side", "left_corner", "top_left_side", "top_left_corner",
    "top_side", "top_corner", "top_right_side", "top_right_corner",
)  # fmt: skip
"""TileSet.CellNeighbor in its order."""
# TileSet.TerrainMode, TileShape, TileLayout
_MATCH_CORNERS = "1"
_DEFAULT_SIZE = (16, 16)
_ISOMETRIC = {"tile_shape": "1", "tile_layout": "5"}


def tileset_resource(path: str, tileset: Tileset, textures: Mapping[str, str], canvas: Mapping[str, str]) -> bytes:
    """The `.tres` file at a `res://` path. `textures` are the paths of the channels that it shows; `canvas` holds the
    properties of a `CanvasTexture` of them, where one is needed for hard pixels or light."""
    inner = internal("CanvasTexture", "texture", canvas) if canvas else ""
    source = {
        "texture": 'SubResource("texture")' if canvas else 'ExtResource("color")',
        **_size("texture_region_size", tileset),
    }
    for index, tile in enumerate(tileset.tiles):
        if {tile.terrain, *tile.corners, *tile.sides} != {NO_TERRAIN}:
            at = f"{index % tileset.columns}:{index // tileset.columns}/0"
            source |= {at: "0", **{f"{at}/{key}": value for key, value in _tile_data(tile, tileset)}}
    inner += internal("TileSetAtlasSource", "tiles", source)
    return resource_file(path, "TileSet", dict(_properties(tileset)), textures, inner)


def _size(key: str, tileset: Tileset) -> dict[str, str]:
    """The size of a tile, where it is not Godot's default."""
    width, height = tileset.tile_size
    return {} if (width, height) == _DEFAULT_SIZE else {key: f"Vector2i({width}, {height})"}


def _tile_data(tile: Tile, tileset: Tileset) -> Iterator[tuple[str, str]]:
    """What differs from a new tile, in the order in which Godot writes it."""
    yield "terrain_set", "0"
    if tile.terrain != NO_TERRAIN:
        yield "terrain", str(tile.terrain)
    if tile.probability != 1:
        yield "probability", str(tile.probability)
    half = [side / 2 for side in tileset.tile_size]
    for number, polygon in enumerate(tile.collision):
        points = [value - middle for point in polygon for value, middle in zip(point, half, strict=True)]
        values = ", ".join(f"{value:g}" for value in points)
        yield f"physics_layer_0/polygon_{number}/points", f"PackedVector2Array({values})"
    bits = {
        **dict(zip(_SIDES[tileset.shape], tile.sides, strict=False)),
        **dict(zip(_CORNERS[tileset.shape], tile.corners, strict=False)),
    }
    for name in sorted(bits, key=_NEIGHBORS.index):
        if bits[name] != NO_TERRAIN:
            yield f"terrains_peering_bit/{name}", str(bits[name])


def _properties(tileset: Tileset) -> Iterator[tuple[str, str]]:
    if tileset.shape == "isometric":
        yield from _ISOMETRIC.items()
    yield from _size("tile_size", tileset).items()
    if any(tile.collision for tile in tileset.tiles):
        yield "physics_layer_0/collision_layer", "1"
    yield "terrain_set_0/mode", _MATCH_CORNERS if tileset.by_corners else "0"
    for number, terrain in enumerate(tileset.terrains):
        channels = (int(terrain.color[start : start + 2], 16) / 255 for start in (1, 3, 5))
        yield f"terrain_set_0/terrain_{number}/name", f'"{terrain.name}"'
        yield f"terrain_set_0/terrain_{number}/color", f"Color({', '.join(f'{each:.4g}' for each in channels)}, 1)"
    yield "sources/0", 'SubResource("tiles")'

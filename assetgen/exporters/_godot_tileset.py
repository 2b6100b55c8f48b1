"""A tileset as Godot's `TileSet`: terrains with their peering bits, probabilities, collision and occlusion polygons,
and the custom data layer `name`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, pairwise

import numpy as np

from assetgen.exporters._godot_files import internal, quoted, resource_file
from assetgen.pixels.tilesets import NO_TERRAIN, Point, Polygon, Tile, Tileset

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
_TYPE_STRING = "4"  # Variant.Type
_CULL_COUNTER_CLOCKWISE = "2"  # OccluderPolygon2D.CullMode
_ISOMETRIC = {"tile_shape": "1", "tile_layout": "5"}
_WAVES = 1 / 8
"""Height of the waves of a rough border, as a fraction of the tile."""
_ROUNDED = 0.5
"""Pixels by which points of polygons may lie beside the border of a diamond."""


def tileset_resource(path: str, tileset: Tileset, textures: Mapping[str, str], canvas: Mapping[str, str]) -> bytes:
    """The `.tres` file at a `res://` path. `textures` are the paths of the channels that it shows; `canvas` holds the
    properties of a `CanvasTexture` of them, where one is needed for hard pixels or light.

    Solid tiles have occluders: `TileMapLayer.occlusion_enabled` switches them off, for water.
    """
    tiles = {
        f"{index % tileset.columns}:{index // tileset.columns}/0": tile
        for index, tile in enumerate(tileset.tiles)
        if {tile.terrain, *tile.corners, *tile.sides} != {NO_TERRAIN}
    }
    outlines = {at: list(_outlines(tile, tileset)) for at, tile in tiles.items()}
    in_order = dict.fromkeys(chain.from_iterable(outlines[at] for at in sorted(outlines)))  # Godot's: by property
    occluders = {outline: f"occluder_{number}" for number, outline in enumerate(in_order)}
    inner = "".join(
        internal("OccluderPolygon2D", key, dict(_occluder(each, tileset))) for each, key in occluders.items()
    )
    inner += internal("CanvasTexture", "texture", canvas) if canvas else ""
    source = {
        "texture": 'SubResource("texture")' if canvas else 'ExtResource("color")',
        **_size("texture_region_size", tileset),
    }
    for at, tile in tiles.items():
        data = _tile_data(tile, tileset, [occluders[each] for each in outlines[at]])
        source |= {at: "0", **{f"{at}/{key}": value for key, value in data}}
    inner += internal("TileSetAtlasSource", "tiles", source)
    return resource_file(path, "TileSet", dict(_properties(tileset)), textures, inner)


def _size(key: str, tileset: Tileset) -> dict[str, str]:
    """The size of a tile, where it is not Godot's default."""
    width, height = tileset.tile_size
    return {} if (width, height) == _DEFAULT_SIZE else {key: f"Vector2i({width}, {height})"}


def _points(polygon: Polygon, tileset: Tileset) -> str:
    """A polygon around the middle of a tile."""
    half = [side / 2 for side in tileset.tile_size]
    points = [value - middle for point in polygon for value, middle in zip(point, half, strict=True)]
    return f"PackedVector2Array({', '.join(f'{value:g}' for value in points)})"


@dataclass(frozen=True)
class _Outline:
    """A line along which solid ground ends, clockwise."""

    points: Polygon
    closed: bool


def _outlines(tile: Tile, tileset: Tileset) -> Iterator[_Outline]:
    """The outlines of a tile's solid areas without the edges at which the next tile goes on: there, light passes."""
    for polygon in tile.collision:
        area = sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in pairwise((*polygon, polygon[0])))
        points = polygon if area > 0 else polygon[::-1]
        edges = [(edge, _is_joint(*edge, tile, tileset)) for edge in pairwise((*points, points[0]))]
        first = next((number for number, (_, joint) in enumerate(edges) if joint), None)
        if first is None:
            smooth = _smooth(points, tileset, closed=True)
            if len(smooth) > 2:
                yield _Outline(smooth, closed=True)
            continue
        for joint, run in groupby(edges[first:] + edges[:first], key=lambda each: each[1]):
            if not joint:
                line = [edge for edge, _ in run]
                points = (line[0][0], *(end for _, end in line))
                yield _Outline(_smooth(points, tileset, closed=False), closed=False)


def _smooth(points: Polygon, tileset: Tileset, *, closed: bool) -> Polygon:
    """Points without the waves of a rough border: parts of them that face away from a light would be seen as rays."""
    import cv2

    tolerance = min(tileset.tile_size) * _WAVES
    kept = cv2.approxPolyDP(np.array(points, np.float32), tolerance, closed)[:, 0]
    return tuple((float(x), float(y)) for x, y in kept)


def _is_joint(start: Point, end: Point, tile: Tile, tileset: Tileset) -> bool:
    """True for an edge along the border of the tile; the ground of a platformer may end there, too."""
    half = [side / 2 for side in tileset.tile_size]
    middle = tuple((one + other) / 2 for one, other in zip(start, end, strict=True))
    at = [[value / side - 1 for value, side in zip(point, half, strict=True)] for point in (start, middle, end)]
    norm = max if tileset.shape == "square" else sum
    if min(norm(map(abs, each)) for each in at) < 1 - _ROUNDED / min(half):
        return False
    if tileset.layout != "platformer":
        return True
    x, y = at[1]
    return tile.sides[(y == -1, x == 1, y == 1, x == -1).index(True)] != NO_TERRAIN


def _occluder(outline: _Outline, tileset: Tileset) -> Iterator[tuple[str, str]]:
    """Culled where the ground faces a light, so that the ground itself is lit and its shadow starts behind it."""
    if not outline.closed:
        yield "closed", "false"
    yield "cull_mode", _CULL_COUNTER_CLOCKWISE
    yield "polygon", _points(outline.points, tileset)


def _tile_data(tile: Tile, tileset: Tileset, occluders: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What differs from a new tile, in the order in which Godot writes it."""
    yield "terrain_set", "0"
    if tile.terrain != NO_TERRAIN:
        yield "terrain", str(tile.terrain)
    if tile.probability != 1:
        yield "probability", str(tile.probability)
    for number, occluder in enumerate(occluders):
        yield f"occlusion_layer_0/polygon_{number}/polygon", f'SubResource("{occluder}")'
    for number, polygon in enumerate(tile.collision):
        yield f"physics_layer_0/polygon_{number}/points", _points(polygon, tileset)
    bits = {
        **dict(zip(_SIDES[tileset.shape], tile.sides, strict=False)),
        **dict(zip(_CORNERS[tileset.shape], tile.corners, strict=False)),
    }
    for name in sorted(bits, key=_NEIGHBORS.index):
        if bits[name] != NO_TERRAIN:
            yield f"terrains_peering_bit/{name}", str(bits[name])
    if tile.name:
        yield "custom_data_0", quoted(tile.name)


def _properties(tileset: Tileset) -> Iterator[tuple[str, str]]:
    if tileset.shape == "isometric":
        yield from _ISOMETRIC.items()
    yield from _size("tile_size", tileset).items()
    if any(tile.collision for tile in tileset.tiles):
        yield "occlusion_layer_0/light_mask", "1"
        yield "physics_layer_0/collision_layer", "1"
    yield "terrain_set_0/mode", _MATCH_CORNERS if tileset.by_corners else "0"
    for number, terrain in enumerate(tileset.terrains):
        channels = (int(terrain.color[start : start + 2], 16) / 255 for start in (1, 3, 5))
        yield f"terrain_set_0/terrain_{number}/name", f'"{terrain.name}"'
        yield f"terrain_set_0/terrain_{number}/color", f"Color({', '.join(f'{each:.4g}' for each in channels)}, 1)"
    if any(tile.name for tile in tileset.tiles):
        yield "custom_data_layer_0/name", '"name"'
        yield "custom_data_layer_0/type", _TYPE_STRING
    yield "sources/0", 'SubResource("tiles")'

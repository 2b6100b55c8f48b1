"""Tiled: images, and for a tileset the file that the map editor opens.

Format: "JSON Map Format" of Tiled 1.11 (https://doc.mapeditor.org/en/stable/reference/json-map-format/).
"""

import json
from collections.abc import Iterator
from pathlib import PurePosixPath

from assetgen.exporters._channels import png_name, pngs, tileset_of
from assetgen.images import ImageSet
from assetgen.parts import Files, Use, part
from assetgen.pixels.tilesets import NO_TERRAIN, Polygon, Tile, Tileset

_VERSION, _TILED = "1.10", "1.11.2"


@part(version=1, contact_sheet=True)
def tiled(images: ImageSet, name: str, *, use: Use = "sprite") -> Files:
    """Write `NAME.png`, `NAME_CHANNEL.png` for every other channel, and for a tileset `NAME.tsj`.

    The tileset has a terrain set (a Wang set) with the terrains of its corners and sides, probabilities, and collision
    polygons. Isometric tiles have an isometric grid. The files are the same for every `use`.

    Example:
        engine: tiled
    """
    files = {png_name(name, channel): data for channel, data in pngs(images).items()}
    if tileset := tileset_of(images):
        title = PurePosixPath(name).name
        document = _tileset(tileset, title, images.size)
        files[f"{name}.tsj"] = (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()
    return files


def _tileset(tileset: Tileset, title: str, size: tuple[int, int]) -> dict[str, object]:
    width, height = tileset.tile_size
    return {
        "type": "tileset",
        "version": _VERSION,
        "tiledversion": _TILED,
        "name": title,
        "image": f"{title}.png",
        "imagewidth": size[0],
        "imageheight": size[1],
        "tilewidth": width,
        "tileheight": height,
        "columns": size[0] // width,
        "tilecount": (size[0] // width) * (size[1] // height),
        "margin": 0,
        "spacing": 0,
        "grid": {
            "orientation": "isometric" if tileset.shape == "isometric" else "orthogonal",
            "width": width,
            "height": height,
        },
        "tiles": [_tile(index, tile) for index, tile in enumerate(tileset.tiles) if _has_facts(tile)],
        "wangsets": [_wang_set(tileset)],
    }


def _has_facts(tile: Tile) -> bool:
    return bool(tile.collision or tile.name) or tile.probability != 1


def _tile(index: int, tile: Tile) -> dict[str, object]:
    facts: dict[str, object] = {"id": index}
    if tile.name:
        facts["type"] = tile.name
    if tile.probability != 1:
        facts["probability"] = tile.probability
    if tile.collision:
        objects = [_polygon(number, polygon) for number, polygon in enumerate(tile.collision, 1)]
        facts["objectgroup"] = {
            "type": "objectgroup", "draworder": "index", "name": "", "objects": objects, "opacity": 1, "visible": True,
            "x": 0, "y": 0,
        }  # fmt: skip
    return facts


def _polygon(number: int, polygon: Polygon) -> dict[str, object]:
    """A polygon object; its points are relative to the first one."""
    x, y = polygon[0]
    points = [{"x": right - x, "y": down - y} for right, down in polygon]
    return {
        "id": number, "name": "", "type": "", "x": x, "y": y, "width": 0, "height": 0, "rotation": 0, "visible": True,
        "polygon": points,
    }  # fmt: skip


def _wang_set(tileset: Tileset) -> dict[str, object]:
    """The terrains. Wang sets have no terrain in the middle of a tile, so a tile whose own is at no corner and side is
    left out: nothing would distinguish it from a tile full of the other terrain."""
    colors = [
        {"name": terrain.name, "color": terrain.color, "tile": _full_tile(tileset, number), "probability": 1}
        for number, terrain in enumerate(tileset.terrains)
    ]
    tiles = [
        {"tileid": index, "wangid": list(_wang_id(tile))}
        for index, tile in enumerate(tileset.tiles)
        if tile.terrain != NO_TERRAIN and tile.terrain in (*tile.corners, *tile.sides)
    ]
    kind = "corner" if tileset.by_corners else "mixed"
    name = ", ".join(terrain.name for terrain in tileset.terrains)
    return {"name": name, "type": kind, "tile": -1, "colors": colors, "wangtiles": tiles}


def _full_tile(tileset: Tileset, terrain: int) -> int:
    """The tile that shows a terrain in the editor; -1 where there is none."""
    kinds = ({tile.terrain, *tile.corners, *tile.sides} for tile in tileset.tiles)
    return next((index for index, terrains in enumerate(kinds) if terrains == {terrain}), -1)


def _wang_id(tile: Tile) -> Iterator[int]:
    """Colours from 1 (0: none) of the top side, the top right corner, the right side, …"""
    corners = (*tile.corners[1:], tile.corners[0])
    sides = tile.sides or (NO_TERRAIN,) * len(corners)
    for side, corner in zip(sides, corners, strict=True):
        yield side + 1
        yield corner + 1

"""LDtk: images, and for a tileset a project whose rules paint with it.

Format: JSON of LDtk 1.5.3 (https://ldtk.io/json).
"""

import json
import uuid
from collections.abc import Iterator
from pathlib import PurePosixPath

from assetgen.errors import InputError
from assetgen.exporters._channels import png_name, pngs, tileset_of
from assetgen.images import ImageSet
from assetgen.parts import Files, Use, part
from assetgen.pixels.tilesets import Tile, Tileset

_VERSION = "1.5.3"
_TILESET, _LAYER, _GROUP, _LEVEL, _FIRST_RULE = 1, 2, 3, 4, 10  # unique ids within the project
_CELLS = 16, 10
"""Columns and rows of the empty level."""
_ANY = 0


@part(version=1, contact_sheet=True)
def ldtk(images: ImageSet, name: str, *, use: Use = "sprite") -> Files:
    """Write `NAME.png`, `NAME_CHANNEL.png` for every other channel, and for a tileset `NAME.ldtk`.

    The project has the tileset, an IntGrid layer with a value for each terrain, rules that choose the tiles, and an
    empty level to paint. Tiles that match by their corners are drawn half a tile to the left and above, as dual grids
    are. Collision polygons are custom data of the tiles. LDtk has square tiles only, and no isometric ones. The files
    are the same for every `use`.

    Example:
        engine: ldtk
    """
    files = {png_name(name, channel): data for channel, data in pngs(images).items()}
    if tileset := tileset_of(images):
        width, height = tileset.tile_size
        if width != height or tileset.shape == "isometric":
            what = f"LDtk has square tiles only, not {tileset.shape} ones of {width} × {height} pixels"
            raise InputError(what, cure="Use another engine, such as tiled, or other tiles")
        document = _project(tileset, PurePosixPath(name).name, images.size)
        files[f"{name}.ldtk"] = (json.dumps(document, indent="\t", ensure_ascii=False) + "\n").encode()
    return files


def _project(tileset: Tileset, title: str, size: tuple[int, int]) -> dict[str, object]:
    side = tileset.tile_size[0]
    width, height = (cells * side for cells in _CELLS)
    return {
        "__header__": {
            "fileType": "LDtk Project JSON", "app": "LDtk", "doc": "https://ldtk.io/json",
            "schema": "https://ldtk.io/files/JSON_SCHEMA.json", "appAuthor": "Sebastien 'deepnight' Benard",
            "appVersion": _VERSION, "url": "https://ldtk.io",
        },
        "iid": _iid(title, "project"), "jsonVersion": _VERSION, "appBuildId": 473702,
        "nextUid": _FIRST_RULE + len(tileset.tiles) + 1, "identifierStyle": "Free", "toc": [], "worldLayout": "Free",
        "worldGridWidth": width, "worldGridHeight": height, "defaultLevelWidth": width, "defaultLevelHeight": height,
        "defaultPivotX": 0, "defaultPivotY": 0, "defaultGridSize": side, "defaultEntityWidth": side,
        "defaultEntityHeight": side, "bgColor": "#40465B", "defaultLevelBgColor": "#696A79", "minifyJson": False,
        "externalLevels": False, "exportTiled": False, "simplifiedExport": False, "imageExportMode": "None",
        "exportLevelBg": True, "pngFilePattern": None, "backupOnSave": False, "backupLimit": 10, "backupRelPath": None,
        "levelNamePattern": "Level_%idx", "tutorialDesc": None, "customCommands": [], "flags": [],
        "defs": {
            "layers": [_layer(tileset, side)], "entities": [], "tilesets": [_tileset(tileset, title, size)],
            "enums": [], "externalEnums": [], "levelFields": [],
        },
        "levels": [_level(title, side)], "worlds": [], "dummyWorldIid": _iid(title, "world"),
    }  # fmt: skip


def _iid(title: str, what: str) -> str:
    """An id that rebuilds keep."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"assetgen/ldtk/{title}/{what}"))


def _tileset(tileset: Tileset, title: str, size: tuple[int, int]) -> dict[str, object]:
    side = tileset.tile_size[0]
    data = [
        {"tileId": index, "data": json.dumps({"collision": tile.collision})}
        for index, tile in enumerate(tileset.tiles)
        if tile.collision
    ]
    return {
        "__cWid": size[0] // side, "__cHei": size[1] // side, "identifier": "Tiles", "uid": _TILESET,
        "relPath": f"{title}.png", "embedAtlas": None, "pxWid": size[0], "pxHei": size[1], "tileGridSize": side,
        "spacing": 0, "padding": 0, "tags": [], "tagsSourceEnumUid": None, "enumTags": [], "customData": data,
        "savedSelections": [], "cachedPixelData": None,
    }  # fmt: skip


def _layer(tileset: Tileset, side: int) -> dict[str, object]:
    values = [
        {"value": number, "identifier": f"terrain_{number}", "color": terrain.color, "tile": None, "groupUid": 0}
        for number, terrain in enumerate(tileset.terrains, 1)
    ]
    group = {
        "uid": _GROUP, "name": ", ".join(terrain.name for terrain in tileset.terrains), "color": None, "icon": None,
        "active": True, "isOptional": False, "rules": list(_rules(tileset)), "usesWizard": False,
        "requiredBiomeValues": [], "biomeRequirementMode": 0,
    }  # fmt: skip
    return {
        "__type": "IntGrid", "identifier": "Terrain", "type": "IntGrid", "uid": _LAYER, "doc": None, "uiColor": None,
        "gridSize": side, "guideGridWid": 0, "guideGridHei": 0, "displayOpacity": 1, "inactiveOpacity": 1,
        "hideInList": False, "hideFieldsWhenInactive": True, "canSelectWhenInactive": True, "renderInWorldView": True,
        "pxOffsetX": 0, "pxOffsetY": 0, "parallaxFactorX": 0, "parallaxFactorY": 0, "parallaxScaling": True,
        "requiredTags": [], "excludedTags": [], "autoTilesKilledByOtherLayerUid": None, "uiFilterTags": [],
        "useAsyncRender": False, "intGridValues": values, "intGridValuesGroups": [], "autoRuleGroups": [group],
        "autoSourceLayerDefUid": None, "tilesetDefUid": _TILESET, "tilePivotX": 0, "tilePivotY": 0,
        "biomeFieldUid": None,
    }  # fmt: skip


def _rules(tileset: Tileset) -> Iterator[dict[str, object]]:
    """A rule for each tile, variants before the tile that is left over. The first rule that matches a cell ends it."""
    if tileset.layout == "rpgmaker_a2":
        return  # quarters of tiles, which LDtk cannot choose
    alike: dict[tuple[int, ...], list[int]] = {}
    for index, tile in enumerate(tileset.tiles):
        if tile.probability > 0 and {tile.terrain, *tile.corners} != {-1}:
            alike.setdefault(_pattern(tile, tileset), []).append(index)
    uid = _FIRST_RULE
    for pattern, indices in alike.items():
        left = sum(tileset.tiles[index].probability for index in indices)
        for index in reversed(indices):
            chance = tileset.tiles[index].probability / left
            yield _rule(uid, index, pattern, min(1.0, chance), tileset)
            left -= tileset.tiles[index].probability
            uid += 1


def _pattern(tile: Tile, tileset: Tileset) -> tuple[int, ...]:
    """What a rule requires of a cell and its eight neighbours, in rows: a value, not a value (negative), or any (0)."""
    if tileset.by_corners:  # the tile lies between the cell, the one to its left, and the two above them
        top_left, top_right, bottom_right, bottom_left = (1 if each == 0 else -1 for each in tile.corners)
        bottom_right = 2 if {*tile.corners} == {1} else bottom_right
        return top_left, top_right, _ANY, bottom_left, bottom_right, _ANY, _ANY, _ANY, _ANY
    if tile.terrain != 0:
        return _ANY, _ANY, _ANY, _ANY, tile.terrain + 1, _ANY, _ANY, _ANY, _ANY
    top, right, bottom, left = (1 if each == 0 else -1 for each in tile.sides)
    beside = ((top, left), (top, right), (bottom, right), (bottom, left))
    top_left, top_right, bottom_right, bottom_left = (
        1 if corner == 0 else -1 if sides == (1, 1) else _ANY
        for corner, sides in zip(tile.corners, beside, strict=True)
    )
    return top_left, top, top_right, left, 1, right, bottom_left, bottom, bottom_right


def _rule(uid: int, index: int, pattern: tuple[int, ...], chance: float, tileset: Tileset) -> dict[str, object]:
    shift, outside = (-(tileset.tile_size[0] // 2), 0) if tileset.by_corners else (0, 1)
    return {
        "uid": uid, "active": True, "size": 3, "tileRectsIds": [[index]], "alpha": 1, "chance": chance,
        "breakOnMatch": True, "pattern": list(pattern), "flipX": False, "flipY": False, "xModulo": 1, "yModulo": 1,
        "xOffset": 0, "yOffset": 0, "tileXOffset": shift, "tileYOffset": shift, "tileRandomXMin": 0,
        "tileRandomXMax": 0, "tileRandomYMin": 0, "tileRandomYMax": 0, "checker": "None", "tileMode": "Single",
        "pivotX": 0, "pivotY": 0, "outOfBoundsValue": outside, "invalidated": False, "perlinActive": False,
        "perlinSeed": uid, "perlinScale": 0.2, "perlinOctaves": 2,
    }  # fmt: skip


def _level(title: str, side: int) -> dict[str, object]:
    columns, rows = _CELLS
    layer = {
        "__identifier": "Terrain", "__type": "IntGrid", "__cWid": columns, "__cHei": rows, "__gridSize": side,
        "__opacity": 1, "__pxTotalOffsetX": 0, "__pxTotalOffsetY": 0, "__tilesetDefUid": _TILESET,
        "__tilesetRelPath": f"{title}.png", "iid": _iid(title, "layer"), "levelId": _LEVEL, "layerDefUid": _LAYER,
        "pxOffsetX": 0, "pxOffsetY": 0, "visible": True, "optionalRules": [], "intGridCsv": [0] * (columns * rows),
        "autoLayerTiles": [], "seed": 1, "overrideTilesetUid": None, "gridTiles": [], "entityInstances": [],
    }  # fmt: skip
    return {
        "identifier": "Level_0", "iid": _iid(title, "level"), "uid": _LEVEL, "worldX": 0, "worldY": 0, "worldDepth": 0,
        "pxWid": columns * side, "pxHei": rows * side, "__bgColor": "#696A79", "bgColor": None,
        "useAutoIdentifier": True, "bgRelPath": None, "bgPos": None, "bgPivotX": 0.5, "bgPivotY": 0.5,
        "__smartColor": "#ADADB5", "__bgPos": None, "externalRelPath": None, "fieldInstances": [],
        "layerInstances": [layer], "__neighbours": [],
    }  # fmt: skip

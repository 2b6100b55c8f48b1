"""How clients preview an image, from its metadata: play an animation, repeat a tile, stretch a panel."""

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

from assetgen.images import Frames, Meta
from assetgen.parts import Part
from assetgen.pixels.sheets import animations, sheet_columns

Shows = dict[str, Any]
"""`kind`, and what a preview of that kind needs, as in plugins/API.md."""
_Size = tuple[int, int]


def shows_image(meta: Meta, size: _Size, stacked: _Size) -> Shows:
    """How to show a file of this size. `stacked` is the size of its image set, in which frames lie below each other.

    A file that has another layout than `on_sheet` and `stacked` is a picture.
    """
    if meta.frames:
        count = len(meta.frames.durations)
        width, height = stacked[0], stacked[1] // count
        columns = 1 if size == stacked else sheet_columns(count, width, height)
        rows = -(-count // columns)
        if size == (columns * width, rows * height):
            return _pixel(meta, _animation(meta.frames, columns, rows))
        return _pixel(meta, {"kind": "picture"})
    if meta.tileset:
        return _pixel(meta, {"kind": "tileset", "columns": meta.tileset.columns, "rows": _rows(meta)})
    if meta.borders:
        return _pixel(meta, {"kind": "panel", "margins": list(meta.borders)})
    return _pixel(meta, {"kind": _still(meta)})


def shows_parts(parts: Iterable[Part], *, pixel_art: bool) -> Shows:
    """How to show what these parts, in this order, will make, without the numbers that are known afterwards."""
    meta = Meta(pixel_art=pixel_art)
    for part in parts:
        if part.adds_frames:
            meta = replace(meta, frames=Frames(()))
        if described := part.describes:
            known = {each.name: getattr(described, each.name) for each in fields(Meta) if each.name != "extra"}
            meta = replace(meta, **{name: value for name, value in known.items() if value is not None})
    kinds = {"animation": meta.frames, "tileset": meta.tileset, "panel": meta.borders}
    return _pixel(meta, {"kind": next((kind for kind, fact in kinds.items() if fact), _still(meta))})


def _still(meta: Meta) -> str:
    return "tile" if meta.tiles == "xy" else "picture"


def _animation(frames: Frames, columns: int, rows: int) -> Shows:
    durations, loops = list(frames.durations), all(tag.loop for tag in animations(frames))
    facts = {"columns": columns, "rows": rows, "frames": len(durations), "durations": durations, "loop": loops}
    return {"kind": "animation", **facts}


def _rows(meta: Meta) -> int:
    assert meta.tileset
    return -(-len(meta.tileset.tiles) // meta.tileset.columns)


def _pixel(meta: Meta, shows: Shows) -> Shows:
    return {**shows, "pixel": True} if meta.pixel_art else shows

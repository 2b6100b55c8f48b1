"""The sprite rectangles of a sheet, in TexturePacker's "JSON (Hash)" format."""

from pathlib import PurePath
from typing import Any


def sheet_facts(name: str, count: int, columns: int, side: int) -> dict[str, Any]:
    """The data of a sheet with this file name: `count` square sprites, row by row."""
    stem, whole = PurePath(name).stem, {"x": 0, "y": 0, "w": side, "h": side}
    frames = {
        f"{stem}_{number:02d}": {
            "frame": {"x": number % columns * side, "y": number // columns * side, "w": side, "h": side},
            "rotated": False,
            "trimmed": False,
            "spriteSourceSize": whole,
            "sourceSize": {"w": side, "h": side},
        }
        for number in range(count)
    }
    size = {"w": columns * side, "h": -(-count // columns) * side}
    return {"frames": frames, "meta": {"app": "assetgen", "image": name, "size": size, "scale": "1"}}

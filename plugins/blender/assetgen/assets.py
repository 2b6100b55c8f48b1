"""Add results to the asset browser, with their metadata."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from .client.png import origin_of

PREVIEW = 256
FACTS = "assetgen"


def mark(item: bpy.types.ID, picture: Path, facts: Mapping[str, Any]) -> None:
    """Mark a data-block as an asset: description, author, licence, tags, and the image as preview.

    `facts` (prompt, preset, model and so on) supplement the image's own metadata.
    """
    origin = {**{name: value for name, value in facts.items() if value not in (None, "")}, **origin_of(picture)}
    item[FACTS] = json.dumps(origin, ensure_ascii=False, sort_keys=True)
    item.asset_mark()
    asset = item.asset_data
    seed = f" (seed {origin['seed']})" if "seed" in origin else ""
    asset.description = f"{origin.get('prompt', '')}{seed}"
    asset.author = " · ".join(str(origin[name]) for name in ("tool", "model") if name in origin) or "assetgen"
    asset.license = str(origin.get("licence", ""))
    for tag in ("assetgen", str(origin.get("preset", "")), *_words(str(origin.get("prompt", "")))):
        if tag:
            asset.tags.new(tag, skip_if_exists=True)
    _preview(item, picture)


def _words(prompt: str) -> list[str]:
    """The words of the prompt that serve as tags."""
    return sorted({word for word in re.findall(r"\w+", prompt.lower()) if len(word) > 3})[:8]


def _preview(item: bpy.types.ID, picture: Path) -> None:
    image = bpy.data.images.load(str(picture))
    try:
        width, height = image.size
        pixels = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(pixels)
    finally:
        bpy.data.images.remove(image)
    scale = PREVIEW / max(width, height)
    wide, high = max(round(width * scale), 1), max(round(height * scale), 1)
    rows, columns = np.arange(high) * height // high, np.arange(wide) * width // wide
    shown = np.zeros((PREVIEW, PREVIEW, 4), np.float32)
    below, left = (PREVIEW - high) // 2, (PREVIEW - wide) // 2
    shown[below : below + high, left : left + wide] = pixels.reshape(height, width, 4)[rows][:, columns]
    preview = item.preview_ensure()
    preview.image_size = (PREVIEW, PREVIEW)
    preview.image_pixels_float.foreach_set(shown.ravel())

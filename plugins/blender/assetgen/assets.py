"""Add results to the asset browser, with their metadata."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from .bake.ball import ball
from .bake.painting import sampled
from .client.png import origin_of
from .client.tones import Floats

PREVIEW = 256
FACTS = "assetgen"


def mark(item: bpy.types.ID, files: Mapping[str, Path], facts: Mapping[str, Any]) -> None:
    """Mark a data-block as an asset: description, author, licence, tags, and a preview.

    `files` has the picture (`color`) and the other maps of a material, `facts` (prompt, preset, model and so on) what
    supplements the metadata of the picture.
    """
    picture = files["color"]
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
    preview = item.preview_ensure()
    preview.image_size = (PREVIEW, PREVIEW)
    preview.image_pixels_float.foreach_set((_ball(files) if "normal" in files else _fitted(picture)).ravel())


def _words(prompt: str) -> list[str]:
    """The words of the prompt that serve as tags."""
    return sorted({word for word in re.findall(r"\w+", prompt.lower()) if len(word) > 3})[:8]


def _ball(files: Mapping[str, Path]) -> Floats:
    """The maps of a material on a ball."""
    color, normal, roughness = (
        _pixels(files[channel])[..., :3] if channel in files else None for channel in ("color", "normal", "roughness")
    )
    return ball(color, normal, roughness, PREVIEW).astype(np.float32)


def _fitted(picture: Path) -> Floats:
    """A picture in the middle of a transparent square, row 0 the lowest."""
    pixels = _pixels(picture)
    height, width = pixels.shape[:2]
    scale = PREVIEW / max(width, height)
    wide, high = max(round(width * scale), 1), max(round(height * scale), 1)
    x, y = np.meshgrid((np.arange(wide) + 0.5) / wide, (np.arange(high) + 0.5) / high)
    if scale > 1:  # pixels stay sharp
        x, y = (np.floor(x * width) + 0.5) / width, (np.floor(y * height) + 0.5) / height
    step = max(round(1 / scale), 1)  # a smaller picture is the mean of blocks, not every nth pixel
    small = pixels[: height // step * step, : width // step * step]
    small = small.reshape(height // step, step, width // step, step, 4).mean(axis=(1, 3))
    shown = np.zeros((PREVIEW, PREVIEW, 4), np.float32)
    below, left = (PREVIEW - high) // 2, (PREVIEW - wide) // 2
    drawn = sampled(small, np.stack([x, y], axis=-1).reshape(-1, 2)).reshape(high, wide, 4)
    shown[below : below + high, left : left + wide] = drawn
    return shown


def _pixels(picture: Path) -> Floats:
    """The pixels of an image file, `height × width × 4`, the top row first."""
    image = bpy.data.images.load(str(picture))
    try:
        width, height = image.size
        pixels = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(pixels)
    finally:
        bpy.data.images.remove(image)
    return pixels.reshape(height, width, 4)[::-1]

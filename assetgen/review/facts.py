"""An asset and its candidates as JSON data for the page, with images as data URIs."""

import base64
import io
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from assetgen.build.candidates import Candidate, choosable
from assetgen.errors import InputError
from assetgen.images import UI_STATES, Array, Frames, ImageSet, to_uint8
from assetgen.pack.recipe import Recipe
from assetgen.pack.schema import ModelCard
from assetgen.pixels.sheets import animations, member_animation, on_sheet
from assetgen.pixels.tile_levels import paint_level

_LOSSLESS_SIDE = 256
"""Pixels. Larger images are embedded as WebP, which keeps a page of a hundred images small."""
_WEBP_QUALITY = 90
_MAP_SIDE = 128
_LARGEST_SIDE = 4096
"""Pixels. Larger images are embedded smaller; WebP has at most 16,383 pixels a side."""
_FIXED_SIDE = 2048
"""Pixels. An image without candidates, such as an atlas, is not compared pixel by pixel."""
_MEMBERS_SHOWN = 12
_ANIMATIONS_PLAYED = 40
"""Of an atlas. Each one is embedded once more, as a sheet of its frames."""
_PAGE = re.compile(r"(^|_)page\d+$")
_COSTS = ("seconds", "watt_hours", "usd", "device")


def asset_facts(recipe: Recipe) -> dict[str, Any]:
    """The facts of an asset without candidates."""
    arguments = recipe.source.arguments
    card = arguments.get("model")
    return {
        "name": recipe.name,
        "prompt": recipe.facts.prompt,
        "full_prompt": arguments.get("prompt", ""),
        "preset": recipe.preset,
        "model": card.model if isinstance(card, ModelCard) else recipe.source.name,
        "where": recipe.where,
        "fixed": not choosable([recipe]),
        "members": _members(recipe),
        "tiles": "",
        "pixels": str(recipe.export.arguments.get("use", "")).startswith("pixel_"),
        "candidates": [],
    }


def _members(recipe: Recipe) -> str:
    names = [member.name for member in recipe.members]
    more = len(names) - _MEMBERS_SHOWN
    return ", ".join(names[:_MEMBERS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def candidate_facts(candidate: Candidate, cost: Mapping[str, Any]) -> dict[str, Any]:
    """One candidate: its image, other channels, check results and cost. A tileset's image is a level painted with it;
    the tiles are its `sheet`."""
    images = candidate.images.frames[0]
    color = images["color"]
    shown = paint_level(images) if images.meta.tileset else color
    height, width = shown.shape[:2]
    fixed = not choosable([candidate.recipe])
    found = {
        "number": candidate.number,
        "seed": candidate.recipe.source_for(candidate.attempt).arguments.get("seed"),
        "cost": {key: cost[key] for key in _COSTS if key in cost},
        "width": width,
        "height": height,
        "src": data_uri(shown, side=_FIXED_SIDE if max(width, height) > _FIXED_SIDE and fixed else 0),
        "sheet": {"src": data_uri(color), "width": images.size[0], "height": images.size[1]}
        if shown is not color
        else None,
        "maps": [
            {"name": name, "group": _group(name), "src": data_uri(array, side=_MAP_SIDE)}
            for name, array in _maps(images)
        ],
        "checks": [
            {
                "name": name,
                "score": round(float(verdict.score), 3),
                "passed": bool(verdict.passed),
                "reason": verdict.reason,
            }
            for name, verdict in candidate.verdicts
        ],
    }
    return found | motion_facts(candidate.images) | _member_animations(candidate.images)


def _member_animations(atlas: ImageSet) -> dict[str, Any]:
    """The animations of an atlas with their names and frames; `unplayed` counts those that the page leaves out."""
    if not atlas.meta.animations:
        return {}
    shown = []
    for name, frames in list(atlas.meta.animations.items())[:_ANIMATIONS_PLAYED]:
        with suppress(InputError):  # the untrimmed frames are too large for a sheet
            shown.append({"name": name, **motion_facts(member_animation(atlas, name, frames))})
    return {"animations": shown, "unplayed": len(atlas.meta.animations) - len(shown)}


def motion_facts(images: ImageSet) -> dict[str, Any]:
    """The size of one frame and the animation, of images that are one."""
    frames = images.meta.frames
    if frames is None:
        return {}
    width, height = images.frames[0].size
    return {"width": width, "height": height, "animation": _animation(images, frames)}


def _animation(images: ImageSet, frames: Frames) -> dict[str, Any]:
    """A sheet of all frames, their durations in milliseconds, and the animations."""
    (width, height), color = images.frames[0].size, on_sheet(images)["color"]
    tags = [{"name": tag.name, "first": tag.first, "last": tag.last, "loop": tag.loop} for tag in animations(frames)]
    return {
        "src": data_uri(color, lossless=max(width, height) <= _LOSSLESS_SIDE),
        "columns": color.shape[1] // width,
        "rows": color.shape[0] // height,
        "durations": list(frames.durations),
        "tags": tags,
    }


def surface_facts(candidate: Candidate) -> dict[str, Any]:
    """What a candidate shows about its asset: the axes along which it tiles ("" for none), and pixel art."""
    meta = candidate.images.meta
    found: dict[str, Any] = {"tiles": meta.tiles or ""}
    return found | ({"pixels": True} if meta.pixel_art else {})


def _maps(images: ImageSet) -> list[tuple[str, Array]]:
    """The other channels, without the material maps that the channel `orm` contains."""
    channels = images.channels
    packed = {"ao", "roughness", "metallic"} if "orm" in channels else set()
    return [(name, array) for name, array in channels.items() if name != "color" and name not in packed]


def _group(channel: str) -> str:
    """The heading under which the page shows a channel."""
    if channel in UI_STATES:
        return "States"
    if _PAGE.search(channel):
        return "Pages"
    return "Layers" if channel.startswith("layer") else "Material"


def data_uri(array: Array, *, side: int = 0, lossless: bool = False) -> str:
    """An image as a data URI: PNG up to `_LOSSLESS_SIDE`, else WebP; scaled down to fit into `side` pixels."""
    from PIL import Image

    pixels = to_uint8(array)
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    lossless = lossless or (not side and max(image.size) <= _LOSSLESS_SIDE)
    image.thumbnail((side or _LARGEST_SIDE,) * 2)
    buffer = io.BytesIO()
    image.save(buffer, "PNG" if lossless else "WEBP", quality=_WEBP_QUALITY)
    return f"data:image/{'png' if lossless else 'webp'};base64,{base64.b64encode(buffer.getvalue()).decode()}"

"""An asset and its candidates as plain facts for the page: JSON data, pictures as data URIs."""

import base64
import io
from collections.abc import Mapping
from typing import Any

from assetgen.build.candidates import Candidate
from assetgen.images import Array, to_uint8
from assetgen.pack.recipe import Recipe
from assetgen.pack.schema import ModelCard

LOSSLESS_SIDE = 256
"""Larger pictures are shown as WebP, so that a page of a hundred still opens."""
WEBP_QUALITY = 90
MAP_SIDE = 128
COSTS = ("seconds", "watt_hours", "usd", "device")


def asset_facts(recipe: Recipe) -> dict[str, Any]:
    """What is known of an asset before there is a candidate."""
    words = recipe.source.arguments
    card = words.get("model")
    return {
        "name": recipe.name,
        "prompt": recipe.facts.prompt,
        "asked": words.get("prompt", ""),
        "preset": recipe.preset,
        "model": card.model if isinstance(card, ModelCard) else recipe.source.name,
        "where": recipe.where,
        "tiles": "",
        "pixels": str(recipe.export.arguments.get("use", "")).startswith("pixel_"),
        "candidates": [],
    }


def candidate_facts(candidate: Candidate, cost: Mapping[str, Any]) -> dict[str, Any]:
    """One candidate: its picture, its material maps, what its checks say, what it cost."""
    width, height = candidate.images.size
    return {
        "number": candidate.number,
        "seed": candidate.recipe.source_for(candidate.attempt).arguments.get("seed"),
        "cost": {key: cost[key] for key in COSTS if key in cost},
        "width": width,
        "height": height,
        "src": shown(candidate.images["color"]),
        "maps": [{"name": name, "src": shown(array, side=MAP_SIDE)} for name, array in _maps(candidate)],
        "checks": [
            {"name": name, "score": round(float(said.score), 3), "passed": bool(said.passed), "reason": said.reason}
            for name, said in candidate.verdicts
        ],
    }


def surface_facts(candidate: Candidate) -> dict[str, Any]:
    """What a candidate tells of its asset: along which axes it repeats, whether its pixels are to be seen."""
    meta = candidate.images.meta
    found: dict[str, Any] = {"tiles": meta.tiles or ""}
    return found | ({"pixels": True} if meta.pixel_art else {})


def _maps(candidate: Candidate) -> list[tuple[str, Array]]:
    """Material maps; those that `orm` packs are left out."""
    channels = candidate.images.channels
    packed = {"ao", "roughness", "metallic"} if "orm" in channels else set()
    return [(name, array) for name, array in channels.items() if name != "color" and name not in packed]


def shown(array: Array, *, side: int = 0) -> str:
    """A picture as a data URI: PNG where pixels count, WebP where it is large, or made small to fit a `side`."""
    from PIL import Image

    pixels = to_uint8(array)
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    lossless = not side and max(image.size) <= LOSSLESS_SIDE
    if side:
        image.thumbnail((side, side))
    buffer = io.BytesIO()
    image.save(buffer, "PNG" if lossless else "WEBP", quality=WEBP_QUALITY)
    return f"data:image/{'png' if lossless else 'webp'};base64,{base64.b64encode(buffer.getvalue()).decode()}"

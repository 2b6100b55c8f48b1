"""The review page: candidates of every asset side by side, in one file that needs no network and no server.

The page is `page.html` with `page.css` and `page.js` inside, the pictures as data URIs and all facts as JSON. It shows
and collects choices; the command `assetgen pick` makes them. Whatever strangers wrote (prompts, names) reaches the
page as text alone, and its content security policy lets nothing run but our own script.
"""

import base64
import hashlib
import html
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assetgen.candidates import Candidate
from assetgen.image_files import encode_png
from assetgen.images import Array, to_uint8
from assetgen.recipe import Recipe
from assetgen.spec import ModelCard

HERE = Path(__file__).parent
LOSSLESS_SIDE = 256
"""Larger pictures are shown as WebP, so that a page of a hundred still opens."""
WEBP_QUALITY = 90


@dataclass(frozen=True)
class Reviewed:
    """One asset on the page: its candidates, the picture that stands in the game, which is built and which picked."""

    recipe: Recipe
    candidates: Sequence[Candidate]
    seconds: Sequence[float]
    now: bytes | None
    built: int | None
    picked: int | None


def page(pack: str, place: str, assets: Iterable[Reviewed]) -> bytes:
    """The page of a pack; `place` is how commands name it."""
    style, script = ((HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    facts = {"pack": pack, "place": place, "assets": [_facts(asset) for asset in assets]}
    filled = {
        "{policy}": f"default-src 'none'; img-src data:; style-src '{_sha(style)}'; script-src '{_sha(script)}'",
        "{title}": html.escape(f"{pack} · review"),
        "{style}": style,
        "{script}": script,
        "{facts}": json.dumps(facts, ensure_ascii=False).replace("<", "\\u003c"),
    }
    text = (HERE / "page.html").read_text(encoding="utf-8")
    for mark, value in filled.items():
        text = text.replace(mark, value, 1)
    return text.encode()


def _sha(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _facts(asset: Reviewed) -> dict[str, Any]:
    recipe, words = asset.recipe, asset.recipe.source.words
    card = words.get("model")
    first = asset.candidates[0].images.meta if asset.candidates else {}
    return {
        "name": recipe.name,
        "prompt": recipe.facts.get("prompt", ""),
        "asked": words.get("prompt", ""),
        "preset": recipe.preset,
        "model": card.model if isinstance(card, ModelCard) else recipe.source.name,
        "where": recipe.where,
        "tiles": first.get("tiles", ""),
        "pixels": bool(first.get("pixel_art")),
        "now": _uri(asset.now, "png") if asset.now else None,
        "built": asset.built,
        "picked": asset.picked,
        "candidates": [_candidate(*each) for each in zip(asset.candidates, asset.seconds, strict=True)],
    }


def _candidate(candidate: Candidate, seconds: float) -> dict[str, Any]:
    width, height = candidate.images.size
    color = candidate.images["color"]
    return {
        "number": candidate.number,
        "seed": candidate.recipe.source_for(candidate.attempt).words.get("seed"),
        "seconds": round(seconds, 1),
        "width": width,
        "height": height,
        "src": _shown(color),
        "maps": [{"name": name, "src": _shown(array)} for name, array in _maps(candidate)],
        "checks": [
            {"name": name, "score": round(float(said.score), 3), "passed": bool(said.passed), "reason": said.reason}
            for name, said in candidate.verdicts
        ],
    }


def _maps(candidate: Candidate) -> list[tuple[str, Array]]:
    """Material maps; those that `orm` packs are left out."""
    channels = candidate.images.channels
    packed = {"ao", "roughness", "metallic"} if "orm" in channels else set()
    return [(name, array) for name, array in channels.items() if name != "color" and name not in packed]


def _shown(array: Array) -> str:
    """A picture as a data URI: PNG where pixels count, WebP where it is large."""
    pixels = to_uint8(array)
    if max(pixels.shape[:2]) <= LOSSLESS_SIDE:
        return _uri(encode_png(pixels), "png")
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels.squeeze()).save(buffer, "WEBP", quality=WEBP_QUALITY)
    return _uri(buffer.getvalue(), "webp")


def _uri(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"

"""The surfaces that can be drawn: layers of patterns by name, and which one a prompt names, in which colours."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from assetgen.controls._courses import Coursed, Parquet, Shingled
from assetgen.controls._naming import Names, paints, prompt_words, singular, table
from assetgen.controls._patterns import Celled, Cloudy, Grained, Treads, Veined, Waved, Webbed, Woven
from assetgen.controls._strokes import Dotted, Patched, Stroked, Tracked
from assetgen.images import FloatArray
from assetgen.pixels.color import oklab_from_srgb, srgb_from_hex

_FILES = ("nature", "stone", "made")
_GENERAL = (
    *("texture", "surface", "pattern", "material", "background", "ground", "terrain", "tile", "floor", "wall", "block"),
    *("field", "seamless", "tileable"),
)
_Drawing = Annotated[
    Cloudy | Veined | Waved | Webbed | Woven | Treads | Celled | Grained | Coursed | Parquet | Shingled
    | Stroked | Dotted | Tracked | Patched,
    Field(discriminator="draw"),
]  # fmt: skip
ColorRamp = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}( #[0-9a-f]{6})*$")]
"""Colours from dark to light: "#2a2930 #8a8c93"."""


class PaintLayer(BaseModel):
    """A pattern in its colours. `joint` are those between its pieces, `relief` its height, `glow` lights the joints,
    `cover` thins the layer, `cracks` leaves only the joints. `keeps` its colours whatever colour a prompt names."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    pattern: _Drawing
    colors: ColorRamp
    joint: ColorRamp = "#2b2830"
    relief: float = 1.0
    glow: bool = False
    keeps: bool = False
    cracks: bool = False
    cover: Annotated[float, Field(gt=0, le=1)] = 1.0


class Surface(BaseModel):
    """Layers, the lowest first, and words that name the surface besides its own name."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    words: tuple[str, ...] = ()
    layers: tuple[PaintLayer, ...]


class Touch(BaseModel):
    """What an adjective adds: layers, and a change of lightness, of colourfulness and towards a colour."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    words: tuple[str, ...]
    layers: tuple[PaintLayer, ...] = ()
    lightness: float = 0.0
    chroma: float = 1.0
    towards: tuple[str, float] = ("#808080", 0.0)


@dataclass(frozen=True)
class SurfaceOrder:
    """The surface that a prompt names, with its colour and what lies on it."""

    name: str
    layers: tuple[PaintLayer, ...]
    paint: FloatArray | None
    """The Oklab colour that it names."""
    touches: tuple[Touch, ...]


def surface_order(prompt: str) -> SurfaceOrder | None:
    """The surface that a prompt names, and its colour and touches; None where it names none that can be drawn."""
    found = names_of_surfaces().find(prompt)
    if found is None:
        return None
    colors = [paints()[word].split()[0] for word in found.before if word in paints()]
    paint = oklab_from_srgb(srgb_from_hex(colors[0])) if colors else None
    words = {singular(word) for word in prompt_words(prompt) if word not in found.said}
    touches = tuple(touch for touch in _touches() if not words.isdisjoint(map(singular, touch.words)))
    return SurfaceOrder(found.entry, load_surface(found.entry).layers, paint, touches)


@cache
def names_of_surfaces() -> Names:
    """Which surface a prompt names."""
    return Names(named_surfaces, frozenset(_GENERAL))


@cache
def load_surface(name: str) -> Surface:
    """A surface by name."""
    return Surface.model_validate(_entries()[name])


def named_surfaces() -> Iterator[tuple[str, str]]:
    """Each surface with each of its names."""
    for name, entry in _entries().items():
        for words in (name.replace("_", " "), *entry.get("words", ())):
            yield name, words


@cache
def _entries() -> Mapping[str, Any]:
    return {name: entry for file in _FILES for name, entry in table(f"surfaces/{file}.yaml").items()}


@cache
def _touches() -> tuple[Touch, ...]:
    return tuple(Touch.model_validate(each) for each in table("surfaces/touches.yaml"))


def ramp_of(codes: str, paint: FloatArray | None) -> FloatArray:
    """The Oklab colours of a layer, from dark to light, in the colour of a paint."""
    ramp = np.stack([oklab_from_srgb(srgb_from_hex(code)) for code in codes.split()])
    if paint is None:
        return ramp
    middle = ramp.mean(axis=0)
    light = 0.85 * paint[0] + 0.15 * middle[0] + (ramp[:, :1] - middle[0]) * np.float32(0.9)
    lengths = float(np.hypot(*paint[1:])) * float(np.hypot(*middle[1:]))
    alike = max(0.0, float(paint[1:] @ middle[1:]) / (lengths + 1e-4))
    chroma = 0.8 * paint[1:] * np.clip(0.6 + 0.4 * light / max(float(paint[0]), 0.1), 0, 1.1)
    chroma = chroma + np.float32(0.4 * alike) * (ramp[:, 1:] - chroma)
    return np.asarray(np.concatenate([np.clip(light, 0.1, 0.97), chroma], axis=1), np.float32)

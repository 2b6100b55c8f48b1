"""Drawings without a model: at once, the same on every machine, for `--draft` and for tests."""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assetgen.diffusion.sampling.request import cut, framed, opaque
from assetgen.images import FloatArray, ImageSet, color_image, to_float, to_uint8
from assetgen.pack.schema import ImageSize, ModelCard
from assetgen.parts import Context, InputFile, part
from assetgen.pixels.image_files import read_image
from assetgen.sources._words import Axes, Guidance, LoraWord, Scale, Seed, Steps, Strength

NATIVE = (128, 128)
"""The size where neither `size` nor a model says one."""
WAVES = 5
OUTLINE = 0.05  # its width, in half sides of the picture
PAPER = 1.0  # white, as sprites are asked for
LIT, SHADED, LINE = 1.15, 0.6, 0.25
"""How bright a thing is drawn: towards the light at the top left, away from it, and in its outline."""


@part(version=1)
def fake(
    context: Context,
    *,
    model: ModelCard | None = None,
    prompt: str = "",
    negative: str | None = None,
    seed: Seed = 0,
    size: ImageSize | None = None,
    scale: Scale = (1.0, 1.0),
    steps: Steps | None = None,
    guidance: Guidance | None = None,
    tile: Axes = "",
    image: InputFile | None = None,
    mask: InputFile | None = None,
    strength: Strength = 0.6,
    loras: tuple[LoraWord, ...] = (),
) -> ImageSet:
    """Draw a coloured thing on white, or with `tile` a pattern that wraps; prompt and seed choose colour and shape.

    It takes every word of `diffusion`. Controls darken the drawing where they are dark, an `image` shines through by
    `strength`, a `mask` keeps it where it is black. Gives `color`, RGB uint8; `meta["tiles"]` is `tile`.
    """
    native = model.native if model else NATIVE
    made = size or (round(native[0] * scale[0]), round(native[1] * scale[1]))
    chance = np.random.default_rng(_seed(prompt, seed))
    drawing = _pattern(chance, made) if tile else _thing(chance, made)
    for control in context.controls:
        seen = framed(to_float(control.images["color"][..., :3]), made, made)
        drawing *= 1 - control.strength / 2 * (1 - seen)
    if image:
        drawing = _over(framed(opaque(read_image(image.path)), made, made), drawing, mask, strength)
    return color_image(to_uint8(cut(drawing, made)), tiles=tile)


def _seed(prompt: str, seed: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed} {prompt}".encode()).digest()[:8], "little")


def _grid(size: ImageSize) -> tuple[NDArray[Any], NDArray[Any]]:
    """Across and down, 0..1 at the middles of pixels, as a row and a column."""
    width, height = size
    across = (np.arange(width, dtype=np.float32) + 0.5) / width
    return across[None, :], ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None]


def _color(chance: np.random.Generator) -> FloatArray:
    """A colour that is neither grey nor near white, so that it stands out."""
    color = chance.permutation([0.1, chance.uniform(0.2, 0.7), 0.85])
    return color.astype(np.float32)


def _thing(chance: np.random.Generator, size: ImageSize) -> FloatArray:
    """A blob whose rim is a circle with a few waves, lit from the top left and outlined."""
    across, down = _grid(size)
    x, y = across * 2 - 1, down * 2 - 1
    angle = np.arctan2(y, x)
    rim = np.full_like(angle, chance.uniform(0.5, 0.62))
    for wave in range(2, 2 + WAVES):
        rim += chance.uniform(0, 0.16) / wave * np.cos(wave * angle + chance.uniform(0, 2 * np.pi), dtype=np.float32)
    inside = rim - np.hypot(x, y)
    light = np.clip(LIT - (x + y + 1) / 2 * (LIT - SHADED), SHADED, LIT)
    light = np.where(inside < OUTLINE, LINE, light)
    drawn = np.clip(light[..., None] * _color(chance), 0, 1)
    return np.where(inside[..., None] > 0, drawn, np.float32(PAPER)).astype(np.float32)


def _pattern(chance: np.random.Generator, size: ImageSize) -> FloatArray:
    """Waves that end where they began on every side, in one colour."""
    across, down = _grid(size)
    total = np.zeros(size[::-1], np.float32)
    for wave in range(1, 1 + WAVES):
        right, below = chance.integers(-3, 4) * wave, chance.integers(-3, 4) * wave + 1
        total += np.sin(2 * np.pi * (right * across + below * down) + chance.uniform(0, 6), dtype=np.float32) / wave
    share = (total / 4 + 0.5).clip(0, 1)[..., None]
    return (_color(chance) * (SHADED + (LIT - SHADED) * share)).astype(np.float32)


def _over(under: FloatArray, drawing: FloatArray, mask: InputFile | None, strength: float) -> FloatArray:
    share: Any = strength
    if mask:
        size = (under.shape[1], under.shape[0])
        share = framed(opaque(read_image(mask.path)).mean(2, keepdims=True), size, size)
    mixed: FloatArray = under + (drawing - under) * share
    return mixed

"""Drawings without a model, for `--draft` and for tests: fast, and the same on every machine."""

import hashlib

import numpy as np

from assetgen.diffusion.sampling.request import fit_image, on_white, read_mask
from assetgen.images import Array, FloatArray, ImageSet, color_image, to_float, to_uint8
from assetgen.pack.schema import ImageSize, ModelCard
from assetgen.parts import Context, InputFile, gained, part
from assetgen.pixels.image_files import read_image
from assetgen.sources._arguments import Axes, Detail, Guidance, LoraArgument, Scale, Seed, Steps, Strength

_DEFAULT_SIZE = (128, 128)
"""Without `size` and `model`."""
_WAVES = 5
_OUTLINE = 0.05  # its width, in half sides of the image
_BACKGROUND = 1.0  # white, as in prompts for sprites
_LIT, _SHADED, _LINE = 1.15, 0.6, 0.25
"""Brightness of a shape: towards the light at the top left, away from it, and of its outline."""
_STRIPES, _STRIPE = 4, 0.3
"""Stripes of a draft across the image, and the share of it that they cover."""


@gained("detail", "hatched")
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
    loras: tuple[LoraArgument, ...] = (),
    detail: Detail | None = None,
    hatched: bool | None = None,
) -> ImageSet:
    """Draw a coloured shape on white, or with `tile` a seamless pattern; prompt and seed choose colour and shape.

    Accepts every argument of `diffusion`; `detail` changes nothing. Controls darken the drawing where they are dark;
    `image` is blended in by `strength`, or where `mask` is black. With `hatched` it has the diagonal stripes of a
    draft, which tile, too. Returns `color`, RGB uint8; `meta.tiles` is `tile`.
    """
    native = model.native if model else _DEFAULT_SIZE
    size = size or (round(native[0] * scale[0]), round(native[1] * scale[1]))
    rng = np.random.default_rng(_seed(prompt, seed))
    drawing = _pattern(rng, size) if tile else _shape(rng, size)
    for control in context.controls:
        control_image = fit_image(to_float(control.images["color"][..., :3]), size, size)
        drawing *= 1 - control.strength / 2 * (1 - control_image)
    if image:
        init_image = fit_image(on_white(read_image(image.path)), size, size)
        share = fit_image(read_mask(mask.path), size, size) if mask else strength
        drawing = init_image + (drawing - init_image) * share
    if hatched:
        drawing = _with_stripes(drawing, everywhere=bool(tile))
    return color_image(to_uint8(drawing), tiles=tile)


def _with_stripes(drawing: FloatArray, *, everywhere: bool) -> FloatArray:
    """Dark diagonal stripes, four across the image; only on what is not background, unless `everywhere`."""
    x, y = _grid((drawing.shape[1], drawing.shape[0]))
    striped = ((x + y) * _STRIPES % 1 < _STRIPE)[..., None]
    if not everywhere:
        striped = striped & (drawing.min(axis=2, keepdims=True) < _BACKGROUND)
    return np.where(striped, drawing * np.float32(_LINE), drawing)


def _seed(prompt: str, seed: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed} {prompt}".encode()).digest()[:8], "little")


def _grid(size: ImageSize) -> tuple[Array, Array]:
    """x (a row) and y (a column) of the pixel centres, in 0..1."""
    width, height = size
    x = (np.arange(width, dtype=np.float32) + 0.5) / width
    return x[None, :], ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None]


def _color(rng: np.random.Generator) -> FloatArray:
    """A saturated colour, RGB in 0..1, that contrasts with white."""
    color = rng.permutation([0.1, rng.uniform(0.2, 0.7), 0.85])
    return color.astype(np.float32)


def _shape(rng: np.random.Generator, size: ImageSize) -> FloatArray:
    """A circle with a wavy rim, lit from the top left and outlined: `H×W×3` in 0..1."""
    x, y = (coordinate * 2 - 1 for coordinate in _grid(size))
    angle = np.arctan2(y, x)
    rim = np.full_like(angle, rng.uniform(0.5, 0.62))
    for wave in range(2, 2 + _WAVES):
        rim += rng.uniform(0, 0.16) / wave * np.cos(wave * angle + rng.uniform(0, 2 * np.pi), dtype=np.float32)
    inside = rim - np.hypot(x, y)
    light = np.clip(_LIT - (x + y + 1) / 2 * (_LIT - _SHADED), _SHADED, _LIT)
    light = np.where(inside < _OUTLINE, _LINE, light)
    drawn = np.clip(light[..., None] * _color(rng), 0, 1)
    return np.where(inside[..., None] > 0, drawn, np.float32(_BACKGROUND)).astype(np.float32)


def _pattern(rng: np.random.Generator, size: ImageSize) -> FloatArray:
    """A sum of periodic waves in one colour: `H×W×3` in 0..1."""
    x, y = _grid(size)
    total = np.zeros(size[::-1], np.float32)
    for wave in range(1, 1 + _WAVES):
        right, below = rng.integers(-3, 4) * wave, rng.integers(-3, 4) * wave + 1
        total += np.sin(2 * np.pi * (right * x + below * y) + rng.uniform(0, 6), dtype=np.float32) / wave
    share = (total / 4 + 0.5).clip(0, 1)[..., None]
    return (_color(rng) * (_SHADED + (_LIT - _SHADED) * share)).astype(np.float32)

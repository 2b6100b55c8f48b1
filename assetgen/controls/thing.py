"""A single thing drawn from the words of a prompt, as the picture that sampling starts from."""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from assetgen.controls._fit import ControlSize
from assetgen.controls._shading import Painting
from assetgen.controls._shapes import GRID, Outline, Piece
from assetgen.controls._things import Order, names_of_things, order_of
from assetgen.errors import InputError
from assetgen.images import FloatArray, ImageSet, color_image, to_uint8
from assetgen.parts import part
from assetgen.pixels.color import oklab_from_srgb, srgb_from_hex

_STRETCH, _LEAN, _WAVE = 0.04, 0.04, 0.35
"""How much drawings of one thing differ: in proportions, slant, and cells of waves in their outlines."""
_HUE, _LIGHTNESS = 0.12, 0.03
"""How much their shades differ: radians of hue, lightness in Oklab."""
_FINE, _FINER = 8, 16
"""Fine pixels along each side of a cell, for pixel art and for pictures without cells."""
_BORDER = 1.0
"""Cells around what is drawn, for the line around it."""


def draws_thing(prompt: str) -> bool:
    """Whether a prompt names a thing that can be drawn."""
    return names_of_things().find(prompt) is not None


@part(version=1, draws=draws_thing)
def thing(
    *,
    prompt: str = "",
    size: ControlSize = (32, 32),
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0,
    kind: Literal["image_to_image"] = "image_to_image",
) -> ImageSet:
    """Start from a drawn thing on a transparent background (image-to-image with the `strength` of `diffusion`).

    The last words of the `prompt` before details choose what is drawn: one of some 1,900 common things of games, such
    as a sword, a fox or a house. Colours recolour it ("a blue potion", "a wizard in a red robe"); some details
    are drawn, too ("a man with a sword"). `seed` chooses its variant, proportions, outline and shades. Below 64 pixels
    it is pixel art of 32 × 32 cells, at larger sizes it is smooth. Raises `InputError` for a prompt that names nothing
    it can draw.

    Example:
        - thing: {prompt: a blue potion, seed: 3}
    """
    order = order_of(prompt)
    if order is None:
        raise InputError(
            f"'{prompt}' names nothing that can be drawn", cure="Use the name of a drawing, or remove `thing`"
        )
    side = min(size)
    picture = to_uint8(drawn(order, seed, side))
    canvas = np.zeros((size[1], size[0], 4), np.uint8)
    top, left = (size[1] - side) // 2, (size[0] - side) // 2
    canvas[top : top + side, left : left + side] = picture
    return color_image(canvas)


def drawn(order: Order, seed: int, side: int = GRID) -> FloatArray:
    """The thing as `side×side×4` sRGB with alpha: pixel art of 32 × 32 cells for sides below 64, else without cells.

    Seeds differ in variant, proportions, outlines and shades.
    """
    pixels, outlined = side < 2 * GRID, order.thing.outlined
    rng = np.random.default_rng(seed)
    variant, bend = int(rng.integers(order.thing.variants)), _Bend(rng, order.thing.turn)
    fine = _FINE if pixels else _FINER
    painting = Painting(int(rng.integers(1 << 31)), fine)
    colors = {name: _varied(code, rng) for name, code in sorted(order.materials.items())}
    pieces = [(piece, bend(outline)) for piece in order.pieces(variant) for outline in piece.outlines()]
    fit = _fitting(pieces)
    for piece, outline in pieces:
        mask = piece.mask(fit(outline), fine)
        if piece.cut:
            painting.cut(mask)
        else:
            finish = order.materials[piece.fill].split()[1]
            painting.fill(mask, colors[piece.fill], finish, piece.tone, flat=piece.flat, shadow=piece.shadow)
    if not pixels:
        return painting.smooth(side, outlined=outlined)
    places = np.arange(side) * GRID // side
    return painting.cells(outlined=outlined)[places][:, places]


def _fitting(pieces: Sequence[tuple[Piece, Outline]]) -> Callable[[Outline], Outline]:
    """Moves and shrinks places so that all pieces, and the line around them, are inside the grid."""
    filled = [(piece.margin, outline) for piece, outline in pieces if not piece.cut]
    low = np.min([outline.min(axis=0) - margin for margin, outline in filled], axis=0)
    high = np.max([outline.max(axis=0) + margin for margin, outline in filled], axis=0)
    room = GRID - 2 * _BORDER
    scale = min(1.0, room / float((high - low).max()))
    middle = (low + high) / 2
    half = scale * (high - low) / 2
    target = np.clip(middle, _BORDER + half, GRID - _BORDER - half)
    return lambda places: np.asarray((places - middle) * scale + target)


def _varied(material: str, rng: np.random.Generator) -> FloatArray:
    """The colour of a material in Oklab, in a slightly other hue and lightness for each seed."""
    lab = oklab_from_srgb(srgb_from_hex(material.split()[0]))
    hue, light = np.clip(rng.normal(0, 1, 2), -1.5, 1.5) * (_HUE, _LIGHTNESS)
    turn = np.array([[np.cos(hue), -np.sin(hue)], [np.sin(hue), np.cos(hue)]])
    return np.concatenate([[np.clip(lab[0] + light, 0, 1)], turn @ lab[1:]]).astype(np.float32)


class _Bend:
    """Moves places a little: each seed has its own proportions, slant and waves."""

    def __init__(self, rng: np.random.Generator, turn: float) -> None:
        self._stretch = 1 + _STRETCH * np.clip(rng.normal(0, 1, 2), -1.5, 1.5)
        self._lean = _LEAN * float(np.clip(rng.normal(), -1.5, 1.5))
        self._waves = rng.uniform(0, 2 * np.pi, 2), rng.uniform(0.15, 0.35, 2)
        self._turn = np.deg2rad(turn)

    def __call__(self, places: Outline) -> Outline:
        middle = GRID / 2
        around = (places - middle) * self._stretch
        around[:, 0] += self._lean * around[:, 1]
        phases, lengths = self._waves
        around = around + _WAVE * np.sin(around[:, ::-1] * lengths + phases)
        turn = np.array([[np.cos(self._turn), np.sin(self._turn)], [-np.sin(self._turn), np.cos(self._turn)]])
        return np.asarray(around @ turn + middle)

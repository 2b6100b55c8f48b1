"""A surface drawn from the words of a prompt, which repeats, as the picture that sampling starts from."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from assetgen.controls._fit import ControlSize, resize_to
from assetgen.controls._noise import Values, mixed
from assetgen.controls._periodic import Torus
from assetgen.controls._strokes import Patched
from assetgen.controls._surfaces import PaintLayer, SurfaceOrder, Touch, names_of_surfaces, ramp_of, surface_order
from assetgen.errors import InputError
from assetgen.images import FloatArray, ImageSet, color_image, to_uint8
from assetgen.parts import part
from assetgen.pixels.color import oklab_from_srgb, srgb_from_hex, srgb_from_oklab

_FINE, _LARGE = 384, 1024
"""The shorter side is drawn with this many pixels at least, and twice as large below `_LARGE`, then reduced."""
_LIGHT, _SHADOW, _DIM = 0.17, 0.24, 0.16
"""Oklab lightness that slopes to the light gain, that others lose, and that hollows lose."""
_WARM = 0.012
"""What lit places gain in Oklab b, and dark ones lose."""
_HUE, _LIGHTNESS = 0.035, 0.015
"""How much seeds differ."""


def draws_surface(prompt: str) -> bool:
    """Whether a prompt names a surface that can be drawn."""
    return names_of_surfaces().find(prompt) is not None


@part(version=1, draws=draws_surface)
def surface(
    *,
    prompt: str = "",
    size: ControlSize = (512, 512),
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0,
    tile: Literal["", "x", "y", "xy"] = "xy",
    kind: Literal["image_to_image"] = "image_to_image",
) -> ImageSet:
    """Start from a drawn surface (image-to-image with the `strength` of `diffusion`).

    Words of the `prompt` choose the material (cobblestone, grass, planks, lava), its colour, and what lies on it (moss,
    rust, snow, cracks); `seed` the layout and the shades. It repeats in both directions, whatever `tile` is.

    Example:
        - surface: {prompt: mossy cobblestone, seed: 3}
    """
    order = surface_order(prompt)
    if order is None:
        raise InputError(
            f"'{prompt}' names no surface that can be drawn", cure="Use the name of a drawing, or remove `surface`"
        )
    shorter = min(size)
    scale = 1 if shorter >= _LARGE else max(2, -(-_FINE // shorter))
    picture = _painted(order, (size[0] * scale, size[1] * scale), seed)
    return color_image(to_uint8(resize_to(picture, size)))


class _Painting:
    """A surface while its layers are painted: Oklab colours, height, and what shines by itself."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.color: FloatArray = np.zeros((size[1], size[0], 3), np.float32)
        self.height: Values = np.zeros((size[1], size[0]), np.float32)
        self.glow: Values = np.zeros((size[1], size[0]), np.float32)

    def add(self, layer: PaintLayer, plane: Torus, paint: FloatArray | None) -> None:
        """Paint a layer over those below."""
        relief = layer.pattern.relief(plane)
        cover = relief.cover if relief.cover is not None else np.ones_like(relief.tone)
        if isinstance(layer.pattern, Patched):
            cover = layer.pattern.covered(cover, self.height)
        color = _colored(ramp_of(layer.colors, None if layer.keeps else paint), relief.tone)
        shine = np.zeros_like(cover)
        if relief.joint is not None and relief.depth is not None:
            color = mixed(color, _colored(ramp_of(layer.joint, None), relief.depth), relief.joint[..., None])
            shine = relief.joint if layer.glow else shine
        elif relief.joint is not None:
            color = mixed(color, ramp_of(layer.joint, None)[0], relief.joint[..., None])
        if layer.cracks and relief.joint is not None:
            cover = relief.joint
        cover = cover * np.float32(layer.cover)
        self.color = mixed(self.color, color, cover[..., None])
        self.glow = mixed(self.glow, shine, cover)
        self.height = self.height + cover * np.float32(layer.relief) * (-1 if layer.cracks else relief.height)


def _painted(order: SurfaceOrder, size: tuple[int, int], seed: int) -> Values:
    """The surface as `H×W×3` sRGB in 0..1."""
    touched = [layer for touch in order.touches for layer in touch.layers]
    seeds = np.random.SeedSequence(seed).generate_state(len(order.layers) + len(touched) + 1)
    painting, planes = _Painting(size), [Torus(size, int(each)) for each in seeds]
    painting.color[:] = ramp_of(order.layers[0].colors, order.paint)[0]
    for layer, plane in zip(order.layers, planes, strict=False):
        painting.add(layer, plane, order.paint)
    for layer, plane in zip(touched, planes[len(order.layers) :], strict=False):
        painting.add(layer, plane, None)
    lab = _shaded(painting, planes[0])
    for touch in order.touches:
        lab = _toned(lab, touch)
    shift = np.clip(planes[-1].rng.normal(0, 1, 2), -1.5, 1.5)
    angle = _HUE * shift[0]
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    lab[..., 1:] = lab[..., 1:] @ turn
    lab[..., 0] += np.float32(_LIGHTNESS * shift[1])
    return srgb_from_oklab(lab)


def _colored(ramp: FloatArray, tone: Values) -> FloatArray:
    """The colours of a ramp by tone."""
    place = np.clip(tone, 0, 1) * (len(ramp) - 1)
    first = np.minimum(place.astype(np.int64), max(len(ramp) - 2, 0))
    return mixed(ramp[first], ramp[np.minimum(first + 1, len(ramp) - 1)], (place - first)[..., None].astype(np.float32))


def _shaded(painting: _Painting, plane: Torus) -> FloatArray:
    """The painting in light from the top left: lit slopes are light and warm, hollows dark and cool."""
    height = plane.blurred(painting.height, 0.002)
    lit = plane.lit(height)
    hollow = np.clip(plane.blurred(height, 0.03) - height, -0.3, 0.6)
    change = np.where(lit > 0, _LIGHT * lit, _SHADOW * lit) - _DIM * hollow
    dark = 1 - painting.glow
    lab = painting.color.copy()
    lab[..., 0] += change * dark
    lab[..., 2] += np.float32(_WARM / 0.2) * change * dark
    if painting.glow.any():
        around = plane.blurred(painting.glow, 0.03) * dark
        lab += around[..., None] * np.array([0.14, 0.07, 0.07], np.float32)
    return lab


def _toned(lab: FloatArray, touch: Touch) -> FloatArray:
    code, share = touch.towards
    target = oklab_from_srgb(srgb_from_hex(code))
    changed = lab * np.array([1, touch.chroma, touch.chroma], np.float32)
    changed[..., 0] += np.float32(touch.lightness)
    aim = np.stack([changed[..., 0], *(np.full(lab.shape[:2], each, np.float32) for each in target[1:])], axis=-1)
    return mixed(changed, aim, share)

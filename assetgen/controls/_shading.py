"""Shade the filled shapes of a drawn thing as pixel art: a relief, light from the top left, few tones, an outline."""

from dataclasses import dataclass

import numpy as np

from assetgen.controls._fit import resize_to
from assetgen.controls._noise import Noise
from assetgen.controls._shapes import GRID, FineMask
from assetgen.images import FloatArray
from assetgen.pixels.color import srgb_from_oklab

_LIGHT = np.array([-0.5, -0.68, 0.54])
_TONES = 5  # of one material
_SHADOW = 0.16  # of tone, on what lies below an edge
_OUTLINE = 0.42  # of the lightness of the colour inside
_HALF_WAY = np.array([-0.299, -0.407, 0.863])
"""Between the light and the viewer (J. Blinn, 1977)."""
_LINE = 0.75  # width of the line around a smooth drawing, in cells
_Window = tuple[slice, slice]


@dataclass(frozen=True)
class _Relief:
    """How high a finish rises (`bulge`, `bevel` in cells), how strong light and gloss are, and grain of the surface."""

    bulge: float = 0.8
    bevel: float = 99.0
    light: float = 0.75
    gloss: float = 0.0
    grain: float = 0.0
    stretch: tuple[float, float] = (1.0, 1.0)
    fall: float = 0.12


_RELIEFS: dict[str, _Relief] = {
    "round": _Relief(),
    "flat": _Relief(bulge=0.5, bevel=1.2, light=0.5, fall=0.08),
    "cloth": _Relief(bulge=0.7, light=0.6, grain=0.12, stretch=(1.2, 0.25), fall=0.2),
    "metal": _Relief(bulge=1.0, bevel=3.0, light=1.0, gloss=0.5),
    "glass": _Relief(bulge=0.8, light=0.5, gloss=0.9),
    "gem": _Relief(bulge=1.2, light=1.1, gloss=0.6),
    "wood": _Relief(bulge=0.5, bevel=2.0, light=0.55, grain=0.35, stretch=(0.22, 1.1)),
    "stone": _Relief(bulge=0.7, bevel=3.0, light=0.8, grain=0.4, stretch=(0.5, 0.5)),
    "leaf": _Relief(bulge=0.9, light=0.8, grain=0.55, stretch=(0.45, 0.45)),
    "fur": _Relief(bulge=0.8, light=0.7, grain=0.25, stretch=(0.7, 0.35)),
}


class Painting:
    """The fine pixels of a drawing, `fine` along each side of a cell: which layer is on top, its tone, and the colour
    of each layer. Layer 0 is empty."""

    def __init__(self, seed: int, fine: int) -> None:
        side = GRID * fine
        self._fine = fine
        self._layer = np.zeros((side, side), np.int32)
        self._tone = np.zeros((side, side), np.float32)
        self._colors: list[FloatArray] = [np.zeros(3, np.float32)]
        self._glows = [False]
        self._noise = Noise(seed)

    def cut(self, mask: FineMask) -> None:
        """Remove what is there."""
        self._layer[mask] = 0

    def fill(self, mask: FineMask, color: FloatArray, finish: str, tone: float, *, flat: bool, shadow: bool) -> None:
        """Lay a shape on top: its colour in Oklab, with the tones of its finish."""
        import cv2

        if not mask.any():
            return
        window = _window(mask, self._fine)
        mask, layer, tones = mask[window], self._layer[window], self._tone[window]
        glows = finish == "glow"
        if shadow and not glows:
            reach = np.ones((2 * self._fine + 1, 2 * self._fine + 1), np.uint8)
            around = cv2.dilate(mask.astype(np.uint8), reach) > 0
            tones[around & (layer > 0)] -= _SHADOW
        self._colors.append(color)
        self._glows.append(glows)
        layer[mask] = len(self._colors) - 1
        if glows:
            lit = self._glowing(mask)
        else:
            relief = _RELIEFS["flat" if flat else finish]
            lit = self._lit(mask, relief) + relief.grain * self._grain(window, relief)
        tones[mask] = lit[mask] + tone

    def _lit(self, mask: FineMask, relief: _Relief) -> FloatArray:
        """Tones 0..1, 0.5 where the surface faces the viewer."""
        import cv2

        depth = _depth(mask) / self._fine
        most = min(float(depth.max()), relief.bevel)
        share = np.clip(depth / max(most, 1e-3), 0, 1)
        height = relief.bulge * most * np.sqrt(np.maximum(1 - (1 - share) ** 2, 0))
        height = cv2.GaussianBlur(height.astype(np.float32), (0, 0), 0.35 * self._fine) * self._fine
        normal = np.stack([-np.gradient(height, axis=1), -np.gradient(height, axis=0), np.ones_like(height)], axis=-1)
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
        tone = 0.5 + relief.light * (normal @ _LIGHT - _LIGHT[2])
        rows = np.flatnonzero(mask.any(axis=1))
        tone[rows[0] : rows[-1] + 1] += relief.fall * np.linspace(0.5, -0.5, rows[-1] - rows[0] + 1)[:, None]
        return np.asarray(tone + relief.gloss * np.clip(normal @ _HALF_WAY, 0, 1) ** 24, np.float32)

    def _grain(self, window: _Window, relief: _Relief) -> FloatArray:
        rows, columns = np.mgrid[window] / self._fine
        across, down = relief.stretch
        return np.asarray(self._noise.at(columns * down, rows / across * 0.25, 2) - 0.5, np.float32)

    def _glowing(self, mask: FineMask) -> FloatArray:
        """Bright in the middle."""
        depth = _depth(mask)
        return np.asarray(0.45 + 0.45 * depth / max(float(depth.max()), 1), np.float32)

    def cells(self, *, outlined: bool = True) -> FloatArray:
        """The drawing as pixel art, `32×32×4` sRGB with alpha: one layer and one of its tones in each cell."""
        fine = self._fine
        layers, tones = (
            each.reshape(GRID, fine, GRID, fine).transpose(0, 2, 1, 3).reshape(GRID, GRID, -1)
            for each in (self._layer, self._tone)
        )
        counts = np.stack([(layers == each).sum(axis=-1) for each in range(len(self._colors))], axis=-1)
        seen = counts[..., 1:].sum(axis=-1) * 2 >= fine * fine
        top = counts[..., 1:].argmax(axis=-1) + 1
        mine = layers == top[..., None]
        tone = (tones * mine).sum(axis=-1) / np.maximum(mine.sum(axis=-1), 1)
        lab = shades(np.array(self._colors)[top], np.rint(tone * (_TONES - 1)) / (_TONES - 1))
        line = _dark_line(lab, seen & ~np.array(self._glows)[top], seen, 1) if outlined else np.zeros_like(seen)
        return np.where((seen | line)[..., None], _opaque(lab), 0).astype(np.float32)

    def smooth(self, side: int, *, outlined: bool = True) -> FloatArray:
        """The drawing without cells, `side×side×4` sRGB with straight alpha: smooth shades, antialiased edges."""
        import cv2

        tone = cv2.GaussianBlur(self._tone, (0, 0), 0.4 * self._fine)
        lab, seen = shades(np.array(self._colors)[self._layer], tone), self._layer > 0
        line = np.zeros_like(seen)
        if outlined:
            line = _dark_line(lab, seen & ~np.array(self._glows)[self._layer], seen, _LINE * self._fine)
        rgba = np.where((seen | line)[..., None], _opaque(lab), 0).astype(np.float32)
        small = resize_to(rgba, (side, side))
        small[..., :3] /= np.maximum(small[..., 3:], 1e-3)
        return np.asarray(np.clip(small, 0, 1), np.float32)


def shades(lab: FloatArray, tone: FloatArray) -> FloatArray:
    """Colours in a tone, 0..1: darker ones bluer, lighter ones yellower, as pixel artists choose them."""
    step = np.clip(tone, 0, 1)[..., None] * 2 - 1
    bright = lab * (1, 0.75, 0.75) + (0, 0, 0.03)
    bright[..., 0] = lab[..., 0] + (1 - lab[..., 0]) * 0.62
    deep = lab * (0.45, 0.8, 0.8) + (0, 0.008, -0.03)
    return np.asarray(lab + np.maximum(step, 0) * (bright - lab) + np.maximum(-step, 0) * (deep - lab), np.float32)


def _window(mask: FineMask, margin: int) -> _Window:
    """The rows and columns of what a mask has, and `margin` more on each side."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    top, left = (max(0, int(found[0]) - margin) for found in (rows, columns))
    bottom, right = (min(len(mask), int(found[-1]) + margin + 1) for found in (rows, columns))
    return slice(top, bottom), slice(left, right)


def _depth(mask: FineMask) -> FloatArray:
    """How far each pixel of a mask is from its edge, in pixels; the border of the picture is an edge, too."""
    import cv2

    padded = np.pad(mask, 1).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)


def _dark_line(lab: FloatArray, solid: FineMask, seen: FineMask, width: float) -> FineMask:
    """Where a line around `solid` is, and its colours in `lab`: dark, in the hue of the nearest solid pixel."""
    from scipy.ndimage import distance_transform_edt

    distance, (rows, columns) = distance_transform_edt(~solid, return_indices=True)
    line = (distance <= width) & ~seen & solid.any()
    inner = lab[rows[line], columns[line]]
    lab[line] = np.stack([np.minimum(inner[:, 0] * _OUTLINE, 0.3), *(inner[:, 1:] * 0.7).T], axis=1)
    return np.asarray(line)


def _opaque(lab: FloatArray) -> FloatArray:
    return np.concatenate([srgb_from_oklab(lab), np.ones_like(lab[..., :1])], axis=-1)

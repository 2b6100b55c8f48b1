"""Heaped clouds and smoke, of puffs that are lit from one side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assetgen.controls._mood import Mood
from assetgen.controls._noise import Noise, Values, mixed, ramp_between
from assetgen.controls._sight import Sight, Sun

_PUFFS = 70
_HEAPS = 7.0
"""Heaps in a sky as wide as high, where clouds cover all."""


@dataclass(frozen=True)
class Heap:
    """A heap of puffs: its middle, the row of its base, its half width and its height, in pixels; `flat` bases are
    those of clouds, others are round as of smoke."""

    x: float
    base: float
    half: float
    high: float
    flat: bool = True


def heaped_clouds(sky: Values, mood: Mood, sight: Sight, sun: Sun, rng: np.random.Generator) -> Values:
    """The sky with heaped clouds: small ones over the horizon, large ones above."""
    width, rows = sky.shape[1], max(1, sight.horizon)
    count = round(_HEAPS * mood.cover * max(1.0, width / rows) ** 0.8)
    heaps = []
    for number in range(count):
        near = (number + float(rng.uniform(0.2, 0.8))) / max(1, count)
        half = rows * (0.14 + 0.5 * near**1.3) * float(rng.uniform(0.7, 1.2))
        base = rows * (0.97 - 0.72 * near**0.8 + float(rng.uniform(-0.04, 0.04)))
        heaps.append(Heap(float(rng.uniform(0, width)), base, half, half * float(rng.uniform(0.4, 0.62))))
    return with_heaps(sky, heaps, (mood.cloud_dark, mood.cloud_lit), (sight, sun), rng)


def with_heaps(
    picture: Values,
    heaps: Sequence[Heap],
    colors: tuple[Values, Values],
    light: tuple[Sight, Sun],
    rng: np.random.Generator,
) -> Values:
    """The picture behind heaps of puffs, in colours from dark to lit."""
    import cv2

    sight, sun = light
    height, width = picture.shape[:2]
    layer = np.zeros((height, width, 2), np.float32)
    side = 1.0 if sun.across[0] > 0 else -1.0
    for heap in heaps:
        for start in (-width, 0, width) if sight.around else (0,):
            one = np.random.default_rng(int(abs(heap.x * 7 + heap.base)))
            _add_heap(layer, heap, start, side, one)
    warp = Noise(int(rng.integers(2**31)))
    x = np.broadcast_to(sight.across[0] * 5, (height, width)) + sight.rise[:, None] * 4
    y = np.broadcast_to(sight.across[1] * 5, (height, width)) - sight.rise[:, None] * 6
    size = height * 0.10
    columns = np.arange(width, dtype=np.float32)[None] + size * (warp.at(x, y, 6, 0.7) - 0.5)
    rows = np.arange(height, dtype=np.float32)[:, None] + size * (warp.at(x + 31, y + 9, 6, 0.7) - 0.5)
    border = cv2.BORDER_WRAP if sight.around else cv2.BORDER_REFLECT
    shown = cv2.remap(layer, columns.astype(np.float32), rows.astype(np.float32), cv2.INTER_LINEAR, borderMode=border)
    shown = cv2.GaussianBlur(shown, (0, 0), max(0.8, height / 300))
    alpha = np.clip(shown[..., 1], 0, 1)
    lit = np.clip(shown[..., 0] / np.maximum(shown[..., 1], 1e-3), 0, 1)
    tint = mixed(colors[0], colors[1], lit[..., None])
    return mixed(picture, tint, (0.96 * alpha)[..., None])


def _add_heap(layer: Values, heap: Heap, start: float, side: float, rng: np.random.Generator) -> None:
    """Add the light (premultiplied) and the alpha of the puffs of a heap to a layer."""
    tops = rng.uniform(0.55, 1.0, 7)
    spots = []
    for _ in range(_PUFFS):
        u = float(rng.uniform(-1, 1))
        reach = (1 - u * u) ** 0.7 * float(np.interp(u, np.linspace(-1, 1, 7), tops))
        v = float(rng.random()) ** 0.7 * reach
        spots.append((u, v, heap.high * (0.22 + 0.26 * float(rng.random())) * (1.1 - 0.5 * abs(u))))
    for u, v, radius in sorted(spots, key=lambda each: -each[1]):
        at = start + heap.x + u * heap.half, heap.base - v * heap.high
        general = 0.1 + 0.75 * v + 0.22 * side * u
        _add_puff(layer, at, radius, general, (heap.base if heap.flat else np.inf, side))


def _add_puff(layer: Values, at: tuple[float, float], radius: float, general: float, ends: tuple[float, float]) -> None:
    """Blend one puff over a layer; `ends` are the row under which it fades, and the side of the light."""
    height, width = layer.shape[:2]
    left, right = max(0, int(at[0] - radius)), min(width, int(at[0] + radius) + 2)
    top, bottom = max(0, int(at[1] - radius)), min(height, int(at[1] + radius) + 2)
    if left >= right or top >= bottom:
        return
    x = (np.arange(left, right, dtype=np.float32)[None] - at[0]) / radius
    y = (np.arange(top, bottom, dtype=np.float32)[:, None] - at[1]) / radius
    away = np.hypot(x, y)
    alpha = 0.9 * ramp_between(1.0, 0.1, away)
    if np.isfinite(ends[0]):
        rows = np.broadcast_to(np.arange(top, bottom, dtype=np.float32)[:, None], alpha.shape)
        alpha = alpha * ramp_between(ends[0] + 0.45 * radius, ends[0] - 0.2 * radius, rows)
    local = 0.5 + 0.5 * (0.5 * ends[1] * x - 0.8 * y)
    light = np.clip(0.62 * general + 0.5 * local, 0, 1)
    box = layer[top:bottom, left:right]
    box[..., 0] = box[..., 0] * (1 - alpha) + light * alpha
    box[..., 1] = box[..., 1] * (1 - alpha) + alpha

"""Fractal noise from a seed, for drawn scenes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating[Any]]
"""Numbers, colours or pictures."""
_SIDE = 256  # cells of the random table, which repeats


class Noise:
    """Value noise over the plane, in 0..1 (K. Perlin, "An image synthesizer", 1985)."""

    def __init__(self, seed: int) -> None:
        self._table = np.random.default_rng(seed).random((_SIDE, _SIDE), np.float32)

    def at(self, x: Values, y: Values, octaves: int = 4, gain: float = 0.5) -> Values:
        """Fractal noise at points: each octave has twice the frequency and `gain` times the amplitude."""
        total, weight, most = np.zeros(np.broadcast(x, y).shape, np.float32), 1.0, 0.0
        for octave in range(octaves):
            total += weight * self._value(x * 2**octave + 17.3 * octave, y * 2**octave + 9.1 * octave)
            most, weight = most + weight, weight * gain
        return total / np.float32(most)

    def ridged(self, x: Values, y: Values, octaves: int = 5) -> Values:
        """Noise with sharp crests, as of mountains (F. K. Musgrave)."""
        total, weight, most = np.zeros(np.broadcast(x, y).shape, np.float32), 1.0, 0.0
        crest = np.ones_like(total)
        for octave in range(octaves):
            value = self._value(x * 2**octave + 17.3 * octave, y * 2**octave + 9.1 * octave)
            crest = (1 - np.abs(2 * value - 1)) ** 2 * np.clip(crest * 1.6, 0, 1)
            total += weight * crest
            most, weight = most + weight, weight * 0.5
        return total / np.float32(most)

    def _value(self, x: Values, y: Values) -> Values:
        left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
        u, v = ((at - cell).astype(np.float32) for at, cell in ((x, left), (y, top)))
        u, v = (share * share * (3 - 2 * share) for share in (u, v))
        left, right, top, bottom = (cell % _SIDE for cell in (left, left + 1, top, top + 1))
        table = self._table
        above = table[top, left] * (1 - u) + table[top, right] * u
        below = table[bottom, left] * (1 - u) + table[bottom, right] * u
        return np.asarray(above * (1 - v) + below * v, np.float32)


def ramp_between(low: float, high: float, values: Values) -> Values:
    """0 up to `low`, 1 from `high`, and smooth between them."""
    share = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def mixed(first: Values, second: Values, share: Values | float) -> Values:
    """`first` where `share` is 0, `second` where it is 1."""
    return np.asarray(first + (second - first) * share, np.float32)


def color(code: str) -> Values:
    """The colour of six hexadecimal digits, RGB in 0..1."""
    return np.frombuffer(bytes.fromhex(code), np.uint8).astype(np.float32) / 255

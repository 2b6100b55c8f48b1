"""How well a small picture fits words: a picture encoder and a text encoder, trained together on mini's captions.

Contrastive training as in CLIP (Radford et al. 2021), on game art of 32 × 32 pixels: they know a potion from a dragon,
and see no details. Among 200 held-out pictures a group, 4.5 % (sprites), 2.5 % (textures) and 16 % (scenes) of the
other captions fit a picture better than its own. Both run in NumPy, in some 10 ms (`tests/bench/likeness.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from assetgen.images import Array, FloatArray, split_alpha, to_float
from assetgen.pack.captions import WordVectors, words_of
from assetgen.pack.weights import BUNDLED_WEIGHTS

_SIDE = 32
_WORDS = 24
"""Words of a prompt that count."""


@dataclass(frozen=True)
class Likeness:
    """Embeddings of pictures and words: unit vectors, whose dot product is the higher the better they fit."""

    weights: Mapping[str, FloatArray]

    @property
    def others(self) -> FloatArray:
        """The embeddings of some captions, to compare a prompt with."""
        return self.weights["others"]

    def of_picture(self, color: Array) -> FloatArray:
        """The embedding of a picture: `H×W×3` or `×4`, sRGB."""
        x = small_picture(color).transpose(2, 0, 1) * 2 - 1
        x = np.maximum(_conv(x, self.weights["stem"], self.weights["stem_bias"], 2), 0)
        for number, stride in enumerate((1, 2, 2)):
            a, b, skip = (f"{name}{number}" for name in ("a", "b", "skip"))
            inner = np.maximum(_conv(x, self.weights[a], self.weights[f"{a}_bias"], stride), 0)
            short = _conv(x, self.weights[skip], self.weights[f"{skip}_bias"], stride)
            x = np.maximum(_conv(inner, self.weights[b], self.weights[f"{b}_bias"], 1) + short, 0)
        return _unit(self.weights["out"] @ x.mean(axis=(1, 2)) + self.weights["out_bias"])

    def of_words(self, prompt: str) -> FloatArray | None:
        """The embedding of a prompt; None where none of its words is known."""
        features = word_features(prompt)
        if features is None:
            return None
        x = (features - self.weights["mean"]) / self.weights["deviation"]
        x = _gelu(self.weights["text0"] @ x + self.weights["text0_bias"])
        return _unit(self.weights["text1"] @ x + self.weights["text1_bias"])


@cache
def likeness() -> Likeness:
    """The bundled encoders."""
    with np.load(BUNDLED_WEIGHTS / "likeness" / "encoders.npz") as stored:
        return Likeness({name: stored[name].astype(np.float32) for name in stored.files})


@cache
def _vectors() -> WordVectors:
    return WordVectors()


def word_features(prompt: str) -> FloatArray | None:
    """The mean and the largest of the vectors of a prompt's words, 128 numbers; None where no word is known."""
    vectors = _vectors().of(words_of(prompt)[:_WORDS]).astype(np.float32)
    if not vectors.any():
        return None
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1)
    return np.concatenate([vectors.mean(axis=0), vectors.max(axis=0)])


def small_picture(color: Array) -> FloatArray:
    """The picture on white with its alpha, centred in a square: `32×32×4` in 0..1."""
    import cv2

    rgb, cover = (to_float(channel) for channel in split_alpha(color))
    rgba = np.concatenate([rgb * cover, cover], axis=2)
    height, width = rgba.shape[:2]
    side = max(height, width)
    square = np.zeros((side, side, 4), np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = rgba
    small = cv2.resize(square, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    small[..., :3] += 1 - small[..., 3:]
    return np.asarray(np.clip(small, 0, 1), np.float32)


def _conv(x: FloatArray, weight: FloatArray, bias: FloatArray, stride: int) -> FloatArray:
    """A convolution of `C×H×W` as of PyTorch's `conv2d`, padded by half the kernel."""
    side = weight.shape[-1]
    padded = np.pad(x, ((0, 0), (side // 2, side // 2), (side // 2, side // 2)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(1, 2))[:, ::stride, ::stride]
    return np.asarray(np.tensordot(weight, windows, ([1, 2, 3], [0, 3, 4])) + bias[:, None, None], np.float32)


def _gelu(x: FloatArray) -> FloatArray:
    from scipy.special import erf

    return np.asarray(x * 0.5 * (1 + erf(x / np.sqrt(2))), np.float32)


def _unit(x: FloatArray) -> FloatArray:
    return np.asarray(x / max(float(np.linalg.norm(x)), 1e-6), np.float32)

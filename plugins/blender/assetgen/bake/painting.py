"""Blend the pictures of several cameras into a texture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..client.tones import Floats
from .filling import fill, margins
from .sight import Sight, weights
from .texels import Texels, Whole, texels_of

PORTION = 200_000
"""Texels painted at once: about 50 MB of memory."""
FULL = 0.004
"""Sum of weights from which paint covers the earlier texture; below, it fades in."""

FIRM = 0.5
"""Distance from silhouettes (`Sight.soft`) from which a colour is that of the surface. Nearer ones may show what is
behind it: they are mixed with colours from nearby, and no other texel takes them."""


@dataclass(frozen=True)
class Surface:
    """Triangles to paint: UVs `n × 3 × 2`, points and unit normals of the world `n × 3 × 3`.

    `part` numbers the object of each triangle: one that no camera sees is not filled from others. `old` is the earlier
    colour of each texel, `side × side × 3`; where `keeps` is set (`side × side`), unseen texels have it, elsewhere the
    colours of seen ones nearby. `mask` is how much of each texel may change, or None for everything.
    """

    uvs: Floats
    points: Floats
    normals: Floats
    part: Whole
    old: Floats
    keeps: NDArray[np.bool_]
    mask: Floats | None = None


@dataclass(frozen=True)
class Painted:
    """The texture `side × side × 3` (row 0 is the lowest), and the texels that triangles cover, that cameras see, and
    that they see surely: not beside a silhouette."""

    color: Floats
    covered: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    sure: NDArray[np.bool_]


View = tuple[Sight, Floats]
"""A camera, and its picture `height × width × 3`, the top row first."""


def paint(surface: Surface, views: Sequence[View], side: int) -> Painted:
    """Paint a texture of `side × side` texels."""
    texels = texels_of(surface.uvs, side)
    points, normals = (texels.between(each.astype(np.float32)) for each in (surface.points, surface.normals))
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    sums = _Sums(np.zeros((side**2, 3), np.float32), np.zeros(side**2, np.float32), np.zeros(side**2, np.float32))
    for sight, picture in views:
        for start in range(0, len(texels.at), PORTION):
            now = slice(start, start + PORTION)
            hit, at, found, soft = weights(points[now], normals[now], sight)
            sums.add(texels.at[now][hit], found * soft, sampled(picture, at), soft)
    return _finished(surface, texels, points, sums)


@dataclass(frozen=True)
class _Sums:
    """Weighted colours and weights of the texels of all views, and the greatest distance from silhouettes."""

    color: Floats
    weight: Floats
    firm: Floats

    def add(self, at: Whole, weight: Floats, colors: Floats, soft: Floats) -> None:
        """Add what a view shows. Some texels appear several times."""
        order = np.argsort(at, kind="stable")
        first = np.flatnonzero(np.diff(at[order], prepend=-1))
        if not len(first):
            return
        texel, weight = at[order][first], weight[order, None]
        self.weight[texel] += np.add.reduceat(weight, first)[:, 0]
        self.color[texel] += np.add.reduceat(weight * colors[order], first)
        self.firm[texel] = np.maximum(self.firm[texel], np.maximum.reduceat(soft[order], first))


def _finished(surface: Surface, texels: Texels, places: Floats, sums: _Sums) -> Painted:
    """The texture with unseen texels filled or kept, and margins."""
    shape = surface.old.shape[:2]
    covered, seen = np.zeros(len(sums.weight), bool), sums.weight > 0
    covered[texels.at] = True
    color = sums.color / np.maximum(sums.weight, 1e-30)[:, None]
    keeps, part = surface.keeps.ravel(), surface.part[texels.triangle]
    share = np.clip(sums.firm / FIRM, 0, 1)
    source = seen & (share >= 1)
    near = color.copy()
    filled = fill(near, source, texels.at, places, part, ~keeps & (seen | _every_other(shape[0])))
    color[filled] = (color * share[:, None] + near * (1 - share[:, None]))[filled]
    color = margins(color.reshape(*shape, 3), (seen | filled).reshape(shape))
    if surface.mask is not None or keeps.any() or not np.isin(np.unique(part), part[seen[texels.at]]).all():
        reached = np.zeros(len(seen), np.float32)
        reached[texels.at] = np.isin(part, part[seen[texels.at]])
        share = np.where(keeps, np.clip(sums.weight / FULL, 0, 1) * share, reached)
        if surface.mask is not None:
            share *= surface.mask.ravel()
        share = share.reshape(*shape, 1)
        color = margins(surface.old * (1 - share) + color * share, covered.reshape(shape))
    return Painted(color, *(each.reshape(shape) for each in (covered, seen, source)))


def _every_other(side: int) -> NDArray[np.bool_]:
    """Every other texel of every other row: `fill` is slow, and its colours vary slowly."""
    chosen = np.zeros((side, side), bool)
    chosen[::2, ::2] = True
    return chosen.ravel()


def sampled(picture: Floats, at: Floats) -> Floats:
    """The colours of a picture at u, v (0..1, v upwards), bilinear; beyond the border, those of the border."""
    height, width = picture.shape[:2]
    flat = picture.reshape(-1, picture.shape[2]).astype(np.float32)
    x = np.clip(at[:, 0] * width - 0.5, 0, width - 1)
    y = np.clip((1 - at[:, 1]) * height - 0.5, 0, height - 1)
    left, top = x.astype(np.intp), y.astype(np.intp)
    right, below = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1) * width
    x, y = (x - left).astype(np.float32)[:, None], (y - top).astype(np.float32)[:, None]
    top *= width
    upper = flat[top + left] * (1 - x) + flat[top + right] * x
    return upper * (1 - y) + (flat[below + left] * (1 - x) + flat[below + right] * x) * y

"""The texels that triangles cover in a UV map: rows of pixels, found for all triangles at once."""

from dataclasses import dataclass

import numpy as np

from ..client.tones import Floats
from .sight import Whole


@dataclass(frozen=True)
class Texels:
    """Covered texels: index in the texture (row 0 is the lowest, as in Blender), triangle, and barycentric `shares`.

    A texel that several triangles cover appears several times.
    """

    at: Whole
    triangle: Whole
    shares: Floats

    def between(self, corners: Floats) -> Floats:
        """Values `n × 3 × k` of triangle corners, interpolated at each texel: `T × k`."""
        found = self.shares[:, 0, None] * corners[self.triangle, 0]
        for number in (1, 2):
            found += self.shares[:, number, None] * corners[self.triangle, number]
        return found


def texels_of(uvs: Floats, side: int) -> Texels:
    """The texels whose centre lies in a triangle. `uvs` is `n × 3 × 2`; outside of 0..1 there are none."""
    corners = uvs.astype(np.float64) * side
    triangle, row, start, count = _spans(corners, side)
    at_span = np.repeat(np.arange(len(count)), count)
    step = np.arange(len(at_span)) - np.repeat(np.cumsum(count) - count, count)
    column, owner, line = start[at_span] + step, triangle[at_span], row[at_span]
    return Texels(line * side + column, owner, _shares(corners, owner, column + 0.5, line + 0.5))


def _spans(corners: Floats, side: int) -> tuple[Whole, Whole, Whole, Whole]:
    """The rows of the triangles: triangle, row, first column and column count of each."""
    usable = np.flatnonzero(np.isfinite(corners).all(axis=(1, 2)) & (np.abs(_area(corners)) > 1e-9))
    low = np.clip(np.ceil(corners[usable, :, 1].min(axis=1) - 0.5), 0, side).astype(np.intp)
    high = np.clip(np.ceil(corners[usable, :, 1].max(axis=1) - 0.5), 0, side).astype(np.intp)
    rows = high - low
    triangle = np.repeat(usable, rows)
    row = np.arange(len(triangle)) - np.repeat(np.cumsum(rows) - rows, rows) + np.repeat(low, rows)
    left, right = np.full(len(row), np.inf), np.full(len(row), -np.inf)
    for number in range(3):
        one, other = corners[triangle, number], corners[triangle, (number + 1) % 3]
        rise = other[:, 1] - one[:, 1]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (row + 0.5 - one[:, 1]) / rise
        crossed = (share >= 0) & (share <= 1) & (rise != 0)
        x = one[:, 0] + np.where(crossed, share, 0) * (other[:, 0] - one[:, 0])
        left, right = np.where(crossed, np.minimum(left, x), left), np.where(crossed, np.maximum(right, x), right)
    crossed = left <= right
    triangle, row, left, right = triangle[crossed], row[crossed], left[crossed], right[crossed]
    start = np.clip(np.ceil(left - 0.5), 0, side).astype(np.intp)
    end = np.clip(np.ceil(right - 0.5), 0, side).astype(np.intp)
    return triangle, row, start, np.maximum(end - start, 0)


def _shares(corners: Floats, owner: Whole, x: Floats, y: Floats) -> Floats:
    """Barycentric coordinates of points in their triangles."""
    area = _area(corners)
    shares = np.empty((len(owner), 3), np.float32)
    for number in (0, 1):
        one, other = corners[:, (number + 1) % 3], corners[:, (number + 2) % 3]
        across = (other - one) / np.where(area == 0, 1, area)[:, None]
        shares[:, number] = across[owner, 0] * (y - one[owner, 1]) - across[owner, 1] * (x - one[owner, 0])
    shares[:, 2] = 1 - shares[:, 0] - shares[:, 1]
    return shares


def _area(corners: Floats) -> Floats:
    """Twice the signed area of each triangle."""
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]


def overlap(uvs: Floats, side: int) -> float:
    """The share of covered texels that more than one triangle covers; 1.0 if no texel is covered or a UV is outside."""
    texels = texels_of(uvs, side)
    inside = np.isfinite(uvs).all() and uvs.min(initial=0) >= -1e-4 and uvs.max(initial=1) <= 1 + 1e-4
    if not inside or not len(texels.at):
        return 1.0
    covered = np.bincount(texels.at, minlength=side * side)
    return float((covered > 1).sum() / (covered > 0).sum())

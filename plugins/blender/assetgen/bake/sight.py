"""What a camera sees of points in the world, and how well."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..client.tones import Floats, nearness_of

Whole = NDArray[np.intp]
LEAST, GOOD = 0.1, 0.3
"""Cosines between normal and view: below the first a surface is too oblique, above the second it counts fully."""
POWER = 6
"""The exponent of the cosine in a weight: the view that looks straight at a surface prevails."""
SLACK = 1e-3
"""Depth tolerance of the visibility test as a share of the depth, beside that of one pixel."""
BEHIND = 3.0
"""A pixel may show something this many tolerances behind a point; beyond, the point lies on a silhouette."""
STEP = 0.01
"""Second difference of nearness, as a share of it, from which two pixels show different surfaces."""
SOFT = 0.015
"""Width of the soft edge along silhouettes and picture borders, as a share of the picture."""
EDGE = 0.02
"""Weight on an edge: there, any other view is better."""


@dataclass(frozen=True)
class Sight:
    """`depth` along the view (`height × width`, top row first, inf for the sky), and the camera's matrices.

    Its position is `eye`, its direction `forward`. `clip` maps world points to the image (homogeneous, -1..1).
    """

    depth: Floats
    clip: Floats
    eye: Floats
    forward: Floats
    perspective: bool

    @cached_property
    def soft(self) -> Floats:
        """Weights of the pixels by their distance to silhouettes and borders: `EDGE` on them, 1 far from them."""
        reach = max(round(SOFT * max(self.depth.shape)), 1)
        near = _on_silhouette(self)
        near[[0, -1]] = near[:, [0, -1]] = True
        distance = np.full(near.shape, reach, np.int32)
        for step in range(reach):
            distance[near & (distance == reach)] = step
            near = grown(near)
        return np.maximum(distance / reach, EDGE)

    def away(self, points: Floats) -> Floats:
        """The depth of points along the view."""
        return (points - self.eye.astype(points.dtype)) @ self.forward.astype(points.dtype)

    def towards(self, points: Floats) -> Floats:
        """The unit vectors from points to the camera."""
        if not self.perspective:
            return np.broadcast_to(-self.forward.astype(points.dtype), points.shape)
        way = self.eye.astype(points.dtype) - points
        return way / np.maximum(np.linalg.norm(way, axis=-1, keepdims=True), 1e-12)

    def pixel(self, away: Floats) -> Floats:
        """The width of a pixel in the world at a depth."""
        width = 2 / (np.linalg.norm(self.clip[0, :3]) * self.depth.shape[1])
        return away * width if self.perspective else np.full_like(away, width)

    def points(self, size: tuple[int, int]) -> tuple[Floats, NDArray[np.bool_]]:
        """The visible point of each pixel of a picture (`height × width × 3`), and where there is one."""
        rays, origins = rays_of(self.clip, self.eye, self.forward, size)
        row = (np.arange(size[1]) + 0.5) * self.depth.shape[0] / size[1]
        column = (np.arange(size[0]) + 0.5) * self.depth.shape[1] / size[0]
        depth = self.depth[row.astype(np.intp)][:, column.astype(np.intp)]
        hit = np.isfinite(depth)
        return (origins + rays * np.where(hit, depth, 0.0)[..., None]).astype(np.float32), hit


def rays_of(clip: Floats, eye: Floats, forward: Floats, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """The ray of each pixel: direction, one unit deep along the view, and origin at depth 0."""
    across = (np.arange(size[0]) + 0.5) / size[0] * 2 - 1
    down = 1 - (np.arange(size[1]) + 0.5) / size[1] * 2
    x, y = np.meshgrid(across, down)
    back = np.linalg.inv(clip)
    near, far = (np.stack([x, y, np.full_like(x, z), np.ones_like(x)], axis=-1) @ back.T for z in (-0.5, 0.5))
    near, far = near[..., :3] / near[..., 3:], far[..., :3] / far[..., 3:]
    rays = far - near
    rays = rays / (rays @ forward)[..., None]
    return rays, near - rays * ((near - eye) @ forward)[..., None]


def projected(points: Floats, clip: Floats) -> Floats:
    """World points `N × 3` as u, v (0..1 in the image, v upwards) and w (negative behind a camera)."""
    at = points @ clip[:, :3].T.astype(points.dtype) + clip[:, 3].astype(points.dtype)
    w = at[..., 3:]
    return np.concatenate([at[..., :2] / np.where(np.abs(w) < 1e-9, 1e-9, w) / 2 + 0.5, w], axis=-1)


def weights(points: Floats, normals: Floats, sight: Sight) -> tuple[Whole, Floats, Floats, Floats]:
    """The view's weight for points `N × 3` that it sees: their indices, image coordinates u, v, weights by angle, and
    how far they are from silhouettes and borders (`Sight.soft`)."""
    height, width = sight.depth.shape
    cosine = np.einsum("ij,ij->i", normals, sight.towards(points))
    hit = np.flatnonzero(cosine > LEAST)
    at = projected(points[hit], sight.clip)
    x, y = at[:, 0] * width, (1 - at[:, 1]) * height
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height) & (at[:, 2] > 0)
    hit, at, pixel = hit[inside], at[inside], y[inside].astype(np.intp) * width + x[inside].astype(np.intp)
    cosine, away, shown = np.minimum(cosine[hit], 1), sight.away(points[hit]), sight.depth.ravel()[pixel]
    slack = sight.pixel(away) * (1 + np.sqrt(1 - cosine**2) / cosine) + SLACK * np.abs(away)
    seen = (away <= shown + slack) & (shown <= away + BEHIND * slack)
    hit, cosine = hit[seen], cosine[seen]
    turned = np.clip((cosine - LEAST) / (GOOD - LEAST), 0, 1)
    soft = sight.soft.ravel()[pixel[seen]].astype(np.float32)
    return hit, at[seen, :2], (turned * cosine**POWER).astype(np.float32), soft


def _on_silhouette(sight: Sight) -> Floats:
    """The pixels beside a jump in depth. Nearness runs evenly over a plane, so its second difference finds jumps."""
    nearness = nearness_of(sight.depth, sight.perspective)
    sky = ~np.isfinite(sight.depth)
    level = np.where(sky, 0.0, nearness)
    size = np.abs(level) if sight.perspective else np.full_like(level, max(float(np.ptp(level[~sky])), 1e-9))
    found = np.zeros(level.shape, bool)
    for axis in (0, 1):
        one, other = np.roll(level, 1, axis), np.roll(level, -1, axis)
        bent = np.abs(2 * level - one - other) > STEP * size
        found |= bent | (np.roll(sky, 1, axis) != sky) | (np.roll(sky, -1, axis) != sky)
    return found


def grown(mask: Floats) -> Floats:
    """A mask with the eight neighbours of each pixel."""
    rows = mask.copy()
    rows[1:] |= mask[:-1]
    rows[:-1] |= mask[1:]
    grown = rows.copy()
    grown[:, 1:] |= rows[:, :-1]
    grown[:, :-1] |= rows[:, 1:]
    return grown

"""Cameras and their projections. View space: x right, y up, the camera looks along -z."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assetgen.controls._gltf import GltfTree
from assetgen.controls._raster import (
    Floats,
    Owners,
    Whole,
    barycentric,
    check_work,
    clip_near,
    rasterise,
    visible_triangles,
)
from assetgen.images import FloatArray

Colors = Callable[[Floats], FloatArray]
_FIT_MARGIN = 1.04  # space around a model that just fits
_TINY = 1e-12
_LEAST_TILT = 1e-6  # sine of the elevation below which an orthographic view has no visible ground
_FARTHEST = float(np.finfo(np.float32).max)  # of a camera in a file, as of vertices
_BATCH = 500_000  # triangles projected at once: about 100 MB of memory
_PIXELS = 250_000  # whose normals are computed at once: about 100 MB of memory


@dataclass(frozen=True)
class Camera:
    """A rigid 4×4 world-to-view matrix; `focal` is pixels per unit at depth 1 (orthographic: per unit)."""

    view: Floats
    focal: float
    perspective: bool

    def distance_to(self, point: Floats) -> float:
        """Distance of the camera from a point in world space."""
        return float(np.linalg.norm(self.view[:3, :3] @ point + self.view[:3, 3]))

    def nearness(self, triangles: Floats, size: tuple[int, int], near: float) -> Floats:
        """Nearness of the nearest surface at each pixel, `height × width`; -inf where there is none.

        Nearness is `1 / z` in perspective and `-z` in an orthographic view. `near` is the clipping depth.
        """
        found = np.full(size[::-1], -np.inf)
        work = 0
        for start in range(0, len(triangles), _BATCH):
            seen = clip_near(triangles[start : start + _BATCH] @ self.view[:3, :3].T + self.view[:3, 3], near)
            screen = self._on_screen(seen, size)
            work = check_work(screen, size, work)
            rasterise(screen, found)
        return found

    def facing(
        self, triangles: Floats, normals: Floats, size: tuple[int, int], near: float, colors: Colors
    ) -> tuple[Floats, FloatArray]:
        """Nearness, and the color (`height × width × 3`) of the normal, of the nearest surface at each pixel.

        `normals` are vertex normals in world space, `n × 3 × 3`. Normals of back faces are flipped. `colors` computes
        the colors of view-space unit normals.
        """
        found, painted = np.full(size[::-1], -np.inf), np.zeros((*size[::-1], 3), np.float32)
        work = 0
        for start in range(0, len(triangles), _BATCH):
            part = slice(start, start + _BATCH)
            placed = triangles[part] @ self.view[:3, :3].T + self.view[:3, 3]
            seen = clip_near(np.concatenate([placed, normals[part] @ self.view[:3, :3].T], axis=-1), near)
            screen = self._on_screen(seen, size)
            work = check_work(screen, size, work)
            nearest = found.copy()
            rasterise(screen, nearest)
            owner = visible_triangles(screen, nearest)
            owner[nearest <= found] = -1
            for rows, columns, towards in self._normals(seen, screen, owner):
                painted[rows, columns] = colors(towards)
            found = nearest
        return found, painted

    def _normals(self, seen: Floats, screen: Floats, owner: Owners) -> Iterator[tuple[Whole, Whole, Floats]]:
        """Rows, columns and interpolated vertex normals of the pixels that a triangle owns, in portions.

        `seen` is `n × 3 × 6`: position and normal of each vertex.
        """
        corners, normals = seen[..., :3], seen[..., 3:]
        across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        away = (across * (corners[:, 0] if self.perspective else np.array([0.0, 0.0, -1.0]))).sum(axis=1) > 0
        turned = np.where(away[:, None, None], -normals, normals)
        height = max(_PIXELS // owner.shape[1], 1)
        for top in range(0, len(owner), height):
            row, column = np.nonzero(owner[top : top + height] >= 0)
            row = row + top
            triangle = owner[row, column]
            shares = barycentric(screen[triangle], column, row)
            if self.perspective:
                shares = shares * screen[triangle, :, 2]
            mixed = (shares[..., None] * turned[triangle]).sum(axis=1)
            yield row, column, mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), _TINY)

    def ground(self, height: float, size: tuple[int, int], reach: float) -> Floats:
        """Nearness of the world plane `y = height` up to depth `reach`; -inf everywhere if seen from below."""
        normal = self.view[:3, 1]
        above = -float(self.view[:3, 3] @ normal) - height
        across, down = (np.arange(side) + 0.5 - side / 2 for side in size)
        tilt = (normal[0] * across[None, :] - normal[1] * down[:, None]) / self.focal
        if self.perspective:
            found = (normal[2] - tilt) / above if above > 0 else np.full_like(tilt, -np.inf)
            return np.where(found >= 1 / reach, found, -np.inf)
        found = -(above + tilt) / normal[2] if normal[2] > _LEAST_TILT else np.full_like(tilt, -np.inf)
        return np.where(found >= -reach, found, -np.inf)

    def _on_screen(self, seen: Floats, size: tuple[int, int]) -> Floats:
        z = -seen[..., 2]
        scale = self.focal / z if self.perspective else self.focal
        x, y = size[0] / 2 + seen[..., 0] * scale, size[1] / 2 - seen[..., 1] * scale
        return np.stack([x, y, 1 / z if self.perspective else -z], axis=-1)


@dataclass(frozen=True)
class Orbit:
    """A camera that orbits a model's centre: angles in degrees, `distance` in model radii (None: the model fits)."""

    azimuth: float
    elevation: float
    fov: float
    zoom: float
    distance: float | None
    perspective: bool

    def around(self, centre: Floats, radius: float, size: tuple[int, int]) -> Camera:
        """The camera for a model with this centre and radius."""
        fit = _FIT_MARGIN * radius / np.sin(np.radians(self.fov) / 2)
        away = float(fit if self.distance is None else self.distance * radius)
        view = look_at(centre, self.azimuth, self.elevation, away)
        focal = self.zoom * focal_length(self.fov, min(size))
        return Camera(view, focal if self.perspective else focal / away, self.perspective)


def camera_from_gltf(described: GltfTree, world: Floats, size: tuple[int, int]) -> Camera:
    """A camera from a glTF camera object and its node's world matrix. Raises `ValueError` for a degenerate one."""
    right, up = world[:3, 0], world[:3, 1]
    view = np.eye(4)
    with np.errstate(all="ignore"):  # what overflows is no view
        back = np.cross(right, up)
        axes = np.stack([np.cross(up, back), up, back])
        axes = axes / np.linalg.norm(axes, axis=1, keepdims=True)
        view[:3, :3], view[:3, 3] = axes, -axes @ world[:3, 3]
    perspective = described["type"] == "perspective"
    if perspective:
        focal = focal_length(float(np.degrees(described["perspective"]["yfov"])), size[1])
    else:
        focal = size[1] / 2 / float(described["orthographic"]["ymag"])
    if not (np.abs(view).max() < _FARTHEST and 0 < focal < _FARTHEST):
        raise ValueError("not a view")
    return Camera(view, focal, perspective)


def look_at(centre: Floats, azimuth: float, elevation: float, distance: float) -> Floats:
    """View matrix of a camera that looks at `centre` from `distance`; world y is up.

    At azimuth 0 the camera is in front of the model, at +z. Positive azimuth moves it towards +x, positive elevation
    upwards (degrees).
    """
    turn, lift = np.radians(azimuth), np.radians(elevation)
    right = np.array([np.cos(turn), 0, -np.sin(turn)])
    back = np.array([np.sin(turn) * np.cos(lift), np.sin(lift), np.cos(turn) * np.cos(lift)])
    view = np.eye(4)
    view[:3, :3] = [right, np.cross(back, right), back]
    view[:3, 3] = -view[:3, :3] @ (centre + distance * back)
    return view


def focal_length(fov: float, side: int) -> float:
    """Focal length in pixels for an image whose `side` (pixels) spans `fov` degrees."""
    return float(side / 2 / np.tan(np.radians(fov) / 2))


def y_up(points: NDArray[np.float64]) -> Floats:
    """Convert points from z up (front at -y) to y up (front at +z)."""
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], axis=-1)

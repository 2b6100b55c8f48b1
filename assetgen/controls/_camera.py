"""Cameras: where they stand, what they see. View space: x right, y up, the camera looks along -z."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assetgen.controls._raster import Floats, clip_near, nearest, rasterise

FIT_MARGIN = 1.04  # a little air round a model that just fits
TINY = 1e-12
LEAST_TILT = 1e-6  # sine of the elevation: below it an orthographic view sees the ground edge-on
BATCH = 500_000  # triangles projected at once, about 100 MB of scratch


@dataclass(frozen=True)
class Camera:
    """World to view as a rigid 4×4 matrix; `focal` is pixels per unit at depth 1 (per unit, where orthographic)."""

    view: Floats
    focal: float
    perspective: bool

    def away(self, point: Floats) -> float:
        """How far it stands from a point of the world."""
        return float(np.linalg.norm(self.view[:3, :3] @ point + self.view[:3, 3]))

    def nearness(self, triangles: Floats, size: tuple[int, int], near: float) -> Floats:
        """How near the nearest surface is at each pixel, `height × width`, -inf where there is none.

        `1 / z` in perspective, `-z` in an orthographic view (what `1 / z` comes to as a camera moves away for ever).
        """
        found = np.full(size[::-1], -np.inf)
        for start in range(0, len(triangles), BATCH):
            seen = clip_near(triangles[start : start + BATCH] @ self.view[:3, :3].T + self.view[:3, 3], near)
            np.maximum(found, rasterise(self._on_screen(seen, size), size), out=found)
        return found

    def facing(self, triangles: Floats, normals: Floats, size: tuple[int, int], near: float) -> tuple[Floats, Floats]:
        """The nearness of `nearness`, and the view-space normal of what is seen at each pixel, `height × width × 3`.

        `normals` (`n × 3 × 3`, of the world) are those of the corners. Surfaces seen from behind are turned round.
        """
        found, towards = np.full(size[::-1], -np.inf), np.zeros((*size[::-1], 3))
        for start in range(0, len(triangles), BATCH):
            part = slice(start, start + BATCH)
            placed = triangles[part] @ self.view[:3, :3].T + self.view[:3, 3]
            seen = clip_near(np.concatenate([placed, normals[part] @ self.view[:3, :3].T], axis=-1), near)
            if not len(seen):
                continue
            screen = self._on_screen(seen, size)
            nearness = rasterise(screen, size)
            front = nearness > found
            found[front], towards[front] = nearness[front], self._normals(seen, screen, nearness)[front]
        return found, towards

    def _normals(self, seen: Floats, screen: Floats, nearness: Floats) -> Floats:
        """Corner normals between the corners of what is seen; `seen` has them after its places."""
        owner, shares = nearest(screen, nearness)
        if self.perspective:
            shares = shares * screen[..., 2][owner]
        places, normals = seen[..., :3], seen[..., 3:]
        across = np.cross(places[:, 1] - places[:, 0], places[:, 2] - places[:, 0])
        away = (across * (places[:, 0] if self.perspective else np.array([0.0, 0.0, -1.0]))).sum(axis=1) > 0
        turned = np.where(away[:, None, None], -normals, normals)
        mixed = (shares[..., None] * turned[owner]).sum(axis=2)
        return np.asarray(mixed / np.maximum(np.linalg.norm(mixed, axis=2, keepdims=True), TINY))

    def ground(self, height: float, size: tuple[int, int], reach: float) -> Floats:
        """The nearness of the plane `y = height` of the world out to the depth `reach`; none if seen from below."""
        normal = self.view[:3, 1]
        above = -float(self.view[:3, 3] @ normal) - height
        across, down = (np.arange(side) + 0.5 - side / 2 for side in size)
        tilt = (normal[0] * across[None, :] - normal[1] * down[:, None]) / self.focal
        if self.perspective:
            found = (normal[2] - tilt) / above if above > 0 else np.full_like(tilt, -np.inf)
            return np.where(found >= 1 / reach, found, -np.inf)
        found = -(above + tilt) / normal[2] if normal[2] > LEAST_TILT else np.full_like(tilt, -np.inf)
        return np.where(found >= -reach, found, -np.inf)

    def _on_screen(self, seen: Floats, size: tuple[int, int]) -> Floats:
        z = -seen[..., 2]
        scale = self.focal / z if self.perspective else self.focal
        x, y = size[0] / 2 + seen[..., 0] * scale, size[1] / 2 - seen[..., 1] * scale
        return np.stack([x, y, 1 / z if self.perspective else -z], axis=-1)


@dataclass(frozen=True)
class Orbit:
    """A camera that looks at the middle of a model; degrees, `distance` in model radii (None: the whole model fits)."""

    azimuth: float
    elevation: float
    fov: float
    zoom: float
    distance: float | None
    perspective: bool

    def around(self, centre: Floats, radius: float, size: tuple[int, int]) -> Camera:
        """The camera for a model of this middle and radius."""
        fit = FIT_MARGIN * radius / np.sin(np.radians(self.fov) / 2)
        away = float(fit if self.distance is None else self.distance * radius)
        view = look_at(centre, self.azimuth, self.elevation, away)
        focal = self.zoom * focal_of(self.fov, min(size))
        return Camera(view, focal if self.perspective else focal / away, self.perspective)


def camera_of(described: Mapping[str, Any], world: Floats, size: tuple[int, int]) -> Camera:
    """A glTF camera at a node's world matrix; raises `ValueError` if unusable."""
    right, up = world[:3, 0], world[:3, 1]
    back = np.cross(right, up)
    axes = np.stack([np.cross(up, back), up, back])
    axes = axes / np.linalg.norm(axes, axis=1, keepdims=True)
    view = np.eye(4)
    view[:3, :3], view[:3, 3] = axes, -axes @ world[:3, 3]
    perspective = described["type"] == "perspective"
    if perspective:
        focal = focal_of(float(np.degrees(described["perspective"]["yfov"])), size[1])
    else:
        focal = size[1] / 2 / float(described["orthographic"]["ymag"])
    if not (np.isfinite(view).all() and np.isfinite(focal) and focal > 0):
        raise ValueError("not a view")
    return Camera(view, focal, perspective)


def look_at(centre: Floats, azimuth: float, elevation: float, distance: float) -> Floats:
    """The view matrix of a camera that looks at `centre` from `distance`; the world's y is up.

    At azimuth 0 it stands in front of the model, on its +z side; positive azimuth carries it towards +x, positive
    elevation upwards (degrees).
    """
    turn, lift = np.radians(azimuth), np.radians(elevation)
    right = np.array([np.cos(turn), 0, -np.sin(turn)])
    back = np.array([np.sin(turn) * np.cos(lift), np.sin(lift), np.cos(turn) * np.cos(lift)])
    view = np.eye(4)
    view[:3, :3] = [right, np.cross(back, right), back]
    view[:3, 3] = -view[:3, :3] @ (centre + distance * back)
    return view


def focal_of(fov: float, side: int) -> float:
    """Pixels per unit at depth 1 for a picture whose `side` (pixels) spans `fov` degrees."""
    return float(side / 2 / np.tan(np.radians(fov) / 2))


def y_up(points: NDArray[np.float64]) -> Floats:
    """Points of a z-up world (its front faces -y) in a y-up one (its front faces +z)."""
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], axis=-1)

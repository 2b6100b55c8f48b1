"""Normals at the corners of triangles that know nothing of each other: smooth where a surface bends softly."""

import numpy as np
from numpy.typing import NDArray

from assetgen.controls._raster import Floats, portions, ramp

CREASE = np.cos(np.radians(40.0))  # faces that lean farther apart do not smooth each other
CELLS = 2**20  # along a side of the mesh's box: corners in one cell are one
MOST_AROUND = 64  # faces round one corner; where there are more, each keeps its own normal


def corner_normals(triangles: Floats) -> Floats:
    """Unit normals of `n × 3` corners of triangles (corner, x y z); zero for triangles without an area.

    Each is the mean of the faces that meet there within the crease, weighed by their angles: so a face counts the same
    however it is cut (Thürmer and Wüthrich, 1998).
    """
    faces = np.repeat(_unit(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])), 3, axis=0)
    weighed = _angles(triangles).reshape(-1, 1) * faces
    order, first, around = _meetings(triangles.reshape(-1, 3))
    smooth = faces.copy()
    for part in portions(around):
        corner = np.repeat(order[part], around[part])
        other = order[np.repeat(first[part], around[part]) + ramp(around[part])]
        batch_key = (faces[corner] * faces[other]).sum(axis=1) > CREASE
        count = part.stop - part.start
        place = np.repeat(np.arange(count), around[part])[batch_key]
        sums = [np.bincount(place, weighed[other[batch_key], axis], minlength=count) for axis in range(3)]
        smooth[order[part]] = np.where(around[part, None] > 1, _unit(np.stack(sums, axis=1)), smooth[order[part]])
    return smooth.reshape(-1, 3, 3)


def _meetings(corners: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Corners sorted by place; for each in that order, where those at its place begin, and how many they are."""
    low = corners.min(axis=0)
    span = float(np.ptp(corners, axis=0).max())
    cells = np.rint((corners - low) / span * (CELLS - 1)).astype(np.int64) @ np.array([1, CELLS, CELLS * CELLS])
    order = np.argsort(cells, kind="stable")
    begins = np.flatnonzero(np.diff(cells[order], prepend=-1))
    counts = np.diff(begins, append=len(order))
    around = np.repeat(np.where(counts > MOST_AROUND, 1, counts), counts)
    return order, np.where(around == 1, np.arange(len(order)), np.repeat(begins, counts)), around


def _angles(triangles: Floats) -> Floats:
    """The angle at each corner."""
    ahead = _unit(np.roll(triangles, -1, axis=1) - triangles)
    return np.asarray(np.arccos(np.clip((ahead * -np.roll(ahead, 1, axis=1)).sum(axis=2), -1, 1)))


def _unit(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0))

"""Vertex normals of separate triangles, smoothed across edges that are not sharp."""

import numpy as np
from numpy.typing import NDArray

from assetgen.controls._raster import Floats, portions, ramp
from assetgen.errors import check_cancelled

_CREASE = np.cos(np.radians(40.0))  # cosine of the angle between faces up to which they are smoothed
_CELLS = 2**20  # along the longest side of the bounding box: corners in one cell are the same vertex
_MOST_AROUND = 64  # faces at one vertex; with more, each keeps its face normal


def corner_normals(triangles: Floats) -> Floats:
    """Unit normals `n × 3 × 3` at the corners of triangles `n × 3 × 3`; zero for triangles without an area.

    Each is the mean normal of the adjacent faces within 40 degrees, weighted by their angles, so that the result does
    not depend on the triangulation (Thürmer and Wüthrich, 1998).
    """
    faces = np.repeat(_unit(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])), 3, axis=0)
    weighed = _angles(triangles).reshape(-1, 1) * faces
    order, first, around = _meetings(triangles.reshape(-1, 3))
    smooth = faces.copy()
    for part in portions(around):
        check_cancelled()
        corner = np.repeat(order[part], around[part])
        other = order[np.repeat(first[part], around[part]) + ramp(around[part])]
        smoothed = (faces[corner] * faces[other]).sum(axis=1) > _CREASE
        count = part.stop - part.start
        index = np.repeat(np.arange(count), around[part])[smoothed]
        sums = [np.bincount(index, weighed[other[smoothed], axis], minlength=count) for axis in range(3)]
        smooth[order[part]] = np.where(around[part, None] > 1, _unit(np.stack(sums, axis=1)), smooth[order[part]])
    return smooth.reshape(-1, 3, 3)


def _meetings(corners: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Corners sorted by position; for each, the index of the first corner at its position, and how many there are."""
    low = corners.min(axis=0)
    span = float(np.ptp(corners, axis=0).max())
    cells = np.rint((corners - low) / span * (_CELLS - 1)).astype(np.int64) @ np.array([1, _CELLS, _CELLS * _CELLS])
    order = np.argsort(cells, kind="stable")
    begins = np.flatnonzero(np.diff(cells[order], prepend=-1))
    counts = np.diff(begins, append=len(order))
    around = np.repeat(np.where(counts > _MOST_AROUND, 1, counts), counts)
    return order, np.where(around == 1, np.arange(len(order)), np.repeat(begins, counts)), around


def _angles(triangles: Floats) -> Floats:
    """The angle at each corner."""
    ahead = _unit(np.roll(triangles, -1, axis=1) - triangles)
    return np.asarray(np.arccos(np.clip((ahead * -np.roll(ahead, 1, axis=1)).sum(axis=2), -1, 1)))


def _unit(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0))

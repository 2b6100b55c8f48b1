"""A UV map without overlaps: faces that look the same way make a chart, and the charts are packed into a square."""

from dataclasses import dataclass

import numpy as np

from ..client.tones import Floats
from .texels import Whole, texels_of

LIKE = 0.5
"""The least cosine between the normal of a face and the direction of its chart: 60°."""
MOST_DIRECTIONS = 64
MARGIN = 6
"""Texels between two charts of a texture with 1024 texels a side."""
SIDE = 1024
CHECKED = 512
"""Texels a side with which overlaps inside of charts are found."""
ROUNDS = 4
TURNS = 18
"""Rotations tried for a chart, 5° apart."""


@dataclass(frozen=True)
class Faces:
    """Faces of one or more meshes in the world: `points` and `vertex` of each face corner, the `face` of each corner,
    `normals` and `areas` of each face, and `triangles` as three face corners each."""

    points: Floats
    vertex: Whole
    face: Whole
    normals: Floats
    areas: Floats
    triangles: Whole


def unwrap(faces: Faces) -> Floats:
    """The UVs of the face corners, `corners × 2`, each chart at the same scale."""
    chart = connected(faces, directions(faces.normals, faces.areas))
    for _ in range(ROUNDS):
        flat = _flattened(faces, chart)
        split = _split(faces, chart, flat)
        if split is None:
            break
        chart = split
    flat = _flattened(faces, chart)
    return _packed(flat, chart[faces.face])


def directions(normals: Floats, areas: Floats) -> Whole:
    """A number for the direction of each face: the largest face left sets it, those that look alike share it."""
    group = np.full(len(normals), -1, np.intp)
    for number in range(MOST_DIRECTIONS):
        left = np.flatnonzero(group < 0)
        if not len(left):
            break
        chosen = normals[left[np.argmax(areas[left])]]
        alike = normals[left] @ chosen > LIKE
        mean = (normals[left[alike]] * areas[left[alike], None]).sum(axis=0)
        mean = mean / max(float(np.linalg.norm(mean)), 1e-12) if np.any(mean) else chosen
        alike |= left == left[np.argmax(areas[left])]
        group[left[alike | (normals[left] @ mean > LIKE)]] = number
    group[group < 0] = MOST_DIRECTIONS
    return group


def connected(faces: Faces, group: Whole) -> Whole:
    """A number for each chart: faces of one group that share edges."""
    corner = np.arange(len(faces.face))
    count = np.bincount(faces.face, minlength=len(group))
    first = np.cumsum(count) - count
    after = np.where(corner + 1 < (first + count)[faces.face], corner + 1, first[faces.face])
    ends = np.sort(np.stack([faces.vertex, faces.vertex[after]], axis=1), axis=1)
    edge = ends[:, 0] * (int(faces.vertex.max(initial=0)) + 1) + ends[:, 1]
    order = np.lexsort((faces.face, group[faces.face], edge))
    one, other = order[:-1], order[1:]
    joined = (edge[one] == edge[other]) & (group[faces.face[one]] == group[faces.face[other]])
    return _components(len(group), faces.face[one[joined]], faces.face[other[joined]])


def _components(count: int, one: Whole, other: Whole) -> Whole:
    """The connected components of a graph: each node takes the least number that it can reach."""
    label = np.arange(count)
    while True:
        least = np.minimum(label[one], label[other])
        before = label.copy()
        np.minimum.at(label, label[one], least)
        np.minimum.at(label, label[other], least)
        label = label[label]
        if np.array_equal(before, label):
            return np.unique(label, return_inverse=True)[1]


def _flattened(faces: Faces, chart: Whole) -> Floats:
    """The corners on the plane of their chart, rotated into the smallest box, its low corner at 0."""
    total = np.zeros((int(chart.max(initial=-1)) + 1, 3))
    np.add.at(total, chart, faces.normals * faces.areas[:, None])
    total[np.linalg.norm(total, axis=1) < 1e-20] = (0, 0, 1)
    up = total / np.linalg.norm(total, axis=1, keepdims=True)
    aside = np.cross(np.where(np.abs(up[:, 2:]) > 0.9, (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), up)
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    of_corner = chart[faces.face]
    flat = np.stack(
        [np.einsum("ij,ij->i", faces.points, axis[of_corner]) for axis in (aside, np.cross(up, aside))], axis=1
    )
    best, angle = np.full(len(up), np.inf), np.zeros(len(up))
    for turn in range(TURNS):
        radians = np.full(len(up), np.pi / 2 * turn / TURNS)
        low, high = _boxes(_turned(flat, radians[of_corner]), of_corner, len(up))
        area = np.prod(high - low, axis=1)
        better = area < best * 0.999
        best, angle = np.where(better, area, best), np.where(better, radians, angle)
    flat = _turned(flat, angle[of_corner])
    return flat - _boxes(flat, of_corner, len(up))[0][of_corner]


def _turned(flat: Floats, radians: Floats) -> Floats:
    x, y, sine, cosine = flat[:, 0], flat[:, 1], np.sin(radians), np.cos(radians)
    return np.stack([x * cosine - y * sine, x * sine + y * cosine], axis=1)


def _boxes(flat: Floats, of_corner: Whole, count: int) -> tuple[Floats, Floats]:
    """The low and high corner of each chart."""
    low, high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
    np.minimum.at(low, of_corner, flat)
    np.maximum.at(high, of_corner, flat)
    return low, high


def _split(faces: Faces, chart: Whole, flat: Floats) -> Whole | None:
    """The charts with faces that lie over others of their chart in charts of their own; None if there are none."""
    packed = _packed(flat, chart[faces.face])
    texels = texels_of(packed[faces.triangles], CHECKED)
    face = faces.face[faces.triangles[:, 0]][texels.triangle]
    order = np.lexsort((face, texels.at))
    at, face = texels.at[order], face[order]
    doubled = (at[1:] == at[:-1]) & (face[1:] != face[:-1])
    count = np.bincount(face[1:][doubled], minlength=len(chart))
    over = count > 0.1 * np.bincount(face, minlength=len(chart)).clip(1)
    if not over.any():
        return None
    return connected(faces, chart * 2 + over)


def _packed(flat: Floats, of_corner: Whole) -> Floats:
    """The charts side by side in the unit square, at the largest scale that fits."""
    sizes = _boxes(flat, of_corner, int(of_corner.max(initial=-1)) + 1)[1]
    order = np.argsort(-sizes[:, 1], kind="stable")
    least, most = 0.0, 1 / max(float(sizes.max(initial=0)), 1e-12)
    for _ in range(24):
        middle = (least + most) / 2
        least, most = (middle, most) if _shelves(sizes[order] * middle) is not None else (least, middle)
    places = np.empty_like(sizes)
    found = _shelves(sizes[order] * least)
    places[order] = found if found is not None else 0.0
    return flat * least + places[of_corner]


def _shelves(sizes: Floats) -> Floats | None:
    """The low corners of boxes, highest first, in rows from left to right; None if they do not fit."""
    gap = MARGIN / SIDE
    places, x, y, high = np.empty_like(sizes), gap, gap, 0.0
    for number, (wide, tall) in enumerate(sizes):
        if x + wide + gap > 1:
            x, y, high = gap, y + high + gap, 0.0
        if x + wide + gap > 1 or y + tall + gap > 1:
            return None
        places[number] = x, y
        x, high = x + wide + gap, max(high, tall)
    return places

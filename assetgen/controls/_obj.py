"""Read the surfaces of a Wavefront OBJ file: positions and polygons, nothing else."""

from array import array

import numpy as np

from assetgen.controls._polygons import check_faces, check_vertices, fans, placed, points, rows, whole
from assetgen.controls._raster import Booleans, Floats, Whole


def read_obj(data: bytes) -> Floats:
    """Triangles `n × 3 × 3` in the order of trimesh: that of the file within a material, the last material first.

    Raises `ValueError` for what is not OBJ, and `InputError` for too many or missing vertices.
    """
    if b"\0" in data:
        raise ValueError("not text")
    text = data.replace(b"\\\r\n", b"").replace(b"\\\n", b"")  # lines that continue
    coordinates, corners, faces = array("d"), array("q"), array("q")
    materials: dict[bytes, int] = {}
    material, vertices = b"", 0
    for key, *words in rows(text):
        if key == b"v":
            coordinates.extend(map(float, words[:3]))
            vertices += 1
            check_vertices(vertices)
        elif key == b"f" and len(words) > 2:
            parts = [word.split(b"/") for word in words]
            corners.extend([int(part[0]) for part in parts])
            numbers = sum(map(len, parts)) - sum(part.count(b"") for part in parts)
            faces.extend((len(words), numbers, materials.setdefault(material, len(materials)), vertices))
            check_faces(len(corners) // 3)
        elif key == b"usemtl":
            material = b" ".join(words)
    if not vertices:
        raise ValueError("it has no vertices")
    counts, columns, groups, known = whole(faces).reshape(-1, 4).T
    found = _indices(whole(corners), np.repeat(known, counts))
    is_halved = (counts == 4) & _is_uniform(columns, groups)[groups]
    return placed(points(coordinates, vertices), fans(found, counts, -groups, is_halved))


def _indices(corners: Whole, known: Whole) -> Whole:
    """Vertex indices from 0; -1 for none. OBJ counts from 1, and negative numbers from the last vertex `known`."""
    return np.where(corners > 0, corners - 1, np.where(corners < 0, np.maximum(known + corners, -1), -1))


def _is_uniform(columns: Whole, groups: Whole) -> Booleans:
    """Whether all faces of each group have equally many numbers."""
    count = int(groups.max(initial=-1)) + 1
    least, most = np.full(count, np.iinfo(np.int64).max), np.zeros(count, np.int64)
    np.minimum.at(least, groups, columns)
    np.maximum.at(most, groups, columns)
    uniform: Booleans = least == most
    return uniform

"""Read STL files, binary and text."""

import struct
from array import array

import numpy as np

from assetgen.controls._polygons import check_faces, points, rows
from assetgen.controls._raster import Floats

_HEADER = 84  # bytes, with the number of triangles at the end
_FACE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def read_stl(data: bytes) -> Floats:
    """Triangles `n × 3 × 3`. Raises `ValueError` for what is not STL, and `InputError` for too many triangles."""
    if len(data) >= _HEADER:
        (count,) = struct.unpack_from("<I", data, _HEADER - 4)
        if len(data) == _HEADER + _FACE.itemsize * count:
            check_faces(count)
            return np.frombuffer(data, _FACE, offset=_HEADER)["corners"].astype(np.float64)
    if data.lstrip()[:5].lower() != b"solid":
        raise ValueError("neither binary nor text")
    return _read_text(data)


def _read_text(data: bytes) -> Floats:
    coordinates, vertices, is_complete = array("d"), 0, False
    for key, *words in rows(data):
        kind = key.lower()
        is_complete = kind == b"endsolid" or (is_complete and kind != b"solid")
        if kind == b"vertex":
            coordinates.extend(map(float, words[:3]))
            vertices += 1
            check_faces(vertices // 3)
    if not is_complete:
        raise ValueError("its end is missing")
    return points(coordinates, vertices).reshape(-1, 3, 3)

"""Read the surface of a PLY file, binary and text. Specification: Turk, The PLY Polygon File Format."""

import math
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from assetgen.controls._polygons import check_faces, check_vertices, fans, placed, points, rows, whole
from assetgen.controls._raster import Floats, Whole
from assetgen.errors import InputError, check_cancelled

_HEADER = 65_536  # bytes in which the header ends
_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2",
    "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "int64": "i8", "uint64": "u8",
    "float16": "f2", "float": "f4", "float32": "f4", "double": "f8", "float64": "f8",
}  # fmt: skip
_CORNERS = ("vertex_indices", "vertex_index")


@dataclass(frozen=True)
class _Property:
    name: str
    kind: str
    length: str = ""
    """The type of the length of a list."""


@dataclass(frozen=True)
class _Element:
    name: str
    count: int
    properties: list[_Property] = field(default_factory=list)


def read_ply(data: bytes) -> Floats:
    """Triangles `n × 3 × 3` in the order of trimesh: of polygons, triangles come first, then quads, then others.

    Raises `ValueError` or `LookupError` for what is no PLY file, and `InputError` for too many or missing vertices.
    """
    header, end, _ = data[:_HEADER].partition(b"end_header")
    lines = [line.split() for line in header.decode("latin-1").splitlines()]
    if lines[:1] != [["ply"]] or not end:
        raise ValueError("it has no header")
    kind = next(line[1] for line in lines if line[:1] == ["format"])
    elements = _elements(lines)
    start = data.index(b"\n", len(header)) + 1
    if kind == "ascii":
        vertices, corners, counts = _from_text(elements, rows(data, start))
    else:
        vertices, corners, counts = _from_binary(elements, data, start, ">" if "big" in kind else "<")
    return placed(vertices, fans(corners, counts, np.clip(counts, 3, 5), counts == 4))


def _elements(lines: Sequence[Sequence[str]]) -> list[_Element]:
    """The elements of a header."""
    elements: list[_Element] = []
    for line in lines:
        match line:
            case ["element", name, count]:
                elements.append(_Element(name, int(count)))
            case ["property", "list", length, kind, name]:
                elements[-1].properties.append(_Property(name, _TYPES[kind], _TYPES[length]))
            case ["property", kind, name]:
                elements[-1].properties.append(_Property(name, _TYPES[kind]))
    for each in elements:
        if each.count < 0:
            raise ValueError("a negative count")
        {"vertex": check_vertices, "face": check_faces}.get(each.name, int)(each.count)
    return elements


def _corner_list(element: _Element) -> int:
    """The place of the vertex indices among the properties of a face."""
    for place, each in enumerate(element.properties):
        if each.length and each.name in _CORNERS:
            return place
    raise ValueError("its faces have no vertex indices")


def _from_text(elements: Sequence[_Element], lines: Iterator[list[bytes]]) -> tuple[Floats, Whole, Whole]:
    """Vertices `n × 3`, the vertex indices of all polygons, and their number of each."""
    vertices, corners, counts = np.empty((0, 3)), np.empty(0, np.int64), np.empty(0, np.int64)
    for element in elements:
        taken = islice(lines, element.count)
        if element.name == "vertex":
            vertices = _text_vertices(element, taken)
        elif element.name == "face":
            corners, counts = _text_faces(element, taken)
        deque(taken, maxlen=0)
    return vertices, corners, counts


def _text_faces(element: _Element, lines: Iterator[list[bytes]]) -> tuple[Whole, Whole]:
    corners, counts = array("q"), array("q")
    place = _corner_list(element)
    before = [bool(each.length) for each in element.properties[:place]]
    for words in lines:
        start = 0
        for is_list in before:
            start += 1 + (int(words[start]) if is_list else 0)
        found = words[start + 1 : start + 1 + int(words[start])]
        corners.extend(map(int, found))
        counts.append(int(words[start]))
        check_faces(len(corners) // 3)
    if sum(counts) != len(corners) or len(counts) != element.count:
        raise ValueError("some of its faces are incomplete")
    return whole(corners), whole(counts)


def _text_vertices(element: _Element, lines: Iterator[list[bytes]]) -> Floats:
    names = [each.name for each in element.properties]
    places = [names.index(axis) for axis in "xyz"]
    if any(each.length for each in element.properties[: max(places)]):
        raise ValueError("its vertices have lists")
    coordinates = array("d")
    for words in lines:
        coordinates.extend([float(words[place]) for place in places])
    kinds = [element.properties[place].kind for place in places]
    columns = zip(points(coordinates, element.count).T, kinds, strict=True)
    return np.stack([column.astype(kind).astype(np.float64) for column, kind in columns], axis=1)


def _from_binary(elements: Sequence[_Element], data: bytes, start: int, order: str) -> tuple[Floats, Whole, Whole]:
    """As `_from_text`, from rows of numbers in the byte order `<` or `>`."""
    vertices, corners, counts = np.empty((0, 3)), np.empty(0, np.int64), np.empty(0, np.int64)
    for element in elements:
        check_cancelled()
        if not (element.count and element.properties):
            continue
        block = _block(element, data, start, order)
        start += block.nbytes
        if element.name == "vertex":
            vertices = np.stack([block[axis].astype(np.float64) for axis in "xyz"], axis=1)
        elif element.name == "face":
            found = block[element.properties[_corner_list(element)].name]
            check_faces(found.size // 3)
            corners, counts = found.astype(np.int64).reshape(-1), np.full(len(found), found.shape[1])
    return vertices, corners, counts


def _block(element: _Element, data: bytes, start: int, order: str) -> NDArray[np.void]:
    """The rows of an element. Raises `InputError` for lists of different lengths, and `ValueError` for missing rows."""
    fields: list[tuple[str, str, tuple[int, ...]]] = []
    lengths = dict[str, int]()
    place = start
    for each in element.properties:
        shape: tuple[int, ...] = ()
        if each.length:
            key = f"length of {each.name}"
            fields.append((key, order + each.length, ()))
            lengths[key] = int(np.frombuffer(data, order + each.length, 1, place)[0])
            place += np.dtype(each.length).itemsize
            shape = (lengths[key],)
        fields.append((each.name, order + each.kind, shape))
        place += np.dtype(each.kind).itemsize * math.prod(shape)
    kind = np.dtype(fields)
    block = np.frombuffer(data, kind, min(element.count, (len(data) - start) // kind.itemsize), start)
    if any((block[key] != length).any() for key, length in lengths.items()):
        cure = "Triangulate it, or save it as text"
        raise InputError(f"the lists of its element '{element.name}' have different lengths", cure=cure)
    if len(block) < element.count:
        raise ValueError(f"{len(block)} of {element.count} rows")
    return block

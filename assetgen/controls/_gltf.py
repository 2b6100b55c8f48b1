"""Check the JSON of a glTF file before its geometry is read. Specification: Khronos glTF 2.0."""

import base64
import json
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np

from assetgen.controls._polygons import check_faces, check_vertices
from assetgen.controls._raster import Floats
from assetgen.errors import InputError
from assetgen.files import read_limited

_GLB_HEADER = struct.Struct("<4sIIII")  # magic, version, length, length and type of the first chunk
GLB_MAGIC = b"glTF"
_CHUNK = struct.Struct("<I4s")  # length and type
_MAX_BUFFER_BYTES = 512_000_000
_MAX_JSON_BYTES, _MAX_VALUES = 128_000_000, 2_000_000
"""Of the JSON: parsed, a value takes a hundred times the memory of its text."""
_MAX_NODES, _MAX_LEVELS = 10_000, 200
_MAX_PRIMITIVES = 10_000  # drawn: those of a mesh count for each of its nodes
_MAX_LISTED = 100_000
_COUNTS = {"nodes": _MAX_NODES, **dict.fromkeys(("meshes", "accessors", "bufferViews", "buffers"), _MAX_LISTED)}
"""Reading one takes time even if it is empty, and ten megabytes can hold half a million."""
_NODE_KEYS = ("mesh", "children", "matrix", "translation", "rotation", "scale")
_NO_VALUES = {"componentType": 5126, "count": 0, "type": "SCALAR"}
_NO_BYTES = {"buffer": 0, "byteLength": 0}
_TRIANGLES = (4, 5, 6)  # primitive modes: list, strip, fan
_PACKED = ("KHR_draco_mesh_compression", "EXT_meshopt_compression", "KHR_meshopt_compression")

GltfTree = Mapping[str, Any]
"""A JSON object of a glTF file."""


def read_tree(data: bytes) -> GltfTree:
    """Parse the JSON of a .glb (recognised by its magic bytes) or .gltf file. Raises `ValueError` for other content."""
    if data[:4] != GLB_MAGIC:
        return _tree(data)
    if len(data) < _GLB_HEADER.size:
        raise ValueError("its header is truncated")
    _, version, length, chunk, _ = _GLB_HEADER.unpack_from(data)
    if version != 2:
        raise ValueError(f"version {version}, not 2")
    if length > len(data):
        raise ValueError(f"{len(data)} bytes of {length}")
    return _tree(data[_GLB_HEADER.size : _GLB_HEADER.size + chunk])


def _tree(data: bytes) -> GltfTree:
    if len(data) > _MAX_JSON_BYTES:
        what = f"its JSON has {len(data):,} bytes"
        raise InputError(what, cure=f"At most {_MAX_JSON_BYTES:,} are read; export it as .glb")
    values = sum(map(data.count, (b",", b"[", b"{")))
    if values > _MAX_VALUES:
        raise InputError(f"its JSON has {values:,} values", cure=f"At most {_MAX_VALUES:,} are read; join its objects")
    tree = json.loads(data)
    if not isinstance(tree, dict) or "asset" not in tree:
        raise ValueError("not a glTF document")
    return tree


def check_tree(tree: GltfTree) -> None:
    """Raise `InputError` for unsupported compression, and for more nodes, triangles or vertices than are read."""
    packed = sorted(set(tree.get("extensionsRequired", ())) & set(_PACKED))
    if packed:
        raise InputError(f"the mesh is compressed ({packed[0]})", cure="Export it without mesh compression")
    for kind, most in _COUNTS.items():
        if len(tree.get(kind, ())) > most:
            raise InputError(f"it has {len(tree[kind]):,} {kind}", cure=f"At most {most:,} are read; join its objects")
    faces = vertices = 0
    for count, primitive in enumerate(_drawn(tree), 1):
        if count > _MAX_PRIMITIVES:
            what = f"it draws more than {_MAX_PRIMITIVES:,} primitives"
            raise InputError(what, cure="Join its objects or materials")
        faces += _faces(tree, primitive)
        vertices += tree["accessors"][primitive["attributes"]["POSITION"]]["count"]
    check_faces(faces)
    check_vertices(vertices)


def _drawn(tree: GltfTree) -> Iterator[GltfTree]:
    """The primitives of the scene, once for each node that draws them."""
    for node, _ in walk(tree):
        yield from tree["meshes"][node["mesh"]]["primitives"] if "mesh" in node else ()


def geometry_of(tree: GltfTree, data: bytes, folder: Path) -> tuple[bytes, Mapping[str, bytes | memoryview]]:
    """The glTF document of the triangles in the scene alone, and its buffers by URI.

    It has no materials, textures, normals, names, cameras or extensions, and no mesh that no node uses: nothing there
    takes time or memory. Raises `InputError` for buffers outside `folder`, and for too many bytes.
    """
    used = {node["mesh"] for node, _ in walk(tree) if "mesh" in node}
    meshes = [_triangles_of(mesh) if index in used else [] for index, mesh in enumerate(tree.get("meshes", ()))]
    nodes = [
        {key: node[key] for key in _NODE_KEYS if key in node and not (key == "mesh" and not meshes[node["mesh"]])}
        for node in tree.get("nodes", ())
    ]
    primitives = [primitive for mesh in meshes for primitive in mesh]
    needed = {index for each in primitives for index in (each["attributes"]["POSITION"], each.get("indices", -1))}
    accessors = [each if index in needed else _NO_VALUES for index, each in enumerate(tree.get("accessors", ()))]
    held = {each["bufferView"] for each in accessors if "bufferView" in each}
    views = [each if index in held else _NO_BYTES for index, each in enumerate(tree.get("bufferViews", ()))]
    read = {view["buffer"] for view in views if view is not _NO_BYTES}
    left, buffers = _MAX_BUFFER_BYTES, dict[str, bytes | memoryview]()
    for index, buffer in enumerate(tree.get("buffers", ())):
        buffers[str(index)] = _buffer(buffer, data, folder, left) if index in read else b""
        left -= len(buffers[str(index)])
    short = {
        "asset": {"version": "2.0"}, "nodes": nodes, "accessors": accessors, "bufferViews": views,
        "meshes": [{"primitives": mesh} for mesh in meshes], "buffers": [{"uri": uri} for uri in buffers],
        **{key: tree[key] for key in ("scene", "scenes") if key in tree},
    }  # fmt: skip
    return json.dumps(short).encode(), buffers


def _triangles_of(mesh: GltfTree) -> list[dict[str, Any]]:
    """The primitives of a mesh that are triangles, with their positions and indices alone."""
    return [
        {
            "attributes": {"POSITION": each["attributes"]["POSITION"]},
            **{key: each[key] for key in ("indices", "mode") if key in each},
        }
        for each in mesh["primitives"]
        if each.get("mode", 4) in _TRIANGLES
    ]


def _buffer(buffer: GltfTree, data: bytes, folder: Path, most: int) -> bytes | memoryview:
    """The bytes of a buffer: of a data URI, of a file in `folder`, or of the binary chunk of a .glb file."""
    if "uri" not in buffer:
        return _binary_chunk(data)
    uri = str(buffer["uri"])
    if uri.startswith("data:"):
        return base64.b64decode(uri.partition("base64,")[2])
    path = (folder / unquote(uri)).resolve()
    if "://" in uri or not path.is_relative_to(folder.resolve()):
        raise InputError(f"it reads '{uri[:80]}' outside its folder", cure="Export it as one .glb file")
    try:
        return read_limited(path, max(most, 0))
    except FileNotFoundError as error:
        raise InputError(f"its buffer '{uri[:80]}' is missing", cure="Export it as one .glb file") from error
    except OSError as error:
        raise InputError(f"its buffer '{uri[:80]}' cannot be read ({error.strerror})") from error


def _binary_chunk(data: bytes) -> memoryview:
    """The first chunk of type BIN of a .glb file. Raises `ValueError` where there is none."""
    place = _GLB_HEADER.size + _GLB_HEADER.unpack_from(data)[3] if data[:4] == GLB_MAGIC else len(data)
    while place + _CHUNK.size <= len(data):
        length, kind = _CHUNK.unpack_from(data, place)
        place += _CHUNK.size
        if kind == b"BIN\0":
            return memoryview(data)[place : place + length]
        place += length
    raise ValueError("its binary chunk is missing")


def _faces(tree: GltfTree, primitive: GltfTree) -> int:
    """Number of triangles of a primitive; an upper bound for strips and fans."""
    position = tree["accessors"][primitive["attributes"]["POSITION"]]
    if position.get("normalized"):
        raise InputError("its positions are quantised", cure="Export it without quantisation")
    mode = primitive.get("mode", 4)
    corners = tree["accessors"][primitive["indices"]] if "indices" in primitive else position
    if min(corners["count"], position["count"]) < 0:
        raise ValueError("a negative count")
    return int(corners["count"]) // (3 if mode == 4 else 1) if mode in _TRIANGLES else 0


def walk(tree: GltfTree) -> Iterator[tuple[GltfTree, Floats]]:
    """Every node of the default scene with its world matrix (4×4), parents first."""
    nodes = tree.get("nodes", [])
    scenes = tree.get("scenes") or [{"nodes": list(range(len(nodes)))}]
    waiting = [(index, np.eye(4), 1) for index in scenes[tree.get("scene", 0)].get("nodes", ())]
    seen: set[int] = set()
    while waiting:
        index, above, level = waiting.pop()
        if index in seen:
            raise InputError("a node of its scene has two parents or is its own ancestor", cure="Export it again")
        if level > _MAX_LEVELS:
            raise InputError(f"its nodes have more than {_MAX_LEVELS} levels", cure="Join or unparent its objects")
        seen.add(index)
        with np.errstate(all="ignore"):  # the result is checked where it is used
            matrix = above @ _matrix(nodes[index])
        yield nodes[index], matrix
        waiting += [(child, matrix, level + 1) for child in nodes[index].get("children", ())]


def _matrix(node: GltfTree) -> Floats:
    if "matrix" in node:
        return np.array(node["matrix"], float).reshape(4, 4).T
    x, y, z, w = node.get("rotation", (0, 0, 0, 1))
    turn = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(turn) * np.array(node.get("scale", (1, 1, 1)), float)
    matrix[:3, 3] = node.get("translation", (0, 0, 0))
    return matrix

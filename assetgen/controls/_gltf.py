"""Check the JSON of a glTF file before its geometry is read. Specification: Khronos glTF 2.0."""

import json
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np

from assetgen.controls._raster import Floats
from assetgen.errors import InputError

_GLB_HEADER = struct.Struct("<4sIIII")  # magic, version, length, length and type of the first chunk
GLB_MAGIC = b"glTF"
_MAX_EXTERNAL_BYTES = 512_000_000
_MAX_NODES = 10_000
"""Reading a node takes time even if it is empty, and ten megabytes can hold half a million."""
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
    tree = json.loads(data)
    if not isinstance(tree, dict) or "asset" not in tree:
        raise ValueError("not a glTF document")
    return tree


def check_tree(tree: GltfTree, folder: Path, max_faces: int) -> None:
    """Raise `InputError` for unsupported compression, buffers outside `folder`, and meshes too large for memory."""
    packed = sorted(set(tree.get("extensionsRequired", ())) & set(_PACKED))
    if packed:
        raise InputError(f"the mesh is compressed ({packed[0]})", cure="Export it without mesh compression")
    for buffer in tree.get("buffers", ()):
        if "uri" in buffer:
            _check_uri(str(buffer["uri"]), folder)
    for accessor in tree.get("accessors", ()):
        if not 0 <= int(accessor["count"]) <= 3 * max_faces:
            raise InputError(f"it holds {accessor['count']:,} values in one list", cure="Simplify the mesh")
    nodes = len(tree.get("nodes", ()))
    if nodes > _MAX_NODES:
        raise InputError(f"it has {nodes:,} nodes", cure=f"At most {_MAX_NODES:,} are read; join its objects")
    faces = sum(_faces(tree, tree["meshes"][node["mesh"]]) for node, _ in walk(tree) if "mesh" in node)
    if faces > max_faces:
        raise InputError(f"it has {faces:,} triangles", cure=f"At most {max_faces:,} are read; simplify the mesh")


def _check_uri(uri: str, folder: Path) -> None:
    if uri.startswith("data:"):
        return
    path = (folder / unquote(uri)).resolve()
    if "://" in uri or not path.is_relative_to(folder.resolve()):
        raise InputError(f"it reads '{uri[:80]}' outside its folder", cure="Export it as one .glb file")
    if not path.is_file():
        raise InputError(f"its buffer '{uri[:80]}' is missing", cure="Export it as one .glb file")
    if path.stat().st_size > _MAX_EXTERNAL_BYTES:
        raise InputError(f"its buffer '{uri[:80]}' is larger than {_MAX_EXTERNAL_BYTES // 1_000_000} MB")


def _faces(tree: GltfTree, mesh: GltfTree) -> int:
    """Number of triangles of a mesh; an upper bound for strips and fans."""
    faces = 0
    for primitive in mesh["primitives"]:
        position = tree["accessors"][primitive["attributes"]["POSITION"]]
        if position.get("normalized"):
            raise InputError("its positions are quantised", cure="Export it without quantisation")
        mode = primitive.get("mode", 4)
        corners = tree["accessors"][primitive["indices"]] if "indices" in primitive else position
        faces += corners["count"] // (3 if mode == 4 else 1) if mode in _TRIANGLES else 0
    return faces


def walk(tree: GltfTree) -> Iterator[tuple[GltfTree, Floats]]:
    """Every node of the default scene with its world matrix (4×4), parents first."""
    nodes = tree.get("nodes", [])
    scenes = tree.get("scenes") or [{"nodes": list(range(len(nodes)))}]
    waiting = [(index, np.eye(4)) for index in scenes[tree.get("scene", 0)].get("nodes", ())]
    seen: set[int] = set()
    while waiting:
        index, above = waiting.pop()
        if index in seen:
            raise InputError("a node of its scene has two parents or is its own ancestor", cure="Export it again")
        seen.add(index)
        with np.errstate(all="ignore"):  # the result is checked where it is used
            matrix = above @ _matrix(nodes[index])
        yield nodes[index], matrix
        waiting += [(child, matrix) for child in nodes[index].get("children", ())]


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

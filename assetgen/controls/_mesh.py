"""Read untrusted mesh files as triangles in world space."""

import io
import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from assetgen.controls._camera import y_up
from assetgen.controls._gltf import GLB_MAGIC, GltfTree, check_tree, geometry_of, read_tree
from assetgen.controls._obj import read_obj
from assetgen.controls._ply import read_ply
from assetgen.controls._polygons import check_faces
from assetgen.controls._raster import Floats
from assetgen.controls._stl import read_stl
from assetgen.errors import InputError, check_cancelled
from assetgen.files import read_limited

Up = Literal["y", "z"]

_UP_AXIS: Mapping[str, Up] = {".glb": "y", ".gltf": "y", ".obj": "y", ".stl": "z", ".ply": "z"}
"""The usual up axis: by specification for glTF, by custom for OBJ, from 3D printing and scanning for STL and PLY."""
_MAX_BYTES = 512_000_000
_READERS = {".obj": read_obj, ".stl": read_stl, ".ply": read_ply}
_FLOAT = np.finfo(np.float32)
"""The range of coordinates: their squares and products must not overflow."""


@dataclass(frozen=True)
class Mesh:
    """Triangles `n × 3 × 3` (corner, x y z), y up, and the JSON of a glTF file (empty for other formats)."""

    triangles: Floats
    tree: GltfTree

    @property
    def centre(self) -> Floats:
        """Centre of the bounding box."""
        corners = self.triangles.reshape(-1, 3)
        return np.asarray((corners.min(axis=0) + corners.max(axis=0)) / 2)

    @property
    def radius(self) -> float:
        """Distance from `centre` to the farthest vertex."""
        return float(np.linalg.norm(self.triangles.reshape(-1, 3) - self.centre, axis=1).max())

    @property
    def foot(self) -> float:
        """Lowest y of any vertex."""
        return float(self.triangles[..., 1].min())


def read_mesh(path: Path, up: Up | None = None) -> Mesh:
    """Read a .glb, .gltf, .obj, .stl or .ply file, with all nodes in world space, converted to y up.

    `up` overrides the usual up axis of the format. Reads no textures and nothing from the network. Raises `InputError`
    for a file that does not match its suffix, is damaged, holds no surface, or is too large.
    """
    kind = path.suffix.lower()
    try:
        if kind not in _UP_AXIS:
            raise InputError("this mesh format is not supported", cure=f"Give one of {', '.join(_UP_AXIS)}")
        data = _bytes(path)
        tree = _checked(data, kind, path)
        triangles = _triangles(data, kind, tree, path.parent)
        _check_surface(triangles)
    except InputError as error:
        raise error.at(path.name) from error
    return Mesh(y_up(triangles) if (up or _UP_AXIS[kind]) == "z" else triangles, tree)


def _bytes(path: Path) -> bytes:
    try:
        return read_limited(path, _MAX_BYTES)
    except OSError as error:
        raise InputError(f"the mesh cannot be read ({error.strerror})") from error


def _checked(data: bytes, kind: str, path: Path) -> GltfTree:
    """Check content against suffix, and counts against the limits, before parsing the geometry."""
    if kind in (".glb", ".gltf"):
        try:
            tree = read_tree(data) if kind == ".gltf" or data[:4] == GLB_MAGIC else None
            if tree is None:
                raise _not_a(kind)
            check_tree(tree)
            return tree
        except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise _damaged(kind, error) from error
    return {}


def _triangles(data: bytes, kind: str, tree: GltfTree, folder: Path) -> Floats:
    try:
        with np.errstate(all="ignore"):  # what is no coordinate is refused
            return _READERS[kind](data) if kind in _READERS else _of_gltf(*geometry_of(tree, data, folder))
    except InputError:
        raise
    except Exception as error:  # trimesh raises many types for damaged files
        raise _damaged(kind, error) from error


def _of_gltf(document: bytes, buffers: Mapping[str, bytes | memoryview]) -> Floats:
    import trimesh

    logging.getLogger("trimesh").setLevel(logging.CRITICAL)  # it logs errors that it then raises
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scene = trimesh.load_scene(
            io.BytesIO(document), file_type="gltf", resolver=buffers, process=False, skip_materials=True
        )
    check_cancelled()
    return _in_world(scene)


def _in_world(scene: Any) -> Floats:
    import trimesh

    found, count = [np.empty((0, 3, 3))], 0
    for node in scene.graph.nodes_geometry:
        matrix, name = scene.graph[node]
        shape = scene.geometry[name]
        if isinstance(shape, trimesh.Trimesh) and len(shape.faces):
            if shape.faces.min() < 0:
                raise InputError("a triangle refers to a vertex that does not exist", cure="Export the mesh again")
            corners = np.asarray(shape.vertices, np.float64)[np.asarray(shape.faces)]
            found.append(corners @ matrix[:3, :3].T + matrix[:3, 3])
            count += len(corners)
            check_faces(count)
    return np.concatenate(found)


def _check_surface(triangles: Floats) -> None:
    if not len(triangles):
        cure = "Export it as a mesh: point clouds, lines and curves are not supported"
        raise InputError("it holds no triangles", cure=cure)
    if not np.abs(triangles).max() < _FLOAT.max:
        raise InputError("some of its vertices are not finite numbers", cure="Repair the mesh in a 3D editor")
    if not np.ptp(triangles.reshape(-1, 3), axis=0).max() > _FLOAT.tiny:
        raise InputError("all its vertices are at one point", cure="Repair the mesh in a 3D editor")


def _not_a(kind: str) -> InputError:
    return InputError(f"the content is not that of a {kind[1:]} file", cure="Export the mesh again")


def _damaged(kind: str, error: Exception) -> InputError:
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:120]
    return InputError(f"the {kind[1:]} file is damaged or truncated ({reason})", cure="Export the mesh again")

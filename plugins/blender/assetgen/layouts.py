"""The UV map that a painted texture uses: the mesh's own if nothing overlaps in it, else a new one."""

from collections.abc import Mapping, Sequence

import bpy
import numpy as np

from .bake.texels import overlap
from .bake.unwrap import Faces, unwrap
from .client.tones import Floats
from .client.trouble import Trouble
from .projection import UV_MAP as PROJECTION
from .surfaces import read, triangles_of

UV_MAP = "assetgen paint"
SIDE = 512
"""Texels a side by which overlaps are found."""
MOST_OVERLAP = 0.01


def check_paintable(items: Sequence[bpy.types.Object]) -> None:
    """Raises `Trouble` for the first mesh that cannot be painted."""
    known: dict[str, str] = {}
    for item in items:
        mesh = item.data
        if item.mode != "OBJECT":
            raise Trouble(f"{item.name} is being edited.", "Go back to object mode, then try again.")
        if not mesh.is_editable or not item.is_editable:
            raise Trouble(f"The mesh of {item.name} belongs to another file.", "Make it local first.")
        if not len(mesh.polygons):
            raise Trouble(f"{item.name} has no faces.", "Deselect it, or add faces.")
        if mesh.name_full in known:
            what = f"{item.name} shares its mesh with {known[mesh.name_full]}."
            raise Trouble(what, "Select only one of them, or make it a single user first.")
        known[mesh.name_full] = item.name


def lay_out(items: Sequence[bpy.types.Object], worlds: Mapping[int, Floats], shared: bool) -> dict[int, str]:
    """The name of the UV map of each object, by session uid; makes those that are missing. Raises `Trouble`."""
    if shared:
        used = _shared_map(items)
        if used is None:
            _unwrap(items, worlds)
        return {item.session_uid: used or UV_MAP for item in items}
    names = {}
    for item in items:
        name = _own_map(item.data)
        if name is None:
            _unwrap([item], worlds)
        names[item.session_uid] = name or UV_MAP
    return names


def _own_map(mesh: bpy.types.Mesh) -> str | None:
    """The active UV map of a mesh, or one made here, if nothing overlaps in it."""
    active = next((layer.name for layer in mesh.uv_layers if layer.active_render), None)
    for name in (UV_MAP, active):
        is_usable = name in mesh.uv_layers and name != PROJECTION
        if is_usable and overlap(triangles_of(mesh, np.eye(4), name).uvs, SIDE) <= MOST_OVERLAP:
            return name
    return None


def _shared_map(items: Sequence[bpy.types.Object]) -> str | None:
    """The UV map in which these objects lie side by side already."""
    if not all(UV_MAP in item.data.uv_layers for item in items):
        return None
    uvs = np.concatenate([triangles_of(item.data, np.eye(4), UV_MAP).uvs for item in items])
    return UV_MAP if overlap(uvs, SIDE) <= MOST_OVERLAP else None


def _unwrap(items: Sequence[bpy.types.Object], worlds: Mapping[int, Floats]) -> None:
    """Give objects a UV map in which all their faces lie side by side, at their size in the world."""
    parts = [_faces(item.data, worlds[item.session_uid]) for item in items]
    corners = np.cumsum([0, *(len(part.face) for part in parts)])
    faces = np.cumsum([0, *(len(part.areas) for part in parts)])
    vertices = np.cumsum([0, *(part.vertex.max(initial=-1) + 1 for part in parts)])
    whole = Faces(
        points=np.concatenate([part.points for part in parts]),
        vertex=np.concatenate([part.vertex + first for part, first in zip(parts, vertices[:-1], strict=True)]),
        face=np.concatenate([part.face + first for part, first in zip(parts, faces[:-1], strict=True)]),
        normals=np.concatenate([part.normals for part in parts]),
        areas=np.concatenate([part.areas for part in parts]),
        triangles=np.concatenate([part.triangles + first for part, first in zip(parts, corners[:-1], strict=True)]),
    )
    uvs = unwrap(whole).astype(np.float32)
    for item, first, after in zip(items, corners[:-1], corners[1:], strict=True):
        layers = item.data.uv_layers
        layer = layers.get(UV_MAP) or layers.new(name=UV_MAP, do_init=False)
        if layer is None:
            raise Trouble(f"{item.name} has no room for another UV map.", "Remove one: a mesh holds eight.")
        layer.uv.foreach_set("vector", uvs[first:after].ravel())


def _faces(mesh: bpy.types.Mesh, world: Floats) -> Faces:
    mesh.calc_loop_triangles()
    there = triangles_of(mesh, world)
    vertex = read(mesh.loops, "vertex_index", np.int32).astype(np.intp)
    points = read(mesh.vertices, "co", np.float32, 3).astype(np.float64) @ world[:3, :3].T + world[:3, 3]
    doubled = np.cross(there.points[:, 1] - there.points[:, 0], there.points[:, 2] - there.points[:, 0]) / 2
    total = np.zeros((len(mesh.polygons), 3))
    np.add.at(total, there.face, doubled)
    areas = np.linalg.norm(total, axis=1)
    return Faces(
        points=points[vertex],
        vertex=vertex,
        face=np.repeat(np.arange(len(mesh.polygons)), read(mesh.polygons, "loop_total", np.int32)),
        normals=total / np.maximum(areas, 1e-30)[:, None],
        areas=areas,
        triangles=read(mesh.loop_triangles, "loops", np.int32, 3).astype(np.intp),
    )

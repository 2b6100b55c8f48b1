"""Meshes as arrays: triangles of what is seen, with modifiers, and of the mesh itself."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import bpy
import numpy as np

from .bake.sight import Whole
from .client.tones import Floats
from .client.trouble import Trouble

SCATTERED = 4000
"""Points on each mesh by which a camera is tested: it sees the mesh if it sees one of them."""


@dataclass(frozen=True)
class Triangles:
    """Triangles of a mesh: points and normals of the world `n × 3 × 3`, UVs `n × 3 × 2`, and the face of each."""

    points: Floats
    normals: Floats
    uvs: Floats
    face: Whole


def seen_triangles(item: bpy.types.Object, world: Floats, uv_map: str = "") -> Triangles:
    """The triangles of an object with its modifiers. Raises `Trouble` if these remove the UV map."""
    shown = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = shown.to_mesh()
    try:
        if uv_map and uv_map not in mesh.uv_layers:
            what = f"The modifiers of {item.name} remove its UV map."
            raise Trouble(what, "Apply them, or disable them in the view.")
        return triangles_of(mesh, world, uv_map)
    finally:
        shown.to_mesh_clear()


def triangles_of(mesh: bpy.types.Mesh, world: Floats, uv_map: str = "") -> Triangles:
    """The triangles of a mesh; without `uv_map` their UVs are 0."""
    mesh.calc_loop_triangles()
    corners = read(mesh.loop_triangles, "loops", np.int32, 3).astype(np.intp)
    face = read(mesh.loop_triangles, "polygon_index", np.int32).astype(np.intp)
    vertex = read(mesh.loops, "vertex_index", np.int32)
    points = read(mesh.vertices, "co", np.float32, 3).astype(np.float64) @ world[:3, :3].T + world[:3, 3]
    normals = read(mesh.corner_normals, "vector", np.float32, 3).astype(np.float64) @ np.linalg.pinv(world[:3, :3])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    uvs = read(mesh.uv_layers[uv_map].uv, "vector", np.float32, 2) if uv_map else np.zeros((len(mesh.loops), 2))
    return Triangles(points[vertex[corners]], normals[corners], uvs[corners], face)


def read(rows: bpy.types.bpy_prop_collection, name: str, kind: type, width: int = 1) -> Floats:
    """An attribute of all rows of a collection as an array, `rows × width`, or flat for a width of 1."""
    found = np.empty(len(rows) * width, kind)
    rows.foreach_get(name, found)
    return found.reshape(-1, width) if width > 1 else found


def scattered(items: Iterable[bpy.types.Object]) -> tuple[Floats, Floats]:
    """Points spread evenly over the surfaces of objects, and their normals."""
    points, normals = [], []
    for item in items:
        there = seen_triangles(item, np.array(item.matrix_world))
        one, other = (there.points[:, number] - there.points[:, 0] for number in (1, 2))
        area = np.cumsum(np.linalg.norm(np.cross(one, other), axis=1))
        if not len(area) or area[-1] <= 0:
            continue
        steps = (np.arange(SCATTERED) + 0.5) / SCATTERED
        which = np.minimum(np.searchsorted(area, steps * area[-1]), len(area) - 1)
        u, v = np.modf(steps * 7919.31)[0], np.modf(steps * 6101.73)[0]
        outside = u + v > 1
        u, v = np.where(outside, 1 - u, u)[:, None], np.where(outside, 1 - v, v)[:, None]
        points.append(there.points[which, 0] + one[which] * u + other[which] * v)
        normals.append(there.normals[which].mean(axis=1))
    if not points:
        raise Trouble("The selected meshes have no faces.", "Select meshes with faces.")
    return np.concatenate(points), np.concatenate(normals)


@contextmanager
def shown_as_in_the_view(items: Sequence[bpy.types.Object]) -> Iterator[None]:
    """Context in which renders subdivide these objects as often as the 3D view does, so that both have one surface."""
    changed = []
    try:
        for modifier in (each for item in items for each in item.modifiers if each.type in ("SUBSURF", "MULTIRES")):
            changed.append((modifier, modifier.render_levels))
            modifier.render_levels = modifier.levels
        yield
    finally:
        for modifier, levels in changed:
            modifier.render_levels = levels

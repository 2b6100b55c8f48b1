"""The rendered scene as one mesh, for models that draw from it."""

import bpy
import numpy as np

from .client.glb import write_glb
from .client.tones import Floats
from .depth import SOLID
from .surfaces import read

MOST_TRIANGLES = 300_000
"""Larger scenes are too large for an upload: then the model gets their depth."""
CENTERED = 1e-4


def scene_file(context: bpy.types.Context, camera: bpy.types.Object, units: tuple[int, int]) -> bytes | None:
    """The scene and the camera as a .glb file; None for a shifted camera, which the format does not have, and for
    scenes that are too large."""
    graph = context.evaluated_depsgraph_get()
    projection = np.array(camera.calc_matrix_camera(graph, x=units[0], y=units[1]))
    if np.abs(projection[:2, 2:]).max() > CENTERED:
        return None
    parts, count = [], 0
    for instance in graph.object_instances:
        if instance.object.type not in SOLID or instance.object.hide_render:
            continue
        parts.append(_triangles(instance.object, np.array(instance.matrix_world)))
        count += len(parts[-1])
        if count > MOST_TRIANGLES:
            return None
    if not count:
        return None
    return write_glb(np.concatenate(parts), np.array(camera.matrix_world), projection)


def _triangles(item: bpy.types.Object, world: Floats) -> Floats:
    mesh = item.to_mesh()
    try:
        if mesh is None:
            return np.zeros((0, 3, 3))
        mesh.calc_loop_triangles()
        points = read(mesh.vertices, "co", np.float32, 3).astype(np.float64) @ world[:3, :3].T + world[:3, 3]
        return points[read(mesh.loop_triangles, "vertices", np.int32, 3)]
    finally:
        item.to_mesh_clear()

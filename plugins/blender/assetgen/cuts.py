"""Subdivide large faces, so that a projected image is not distorted.

Between the corners of a face a UV map runs evenly, but what a camera sees runs with 1/depth: on a face that reaches far
away from the camera the image would bend along its diagonal.
"""

import bmesh
import bpy
import numpy as np
from mathutils import Vector

from .client.tones import Floats
from .depth import DepthView

EVEN = 1.05
"""The ratio of a face's depths up to which the error is below one pixel."""
MARK = "assetgen_cut"


def cut_deep_faces(mesh: bpy.types.Mesh, world: Floats, view: DepthView, cuts: int, key: str) -> None:
    """Subdivide the edges of faces that reach far into the image `cuts` times; once for each `key`."""
    if not view.perspective or cuts == 0 or mesh.get(MARK) == key:
        return
    body = bmesh.new()
    try:
        body.from_mesh(mesh)
        deep = [face for face in body.faces if _is_deep(face, world, view)]
        if deep:
            edges = list({edge for face in deep for edge in face.edges})
            bmesh.ops.subdivide_edges(body, edges=edges, cuts=cuts, use_grid_fill=True)
            body.to_mesh(mesh)
            mesh.update()
        mesh[MARK] = key
    finally:
        body.free()


def _is_deep(face: bmesh.types.BMFace, world: Floats, view: DepthView) -> bool:
    corners = np.array([Vector(vertex.co) for vertex in face.verts]) @ world[:3, :3].T + world[:3, 3]
    away = view.away(corners)
    return bool(away.min() > 0 and away.max() / away.min() > EVEN)

"""A picture laid onto meshes as a camera sees them: a UV map of its own, and a material where it is seen."""

import bpy
import numpy as np

from .client.tones import Floats
from .client.trouble import Trouble
from .depth import Sight

UV_MAP = "assetgen projection"
TOWARDS = 0.05
"""Cosine to the view below which a face is seen too much from the side."""
INWARDS = 0.3
"""How far from a corner towards the middle of its face sight is tested: the very corner lies on an edge."""
TOLERANCE = 0.02
"""Of the depth: how far behind the nearest surface still counts as the surface."""


def projected(points: Floats, clip: Floats) -> Floats:
    """Points `… × 3` of the world as u, v (0..1 in the picture, v upwards) and w (negative behind a camera)."""
    at = points @ clip[:, :3].T + clip[:, 3]
    w = at[..., 3:]
    return np.concatenate([at[..., :2] / np.where(np.abs(w) < 1e-9, 1e-9, w) / 2 + 0.5, w], axis=-1)


def lay_uvs(item: bpy.types.Object, world: Floats, sight: Sight) -> None:
    """Write the UV map of a mesh as it is seen. Raises `Trouble` where that cannot be."""
    if item.mode != "OBJECT":
        raise Trouble(f"{item.name} is being edited.", "Go back to object mode, then click the picture.")
    if not item.data.is_editable:
        raise Trouble(f"The mesh of {item.name} belongs to another file.", "Make it local first.")
    layers = item.data.uv_layers
    layer = layers.get(UV_MAP) or layers.new(name=UV_MAP)
    if layer is None:
        raise Trouble(f"{item.name} has no room for another UV map.", "Remove one: a mesh holds eight.")
    points = _corners(item.data, world)
    layer.uv.foreach_set("vector", projected(points, sight.clip)[:, :2].astype(np.float32).ravel())


def seen_faces(mesh: bpy.types.Mesh, world: Floats, sight: Sight) -> Floats:
    """Which faces the camera sees: turned to it, inside the picture, and nothing before them."""
    points = _corners(mesh, world)
    faces = np.empty(len(mesh.polygons), np.int64)
    mesh.polygons.foreach_get("loop_total", faces)
    of_face = np.repeat(np.arange(len(faces)), faces)
    middles = np.zeros((len(faces), 3))
    np.add.at(middles, of_face, points)
    middles /= faces[:, None]
    inner = points + (middles[of_face] - points) * INWARDS
    seen = np.zeros(len(faces), bool)
    np.logical_or.at(seen, of_face, _in_sight(inner, sight))
    seen |= _in_sight(middles, sight)
    return seen & (_turned(mesh, world, middles, sight) > TOWARDS)


def _corners(mesh: bpy.types.Mesh, world: Floats) -> Floats:
    """Each face corner's place in the world."""
    vertices = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", vertices)
    corners = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    return vertices.reshape(-1, 3).astype(np.float64)[corners] @ world[:3, :3].T + world[:3, 3]


def _in_sight(points: Floats, sight: Sight) -> Floats:
    at = projected(points, sight.clip)
    height, width = sight.depth.shape
    x, y = np.floor(at[:, 0] * width), np.floor((1 - at[:, 1]) * height)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height) & (at[:, 2] > 0)
    x, y = np.clip(x, 0, width - 1).astype(int), np.clip(y, 0, height - 1).astype(int)
    return inside & (sight.away(points) <= sight.depth[y, x] * (1 + TOLERANCE))


def _turned(mesh: bpy.types.Mesh, world: Floats, middles: Floats, sight: Sight) -> Floats:
    """The cosine between each face and the way to the camera."""
    normals = np.empty(len(mesh.polygons) * 3, np.float32)
    mesh.polygons.foreach_get("normal", normals)
    turned = normals.reshape(-1, 3) @ np.linalg.inv(world[:3, :3])
    turned /= np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-12)
    way = sight.eye - middles if sight.perspective else np.broadcast_to(-sight.forward, middles.shape)
    way = way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-12)
    return np.sum(turned * way, axis=1)

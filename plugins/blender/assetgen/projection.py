"""Project an image onto meshes from a camera: a UV map, and a material on the visible faces."""

import bpy
import numpy as np

from .bake.sight import projected
from .client.tones import Floats
from .client.trouble import Trouble
from .depth import DepthView

UV_MAP = "assetgen projection"
TOWARDS = 0.05
"""The smallest cosine between view and face normal: below it, a face is too oblique."""
INWARDS = 0.3
"""Visibility is tested this far from a corner towards the face centre, because corners lie on edges."""
TOLERANCE = 0.02
"""Relative depth tolerance of the visibility test."""


def lay_uvs(item: bpy.types.Object, world: Floats, view: DepthView) -> None:
    """Write the projected UV map of a mesh. Raises `Trouble` if the mesh cannot be changed."""
    if item.mode != "OBJECT":
        raise Trouble(f"{item.name} is being edited.", "Go back to object mode, then click the image.")
    if not item.data.is_editable:
        raise Trouble(f"The mesh of {item.name} belongs to another file.", "Make it local first.")
    layers = item.data.uv_layers
    layer = layers.get(UV_MAP) or layers.new(name=UV_MAP)
    if layer is None:
        raise Trouble(f"{item.name} has no room for another UV map.", "Remove one: a mesh holds eight.")
    points = _corners(item.data, world)
    layer.uv.foreach_set("vector", projected(points, view.clip)[:, :2].astype(np.float32).ravel())


def seen_faces(mesh: bpy.types.Mesh, world: Floats, view: DepthView) -> Floats:
    """The visible faces: facing the camera, inside the image, and not occluded."""
    points = _corners(mesh, world)
    faces = np.empty(len(mesh.polygons), np.int64)
    mesh.polygons.foreach_get("loop_total", faces)
    of_face = np.repeat(np.arange(len(faces)), faces)
    middles = np.zeros((len(faces), 3))
    np.add.at(middles, of_face, points)
    middles /= faces[:, None]
    inner = points + (middles[of_face] - points) * INWARDS
    seen = np.zeros(len(faces), bool)
    np.logical_or.at(seen, of_face, _is_visible(inner, view))
    seen |= _is_visible(middles, view)
    return seen & (_turned(mesh, world, middles, view) > TOWARDS)


def _corners(mesh: bpy.types.Mesh, world: Floats) -> Floats:
    """The world position of each face corner."""
    vertices = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", vertices)
    corners = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    return vertices.reshape(-1, 3).astype(np.float64)[corners] @ world[:3, :3].T + world[:3, 3]


def _is_visible(points: Floats, view: DepthView) -> Floats:
    at = projected(points, view.clip)
    height, width = view.depth.shape
    x, y = np.floor(at[:, 0] * width), np.floor((1 - at[:, 1]) * height)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height) & (at[:, 2] > 0)
    x, y = np.clip(x, 0, width - 1).astype(int), np.clip(y, 0, height - 1).astype(int)
    return inside & (view.away(points) <= view.depth[y, x] * (1 + TOLERANCE))


def _turned(mesh: bpy.types.Mesh, world: Floats, middles: Floats, view: DepthView) -> Floats:
    """The cosine between each face normal and the direction to the camera."""
    normals = np.empty(len(mesh.polygons) * 3, np.float32)
    mesh.polygons.foreach_get("normal", normals)
    turned = normals.reshape(-1, 3) @ np.linalg.inv(world[:3, :3])
    turned /= np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-12)
    way = view.eye - middles if view.perspective else np.broadcast_to(-view.forward, middles.shape)
    way = way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-12)
    return np.sum(turned * way, axis=1)

"""What a mesh shows before it is painted: its colours in the texels of the new texture, and what the mask protects."""

from collections.abc import Mapping, Sequence
from typing import Any

import bpy
import numpy as np

from .bake.painting import sampled
from .bake.texels import Texels
from .client.tones import Floats
from .client.trouble import Trouble
from .surfaces import Triangles, read, triangles_of

GREY = (0.8, 0.8, 0.8)
"""A mesh without a material."""


def earlier_colors(item: bpy.types.Object, base: Triangles, texels: Texels) -> tuple[Floats, Floats]:
    """The colour of each texel by the materials of a mesh, and where it comes from a picture."""
    colors, pictured = np.empty((len(texels.at), 3), np.float32), np.zeros(len(texels.at), bool)
    slot = read(item.data.polygons, "material_index", np.int32)[base.face[texels.triangle]]
    slot = np.minimum(slot, max(len(item.material_slots) - 1, 0))
    for number in np.unique(slot):
        mine = slot == number
        material = item.material_slots[number].material if item.material_slots else None
        image, uv_map, color = _base_color(material)
        if image is None or not item.data.uv_layers:
            colors[mine] = color
            continue
        name = uv_map if uv_map in item.data.uv_layers else _render_map(item.data)
        uvs = triangles_of(item.data, np.eye(4), name).uvs
        part = Texels(texels.at[mine], texels.triangle[mine], texels.shares[mine])
        colors[mine] = sampled(read_image(image), part.between(uvs) % 1.0)
        pictured[mine] = True
    return colors, pictured


def check_mask(items: Sequence[bpy.types.Object], limits: Mapping[str, str]) -> None:
    """Raises `Trouble` if the mask is missing for one of the objects."""
    for item in items:
        if limits["mask"] == "FACES" and not read(item.data.polygons, "select", np.bool_).any():
            raise Trouble(f"{item.name} has no selected faces.", "Select some in edit mode, or choose Whole Meshes.")
        if limits["mask"] == "GROUP" and item.vertex_groups.active is None:
            raise Trouble(f"{item.name} has no vertex group.", "Add one and assign vertices, or choose Whole Meshes.")
    image = bpy.data.images.get(limits["image"])
    if limits["mask"] == "IMAGE" and (image is None or not image.size[0]):
        raise Trouble("The mask image is missing.", "Choose an image: white is painted, black is kept.")


def mask_shares(item: bpy.types.Object, limits: Mapping[str, str], base: Triangles, texels: Texels) -> Floats | None:
    """How much of each texel may be painted, 0 to 1; None for all of everything. Raises `Trouble`."""
    check_mask([item], limits)
    kind, mesh = limits["mask"], item.data
    if kind == "FACES":
        return read(mesh.polygons, "select", np.bool_)[base.face[texels.triangle]].astype(np.float32)
    if kind == "GROUP":
        return texels.between(_group(item)[_vertices(mesh)][..., None])[:, 0]
    if kind == "IMAGE":
        return sampled(read_image(bpy.data.images[limits["image"]]), texels.between(base.uvs)).mean(axis=1)
    return None


def read_image(image: bpy.types.Image) -> Floats:
    """The colours of an image, `height × width × 3` in 0..1, top row first. Raises `Trouble` if its file is missing."""
    width, height = image.size
    if not width or not height:
        raise Trouble(f"The image {image.name} has no pixels.", "Restore its file, or choose another material.")
    pixels = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(pixels)
    return pixels.reshape(height, width, 4)[::-1, :, :3]


def _base_color(material: bpy.types.Material | None) -> tuple[bpy.types.Image | None, str, tuple[float, ...]]:
    """The picture of a material's base colour with the name of its UV map, or its plain colour (sRGB)."""
    if material is None or material.node_tree is None:
        return None, "", GREY if material is None else _encoded(material.diffuse_color)
    shader = next((node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED"), None)
    if shader is None:
        return None, "", _encoded(material.diffuse_color)
    socket = shader.inputs["Base Color"]
    node = socket.links[0].from_node if socket.links else None
    if node is None or node.type != "TEX_IMAGE" or node.image is None:
        return None, "", _encoded(socket.default_value)
    place = node.inputs["Vector"].links
    source = place[0].from_node if place else None
    if source is not None and source.type == "MAPPING" and source.inputs["Vector"].links:
        source = source.inputs["Vector"].links[0].from_node
    return node.image, source.uv_map if source is not None and source.type == "UVMAP" else "", GREY


def _encoded(color: Any) -> tuple[float, ...]:
    """A linear colour as sRGB."""
    linear = np.clip(np.array(color[:3], np.float64), 0, 1)
    return tuple(np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055))


def _render_map(mesh: bpy.types.Mesh) -> str:
    return next(layer.name for layer in mesh.uv_layers if layer.active_render)


def _group(item: bpy.types.Object) -> Floats:
    """The weight of each vertex in the active vertex group."""
    group = item.vertex_groups.active
    found = np.zeros(len(item.data.vertices), np.float32)
    for vertex in item.data.vertices:
        for each in vertex.groups:
            if each.group == group.index:
                found[vertex.index] = each.weight
    return found


def _vertices(mesh: bpy.types.Mesh) -> Floats:
    """The vertices of each triangle."""
    return read(mesh.loop_triangles, "vertices", np.int32, 3)

"""Materials of generated maps: a Principled BSDF with each map in its own colour space."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy

from .client.trouble import Trouble
from .folders import load_image

MARK = "assetgen_task"
BOX_BLEND = 0.2
DISPLACEMENT = 0.05
"""The displacement range of a height map, in metres."""
PLACES = {"color": 600, "ao": 900, "metallic": 300, "roughness": 0, "normal": -300, "height": -600}


def material_for(name: str, key: str) -> bpy.types.Material:
    """The material of an earlier result of this task, cleared, or a new one."""
    material = next((each for each in bpy.data.materials if each.get(MARK) == key), None)
    if material is None:
        material = bpy.data.materials.new(name)
        material[MARK] = key
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    material.node_tree.nodes.clear()
    return material


def fill(material: bpy.types.Material, files: Mapping[str, Path], facts: Mapping[str, Any]) -> None:
    """Build the nodes for maps.

    `facts`: `tiling`, `box` (from all sides, without UVs), `uv_map`, `clip` (no repeats), `pixels`, `displace`.
    """
    tree = material.node_tree
    shader, output = _node(tree, "BsdfPrincipled", (300, 300)), _node(tree, "OutputMaterial", (650, 300))
    tree.links.new(shader.outputs["BSDF"], output.inputs["Surface"])
    mapping = _mapping(tree, facts)
    maps = {channel: _map(tree, mapping, file, channel, facts) for channel, file in files.items() if channel in PLACES}
    color = maps["color"].outputs["Color"]
    tree.nodes.active = maps["color"]  # what the view shows in solid shading, and what is painted on
    if "ao" in maps:
        color = _shaded(tree, color, maps["ao"].outputs["Color"])
    tree.links.new(color, shader.inputs["Base Color"])
    for channel in ("metallic", "roughness"):
        if channel in maps:
            tree.links.new(maps[channel].outputs["Color"], shader.inputs[channel.capitalize()])
    if "normal" in maps:
        bent = _node(tree, "NormalMap", (50, -150))
        bent.uv_map = str(facts.get("uv_map", ""))
        tree.links.new(maps["normal"].outputs["Color"], bent.inputs["Color"])
        tree.links.new(bent.outputs["Normal"], shader.inputs["Normal"])
    if "height" in maps:
        _displace(material, maps["height"], output, bool(facts.get("displace")))
    if "metallic" not in maps:
        shader.inputs["Roughness"].default_value = 0.8  # paper, not plastic


def put_on(item: bpy.types.Object, material: bpy.types.Material) -> None:
    """Assign the material to the active slot of an object. Raises `Trouble` if it cannot have materials."""
    if not hasattr(item.data, "materials") or not item.data.is_editable:
        raise Trouble(f"{item.name} cannot get a material.", "Make it a mesh of this file.")
    if item.material_slots:
        item.material_slots[item.active_material_index].material = material
    else:
        item.data.materials.append(material)


def put_picture(material: bpy.types.Material, file: Path, facts: Mapping[str, Any]) -> None:
    """Replace only the colour texture of a material; one without a Principled BSDF is rebuilt."""
    tree = material.node_tree
    shader = next((node for node in tree.nodes if node.type == "BSDF_PRINCIPLED"), None) if tree else None
    if shader is None:
        if bpy.app.version < (5, 0, 0):
            material.use_nodes = True
        material.node_tree.nodes.clear()
        fill(material, {"color": file}, facts)
        return
    links = shader.inputs["Base Color"].links
    found = links[0].from_node if links and links[0].from_node.type == "TEX_IMAGE" else None
    if found is None:
        found = _map(tree, _mapping(tree, facts), file, "color", facts)
        tree.links.new(found.outputs["Color"], shader.inputs["Base Color"])
    found.image = load_image(file)


def _mapping(tree: bpy.types.NodeTree, facts: Mapping[str, Any]) -> bpy.types.NodeSocket:
    """The texture coordinates of the maps."""
    where = _node(tree, "UVMap" if facts.get("uv_map") else "TexCoord", (-1000, 300))
    if facts.get("uv_map"):
        where.uv_map = str(facts["uv_map"])
    mapping = _node(tree, "Mapping", (-800, 300))
    tiling = float(facts.get("tiling", 1.0))
    mapping.inputs["Scale"].default_value = (tiling, tiling, tiling)
    word = "Object" if facts.get("box") and not facts.get("uv_map") else "UV"
    tree.links.new(where.outputs[word], mapping.inputs["Vector"])
    return mapping.outputs["Vector"]


def _map(
    tree: bpy.types.NodeTree, mapping: bpy.types.NodeSocket, file: Path, channel: str, facts: Mapping[str, Any]
) -> bpy.types.Node:
    node = _node(tree, "TexImage", (-500, PLACES[channel]))
    node.label = channel.capitalize()
    node.image = load_image(file, channel)
    if facts.get("pixels"):
        node.interpolation = "Closest"
    if facts.get("box") and not facts.get("uv_map"):
        node.projection, node.projection_blend = "BOX", BOX_BLEND
    if facts.get("clip"):
        node.extension = "EXTEND"
    tree.links.new(mapping, node.inputs["Vector"])
    return node


def _shaded(tree: bpy.types.NodeTree, color: Any, occlusion: Any) -> bpy.types.NodeSocket:
    mix = _node(tree, "Mix", (0, 600))
    mix.data_type, mix.blend_type = "RGBA", "MULTIPLY"
    factor, one, other = (
        next(socket for socket in mix.inputs if socket.identifier == name)
        for name in ("Factor_Float", "A_Color", "B_Color")
    )
    factor.default_value = 1.0
    tree.links.new(color, one)
    tree.links.new(occlusion, other)
    return next(socket for socket in mix.outputs if socket.identifier == "Result_Color")


def _displace(material: bpy.types.Material, height: bpy.types.Node, output: bpy.types.Node, is_wanted: bool) -> None:
    """Add the displacement; it is linked only on request, because the normal map shows the same relief."""
    node = _node(material.node_tree, "Displacement", (300, -400))
    node.inputs["Scale"].default_value = DISPLACEMENT
    material.node_tree.links.new(height.outputs["Color"], node.inputs["Height"])
    if is_wanted:
        material.node_tree.links.new(node.outputs["Displacement"], output.inputs["Displacement"])
        material.displacement_method = "DISPLACEMENT"


def _node(tree: bpy.types.NodeTree, kind: str, location: tuple[int, int]) -> bpy.types.Node:
    node = tree.nodes.new(f"ShaderNode{kind}")
    node.location = location
    return node

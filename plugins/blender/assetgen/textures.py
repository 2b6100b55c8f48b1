"""Bake the pictures of several cameras into textures of the painted meshes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from . import materials
from .bake.painting import Painted, Surface, View, paint
from .bake.texels import Texels, texels_of
from .client.job import Candidate
from .client.png import write_png
from .client.tones import Floats
from .client.trouble import Trouble
from .earlier import earlier_colors, mask_shares
from .folders import save_picture
from .layouts import check_paintable, lay_out
from .objects import objects
from .series import channel, read_picture
from .surfaces import Triangles, read, seen_triangles, triangles_of

PAINTED = "assetgen_painted"
"""Marks materials made here, whose slots are used again."""


@dataclass(frozen=True)
class _Part:
    """One object of a texture: its triangles with modifiers and without, their texels, and what the mask allows."""

    item: bpy.types.Object
    uv_map: str
    seen: Triangles
    base: Triangles
    texels: Texels
    mask: Floats | None


def apply_painting(key: str, facts: Mapping[str, Any], candidate: Candidate) -> list[bpy.types.Material]:
    """Paint the targets with the pictures of a candidate, and return their materials. Raises `Trouble`."""
    items, worlds = list(objects(facts["targets"])), facts["worlds"]
    check_paintable(items)
    views = _views(facts, candidate)
    names = lay_out(items, worlds, facts["shared"])
    bpy.context.view_layer.update()  # the evaluated meshes get the new UV maps
    parts = [_part(item, worlds[item.session_uid], names[item.session_uid], facts) for item in items]
    groups = [parts] if facts["shared"] else [[part] for part in parts]
    painted = [paint(_surface(group, (key, facts)), views, int(facts["side"])) for group in groups]
    seen = [(group, result) for group, result in zip(groups, painted, strict=True) if result.seen.any()]
    if not seen:
        raise Trouble("No camera sees the selected meshes.", "Turn the cameras to them.")
    return [_put_on(group, result, key, candidate.name) for group, result in seen]


def _views(facts: Mapping[str, Any], candidate: Candidate) -> list[View]:
    return [(sight, read_picture(candidate.files[channel(n)])) for n, sight in enumerate(facts["views"])]


def _part(item: bpy.types.Object, world: Floats, uv_map: str, facts: Mapping[str, Any]) -> _Part:
    base = triangles_of(item.data, world, uv_map)
    texels = texels_of(base.uvs, int(facts["side"]))
    mask = mask_shares(item, facts["limits"], base, texels)
    return _Part(item, uv_map, seen_triangles(item, world, uv_map), base, texels, mask)


def _surface(parts: Sequence[_Part], task: tuple[str, Mapping[str, Any]]) -> Surface:
    """The triangles of one texture, with what they showed before this task."""
    side = int(task[1]["side"])
    old, keeps = np.zeros((side * side, 3), np.float32), np.zeros(side * side, bool)
    mask = None if all(part.mask is None for part in parts) else np.zeros((side * side), np.float32)
    for part in parts:
        old[part.texels.at], keeps[part.texels.at] = _before(part, *task)
        if mask is not None and part.mask is not None:
            mask[part.texels.at] = part.mask
    seen = [part.seen for part in parts]
    return Surface(
        uvs=np.concatenate([each.uvs for each in seen]),
        points=np.concatenate([each.points for each in seen]),
        normals=np.concatenate([each.normals for each in seen]),
        part=np.repeat(np.arange(len(seen)), [len(each.uvs) for each in seen]),
        old=old.reshape(side, side, 3),
        keeps=keeps.reshape(side, side),
        mask=None if mask is None else mask.reshape(side, side),
    )


def _before(part: _Part, key: str, facts: Mapping[str, Any]) -> tuple[Floats, Floats]:
    """The colours that a mesh had before this task, which its first pick remembers for the next ones."""
    known, uid = facts["before"], part.item.session_uid
    is_painted = any(slot.material and slot.material.get(PAINTED) == key for slot in part.item.material_slots)
    if not is_painted or len(known.get(uid, ((),))[0]) != len(part.texels.at):
        colors, pictured = earlier_colors(part.item, part.base, part.texels)
        known[uid] = np.round(colors * 255).astype(np.uint8), pictured
    colors, pictured = known[uid]
    return colors / np.float32(255), pictured


def _put_on(parts: Sequence[_Part], result: Painted, key: str, name: str) -> bpy.types.Material:
    """Save a texture, and give the painted faces a material with it."""
    words = name if len(parts) > 1 else f"{name}_{parts[0].item.name}"
    pixels = np.round(np.clip(result.color[::-1], 0, 1) * 255).astype(np.uint8)
    place = save_picture(words, write_png(pixels))
    material = materials.material_for(words, f"{key} {min(part.item.session_uid for part in parts)}")
    material[PAINTED] = key
    materials.fill(material, {"color": place}, {"uv_map": parts[0].uv_map, "clip": True})
    for part in parts:
        _assign(part, material)
    return material


def _assign(part: _Part, material: bpy.types.Material) -> None:
    """Give the faces that may be painted the material, in the slot of an earlier texture if there is one."""
    mesh = part.item.data
    slots = part.item.material_slots
    slot = next((number for number, each in enumerate(slots) if each.material and each.material.get(PAINTED)), None)
    if slot is None:
        mesh.materials.append(material)
        slot = len(mesh.materials) - 1
    slots[slot].material = material
    used = read(mesh.polygons, "material_index", np.int32)
    if part.mask is None:
        used[:] = slot
        layer = mesh.uv_layers[part.uv_map]
        layer.active = layer.active_render = True  # solid shading shows textures in this map
    else:
        used[part.base.face[part.texels.triangle[part.mask > 0]]] = slot
    mesh.polygons.foreach_set("material_index", used)
    mesh.update()

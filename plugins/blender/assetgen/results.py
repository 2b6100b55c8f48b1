"""Apply a finished image to the file, depending on the task. A second pick replaces the result of the first."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import bpy
import numpy as np

from . import assets, materials, projection
from .client.job import Candidate
from .client.sheet import sheet_facts
from .client.trouble import Trouble
from .cuts import cut_deep_faces
from .folders import load_image
from .objects import objects
from .textures import apply_painting

PICTURE_MARK = materials.MARK
CONCEPT_ALPHA = 0.6  # the scene shows through


def apply(what: str, key: str, facts: Mapping[str, Any], candidate: Candidate) -> None:
    """Apply a candidate to the file. Raises `Trouble`."""
    color = candidate.files.get("color")
    if color is None or not all(file.is_file() for file in candidate.files.values()):
        raise Trouble(f"The files of {candidate.name} no longer exist.", "Generate them again.")
    try:
        made = WAYS[what](key, facts, candidate)
    except RuntimeError as error:  # Blender's own words for what it refuses
        raise Trouble(f"Blender reports: {str(error).strip()}", "Undo, and try again.") from error
    if facts.get("as_asset"):
        for each in made if isinstance(made, list) else [made]:
            assets.mark(each, candidate.files, facts["origin"])


def _material(key: str, facts: Mapping[str, Any], candidate: Candidate) -> bpy.types.Material:
    targets = list(objects(facts["targets"]))
    material = materials.material_for(candidate.name, key)
    without = any(item.type == "MESH" and not item.data.uv_layers for item in targets)
    materials.fill(material, candidate.files, {**facts, "box": facts.get("box") or without})
    for item in targets:
        if item.active_material is not material:
            materials.put_on(item, material)
    return material


def _texture(key: str, facts: Mapping[str, Any], candidate: Candidate) -> bpy.types.Image:
    """Set the colour texture of the active material and keep the rest of it."""
    for item in objects(facts["targets"]):
        if item.active_material is None:
            materials.put_on(item, materials.material_for(candidate.name, key))
        if not item.active_material.is_editable:
            what = f"The material {item.active_material.name} belongs to another file."
            raise Trouble(what, "Make it local first.")
        materials.put_picture(item.active_material, candidate.files["color"], facts)
    return load_image(candidate.files["color"])


def _projected(key: str, facts: Mapping[str, Any], candidate: Candidate) -> bpy.types.Material:
    """Project onto the visible faces; the others keep their material."""
    material = materials.material_for(candidate.name, key)
    materials.fill(material, candidate.files, {"uv_map": projection.UV_MAP, "clip": True})
    sight, done = facts["sight"], set()
    for item in objects(facts["targets"]):
        world = np.array(facts["worlds"][item.session_uid])
        if item.data.name_full in done:
            raise Trouble(f"{item.name} shares its mesh with another object.", "Make it a single user first.")
        done.add(item.data.name_full)
        if item.mode == "OBJECT" and item.data.is_editable:
            cut_deep_faces(item.data, world, sight, int(facts["cuts"]), key)
        projection.lay_uvs(item, world, sight)
        _paint(item, material, projection.seen_faces(item.data, world, sight))
    return material


def _paint(item: bpy.types.Object, material: bpy.types.Material, faces: Any) -> None:
    mesh = item.data
    if not mesh.materials:
        mesh.materials.append(None)  # what the unseen faces have
    if material.name not in mesh.materials:
        mesh.materials.append(material)
    slots = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("material_index", slots)
    slots[faces] = mesh.materials.find(material.name)
    mesh.polygons.foreach_set("material_index", slots)
    mesh.update()


def _concept(key: str, facts: Mapping[str, Any], candidate: Candidate) -> bpy.types.Image:
    """Show the image as camera background and in every image editor."""
    image = _picture(key, facts, candidate)
    for camera in objects([facts["camera"]] if facts.get("camera") else []):
        backgrounds = camera.data.background_images
        mine = next((each for each in backgrounds if each.image and each.image.get(PICTURE_MARK)), None)
        mine = mine or backgrounds.new()
        mine.image, mine.alpha, mine.display_depth = image, CONCEPT_ALPHA, "FRONT"
        mine.frame_method = facts["frame"]
        camera.data.show_background_images = True
    return image


def _picture(key: str, facts: Mapping[str, Any], candidate: Candidate) -> bpy.types.Image:
    image = load_image(candidate.files["color"])
    image[PICTURE_MARK] = key
    image.use_fake_user = True  # Blender deletes unused images otherwise
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "IMAGE_EDITOR":
                area.spaces.active.image = image
    return image


def _sheet(key: str, facts: Mapping[str, Any], candidate: Candidate) -> bpy.types.Image:
    """Write the sheet, and a JSON file with the rectangles of its sprites."""
    sheet_path = candidate.files["color"]
    sheet_path.with_suffix(".json").write_text(json.dumps(sheet_facts(sheet_path.name, *facts["sheet"]), indent=1))
    return _picture(key, facts, candidate)


WAYS: dict[str, Callable[[str, Mapping[str, Any], Candidate], bpy.types.ID | list[bpy.types.Material]]] = {
    "MATERIAL": _material,
    "TEXTURE": _texture,
    "PROJECT": _projected,
    "PAINT": apply_painting,
    "CONCEPT": _concept,
    "SPRITE": _sheet,
    "PICTURE": _picture,
}

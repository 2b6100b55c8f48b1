"""Painting from several cameras into one texture, in a real Blender. The server draws drafts."""

import bpy
import numpy as np
from mathutils import Vector
from stage import refused


def _look(camera, place):
    """Put a camera at a place, turned to the origin."""
    camera.location = place
    camera.rotation_euler = (-Vector(place)).to_track_quat("-Z", "Y").to_euler()


def _two_cameras(stage):
    """Cameras in front of the cube and behind it; the scene is square, and their depth is small, to save time."""
    stage.part("depth").PIXELS_A_UNIT = 16
    render = bpy.context.scene.render
    render.resolution_x = render.resolution_y = 512
    _look(bpy.context.scene.camera, (2, -6, 2))
    other = bpy.data.objects.new("Behind", bpy.data.cameras.new("Behind"))
    bpy.context.scene.collection.objects.link(other)
    _look(other, (-2, 6, 2))
    stage.settings.texture = "256"
    bpy.context.view_layer.update()


def _texture(item):
    """The painted picture of an object: the image, and its pixels, row 0 lowest."""
    material = next(slot.material for slot in item.material_slots if "assetgen_painted" in slot.material)
    image = next(node.image for node in material.node_tree.nodes if node.type == "TEX_IMAGE")
    pixels = np.empty(image.size[0] * image.size[1] * 4, np.float32)
    image.pixels.foreach_get(pixels)
    return image, pixels.reshape(image.size[1], image.size[0], 4)[..., :3]


def _at(pixels, mesh, face, uv_map):
    """The colour in the middle of a face."""
    layer, loops = mesh.uv_layers[uv_map], mesh.polygons[face].loop_indices
    u, v = np.mean([layer.uv[loop].vector for loop in loops], axis=0)
    return pixels[int(v * len(pixels)), int(u * len(pixels))]


def _painted_red_in_front_and_blue_behind(stage, **facts):
    """Apply pictures of one colour for each camera."""
    png, series = stage.part("client.png"), stage.part("series")
    subject = stage.part("shots").Subject((stage.cube.session_uid,), True)
    shots = [render() for render in stage.part("shots").pictures_of(bpy.context, stage.settings, subject)]
    colors = {"Camera": (255, 0, 0), "Behind": (0, 0, 255)}
    files = {}
    for number, shot in enumerate(shots):
        files[series.channel(number)] = stage.folder / f"{shot.name}.png"
        picture = np.tile(np.array(colors[shot.name], np.uint8), (64, 64, 1))
        files[series.channel(number)].write_bytes(png.write_png(picture))
    own = {"targets": [stage.cube.session_uid], "views": [shot.sight for shot in shots], "side": 128, "shared": False}
    own |= {"worlds": {stage.cube.session_uid: np.array(stage.cube.matrix_world)}, "before": {}}
    own |= {"limits": {"mask": "NONE", "image": ""}}
    candidate = stage.part("client.job").Candidate("job", 1, "colors", files)
    stage.part("textures").apply_painting("job", own | facts, candidate)
    return _texture(stage.cube)[1]


def _faces(mesh):
    """The faces by the axis that they look along."""
    return {tuple(round(side) for side in face.normal): face.index for face in mesh.polygons}


def trial_each_side_has_the_picture_of_the_camera_that_sees_it(stage):
    _two_cameras(stage)
    pixels, faces = _painted_red_in_front_and_blue_behind(stage), _faces(stage.cube.data)
    front, back = (_at(pixels, stage.cube.data, faces[0, way, 0], "UVMap") for way in (-1, 1))
    assert np.allclose(front, (1, 0, 0), atol=0.02) and np.allclose(back, (0, 0, 1), atol=0.02), (front, back)
    top = _at(pixels, stage.cube.data, faces[0, 0, 1], "UVMap")
    assert top[0] > 0.2 and top[2] > 0.2, "both see the top"


def trial_a_mask_keeps_the_faces_that_are_not_selected(stage):
    _two_cameras(stage)
    faces = _faces(stage.cube.data)
    for face in stage.cube.data.polygons:
        face.select = face.index == faces[0, -1, 0]
    before = stage.cube.active_material
    _painted_red_in_front_and_blue_behind(stage, limits={"mask": "FACES", "image": ""})
    used = [stage.cube.material_slots[face.material_index].material for face in stage.cube.data.polygons]
    assert [material is before for material in used].count(True) == 5
    assert used[faces[0, -1, 0]] is not before


def trial_painting_again_from_one_camera_keeps_what_the_others_painted(stage):
    _two_cameras(stage)
    _painted_red_in_front_and_blue_behind(stage)
    stage.settings.sights = "CAMERA"
    stage.ask("PAINT", prompt="a green door")
    mesh, pixels = stage.cube.data, _texture(stage.cube)[1]
    back, front = (_at(pixels, mesh, _faces(mesh)[0, way, 0], "UVMap") for way in (1, -1))
    assert np.allclose(back, (0, 0, 1), atol=0.02), back
    assert not np.allclose(front, (1, 0, 0), atol=0.1), front
    assert len([slot for slot in stage.cube.material_slots if "assetgen_painted" in slot.material]) == 1


def trial_meshes_without_uvs_are_painted_into_one_texture_as_one_undo_step(stage):
    _two_cameras(stage)
    bpy.ops.mesh.primitive_uv_sphere_add(location=(2.5, 0, 0))
    ball = bpy.context.object
    ball.modifiers.new("smooth", "SUBSURF")
    stage.cube.select_set(True)
    for item in (ball, stage.cube):
        item.data.uv_layers.remove(item.data.uv_layers[0])
    bpy.ops.ed.undo_push(message="before")
    task = stage.ask("PAINT", shared=True, count=2)
    assert len(task.candidates) == 2 and len(task.candidates[1].files) == 2
    first, cube = _texture(stage.cube), bpy.data.objects["Cube"]
    assert _texture(ball)[0] is first[0] and first[1].std() > 0.05
    assert cube.data.uv_layers["assetgen paint"].active_render
    bpy.ops.assetgen.pick(task=0, number=2)
    assert np.abs(_texture(cube)[1] - first[1]).max() > 0.05
    bpy.ops.ed.undo_push(message="picked")
    bpy.ops.ed.undo()
    assert np.array_equal(_texture(bpy.data.objects["Cube"])[1], first[1])
    bpy.ops.ed.undo()
    cube = bpy.data.objects["Cube"]
    assert not cube.data.uv_layers and [slot.material.name for slot in cube.material_slots] == ["Material"]


def trial_a_ring_needs_no_camera_and_blind_cameras_are_named(stage):
    _two_cameras(stage)
    _look(bpy.data.objects["Behind"], (0, 50, 0))
    bpy.data.objects["Behind"].rotation_euler.z += 3.14159
    task = stage.ask("PAINT", prompt="moss")
    assert len(task.candidates[1].files) == 1
    assert task.status == "done" and "Behind" in task.trouble.what, task.trouble
    for camera in [item for item in bpy.data.objects if item.type == "CAMERA"]:
        bpy.data.objects.remove(camera)
    refused(lambda: stage.ask("PAINT", sights="ALL"), "no camera", "Ring of Cameras")
    assert len(stage.ask("PAINT", sights="RING", ring=2).candidates[1].files) == 2


def trial_what_cannot_be_painted_is_refused_before_the_request(stage):
    twin = bpy.data.objects.new("Twin", stage.cube.data)
    bpy.context.scene.collection.objects.link(twin)
    twin.select_set(True)
    refused(lambda: stage.ask("PAINT"), "shares its mesh", "single user")
    twin.select_set(False)
    refused(lambda: stage.ask("PAINT", mask="GROUP"), "no vertex group", "Add one")
    refused(lambda: stage.ask("PAINT", mask="IMAGE"), "mask image", "white")
    stage.settings.mask = "NONE"
    stage.cube.data.clear_geometry()
    refused(lambda: stage.ask("PAINT"), "no faces")
    assert not stage.part("tasks").tasks

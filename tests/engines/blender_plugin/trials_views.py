"""Rendered views: depth, concepts, projections and turntables."""

import json
import os
import subprocess

import bpy
import numpy as np
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector
from stage import refused

UNITS = (20, 13)
SIZE = (960, 624)
"""`UNITS` in pixels: 48 each."""
AWAY = 0.001


def _pixels(place, size):
    image = bpy.data.images.load(str(place))
    image.colorspace_settings.name = "Non-Color"
    found = np.empty(size[0] * size[1] * 4, np.float32)
    image.pixels.foreach_get(found)
    bpy.data.images.remove(image)
    return found.reshape(size[1], size[0], 4)[::-1]


def _sight(stage, on_ground=True):
    with stage.part("views").looking(bpy.context, "CAMERA") as (camera, _):
        return stage.part("depth").render_depth(bpy.context, camera, UNITS, on_ground)


def _agrees_with_assetgen(stage, on_ground):
    bpy.ops.mesh.primitive_monkey_add(location=(2.5, 1, 0.3))
    render = bpy.context.scene.render
    render.resolution_x, render.resolution_y = SIZE
    mesh, ours, theirs = (stage.folder / name for name in ("scene.glb", "ours.png", "theirs.png"))
    bpy.ops.export_scene.gltf(filepath=str(mesh), export_format="GLB", export_cameras=True, export_apply=True)
    ours.write_bytes(_sight(stage, on_ground).png)
    words = ["--size", "960x624", "--set", "camera=file", "--set", f"ground={str(on_ground).lower()}"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [os.environ["ASSETGEN_PROGRAM"], "depth", str(mesh), "-o", str(theirs), *words]
    subprocess.run(command, check=True, env=clean, capture_output=True, timeout=60)
    apart = np.abs(_pixels(ours, SIZE) - _pixels(theirs, SIZE))[..., 0]
    assert _pixels(ours, SIZE)[..., 0].std() > 0.1
    assert apart.mean() < AWAY and (apart > 0.02).mean() < AWAY, (apart.mean(), (apart > 0.02).mean())


def trial_the_depth_image_equals_that_of_the_control_depth(stage):
    _agrees_with_assetgen(stage, on_ground=True)


def trial_the_depth_image_is_equal_without_a_ground_and_in_an_orthographic_view(stage):
    bpy.context.scene.camera.data.type = "ORTHO"
    bpy.context.scene.camera.data.ortho_scale = 9.0
    _agrees_with_assetgen(stage, on_ground=False)


def trial_rendering_depth_does_not_change_the_scene(stage):
    camera = bpy.context.scene.camera
    camera.data.dof.use_dof = True
    _sight(stage)  # the first render makes Blender's own "Render Result"
    before = {kind: set(getattr(bpy.data, kind)[:]) for kind in ("scenes", "objects", "cameras", "materials", "images")}
    engine = bpy.context.scene.render.engine
    seen = _sight(stage)
    after = {kind: set(getattr(bpy.data, kind)[:]) for kind in before}
    assert before == after and bpy.context.scene.render.engine == engine
    assert camera.data.dof.use_dof and bpy.context.scene.camera is camera
    hit, _, _, _, _, _ = bpy.context.scene.ray_cast(
        bpy.context.evaluated_depsgraph_get(), camera.location, seen.forward
    )
    assert hit and np.isfinite(seen.depth[SIZE[1] // 2, SIZE[0] // 2])


def trial_objects_hidden_in_renders_are_not_in_the_depth_image(stage):
    stage.cube.hide_render = True
    refused(lambda: stage.ask("CONCEPT"), "nothing")


def trial_a_concept_is_shown_over_the_view_of_the_camera(stage):
    stage.save()
    stage.ask("CONCEPT", count=2)
    data = bpy.context.scene.camera.data
    assert data.show_background_images and len(data.background_images) == 1
    bpy.ops.assetgen.pick(task=0, number=2)
    [background] = data.background_images
    assert background.image.name == "a_mossy_wall_02.png"
    assert tuple(background.image.size) == (336, 192), (
        "16 to 9, in steps that the model can take; twice its native size"
    )


def trial_a_real_model_paints_the_concept(stage):
    bpy.ops.assetgen.connect()
    bpy.ops.assetgen.wait()
    stage.settings.form["diffusion.steps"].text = "3"
    task = stage.ask("CONCEPT", prompt="a grey castle", draft=False, seconds=360)
    assert (
        task.status == "done"
        and stage.part("client.png").origin_of(task.candidates[1].files["color"])["model"] == "mini"
    )
    pixels = _pixels(task.candidates[1].files["color"], (336, 192))
    assert pixels[..., :3].std() > 0.05


def trial_a_projection_matches_the_view_of_the_camera(stage):
    task = stage.ask("PROJECT", cuts=0)
    mesh, scene, camera = stage.cube.data, bpy.context.scene, bpy.context.scene.camera
    scene.render.resolution_x, scene.render.resolution_y = (unit * 48 for unit in (21, 12))
    layer = mesh.uv_layers["assetgen projection"]
    for corner, loop in enumerate(mesh.loops):
        seen = world_to_camera_view(scene, camera, stage.cube.matrix_world @ mesh.vertices[loop.vertex_index].co)
        assert (Vector(seen[:2]) - layer.uv[corner].vector).length < 1e-4
    assert task.picked == 1


def trial_only_visible_faces_are_painted(stage):
    bpy.ops.mesh.primitive_cube_add(size=3, location=tuple(bpy.context.scene.camera.location * 0.5))
    bpy.context.object.name = "Wall"
    stage.cube.select_set(True)
    bpy.context.view_layer.objects.active = stage.cube
    before = stage.cube.material_slots[0].material
    stage.ask("PROJECT", cuts=0)
    painted = {
        item.name: sum(item.material_slots[face.material_index].name == "a_mossy_wall" for face in item.data.polygons)
        for item in (stage.cube, bpy.data.objects["Wall"])
    }
    assert painted == {"Cube": 0, "Wall": 3}, painted
    assert stage.cube.material_slots[0].material is before


def trial_large_faces_are_cut_once(stage):
    stage.ask("PROJECT", cuts=3, count=2)
    faces = len(stage.cube.data.polygons)
    bpy.ops.assetgen.pick(task=0, number=2)
    assert faces == len(stage.cube.data.polygons) == 6 * 16


def trial_a_mesh_in_edit_mode_waits_for_a_click(stage):
    stage.settings.draft = True
    bpy.ops.assetgen.generate(task="PROJECT", prompt="a mossy wall")
    bpy.ops.object.mode_set(mode="EDIT")
    refused(lambda: bpy.ops.assetgen.wait(), "is being edited", "object mode")
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.ops.assetgen.pick(task=0, number=1)
    assert stage.cube.data.uv_layers.get("assetgen projection") and stage.task.trouble is None


def trial_a_turntable_becomes_a_sheet_in_one_palette(stage):
    stage.save()
    stage.ask("SPRITE", prompt="crate", views=11, side=32, colors=6, elevation=30.0)
    place = stage.task.candidates[1].files["color"]
    sheet, facts = _pixels(place, (128, 96)), json.loads(place.with_suffix(".json").read_text())
    solid = np.round(sheet[sheet[..., 3] > 0][:, :3] * 255)
    assert set(np.unique(sheet[..., 3])) == {0.0, 1.0} and len(np.unique(solid, axis=0)) <= 6
    frames = [frame["frame"] for frame in facts["frames"].values()]
    filled = [sheet[f["y"] : f["y"] + 32, f["x"] : f["x"] + 32, 3].mean() for f in frames]
    assert len(frames) == 11 and min(filled) > 0.2
    assert sheet[64:, 96:, 3].max() == 0, "the twelfth tile is transparent"
    assert bpy.data.images["crate.png"].asset_data is not None


def _draws(stage, views):
    """Request a sprite sheet as in a window, where it is rendered in steps."""
    stage.settings.views, stage.settings.side = views, 16
    return stage.part("request").ask(bpy.context, "SPRITE", at_once=False)


def trial_a_turntable_is_rendered_image_by_image_and_reports_progress(stage):
    task, told = _draws(stage, views=4), []
    scenes = set(bpy.data.scenes)
    stage.until(lambda: told.append((task.progress.word, task.progress.fraction)) or task.candidates)
    drawn = [fraction for word, fraction in told if word == "rendering"]
    assert sorted(set(drawn)) == [0.25, 0.5, 0.75, 1.0], told
    stage.until(lambda: task.status == "done")
    assert set(bpy.data.scenes) == scenes


def trial_undo_and_saving_do_not_disturb_a_running_turntable(stage):
    bpy.ops.ed.undo_push(message="before")
    stage.cube.location.x = 3
    bpy.ops.ed.undo_push(message="moved")
    task = _draws(stage, views=3)
    stage.until(lambda: task.progress.fraction > 0.3)
    stage.save()
    bpy.ops.ed.undo()
    stage.until(lambda: task.status != "running")
    assert task.status == "done" and len(task.candidates) == 1, task.trouble


def trial_a_cancelled_turntable_sends_no_request(stage):
    task = _draws(stage, views=30)
    stage.until(lambda: task.progress.fraction > 0)
    bpy.ops.assetgen.cancel()
    assert task.status == "cancelled" and stage.extension.tick() is None
    assert len(task.job.done) < 30 and not task.candidates


def trial_a_failed_turntable_reports_the_error(stage):
    elsewhere = _draws(stage, views=3)
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=False)
    stage.until(lambda: elsewhere.status == "failed")
    assert "Another file" in elsewhere.trouble.what
    task = _draws(stage, views=3)
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    stage.until(lambda: task.status == "failed")
    assert "was removed" in task.trouble.what


def trial_the_first_sprite_shows_the_front(stage):
    """Green is on the +X side, red on -Y, the front."""
    table = stage.part("turntable").Turntable(4, 16, 0.0)
    for name, color in (("red", (1, 0, 0, 1)), ("green", (0, 1, 0, 1))):
        material = bpy.data.materials.new(name)
        if bpy.app.version < (5, 0, 0):
            material.use_nodes = True
        material.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = color
        stage.cube.data.materials.append(material)
    for face in stage.cube.data.polygons:
        face.material_index = 1 if face.normal.y < -0.5 else 2 if face.normal.x > 0.5 else 0
    place = stage.folder / "sheet.png"
    turntable = stage.part("turntable")
    subject = turntable.subject_of(bpy.context, [stage.cube])
    place.write_bytes(turntable.sheet([turntable.view(subject, table, number) for number in range(4)], table))
    sheet = _pixels(place, (128, 128))
    front, right = sheet[32, 32], sheet[32, 96]
    assert front[0] > 2 * front[1] and right[1] > 2 * right[0], (front, right)

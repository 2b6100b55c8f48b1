"""Finished images in the Blender file. The server draws drafts."""

import json

import bpy
import numpy as np
from stage import MODULE, refused


def _nodes(material):
    return {node.label.lower(): node for node in material.node_tree.nodes if node.type == "TEX_IMAGE"}


def _into(material, socket):
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    return shader.inputs[socket].links[0].from_node


def trial_a_material_has_each_map_in_its_own_colour_space(stage):
    stage.save()
    stage.ask("MATERIAL", tiling=3.0)
    material = stage.cube.active_material
    spaces = {name: node.image.colorspace_settings.name for name, node in _nodes(material).items()}
    linear = dict.fromkeys(("normal", "roughness", "metallic", "ao", "height"), "Non-Color")
    assert spaces == {"color": "sRGB", **linear}, spaces
    assert _into(material, "Normal").type == "NORMAL_MAP"
    assert _into(material, "Roughness").image.name.startswith("a_mossy_wall_roughness")
    mapping = next(node for node in material.node_tree.nodes if node.type == "MAPPING")
    assert tuple(mapping.inputs["Scale"].default_value) == (3.0, 3.0, 3.0)


def trial_a_material_is_assigned_to_all_selected_objects(stage):
    bpy.ops.mesh.primitive_uv_sphere_add()
    sphere = bpy.context.object
    stage.cube.select_set(True)
    stage.ask("MATERIAL")
    assert sphere.active_material is stage.cube.active_material is not None


def trial_an_object_without_uvs_gets_box_mapping(stage):
    stage.cube.data.uv_layers.remove(stage.cube.data.uv_layers[0])
    stage.ask("MATERIAL")
    assert {node.projection for node in _nodes(stage.cube.active_material).values()} == {"BOX"}


def trial_a_texture_changes_the_colour_only(stage):
    material = stage.cube.active_material
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Metallic"].default_value = 0.75
    stage.save()
    stage.ask("TEXTURE")
    again = stage.ask("TEXTURE", seed=5).candidates[1]
    assert stage.cube.active_material is material and shader.inputs["Metallic"].default_value == 0.75
    assert bpy.path.abspath(_into(material, "Base Color").image.filepath) == str(again.files["color"])
    assert len(_nodes(material)) == 1


def trial_results_survive_save_and_reopen(stage):
    stage.save()
    stage.ask("MATERIAL")
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    images = [node.image for node in _nodes(bpy.data.objects["Cube"].active_material).values()]
    assert len(images) == 6
    assert all(image.filepath.startswith("//assetgen/a_mossy_wall_") for image in images)
    assert all(len(image.pixels) == 256 * 256 * 4 for image in images)


def trial_results_move_with_their_folder(stage):
    (stage.folder / "here").mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(stage.folder / "here" / "scene.blend"))
    stage.ask("MATERIAL")
    bpy.ops.wm.save_mainfile()
    (stage.folder / "here").rename(stage.folder / "there")
    bpy.ops.wm.open_mainfile(filepath=str(stage.folder / "there" / "scene.blend"))
    assert all(len(node.image.pixels) for node in _nodes(bpy.data.objects["Cube"].active_material).values())


def trial_results_are_packed_into_an_unsaved_file(stage):
    task = stage.ask("MATERIAL")
    bpy.ops.wm.save_as_mainfile(filepath=str(stage.folder / "late.blend"))
    for file in task.candidates[1].files.values():
        file.unlink()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    assert all(len(node.image.pixels) for node in _nodes(bpy.data.objects["Cube"].active_material).values())


def trial_each_result_is_one_step_of_undo(stage):
    bpy.ops.ed.undo_push(message="before")
    before = stage.cube.active_material.name
    stage.ask("MATERIAL")
    assert bpy.data.objects["Cube"].active_material.name == "a_mossy_wall"
    bpy.ops.ed.undo()
    assert bpy.data.objects["Cube"].active_material.name == before
    bpy.ops.ed.redo()
    assert bpy.data.objects["Cube"].active_material.name == "a_mossy_wall"


def trial_another_pick_replaces_the_first(stage):
    task = stage.ask("MATERIAL", count=3)
    count = len(bpy.data.materials)
    bpy.ops.assetgen.pick(task=0, number=3)
    assert (task.picked, len(bpy.data.materials)) == (3, count)
    assert _nodes(stage.cube.active_material)["color"].image.name.startswith("a_mossy_wall_03")


def trial_a_pick_can_be_undone_and_made_again(stage):
    stage.ask("MATERIAL", count=2)
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.assetgen.pick(task=0, number=2)
    bpy.ops.ed.undo_push(message="picked")
    bpy.ops.ed.undo()
    name = _nodes(bpy.data.objects["Cube"].active_material)["color"].image.name
    bpy.ops.assetgen.pick(task=0, number=2)
    assert name.startswith("a_mossy_wall_01")
    assert _nodes(bpy.data.objects["Cube"].active_material)["color"].image.name.startswith("a_mossy_wall_02")


def trial_an_asset_records_its_origin(stage):
    bpy.ops.assetgen.connect()
    bpy.ops.assetgen.wait()
    stage.ask("MATERIAL", seed=11)
    asset = stage.cube.active_material.asset_data
    told = json.loads(stage.cube.active_material["assetgen"])
    assert asset.description == "a mossy wall (seed 11)"
    assert asset.license == "Apache-2.0" == told["licence"]
    assert {"assetgen", "pbr_material", "mossy", "wall"} <= {tag.name for tag in asset.tags}
    assert (told["prompt"], told["seed"], told["model"]) == ("a mossy wall", 11, "mini")
    preview = stage.cube.active_material.preview
    assert tuple(preview.image_size) == (256, 256) and max(preview.image_pixels_float) > 0.1


def trial_results_are_no_assets_where_that_is_disabled(stage):
    stage.ask("MATERIAL", as_asset=False)
    assert stage.cube.active_material.asset_data is None


def trial_an_object_renamed_meanwhile_gets_its_material(stage):
    stage.settings.draft = True
    bpy.ops.assetgen.generate(task="MATERIAL", prompt="a mossy wall")
    stage.cube.name = "Keep"
    bpy.ops.assetgen.wait()
    assert bpy.data.objects["Keep"].active_material.name == "a_mossy_wall"


def trial_candidates_arrive_one_by_one(stage):
    stage.settings.draft, stage.settings.count = True, 12
    bpy.ops.assetgen.generate(task="MATERIAL", prompt="a mossy wall")
    seen = set()
    stage.until(lambda: seen.add(len(stage.task.candidates)) or stage.task.status != "running")
    assert stage.task.status == "done" and max(seen) == 12 and len(seen) > 2, seen


def trial_a_candidate_becomes_the_reference_of_the_next(stage):
    stage.ask("PICTURE", preset="painted_concept")
    bpy.ops.assetgen.reference(task=0, number=1)
    task = stage.ask("PICTURE", prompt="a wall at night", strength=0.35)
    job = stage.part("catalog").server().ask("GET", f"/jobs/{task.job.id}")
    assert job["request"]["settings"]["diffusion"]["strength"] == 0.35
    assert list(job["request"]["inputs"]) == ["diffusion.image"]
    bpy.ops.assetgen.no_reference()
    assert stage.settings.reference == ""


def trial_the_form_of_a_preset_is_filled_and_sent(stage):
    stage.settings.task = "MATERIAL"
    bpy.ops.assetgen.connect()
    bpy.ops.assetgen.wait()
    rows = {row.name: row for row in stage.settings.form}
    assert (rows["seamless.axes"].kind, rows["seamless.axes"].choice) == ("CHOICE", "xy")
    rows["pbr_maps.roughness"].number = 7.0
    assert rows["pbr_maps.roughness"].number == 1.0, "it stays within the schema"
    rows["pbr_maps.normal"].choice, rows["diffusion.size"].text = "dx", "64 x 64"
    job = stage.part("catalog").server().ask("GET", f"/jobs/{stage.ask('MATERIAL').job.id}")
    said = {"pbr_maps": {"roughness": 1.0, "normal": "dx"}, "diffusion": {"size": [64, 64]}}
    assert job["request"]["settings"] == said, job["request"]["settings"]


def trial_the_picker_shows_the_thumbnails_of_presets(stage):
    bpy.ops.assetgen.connect()
    bpy.ops.assetgen.wait()
    stage.settings.picture = "decal"
    assert stage.settings.preset == "decal"
    stage.settings.preset = "skybox_strip"
    assert stage.settings.picture == "skybox_strip"
    catalog, folder = stage.part("catalog"), stage.part("preferences").user_folder("thumbnails")
    names = [each["name"] for each in catalog.catalog.presets if each["thumbnail"]]
    sizes = {tuple(bpy.data.images.load(str(folder / f"{name}.png")).size) for name in names}
    assert len(names) > 8 and sizes == {(96, 96)}


def trial_a_preset_unknown_to_the_server_stays_in_the_picker(stage):
    bpy.ops.assetgen.connect()
    bpy.ops.assetgen.wait()
    stage.settings.preset = "my_own"
    assert stage.settings.picture == "my_own"
    refused(lambda: bpy.ops.assetgen.wait(), "There is no preset 'my_own'")
    bpy.ops.assetgen.connect()
    bpy.ops.assetgen.wait()
    assert stage.part("catalog").catalog.version, "the server is there all the same"


def trial_an_opened_file_has_its_form(stage):
    stage.settings.task = "TEXTURE"
    bpy.ops.assetgen.connect()
    bpy.ops.assetgen.wait()
    stage.save()
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    bpy.ops.assetgen.wait()
    assert stage.settings.preset == "concept_from_mesh" and "depth.strength" in stage.settings.form
    bpy.ops.wm.open_mainfile(filepath=str(stage.folder / "scene.blend"))
    assert "seamless.axes" in stage.settings.form


def _history(stage, search=""):
    """The entries of this project."""
    part = stage.part("history")
    part.refresh(search)
    bpy.ops.assetgen.wait()
    return part.history.entries


def trial_the_history_has_everything_made_in_this_project(stage):
    stage.ask("PICTURE", prompt="a ruby")
    stage.save()
    stage.ask("MATERIAL", count=2, seed=5)
    stage.ask("PICTURE", prompt="a blue gem", count=1)
    stage.part("tasks").tasks.clear()
    assert [entry.prompt for entry in _history(stage)] == ["a blue gem", "a mossy wall", "a mossy wall"]
    assert [entry.seed for entry in _history(stage, "6 MOSSY pbr")] == [6]
    assert _history(stage, "of nothing like it") == []


def trial_a_result_of_the_history_is_used_again_on_another_object(stage):
    stage.save()
    stage.ask("MATERIAL", seed=5)
    bpy.ops.mesh.primitive_uv_sphere_add()
    bpy.ops.assetgen.history_use(key=_history(stage)[0].key, way="MATERIAL")
    bpy.ops.assetgen.wait()
    nodes = _nodes(bpy.context.object.active_material)
    assert len(nodes) == 6 and bpy.context.object.active_material is not stage.cube.active_material
    assert json.loads(bpy.context.object.active_material["assetgen"])["seed"] == 5


def trial_a_result_of_the_history_is_made_again_varied_and_removed(stage):
    stage.save()
    stage.ask("PICTURE", seed=5)
    key = _history(stage)[0].key
    bpy.ops.assetgen.history_again(key=key)
    bpy.ops.assetgen.wait()
    bpy.ops.assetgen.history_variations(key=key, count=3)
    bpy.ops.assetgen.wait()
    seeds = [entry.seed for entry in _history(stage)]
    assert seeds.count(5) == 2 and len(set(seeds)) == 4, seeds
    bpy.ops.assetgen.history_remove(key=key)
    bpy.ops.assetgen.wait()
    assert key not in [entry.key for entry in _history(stage)]
    refused(lambda: bpy.ops.assetgen.history_use(key=key), "no longer in the history", "Refresh")


def trial_a_result_of_the_history_is_kept_under_a_name(stage):
    stage.save()
    stage.ask("PICTURE")
    key = _history(stage)[0].key
    bpy.ops.assetgen.history_keep(key=key, name="Rote Äpfel")
    bpy.ops.assetgen.wait()
    assert bpy.data.images["rote_aepfel.png"].use_fake_user
    refused(lambda: bpy.ops.assetgen.history_keep(key=key, name="rote äpfel"), "exists already", "another name")
    refused(lambda: bpy.ops.assetgen.history_keep(key=key, name="…"), "no letter or digit")
    bpy.ops.assetgen.history_reference(key=key)
    bpy.ops.assetgen.wait()
    assert stage.settings.reference.endswith(f"{key}.png")


def trial_animations_tiles_and_pixel_art_have_previews(stage):
    stage.ask("PICTURE", preset="pixel_sprite")
    path, thumbnails = stage.task.candidates[1].files["color"], stage.part("thumbnails")
    kinds = ({"kind": "animation", "columns": 2, "rows": 1}, {"kind": "tile"}, {"kind": "picture", "pixel": True})
    for number, shows in enumerate(kinds):
        thumbnails.preview_of(path, shows, f"view {number}")
    while thumbnails._wanted:
        thumbnails._play()
    assert [len(thumbnails._reels[f"view {number} {path}"].icons) for number in range(3)] == [2, 1, 1]
    assert thumbnails.preview_of(path.with_name("none.png"), {"kind": "tile"}, "PLAY") == 0


def trial_clear_pixels_of_previews_have_no_colour(stage):
    path, thumbnails = stage.folder / "clear.png", stage.part("thumbnails")
    path.write_bytes(stage.part("client.png").write_png(np.full((8, 8, 4), (255, 0, 0, 0), np.uint8)))
    thumbnails.preview_of(path, {"kind": "tile"}, "PLAY")
    while thumbnails._wanted:
        thumbnails._play()
    shown = thumbnails._collection()[f"PLAY {path} 0"]
    assert not any(shown.image_pixels_float), "icons are drawn premultiplied"


def trial_noncommercial_models_are_requested_only_where_allowed(stage):
    request_of = stage.part("request").request_of
    assert "allow_noncommercial" not in request_of(stage.settings)
    stage.settings.noncommercial = True
    assert request_of(stage.settings)["allow_noncommercial"] is True


def trial_prompts_are_remembered(stage):
    stage.ask("PICTURE", prompt="a red potion")
    stage.ask("PICTURE", prompt="a blue potion")
    assert stage.part("operators").prompts()[:2] == ["a blue potion", "a red potion"]
    bpy.ops.assetgen.history(choice="1")
    assert stage.settings.prompt == "a red potion"


def trial_a_script_can_request_everything_through_operators(stage):
    stage.settings.draft = True
    assert bpy.ops.assetgen.generate(task="PICTURE", prompt="a gem") == {"FINISHED"}
    assert bpy.ops.assetgen.wait() == {"FINISHED"}
    assert bpy.data.images["a_gem.png"].users == 1


def trial_disabling_the_extension_removes_everything_it_registered(stage):
    stage.ask("PICTURE")
    stage.part("thumbnails").icon_of(stage.task.candidates[1].files["color"])
    bpy.ops.preferences.addon_disable(module=MODULE)
    left = [name for name in dir(bpy.types) if name.startswith("ASSETGEN")]
    listening = [*bpy.app.handlers.load_pre, *bpy.app.handlers.load_post]
    handlers = [each for each in listening if "assetgen" in each.__module__]
    bpy.ops.preferences.addon_enable(module=MODULE)
    assert left == [] and handlers == []
    assert hasattr(bpy.types, "ASSETGEN_PT_main")


def trial_unused_results_can_be_cleaned_up(stage):
    stage.save()
    stage.ask("PICTURE", prompt="a gem")
    used = stage.task.candidates[1].files["color"]
    other = used.with_name("a_rope_0123abcd.png")
    mine = used.with_name("my_rope.png")
    shared = used.with_name("a_hat_89abcdef.png")
    for place in (other, mine, shared):
        place.write_bytes(used.read_bytes())
    hat = bpy.data.images.load(str(shared))
    hat.use_fake_user = True
    bpy.ops.wm.save_as_mainfile(filepath=str(stage.folder / "hat.blend"), copy=True)
    bpy.data.images.remove(hat)
    assert stage.part("unused").unused_files() == [other]
    assert not bpy.data.libraries and "a_hat_89abcdef.png" not in bpy.data.images
    bpy.ops.assetgen.clean_up()
    assert sorted(place.name for place in used.parent.iterdir()) == sorted([used.name, mine.name, shared.name])

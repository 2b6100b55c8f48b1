@tool
extends RefCounted
## The menu actions: file actions start a job; node actions prepare the dock and wait for a prompt.

const Answer := preload("../client/answer.gd")
const DepthView := preload("../scene/depth_view.gd")
const Dock := preload("../dock/dock.gd")
const Names := preload("../keep/names.gd")
const Words := preload("../words.gd")

const VIEW_SIZE := Vector2i(512, 512)
const VARIATIONS := 4
const TILES := 8
const LARGEST_SPRITE := 128

var _dock: Dock


func _init(dock: Dock) -> void:
	_dock = dock


func make_seamless(path: String) -> bool:
	return await _post(path, ["seamless"], "seamless")


func pbr_set(path: String) -> bool:
	return await _post(path, ["seamless", "pbr_maps"], "pbr")


func cut_out(path: String) -> bool:
	return await _post(path, ["cutout"], "cutout")


## Variations of an image; the form keeps the request, for another attempt with another prompt.
func vary(path: String) -> bool:
	_show_dock()
	var image := Image.load_from_file(ProjectSettings.globalize_path(path))
	var is_small := image != null and maxi(image.get_width(), image.get_height()) <= LARGEST_SPRITE
	var preset := "pixel_sprite" if is_small else "painted_concept"
	if not await _choose(preset):
		return false
	var ask := _dock.generate.ask
	ask.form.set_file("diffusion.image", ProjectSettings.globalize_path(path))
	ask.count.value = VARIATIONS
	if ask.prompt.text.strip_edges() == "":
		ask.prompt.text = path.get_file().get_basename().replace("_", " ")
	return await _dock.generate.make()


## Render the depth of the 3D editor's view, and wait for a prompt.
func concept_from_view() -> bool:
	var camera := EditorInterface.get_editor_viewport_3d(0).get_camera_3d()
	return await concept_from_camera(camera)


## The same from any camera.
func concept_from_camera(camera: Camera3D) -> bool:
	_show_dock()
	if DisplayServer.get_name() == "headless":
		return _fail(Words.say("Godot renders nothing without a window."), "")
	var image := await DepthView.render(_dock, camera, VIEW_SIZE)
	if image == null:
		return _fail(
			Words.say("The 3D view is empty."), Words.say("Turn it to what the image should show.")
		)
	var file := EditorInterface.get_editor_paths().get_cache_dir().path_join("assetgen_depth.png")
	if image.save_png(file) != OK:
		return _fail(Words.say("'%s' cannot be written.") % file, "")
	if not await _choose("concept_from_mesh"):
		return false
	_dock.generate.ask.form.set_file("depth.image", file)
	_ask_for_words(Words.say("The depth of this view is captured. Describe what it should become."))
	return true


## Wait for a prompt; "Keep and use" then assigns the material to the selected meshes.
func texture_mesh() -> bool:
	_show_dock()
	if not await _choose("pbr_material"):
		return false
	_ask_for_words(Words.say("Describe the surface, then “Keep and use”."))
	return true


## Wait for a prompt; "Keep as tileset" then assigns the tileset to the selected layer.
func new_tileset() -> bool:
	_show_dock()
	if not await _choose("pixel_tile"):
		return false
	_dock.generate.ask.count.value = TILES
	_ask_for_words(Words.say("Describe the tiles, then “Keep as tileset”."))
	return true


func check_pack(path: String) -> bool:
	_show_dock()
	_dock.show_tab(_dock.packs)
	return await _dock.packs.check(path.trim_prefix("res://"))


func _post(path: String, steps: Array, what: String) -> bool:
	_show_dock()
	var answer := await _dock.client.ensure()
	if answer.is_ok():
		answer = await _dock.client.upload(ProjectSettings.globalize_path(path))
	if not answer.is_ok():
		_dock.show_problem(answer)
		return false
	var request := {"kind": "post", "steps": steps, "upload": answer.body.id}
	var name := "%s_%s" % [Names.slug(path.get_file().get_basename()), what]
	return await _dock.generate.run(request, 1, name)


func _choose(preset: String) -> bool:
	var answer := await _dock.client.ensure()
	if not answer.is_ok():
		_dock.show_problem(answer)
		return false
	if not _dock.is_ready and not (await _dock.connect_to_server()).is_ok():
		return false
	if await _dock.generate.ask.choose(preset, true):
		return true
	return _fail(Words.say("The server has no preset '%s'.") % preset, "")


func _ask_for_words(text: String) -> void:
	_dock.generate.progress.say(text)
	_dock.generate.ask.prompt.grab_focus()


func _fail(what: String, cure: String) -> bool:
	_dock.show_problem(Answer.none(what, cure))
	return false


func _show_dock() -> void:
	_dock.show_tab(_dock.generate)
	_dock.come_to_front()

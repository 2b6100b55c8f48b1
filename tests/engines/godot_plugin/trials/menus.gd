extends RefCounted
## What the context menus do with files, meshes and tile layers, and that each step can be undone.

const PICTURE := "res://art/brick wall.png"


func run(t: Object) -> void:
	var dock: Control = await t.ready_dock()
	var actions: RefCounted = t.actions()
	await _picture(t)
	var menu: Object = load("res://addons/assetgen/menus/file_menu.gd").new(actions)
	menu._popup_menu(PackedStringArray([PICTURE]))
	await _posts(t, dock, actions)
	await _variations(t, dock, actions)
	await _meshes(t, dock, actions)
	await _tiles(t, dock, actions)
	t.check(not await actions.concept_from_view(), "without a window no depth is drawn")


func _picture(t: Object) -> void:
	DirAccess.make_dir_recursive_absolute(ProjectSettings.globalize_path("res://art"))
	var image := Image.create(64, 64, false, Image.FORMAT_RGB8)
	image.fill(Color.WHITE)
	image.fill_rect(Rect2i(16, 16, 32, 32), Color.DARK_RED)
	image.save_png(PICTURE)
	EditorInterface.get_resource_filesystem().scan()
	await t.until(func(): return ResourceLoader.exists(PICTURE))


func _posts(t: Object, dock: Control, actions: RefCounted) -> void:
	for step: String in ["make_seamless", "cut_out"]:
		t.check(await actions.call(step, PICTURE), step + " is a job", dock.notice.text())
		await t.finish(1)
		t.check((await dock.generate.keep()).size() == 1, step + " is kept", dock.notice.text())
	var whole := Image.load_from_file("res://art/generated/brick_wall_cutout.png")
	t.check(whole.get_pixel(0, 0).a == 0.0 and whole.get_pixel(32, 32).a == 1.0, "it is cut out")
	await actions.pbr_set(PICTURE)
	await t.finish(1)
	var paths: PackedStringArray = await dock.generate.keep()
	t.check(paths == PackedStringArray(["res://art/generated/brick_wall_pbr.tres"]), "named", paths)
	var material := load(paths[0]) as ORMMaterial3D
	t.check(material != null and material.normal_texture != null, "the maps make a material")
	var settings := ConfigFile.new()
	settings.load("res://art/generated/brick_wall_pbr_normal.png.import")
	var kind: int = settings.get_value("params", "compress/normal_map")
	t.check(kind == 1, "the normal map is imported as one")


func _variations(t: Object, dock: Control, actions: RefCounted) -> void:
	dock.generate.ask.prompt.text = ""
	t.check(await actions.vary(PICTURE), "variations are a job", dock.notice.text())
	await t.finish(4)
	var request: Dictionary = dock.generate.job.state.request
	t.check(request.prompt == "brick wall", "the file's name is the prompt", request.prompt)
	t.check(request.inputs.has("diffusion.image"), "the picture is what they start from")
	dock.generate.ask.form.set_file("diffusion.image", "")


func _meshes(t: Object, dock: Control, actions: RefCounted) -> void:
	var with_uvs := MeshInstance3D.new()
	with_uvs.mesh = BoxMesh.new()
	with_uvs.name = "Box"
	var bare := MeshInstance3D.new()
	bare.mesh = _triangle()
	bare.name = "Bare"
	var root: Node = await t.edit_scene(Node3D.new(), [with_uvs, bare])
	var box: MeshInstance3D = root.get_node("Box")
	bare = root.get_node("Bare")
	await t.select([box, bare])
	var menu: Object = load("res://addons/assetgen/menus/scene_menu.gd").new(actions)
	menu._popup_menu(PackedStringArray(["Box", "Bare"]))
	t.check(await actions.texture_mesh(), "the dock waits for words", dock.notice.text())
	dock.generate.ask.count.value = 1
	dock.generate.ask.prompt.text = "slate"
	await dock.generate.make()
	await t.finish(1)
	await dock.generate.keep_and_use()
	var material := box.get_surface_override_material(0) as BaseMaterial3D
	t.check(material != null and not material.uv1_triplanar, "the mesh has the material")
	material = bare.get_surface_override_material(0) as BaseMaterial3D
	t.check(material != null and material.uv1_triplanar, "without UVs it is projected")
	t.history().undo()
	t.check(box.get_surface_override_material(0) == null, "one undo takes both back")
	t.check(bare.get_surface_override_material(0) == null, "from both")


func _triangle() -> ArrayMesh:
	var arrays := []
	arrays.resize(Mesh.ARRAY_MAX)
	arrays[Mesh.ARRAY_VERTEX] = PackedVector3Array([Vector3.ZERO, Vector3.UP, Vector3.RIGHT])
	var mesh := ArrayMesh.new()
	mesh.add_surface_from_arrays(Mesh.PRIMITIVE_TRIANGLES, arrays)
	return mesh


func _tiles(t: Object, dock: Control, actions: RefCounted) -> void:
	var layer := TileMapLayer.new()
	layer.name = "Ground"
	var root: Node = await t.edit_scene(Node2D.new(), [layer])
	layer = root.get_node("Ground")
	await t.select([layer])
	await actions.new_tileset()
	dock.generate.ask.count.value = 6
	dock.generate.ask.prompt.text = "grass"
	await dock.generate.make()
	await t.finish(6)
	var path: String = await dock.generate.keep_tiles()
	t.check(path == "res://art/generated/grass_tiles.tres", "the tileset is kept", path)
	var source := layer.tile_set.get_source(0) as TileSetAtlasSource
	t.check(source.get_tiles_count() == 6, "the layer has its six tiles")
	t.check(
		source.texture.get_size() == Vector2(layer.tile_set.tile_size * Vector2i(4, 2)), "4 x 2"
	)
	t.history().undo()
	t.check(layer.tile_set == null, "undo takes the tileset back")

extends RefCounted
## Candidates come, one is kept and used; undo and redo; import settings; no name is taken twice.


func run(t: Object) -> void:
	var dock: Control = await t.ready_dock()
	t.slowest = 0.0
	await t.make("pixel_sprite", "A red dragon!", 12)
	print("slowest frame in a job of 12: %.1f ms" % t.slowest)
	await _use(t, dock)
	await _keep_material(t, dock)
	dock.generate.ask.choose_model("mini")
	await t.make("painted_concept", "a ship", 1)
	var paths: PackedStringArray = await dock.generate.keep()
	t.check(paths == PackedStringArray(["res://art/generated/a_ship.png"]), "from a model", paths)
	t.check("A red dragon!" in dock.generate.ask._history.prompts, "prompts are remembered")
	await load("res://trials/history.gd").new().run(t)


func _use(t: Object, dock: Control) -> void:
	var sprite := Sprite2D.new()
	sprite.name = "Hero"
	var root: Node = await t.edit_scene(Node2D.new(), [sprite])
	sprite = root.get_node("Hero")
	await t.select([sprite])
	var paths: PackedStringArray = await dock.generate.keep_and_use()
	t.check(paths == PackedStringArray(["res://art/generated/a_red_dragon.tres"]), "named", paths)
	t.check(sprite.texture is CanvasTexture, "the selected sprite shows it", dock.notice.text())
	var is_sharp: bool = sprite.texture.texture_filter == CanvasItem.TEXTURE_FILTER_NEAREST
	t.check(is_sharp, "pixel art keeps hard edges")
	t.history().undo()
	t.check(sprite.texture == null, "undo takes it back")
	t.history().redo()
	t.check(sprite.texture != null, "redo restores it")
	paths = await dock.generate.keep()
	var is_new := paths == PackedStringArray(["res://art/generated/a_red_dragon_2.tres"])
	t.check(is_new, "what is kept again gets another name", paths)
	var picture := load("res://art/generated/a_red_dragon.png") as Texture2D
	t.check(picture is CompressedTexture2D and picture.get_width() <= 34, "the picture is imported")
	t.check(not _setting("a_red_dragon.png", "mipmaps/generate"), "pixel art has no mipmaps")


func _keep_material(t: Object, dock: Control) -> void:
	await t.make("pbr_material", "mossy wall", 1)
	var paths: PackedStringArray = await dock.generate.keep()
	t.check(paths == PackedStringArray(["res://art/generated/mossy_wall.tres"]), "named", paths)
	var material := load("res://art/generated/mossy_wall.tres") as ORMMaterial3D
	t.check(material != null and material.normal_enabled, "a material with a normal map")
	t.check(_setting("mossy_wall.png", "mipmaps/generate"), "surfaces have mipmaps")
	var is_normal: bool = _setting("mossy_wall_normal.png", "compress/normal_map") == 1
	t.check(is_normal, "the normal map is imported as one")


func _setting(picture: String, name: String) -> Variant:
	var settings := ConfigFile.new()
	settings.load("res://art/generated/%s.import" % picture)
	return settings.get_value("params", name)

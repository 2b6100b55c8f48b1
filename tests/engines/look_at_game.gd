extends SceneTree
## Loads the exported files and checks them.
## godot --headless --path GAME --script res://look_at_game.gd

var failed := 0


func _initialize() -> void:
	_look_at_pictures()
	_look_at_resources()
	print("looked at everything, %d wrong" % failed)
	quit(1 if failed else 0)


func expect(ok: bool, what: String) -> void:
	print("ok    " if ok else "wrong ", what)
	failed += 0 if ok else 1


func _look_at_pictures() -> void:
	var smooth := load("res://art/smooth.png") as CompressedTexture2D
	expect(smooth.get_size() == Vector2(24, 20), "the sprite keeps its size")
	expect(smooth.get_image().get_pixel(0, 0).a == 0.0, "the sprite is transparent outside")
	expect(smooth.get_image().get_pixel(12, 10).a == 1.0, "the sprite is opaque inside")
	expect(not smooth.get_image().has_mipmaps(), "a sprite has no mipmaps")
	var webp := (load("res://art/webp.webp") as Texture2D).get_image()
	expect(webp.get_data() == smooth.get_image().get_data(), "a WebP texture has the pixels of the PNG")
	var floor_picture := (load("res://art/floor.png") as Texture2D).get_image()
	expect(floor_picture.has_mipmaps(), "a texture has mipmaps")
	expect(not floor_picture.is_compressed(), "a texture keeps every colour")
	expect(floor_picture.get_pixel(3, 0) == Color8(30, 0, 64), "a texture has the colours it was written with")
	var wall := (load("res://art/wall.png") as Texture2D).get_image()
	expect(wall.has_mipmaps() and wall.is_compressed(), "a material's colour is compressed, with mipmaps")
	var bumps := (load("res://art/wall_normal.png") as Texture2D).get_image()
	expect(bumps.get_format() == Image.FORMAT_RGTC_RG, "a normal map is compressed as one")
	var odd := (load("res://art/odd.png") as Texture2D).get_image()
	expect(odd.get_size() == Vector2i(10, 6), "a material of odd size keeps it")


func _look_at_interface() -> void:
	expect((load("res://art/paged/b.tres") as AtlasTexture).atlas == load("res://art/paged_page1.png"), "a member is on page 1")
	var box := load("res://art/button.tres") as StyleBoxTexture
	expect(box.texture == load("res://art/button.png"), "a style box shows its picture")
	var sides := [SIDE_LEFT, SIDE_TOP, SIDE_RIGHT, SIDE_BOTTOM].map(box.get_texture_margin)
	expect(sides == [5.0, 6.0, 7.0, 8.0], "a style box has its margins")
	expect(box.axis_stretch_horizontal == StyleBoxTexture.AXIS_STRETCH_MODE_TILE_FIT, "its middle is repeated")
	var buttons := load("res://art/button_theme.tres") as Theme
	var hover := buttons.get_stylebox("hover", "Button") as StyleBoxTexture
	expect(hover.texture == load("res://art/button_hover.png"), "a theme has the states of a button")
	var fill := (load("res://art/bar_theme.tres") as Theme).get_stylebox("fill", "ProgressBar") as StyleBoxTexture
	expect((fill.texture as CanvasTexture).texture_filter == CanvasItem.TEXTURE_FILTER_NEAREST, "pixel art has hard edges")
	expect(load("res://art/pointer.tres").get_meta("hotspot") == Vector2(2, 2), "a cursor has its hotspot")


func _look_at_emission() -> void:
	var lava := load("res://art/lava.tres") as StandardMaterial3D
	expect(lava.emission_enabled and lava.emission_texture == load("res://art/lava_emission.png"), "a material emits light")
	var lamp := (load("res://art/lamp.tscn") as PackedScene).instantiate() as Sprite2D
	var glow := lamp.get_node("Emission") as Sprite2D
	expect(lamp.texture == load("res://art/lamp.png") and lamp.offset == Vector2(-12, -20), "a sprite stands on its pivot")
	expect(glow.texture == load("res://art/lamp_emission.png") and glow.offset == lamp.offset, "its emission lies on it")
	expect((glow.material as ShaderMaterial).shader.code.contains("unshaded"), "the emission is not lit")
	expect((load("res://art/lamps_emission/a.tres") as AtlasTexture).atlas == load("res://art/lamps_emission.png"), "a member glows")
	lamp.free()
	var imp := (load("res://art/lit_imp.tscn") as PackedScene).instantiate() as AnimatedSprite2D
	root.add_child(imp)
	imp.play("die")
	imp.frame = 1
	imp.flip_h = true
	var fire := imp.get_node("Emission") as AnimatedSprite2D
	fire._process(0.0)
	expect([fire.animation, fire.frame, fire.flip_h] == [&"die", 1, true], "an emission follows its animation")
	imp.free()


func _look_at_resources() -> void:
	var pixels := load("res://art/pixels.tres") as CanvasTexture
	expect(pixels.texture_filter == CanvasItem.TEXTURE_FILTER_NEAREST, "pixel art is not blurred")
	expect(pixels.diffuse_texture.get_size() == Vector2(24, 20), "pixel art shows its picture")
	var lit := load("res://art/lit.tres") as CanvasTexture
	expect(lit.normal_texture == load("res://art/lit_normal.png"), "a sprite with a normal map can be lit")
	var wall := load("res://art/wall.tres") as ORMMaterial3D
	expect(wall.albedo_texture == load("res://art/wall.png"), "the material has its colour")
	expect(wall.orm_texture == load("res://art/wall_orm.png"), "the material has occlusion, roughness and metal")
	expect(wall.normal_enabled and wall.normal_texture != null, "the material has its normals")
	expect(wall.transparency == BaseMaterial3D.TRANSPARENCY_DISABLED, "an opaque material is not blended")
	var grate := load("res://art/grate.tres") as StandardMaterial3D
	expect(grate.transparency == BaseMaterial3D.TRANSPARENCY_ALPHA_SCISSOR, "a material with holes is cut out")
	expect(grate.roughness_texture != null and grate.metallic == 1.0, "separate maps are used where there is no orm")
	var hero := load("res://art/heroes/tall.tres") as AtlasTexture
	expect(hero.atlas == load("res://art/heroes.png"), "a member knows its atlas")
	expect(hero.get_image().get_pixel(0, 0) == Color8(200, 10, 10), "a member shows its own pixels")
	expect(hero.get_size() == Vector2(4, 9), "a member has its own size")
	expect((load("res://art/heroes/cut.tres") as AtlasTexture).get_size() == Vector2(12, 10), "trimming can be undone")
	_look_at_interface()
	_look_at_emission()
	var sky := load("res://art/dusk.tres") as Sky
	expect(sky.sky_material is PanoramaSkyMaterial, "a sky is a panorama")
	expect((sky.sky_material as PanoramaSkyMaterial).panorama.get_size() == Vector2(64, 32), "the sky has its picture")
	for file in ResourceLoader.list_directory("res://art"):
		if file.ends_with(".tres") or file.ends_with(".png"):
			var uid := ResourceUID.id_to_text(ResourceLoader.get_resource_uid("res://art/" + file))
			expect(load(uid).resource_path == "res://art/" + file, "%s is found by %s" % [file, uid])

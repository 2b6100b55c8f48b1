extends RefCounted
## What earlier requests made stays: searched, made again, compared, a reference, kept, removed.

const Names := preload("res://addons/assetgen/keep/names.gd")
const Preview := preload("res://addons/assetgen/preview/preview.gd")

var _history: Control


func run(t: Object) -> void:
	var dock: Control = await t.ready_dock()
	_history = dock.history
	t.show_dock()
	await t.make("pixel_sprite", "Müllers Höhle", 2)
	await t.make("pixel_tile", "grass", 1)
	dock.show_tab(_history)
	await t.until(func(): return _history.entries.entries.size() > 2)
	var presets: Array = _history.entries.entries.map(func(entry: Dictionary): return entry.preset)
	t.check(
		presets.slice(0, 3) == ["pixel_tile", "pixel_sprite", "pixel_sprite"], "listed", presets
	)
	await t.until(func(): return _history.list.get_item_icon(2) != null)
	_history.field.text = "höhle"
	_history.field.text_changed.emit("höhle")
	await _lists(t, 2, "a search finds some")
	_select([0, 1])
	await _history.view()
	t.check(_history.viewer.visible and _history.viewer.previews.size() == 2, "two are compared")
	var first: Control = _history.viewer.previews[0].canvas
	first._zoom_at(Vector2(8, 8), 2.0)
	t.check(_history.viewer.previews[1].canvas.zoom == 2.0, "both have one zoom")
	_history.viewer.hide()
	await _again(t, dock)
	await _keep(t)
	await _missing(t)
	_previews(t)


func _lists(t: Object, count: int, what: String) -> void:
	await t.until(func(): return _history.entries.entries.size() == count)
	t.check(_history.list.item_count == count, what, _history.list.item_count)


func _select(indices: Array) -> void:
	_history.list.deselect_all()
	for index: int in indices:
		_history.list.select(index, false)
	_history._on_selected()


func _again(t: Object, dock: Control) -> void:
	_select([0])
	var seed_before: int = _history.chosen()[0].seed
	await _history.use_as_reference()
	var form: Control = dock.generate.ask.form
	t.check(form.files().has("diffusion.image"), "a picture becomes the reference", form.files())
	form.set_file("diffusion.image", "")
	dock.show_tab(_history)
	_history.make_variations()
	await t.until(func(): return dock.generate.job.request().get("count") == 4)
	await t.finish(4)
	t.check(dock.generate.job.request().seed != seed_before, "variations have other seeds")
	dock.show_tab(_history)
	await _lists(t, 6, "they are listed too")


func _keep(t: Object) -> void:
	_history.keep_dialog.enter("Müllers Höhle")
	t.check("muellers_hoehle" in _history.keep_dialog.note.text, "the name is shown")
	_history.keep_dialog.hide()
	t.check(Names.slug("Ёж и Café Σ") == "yozh_i_cafe_s", "other letters stay", Names.slug("Ёж"))
	t.check("龍" in Names.loss("龍") and Names.loss("Größe") == "", "what is lost is named")
	var path: String = await _history.keep(_history.entries.entries[0], "muellers_hoehle")
	t.check(path == "res://art/generated/muellers_hoehle.tres", "an old result is kept", path)


## The files of an entry that are deleted behind the server's back.
func _missing(t: Object) -> void:
	var entry: Dictionary = _history.entries.entries[1]
	var folder := OS.get_environment("ASSETGEN_STATE_FILE") + ".data/jobs/%s/" % entry.job
	for file: Dictionary in entry.files:
		DirAccess.remove_absolute(folder + file.path)
	t.check(not (await _history.entries.fetch(entry)).is_ok(), "its picture is gone")
	t.check(await _history.keep(entry, "gone") == "", "it cannot be kept")
	var said: String = t.dock.notice.text()
	t.check("no longer has the files" in said and "Again" in said, "and why is said", said)
	t.check(_history.list.item_count == 6, "the entry stays", _history.list.item_count)
	t.check(await _history.entries.remove(entry), "it can be removed", t.dock.notice.text())
	await _lists(t, 5, "then it is not listed")


func _previews(t: Object) -> void:
	var image := Image.create(8, 4, false, Image.FORMAT_RGBA8)
	var preview := Preview.new()
	t.dock.add_child(preview)
	var texture := ImageTexture.create_from_image(image)
	var animation := {
		"kind": "animation", "columns": 2, "rows": 1, "frames": 2, "durations": [1, 1]
	}
	preview.show_texture(texture, animation)
	t.check(preview.is_playing(), "an animation plays")
	t.check(preview.canvas.content_size() == Vector2(4, 4), "one frame is shown at a time")
	preview._process(0.02)
	t.check(preview.canvas.frame == 1, "after its time the next one")
	preview.show_texture(texture, {"kind": "tile"})
	t.check(preview.canvas.content_size() == Vector2(24, 12), "a tile repeats")
	preview.show_texture(texture, {"kind": "panel", "margins": [1, 1, 1, 1]})
	t.check(preview.canvas.stretch == Vector2(1.5, 1.5), "a panel can be resized")
	preview.free()

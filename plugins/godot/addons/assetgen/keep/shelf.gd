@tool
extends RefCounted
## Saves candidates as project files, assigns them to selected nodes, and combines tiles into one
## TileSet.

const Answer := preload("../client/answer.gd")
const Client := preload("../client/client.gd")
const Importing := preload("importing.gd")
const Job := preload("../client/job.gd")
const Keeper := preload("keeper.gd")
const MapsMaterial := preload("material.gd")
const Names := preload("names.gd")
const Settings := preload("../settings.gd")
const Sidecars := preload("sidecars.gd")
const Tiles := preload("../scene/tiles.gd")
const Use := preload("../scene/use.gd")
const Words := preload("../words.gd")

## The error of the last save; null if it succeeded.
var problem: Answer

var _client: Client
var _undo: EditorUndoRedoManager


func _init(client: Client, undo: EditorUndoRedoManager) -> void:
	_client = client
	_undo = undo


## Save one asset. Returns the `res://` path for scenes; "" on an error, in `problem`.
func keep(job: Job, asset: String, name: String) -> String:
	var keeper := Keeper.new(_client)
	var is_kept := await keeper.keep(job, asset, Settings.art_folder(), name)
	problem = keeper.problem
	if not is_kept:
		return ""
	if keeper.written.has("orm") and keeper.path.get_extension() == "png":
		return await _with_material(keeper)
	return keeper.path


## Assign a saved file to the selected nodes that can use it. Returns their number.
func use(path: String) -> int:
	var words := Words.say("Use %s") % path.get_file()
	return Use.apply(_undo, _selected(), load(path), words)


## Save tiles as one atlas image and one TileSet, and assign it to the selected layers.
func keep_tiles(job: Job, assets: Array[String], name: String) -> String:
	var tiles: Array[PackedByteArray] = []
	for asset in assets:
		for file in job.files_of(asset).filter(
			func(each: Dictionary): return each.channel == "color"
		):
			var answer := await _client.fetch(job.path_of(file), file.sha256)
			problem = null if answer.is_ok() else answer
			if problem:
				return ""
			tiles.append(answer.body)
	var sheet := Tiles.atlas(tiles)
	if sheet == null:
		problem = Answer.none(Words.say("The tiles differ in size, or are no images."))
		return ""
	return await _stored_tiles(sheet, tiles.size(), name + "_tiles")


func has_tile_layer() -> bool:
	return _selected().any(func(node: Node) -> bool: return "tile_set" in node)


func _stored_tiles(sheet: Image, count: int, wanted: String) -> String:
	var folder := Settings.art_folder()
	Keeper.make_folder(folder)
	var base := folder.path_join(Names.unused(folder, wanted, [".png", ".tres"]))
	var settings := FileAccess.open(base + ".png.import", FileAccess.WRITE)
	if settings == null:
		problem = Keeper.unwritable(base + ".png")
		return ""
	settings.store_string(Sidecars.import_text("color", false))
	settings.close()
	if sheet.save_png(base + ".png") != OK:
		problem = Keeper.unwritable(base + ".png")
		return ""
	if not await Importing.done(PackedStringArray([base + ".png"])):
		problem = Answer.none(Words.say("Godot did not import '%s' in time.") % (base + ".png"))
		return ""
	var cell := Tiles.cell(sheet, count)
	ResourceSaver.save(Tiles.tile_set(load(base + ".png"), cell, count), base + ".tres")
	await Importing.done(PackedStringArray([base + ".tres"]))
	use(base + ".tres")
	return base + ".tres"


func _with_material(keeper: Keeper) -> String:
	var color: String = keeper.written.color
	var path := MapsMaterial.save(keeper.written, color.get_basename() + ".tres")
	if path == "":
		problem = Keeper.unwritable(color.get_basename() + ".tres")
		return ""
	await Importing.done(PackedStringArray([path]))
	return path


func _selected() -> Array[Node]:
	return EditorInterface.get_selection().get_selected_nodes()

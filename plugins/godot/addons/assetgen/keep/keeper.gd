@tool
extends RefCounted
## Saves a finished asset of a job in the project: complete files, under a free name, with
## import settings.

const Answer := preload("../client/answer.gd")
const Client := preload("../client/client.gd")
const Importing := preload("importing.gd")
const Job := preload("../client/job.gd")
const Names := preload("names.gd")
const Sidecars := preload("sidecars.gd")
const Words := preload("../words.gd")

## The `res://` path for scenes: the resource if there is one, else the image.
var path := ""
## All written files by channel; "" for files that are no images.
var written := {}
var problem: Answer

var _client: Client


func _init(client: Client) -> void:
	_client = client


## Save an asset of a job as NAME in a folder. False on an error, in `problem`.
func keep(job: Job, asset: String, folder: String, name: String) -> bool:
	var files := job.files_of(asset)
	var ends := files.map(func(file: Dictionary): return str(file.path).trim_prefix(asset))
	var bodies := {}
	for file in files:
		var answer := await _client.fetch(job.path_of(file), file.sha256)
		if not answer.is_ok():
			problem = answer
			return false
		bodies["res://" + file.path] = answer.body
	make_folder(folder)
	var chosen := Names.unused(folder, name, ends)
	var moves := {}
	for index in files.size():
		moves["res://" + files[index].path] = folder.path_join(chosen + ends[index])
	return _store_all(files, _prepared(files, bodies, moves), moves) and await _imported()


## Make a folder of the project with its parents. Godot's function for that prints an error where
## the disk is read-only, which is reported for the file anyway.
static func make_folder(folder: String) -> void:
	if not DirAccess.dir_exists_absolute(folder):
		make_folder(folder.get_base_dir())
		DirAccess.make_dir_absolute(ProjectSettings.globalize_path(folder))


## The error that a file of the project cannot be written.
static func unwritable(file: String) -> Answer:
	return Answer.none(
		Words.say("'%s' cannot be written.") % file,
		Words.say(
			"Is the disk full or read-only? The setting assetgen/art_folder names the folder."
		)
	)


## Bytes by new path. Import settings come first and resources last, so that a concurrent import
## never finds incomplete data.
func _prepared(files: Array[Dictionary], bodies: Dictionary, moves: Dictionary) -> Dictionary:
	var texts := {}
	for old: String in bodies:
		if Sidecars.is_text(old):
			texts[old] = (bodies[old] as PackedByteArray).get_string_from_utf8()
	var settings := Sidecars.moved(texts, moves)
	for file in files:
		var old: String = "res://" + file.path
		if old.get_extension() == "png" and not texts.has(old + ".import"):
			settings[moves[old] + ".import"] = Sidecars.import_text(file.channel, files.size() > 1)
	var ordered := {}
	for to: String in settings:
		if to.ends_with(".import"):
			ordered[to] = settings[to].to_utf8_buffer()
	for old: String in bodies:
		if not texts.has(old):
			ordered[moves[old]] = bodies[old]
	for to: String in settings:
		ordered[to] = settings[to].to_utf8_buffer()
	return ordered


func _store_all(files: Array[Dictionary], prepared: Dictionary, moves: Dictionary) -> bool:
	var stored: PackedStringArray
	for to: String in prepared:
		if not _store(to, prepared[to]):
			problem = unwritable(to)
			for each in stored:
				DirAccess.remove_absolute(ProjectSettings.globalize_path(each))
			return false
		stored.append(to)
	for file in files:
		var to: String = moves["res://" + file.path]
		if file.channel:
			written[file.channel] = to
		if file.channel == "color" and path == "" or to.ends_with(".tres"):
			path = to
	return true


func _store(to: String, bytes: PackedByteArray) -> bool:
	var part := to + ".part"
	var file := FileAccess.open(part, FileAccess.WRITE)
	if file == null or not file.store_buffer(bytes):
		return false
	file.close()
	return DirAccess.rename_absolute(part, to) == OK


func _imported() -> bool:
	if await Importing.done(PackedStringArray(written.values() + [path])):
		return true
	problem = Answer.none(Words.say("Godot did not import '%s' in time.") % path)
	return false

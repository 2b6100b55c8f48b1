@tool
extends RefCounted
## Earlier prompts, newest first, stored with the editor's data of this project.

const MOST := 50
const FILE := "assetgen_prompts.json"

var prompts: PackedStringArray

var _path: String


func _init(folder: String) -> void:
	_path = folder.path_join(FILE)
	var json := JSON.new()
	if FileAccess.file_exists(_path) and json.parse(FileAccess.get_file_as_string(_path)) == OK:
		if json.data is Array:
			prompts = PackedStringArray(json.data.map(func(each: Variant): return str(each)))


func add(prompt: String) -> void:
	if prompt == "" or (prompts and prompts[0] == prompt):
		return
	var others := Array(prompts).filter(func(each: String): return each != prompt)
	prompts = PackedStringArray(([prompt] + others).slice(0, MOST))
	var part := _path + ".part"
	var file := FileAccess.open(part, FileAccess.WRITE)
	if file:
		file.store_string(JSON.stringify(Array(prompts)))
		file.close()
		DirAccess.rename_absolute(part, _path)

@tool
extends RefCounted
## File names from prompts, without overwriting existing files.

const LONGEST := 40


## A prompt as a file name: "A red dragon!" → "a_red_dragon".
static func slug(text: String) -> String:
	var plain := RegEx.create_from_string("[^a-z0-9]+").sub(text.to_lower(), "_", true)
	plain = plain.left(LONGEST).lstrip("_").rstrip("_")
	return plain if plain else "asset"


## A name for which no file with these endings ("_normal.png", ".tres") exists in the folder.
static func unused(folder: String, wanted: String, endings: Array) -> String:
	var name := wanted
	var number := 1
	while endings.any(
		func(end: String) -> bool: return FileAccess.file_exists(folder.path_join(name + end))
	):
		number += 1
		name = "%s_%d" % [wanted, number]
	return name

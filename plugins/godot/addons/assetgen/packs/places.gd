@tool
extends RefCounted
## Places in files: "/home/ann/game/art/pack.yaml:12" is shown as "art/pack.yaml:12".

const PLACE := "^(.*?):(\\d+)(?::\\d+)?$"


## A text of the server with paths relative to the project.
static func short(text: String) -> String:
	var root := ProjectSettings.globalize_path("res://")
	return text.replace(root, "") if root.length() > 1 else text


## Path and line of a place; line 0 where it has none.
static func parse(place: String) -> Dictionary:
	var found := RegEx.create_from_string(PLACE).search(place)
	if found == null:
		return {"path": short(place), "line": 0}
	return {"path": short(found.get_string(1)), "line": int(found.get_string(2))}

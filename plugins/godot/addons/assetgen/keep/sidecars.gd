@tool
extends RefCounted
## The server writes `.import` and `.tres` files for the project's root. These are adapted to the
## actual folder.
##
## UIDs are derived from the path, as on the server, unless another file has the same one.

const NUMBER := 0x7FFFFFFFFFFFFFFF
## Import parameters of maps without an `.import` file.
const MAPS := {
	"normal": "compress/normal_map=1\n",
	"orm": "roughness/mode=3\n",
	"roughness": "roughness/mode=2\n",
}


## Whether a file is an `.import` or `.tres` file.
static func is_text(path: String) -> bool:
	return path.get_extension() in ["import", "tres"]


## The adapted texts by new path; `moves` maps old `res://` paths to new ones.
static func moved(texts: Dictionary, moves: Dictionary) -> Dictionary:
	var swaps := {}
	for old: String in moves:
		var new: String = moves[old]
		swaps['"%s"' % old] = '"%s"' % new
		swaps[_imported(old)] = _imported(new)
	for old: String in texts:
		var uid := _uid_in(texts[old])
		if uid:
			swaps['"%s"' % uid] = '"%s"' % uid_of(moves[old.trim_suffix(".import")])
	var made := {}
	for old: String in texts:
		var text: String = texts[old]
		for before: String in swaps:
			text = text.replace(before, swaps[before])
		made[_moved_path(old, moves)] = text
	return made


## A minimal `.import` for an image without one: Godot completes it.
static func import_text(channel: String, is_surface: bool) -> String:
	var text := '[remap]\n\nimporter="texture"\n\n[params]\n\ndetect_3d/compress_to=0\n'
	if is_surface:
		text += "mipmaps/generate=true\n"
	return text + MAPS.get(channel, "")


## The UID of the resource at a path.
static func uid_of(path: String) -> String:
	var digest := path.sha256_buffer()
	var number := 0
	for index in 8:
		number = (number << 8) | digest[index]
	number &= NUMBER
	if ResourceUID.has_id(number) and ResourceUID.get_id_path(number) != path:
		number = ResourceUID.create_id()
	return ResourceUID.id_to_text(number)


static func _moved_path(old: String, moves: Dictionary) -> String:
	if old.ends_with(".import"):
		return moves[old.trim_suffix(".import")] + ".import"
	return moves[old]


## The path of Godot's imported file.
static func _imported(path: String) -> String:
	return "%s-%s" % [path.get_file(), path.md5_text()]


static func _uid_in(text: String) -> String:
	var head := text.get_slice("\n", 0) if text.begins_with("[gd_resource") else text
	var found := RegEx.create_from_string('(?m)(?:^|\\s)uid="(uid://[a-y0-8]+)"').search(head)
	return found.get_string(1) if found else ""

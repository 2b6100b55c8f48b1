@tool
extends RefCounted
## Modification times of the folders with packs or art, to notice what other programs write.
##
## Only folders whose own time has changed are listed again, so that a look costs one `stat` a
## folder, and one a file of those folders that matter: with a pack, a lock or a manifest, those
## below them, and the art folder.

const Finder := preload("finder.gd")

const ROOT := "res://"
const MARKS := ["pack.lock", "manifest.json"]
const LOCK_END := ".pack.lock"
## Written by Godot itself after an import.
const GODOTS := ["import", "uid"]
const MOST_FOLDERS := 4000
const MOST_FILES := 10_000
const DEEPEST := 12

## The newest modification time of the last look: seconds since 1970.
var newest := 0

var _art_folder: String
var _folders := {}
var _lines := PackedStringArray()
var _files := 0


func _init(art_folder: String) -> void:
	_art_folder = art_folder


## One text that differs after every change. Runs in any thread, one at a time.
func take() -> String:
	var old := _folders
	_folders = {}
	_lines.clear()
	_files = 0
	newest = 0
	_look(ROOT, 0, false, old)
	return "\n".join(_lines).md5_text()


func _look(folder: String, depth: int, is_inside: bool, old: Dictionary) -> void:
	if depth > DEEPEST or _folders.size() >= MOST_FOLDERS:
		return
	var time := FileAccess.get_modified_time(folder)
	var known: Dictionary = old.get(folder, {})
	# A time of this second may hide a later change: list the folder once more.
	if known.is_empty() or known.time != time or known.read <= time + 1:
		known = _listed(folder, time)
	_folders[folder] = known
	var matters: bool = is_inside or known.is_marked or folder == _art_folder
	if matters:
		for file: String in known.files:
			_add(folder.path_join(file))
	var below := matters and folder != ROOT
	for inner: String in known.folders:
		_look(folder.path_join(inner), depth + 1, below, old)


func _add(file: String) -> void:
	_files += 1
	if _files > MOST_FILES:
		return
	var time := FileAccess.get_modified_time(file)
	newest = maxi(newest, time)
	_lines.append("%s %d" % [file, time])


static func _listed(folder: String, time: int) -> Dictionary:
	var files := Array(DirAccess.get_files_at(folder))
	var inner := Array(DirAccess.get_directories_at(folder))
	var is_ignored := files.has(".gdignore")
	return {
		"time": time,
		"read": int(Time.get_unix_time_from_system()),
		"is_marked": files.any(_is_mark),
		"files": files.filter(func(file: String): return file.get_extension() not in GODOTS),
		"folders":
		[] if is_ignored else inner.filter(func(name: String): return not name.begins_with(".")),
	}


static func _is_mark(file: String) -> bool:
	return file in MARKS or file.ends_with(LOCK_END) or Finder.is_pack(file)

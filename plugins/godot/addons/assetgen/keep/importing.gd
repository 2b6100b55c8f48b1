@tool
extends RefCounted
## Waits until the editor has imported new files.

const PATIENCE_MS := 30_000
const AGAIN_MS := 1_000


## True once all of these files can be loaded. `scan()` imports what it finds, some frames later.
static func done(files: PackedStringArray) -> bool:
	var system := EditorInterface.get_resource_filesystem()
	var tree := Engine.get_main_loop() as SceneTree
	var until := Time.get_ticks_msec() + PATIENCE_MS
	var next := 0
	while Time.get_ticks_msec() < until:
		if not system.is_scanning():
			if Array(files).all(_is_here):
				return true
			if Time.get_ticks_msec() > next:
				system.scan()
				next = Time.get_ticks_msec() + AGAIN_MS
		await tree.process_frame
	return false


## Resources need no import; for images, Godot writes the digest last, when the import is
## done.
static func _is_here(file: String) -> bool:
	if EditorInterface.get_resource_filesystem().get_file_type(file) == "":
		return false
	if file.get_extension() == "tres":
		return true
	var settings := ConfigFile.new()
	if settings.load(file + ".import") != OK:
		return false
	var made: PackedStringArray = settings.get_value("deps", "dest_files", [])
	if made.is_empty():
		return false
	var digest := "%s-%s.md5" % [file.get_file(), file.md5_text()]
	return FileAccess.file_exists(made[0].get_base_dir().path_join(digest))

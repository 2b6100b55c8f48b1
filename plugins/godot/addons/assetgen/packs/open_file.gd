@tool
extends RefCounted
## Opens a text file at a line: in the external editor of the editor settings if one is set, else in
## Godot's script editor, else with the system's program for such files.
##
## Godot has no call that opens a text file which is no script, so the file is activated in the
## FileSystem dock, as a double-click does.

const EXTERNAL := "text_editor/external/"
const TEXT_FILES := "docks/filesystem/textfile_extensions"
const FRAMES := 10


## `path` is relative to the project, or absolute; `line` counts from 1, 0 for none.
static func open(path: String, line := 0) -> void:
	var settings := EditorInterface.get_editor_settings()
	var is_outside := path.is_absolute_path()
	var full := path if is_outside else ProjectSettings.globalize_path("res://" + path)
	if settings.get_setting(EXTERNAL + "use_external_editor"):
		_open_external(settings, full, maxi(line, 1))
	elif is_outside or not await _open_here("res://" + path, line):
		OS.shell_open(full)


static func _open_external(settings: EditorSettings, full: String, line: int) -> void:
	var program := str(settings.get_setting(EXTERNAL + "exec_path"))
	var flags := str(settings.get_setting(EXTERNAL + "exec_flags"))
	var words := PackedStringArray()
	for word in flags.split(" ", false):
		words.append(word.trim_prefix('"').trim_suffix('"').format(_values(full, line)))
	if not flags.contains("{file}"):
		words.append(full)
	OS.create_process(program, words)


static func _values(full: String, line: int) -> Dictionary:
	var project := ProjectSettings.globalize_path("res://")
	return {"file": full, "line": line, "col": 0, "project": project}


static func _open_here(path: String, line: int) -> bool:
	var endings := str(EditorInterface.get_editor_settings().get_setting(TEXT_FILES)).split(",")
	var system := EditorInterface.get_resource_filesystem()
	if path.get_extension() not in endings or system.get_file_type(path) == "":
		return false
	var dock := EditorInterface.get_file_system_dock()
	dock.navigate_to_path(path)
	for list: Tree in dock.find_children("", "Tree", true, false):
		if list.get_window() == dock.get_window() and list.get_selected():
			list.item_activated.emit()
	var tree := Engine.get_main_loop() as SceneTree
	var scripts := EditorInterface.get_script_editor()
	for frame in FRAMES:
		await tree.process_frame
		var edited := scripts.get_current_editor()
		var code := edited.get_base_editor() as CodeEdit if edited else null
		if code and scripts.get_current_script() == null:
			_go(code, line)
			return true
	return false


static func _go(code: CodeEdit, line: int) -> void:
	EditorInterface.set_main_screen_editor("Script")
	if line > 0:
		code.set_caret_line(mini(line, code.get_line_count()) - 1)
		code.center_viewport_to_caret()
	code.grab_focus()

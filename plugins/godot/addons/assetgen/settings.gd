@tool
extends RefCounted
## Settings: the server (for this user, in the editor settings), and what
## holds for the project.

const SERVER_PATH := "assetgen/server_path"
const STATE_FILE := "assetgen/state_file"
const ART_FOLDER := "assetgen/art_folder"
const CHECK_EXPORTS := "assetgen/check_packs_before_export"

const PERSONAL := {
	SERVER_PATH: ["assetgen", PROPERTY_HINT_GLOBAL_FILE],
	STATE_FILE: ["", PROPERTY_HINT_GLOBAL_FILE]
}
const OF_PROJECT := {
	ART_FOLDER: ["res://art/generated", PROPERTY_HINT_DIR],
	CHECK_EXPORTS: [true, PROPERTY_HINT_NONE]
}


## Register them in both dialogs. Defaults are not written to files.
static func register() -> void:
	var personal := EditorInterface.get_editor_settings()
	for name: String in PERSONAL:
		var default: Variant = PERSONAL[name][0]
		if not personal.has_setting(name):
			personal.set_setting(name, default)
		personal.set_initial_value(name, default, false)
		personal.add_property_info(
			{"name": name, "type": typeof(default), "hint": PERSONAL[name][1]}
		)
	for name: String in OF_PROJECT:
		var default: Variant = OF_PROJECT[name][0]
		if not ProjectSettings.has_setting(name):
			ProjectSettings.set_setting(name, default)
		ProjectSettings.set_initial_value(name, default)
		ProjectSettings.set_as_basic(name, true)
		ProjectSettings.add_property_info(
			{"name": name, "type": typeof(default), "hint": OF_PROJECT[name][1]}
		)


static func server_path() -> String:
	return str(EditorInterface.get_editor_settings().get_setting(SERVER_PATH))


static func state_file() -> String:
	return str(EditorInterface.get_editor_settings().get_setting(STATE_FILE))


static func art_folder() -> String:
	return str(ProjectSettings.get_setting(ART_FOLDER)).trim_suffix("/")


static func checks_exports() -> bool:
	return ProjectSettings.get_setting(CHECK_EXPORTS)

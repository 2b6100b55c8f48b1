@tool
extends RefCounted
## The server's address and token: a file that the server writes, readable for its user
## only.

const FILE := "server.json"
## The environment variable with another state file, like `assetgen serve --state FILE`.
const VARIABLE := "ASSETGEN_STATE_FILE"
const LOOPBACK := "^http://(127\\.0\\.0\\.1|localhost|\\[::1\\]):\\d{1,5}$"


## The path of the state file: `chosen`, else the environment variable, else the user's runtime
## folder.
static func path_of(chosen := "") -> String:
	if chosen:
		return chosen
	if OS.get_environment(VARIABLE):
		return OS.get_environment(VARIABLE)
	return _runtime_folder().path_join(FILE)


## The content: url, token, pid, version. Empty if the file is missing, damaged, or does not name
## this machine.
static func read(path: String) -> Dictionary:
	if not FileAccess.file_exists(path):
		return {}
	var json := JSON.new()
	if json.parse(FileAccess.get_file_as_string(path)) != OK or not json.data is Dictionary:
		return {}
	var content: Dictionary = json.data
	var url := str(content.get("url", ""))
	if not RegEx.create_from_string(LOOPBACK).search(url):
		return {}
	return {
		"url": url,
		"token": str(content.get("token", "")),
		"pid": int(content.get("pid", 0)),
		"version": str(content.get("version", "")),
	}


static func _runtime_folder() -> String:
	match OS.get_name():
		"Windows":
			return OS.get_environment("LOCALAPPDATA").path_join("Temp/assetgen/assetgen")
		"macOS":
			return OS.get_environment("HOME").path_join("Library/Caches/TemporaryItems/assetgen")
	var own := OS.get_environment("XDG_RUNTIME_DIR")
	if own and DirAccess.dir_exists_absolute(own):
		return own.path_join("assetgen")
	var output := []
	OS.execute("id", ["-u"], output)
	var user := str(output[0]).strip_edges() if output else "0"
	var folder := "/run/user/" + user
	if not DirAccess.dir_exists_absolute(folder):
		folder = "/tmp/runtime-" + user
	return folder.path_join("assetgen")

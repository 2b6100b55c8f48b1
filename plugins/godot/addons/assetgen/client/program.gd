@tool
extends RefCounted
## The program that starts the server: the one of the editor settings; without it the one that
## installed this plugin (`program.cfg`); without that, or where it is gone, `assetgen` in PATH.

const FILE := "res://addons/assetgen/program.cfg"
const DEFAULT := "assetgen"

## The absolute path; empty if there is no such file.
var path := ""
var arguments := PackedStringArray()
## The program that was looked for, for messages.
var searched := ""


## The program for the value of the editor setting.
static func chosen(setting: String) -> RefCounted:
	var program := new()
	program.searched = setting
	if setting == DEFAULT:
		program._read_file()
	if program.path == "":
		program.path = find(setting)
	return program


## The path of a program; names are searched in PATH. Empty if it is not found.
static func find(program: String) -> String:
	if program.contains("/") or program.contains("\\"):
		return program if FileAccess.file_exists(program) else ""
	var is_windows := OS.get_name() == "Windows"
	for folder in OS.get_environment("PATH").split(";" if is_windows else ":", false):
		var found := folder.path_join(program + (".exe" if is_windows else ""))
		if FileAccess.file_exists(found):
			return found
	return ""


## The command as a person would enter it.
func command(words: String) -> String:
	return " ".join([path if path else searched] + Array(arguments) + [words])


func _read_file() -> void:
	var config := ConfigFile.new()
	if not FileAccess.file_exists(FILE) or config.load(FILE) != OK:
		return
	searched = str(config.get_value("assetgen", "program", searched))
	path = find(searched)
	if path:
		arguments = PackedStringArray(config.get_value("assetgen", "arguments", []))

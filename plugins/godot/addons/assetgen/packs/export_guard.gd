@tool
extends EditorExportPlugin
## Fails an export while a pack of the project is stale, so that no old art ships.
##
## Godot lets no plugin stop an export, but an error that one reports makes it fail: the dialog
## shows it, and `godot --export-…` ends with exit code 1. The setting
## assetgen/check_packs_before_export turns it off.

const Answer := preload("../client/answer.gd")
const Blocking := preload("../client/blocking.gd")
const Finder := preload("finder.gd")
const Settings := preload("../settings.gd")
const Starter := preload("../client/starter.gd")
const StateFile := preload("../client/state_file.gd")
const Words := preload("../words.gd")

const MOST_TOLD := 20
const PATIENCE_MS := 60_000
const PAUSE_MS := 100


func _get_name() -> String:
	return "assetgen"


func _export_begin(
	_features: PackedStringArray, _is_debug: bool, _path: String, _flags: int
) -> void:
	if not Settings.checks_exports():
		return
	var packs := Finder.find_now()
	if packs.is_empty():
		return
	for problem in _problems(packs):
		_tell(problem)


## What is wrong with the packs, one sentence each.
func _problems(packs: PackedStringArray) -> PackedStringArray:
	var server := Blocking.new()
	var answer := _met(server)
	var project := {"path": ProjectSettings.globalize_path("res://").trim_suffix("/")}
	if answer.is_ok():
		answer = server.ask(HTTPClient.METHOD_POST, "/projects", project)
	if not answer.is_ok():
		var help := Words.say("Packs could not be checked: %s %s (%s turns this check off.)")
		return [help % [answer.what, answer.cure, Settings.CHECK_EXPORTS]]
	var found := PackedStringArray()
	for pack in packs:
		found.append_array(
			_stale(server, {"kind": "check", "project": answer.body.id, "pack": pack})
		)
	return found


func _stale(server: Blocking, request: Dictionary) -> PackedStringArray:
	var checked := server.run(request)
	if not checked.is_ok():
		return ["%s: %s %s" % [request.pack, checked.what, checked.cure]]
	if checked.body.status != "done":
		var told: Dictionary = checked.body.error if checked.body.error else {}
		return ["%s: %s" % [request.pack, Answer.sentence(told.get("what", checked.body.status))]]
	var found := PackedStringArray()
	for event: Dictionary in checked.body.events:
		if event.event == "audited" and event.state != "ok":
			var reasons := ", ".join(PackedStringArray(event.reasons))
			found.append("%s: %s: %s (%s)" % [request.pack, event.asset, event.state, reasons])
	if found.size() > MOST_TOLD:
		var more := Words.say("… and %d more") % (found.size() - MOST_TOLD)
		found = found.slice(0, MOST_TOLD)
		found.append("%s: %s" % [request.pack, more])
	if found:
		found.append(Words.say("%s is stale: build it, then export again.") % request.pack)
	return found


## Greet the server; start it where none runs.
func _met(server: Blocking) -> Answer:
	var place := StateFile.place(Settings.state_file())
	var answer := server.meet(place)
	if not answer.is_refused:
		return answer
	var process := Starter.launch(Settings.server_path(), place)
	if not process.is_ok():
		return process
	var until := Time.get_ticks_msec() + PATIENCE_MS
	while (
		answer.is_refused and Time.get_ticks_msec() < until and OS.is_process_running(process.body)
	):
		OS.delay_msec(PAUSE_MS)
		answer = server.meet(place)
	return answer


func _tell(problem: String) -> void:
	printerr("assetgen: " + problem)
	var platform := get_export_platform()
	if platform.has_method("add_message"):  # from 4.4 on
		platform.call("add_message", 3, "assetgen", problem)

@tool
extends EditorExportPlugin
## Fails an export while a pack of the project is stale, so that no outdated art ships.
##
## A plugin cannot stop an export. An error that it reports makes the export dialog show
## "Failed"; `godot --export-…` would still end with exit code 0, so the plugin makes that 1.
## The setting assetgen/check_packs_before_export turns all of this off. This addon is left out of
## the exported game.

const Answer := preload("../client/answer.gd")
const Blocking := preload("../client/blocking.gd")
const Finder := preload("finder.gd")
const Places := preload("places.gd")
const Settings := preload("../settings.gd")
const Starter := preload("../client/starter.gd")
const StateFile := preload("../client/state_file.gd")
const Words := preload("../words.gd")

## States that fail an export; the others only give a warning.
const OLD := ["stale", "new", "missing"]
## EditorExportPlatform.ExportMessageType, which 4.3 does not show to scripts.
const WARNING := 2
const ERROR := 3
const MOST_TOLD := 20
const PATIENCE_MS := 60_000
const PAUSE_MS := 100

const ADDON := "res://addons/assetgen/"

## Whether an export is running.
static var is_exporting := false

var _has_failed := false


## Export plugins run in the order of their names: this one must come before "GDScript", which
## exports scripts that are skipped only later.
func _get_name() -> String:
	return "Assetgen"


func _export_begin(
	_features: PackedStringArray, _is_debug: bool, _path: String, _flags: int
) -> void:
	is_exporting = true
	if not Settings.checks_exports():
		return
	var packs := Finder.find_now()
	if packs.is_empty():
		return
	var server := Blocking.new()
	var answer := _met(server)
	var folder := ProjectSettings.globalize_path("res://").trim_suffix("/")
	if answer.is_ok():
		answer = server.ask(HTTPClient.METHOD_POST, "/projects", {"path": folder})
	if not answer.is_ok():
		var help := Words.say("Packs could not be checked: %s %s (The setting %s turns this off.)")
		_tell(help % [answer.what, answer.cure, Settings.CHECK_EXPORTS], ERROR)
		return
	for pack in packs:
		_check(server, {"kind": "check", "project": answer.body.id, "pack": pack})


func _export_file(path: String, _type: String, _features: PackedStringArray) -> void:
	if path.begins_with(ADDON):
		skip()


## Godot sets the exit code of an export from the command line right after this: a call that is
## deferred comes later.
func _export_end() -> void:
	var words := Array(OS.get_cmdline_args())
	var is_alone := words.any(func(word: String): return word.begins_with("--export-"))
	if _has_failed and is_alone:
		(Engine.get_main_loop() as SceneTree).quit.call_deferred(1)
	_has_failed = false
	is_exporting = false


## Connect to the server; start it if none runs.
func _met(server: Blocking) -> Answer:
	var state_path := StateFile.path_of(Settings.state_file())
	var answer := server.meet(state_path)
	if not answer.is_refused:
		return answer
	var process := Starter.launch(Settings.server_path(), state_path)
	if not process.is_ok():
		return process
	var until := Time.get_ticks_msec() + PATIENCE_MS
	while answer.is_refused and Time.get_ticks_msec() < until:
		if not OS.is_process_running(process.body):
			return Starter.ended(Settings.server_path(), OS.get_process_exit_code(process.body))
		OS.delay_msec(PAUSE_MS)
		answer = server.meet(state_path)
	return answer


func _check(server: Blocking, request: Dictionary) -> void:
	var checked := server.run(request, _tell_waiting.bind(request.pack))
	if not checked.is_ok():
		_tell("%s: %s %s" % [request.pack, checked.what, checked.cure], ERROR)
		return
	if checked.body.status != "done":
		var error: Dictionary = checked.body.error if checked.body.error else {}
		var place: String = Places.short(str(error.get("where", "")))
		var what := Answer.sentence(Places.short(error.get("what", checked.body.status)))
		_tell("%s: %s" % [place if place else request.pack, what], ERROR)
		return
	var audited: Array = checked.body.events.filter(
		func(event: Dictionary):
			return event.event == "audited" and not event.state.begins_with("ok")
	)
	for event: Dictionary in audited.slice(0, MOST_TOLD):
		var reasons := ", ".join(PackedStringArray(event.reasons))
		var what := "%s: %s: %s (%s)" % [request.pack, event.asset, event.state, reasons]
		_tell(what, ERROR if event.state in OLD else WARNING)
	var old := audited.filter(func(event: Dictionary): return event.state in OLD)
	if old:
		var what := Words.say(
			"%s: assets that differ from the pack: %d. Build it, then export again."
		)
		_tell(what % [request.pack, old.size()], ERROR)


## An export blocks the editor, so this can only go to the output.
func _tell_waiting(holder: String, pack: String) -> void:
	print("assetgen: ", Words.say("%s: the check waits for %s.") % [pack, holder])


func _tell(problem: String, kind: int) -> void:
	_has_failed = _has_failed or kind == ERROR
	var platform := get_export_platform()
	if platform.has_method("add_message"):  # from 4.4 on
		platform.call("add_message", kind, "assetgen", problem)
	else:
		push_error("assetgen: " + problem)

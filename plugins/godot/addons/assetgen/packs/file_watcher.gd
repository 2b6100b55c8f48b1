@tool
extends Node
## Notices files that a server, `assetgen watch`, the command line or another editor has written,
## and has Godot import them, without a change of focus.

## Packs, locks or art have changed since the last signal.
signal changed

const ExportGuard := preload("export_guard.gd")
const Settings := preload("../settings.gd")
const Stamps := preload("stamps.gd")

## Seconds between looks.
const PAUSE := 1.0
## Looks after which a change is reported though files are still being written.
const LONGEST_WAIT := 3

var _stamps: Stamps
var _stamp := ""
var _found: Array[String] = []
var _task := -1
var _waited := 0
var _is_pending := false
var _is_importing := false


func _ready() -> void:
	_stamps = Stamps.new(Settings.art_folder())
	var system := EditorInterface.get_resource_filesystem()
	if system.has_signal("resources_reimporting"):  # from 4.4 on
		system.connect("resources_reimporting", _on_importing.bind(true))
		system.resources_reimported.connect(_on_importing.bind(false))
	var timer := Timer.new()
	timer.wait_time = PAUSE
	timer.timeout.connect(_tick)
	add_child(timer)
	timer.start()


func _exit_tree() -> void:
	if _task >= 0:
		WorkerThreadPool.wait_for_task_completion(_task)
		_task = -1


func _tick() -> void:
	if _is_godot_busy():
		return
	if _task >= 0:
		if not WorkerThreadPool.is_task_completed(_task):
			return
		WorkerThreadPool.wait_for_task_completion(_task)
		_compare(_found[0])
	_found = []
	var stamps := _stamps
	var found := _found
	_task = WorkerThreadPool.add_task(func() -> void: found.append(stamps.take()))


## Report a change once nothing more is written, or after some looks.
func _compare(stamp: String) -> void:
	var is_first := _stamp == ""
	_is_pending = _is_pending or (stamp != _stamp and not is_first)
	_stamp = stamp
	if not _is_pending:
		return
	_waited += 1
	var is_settled := _stamps.newest < int(Time.get_unix_time_from_system())
	if is_settled or _waited >= LONGEST_WAIT:
		_is_pending = not is_settled
		_waited = 0
		EditorInterface.get_resource_filesystem().scan()
		changed.emit()


func _is_godot_busy() -> bool:
	var system := EditorInterface.get_resource_filesystem()
	return system.is_scanning() or _is_importing or ExportGuard.is_exporting


func _on_importing(_files: PackedStringArray, is_importing: bool) -> void:
	_is_importing = is_importing

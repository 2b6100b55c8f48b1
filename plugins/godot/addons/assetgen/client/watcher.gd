@tool
extends Node
## Looks every 1.5 seconds whether the server of the state file runs: no process is started, no
## token sent, and nothing waits for the response when the editor ends.

## What was found: the state file's content, empty if it names no server; and whether a program
## responds there.
signal looked(server: Dictionary, is_there: bool)

const Client := preload("client.gd")
const StateFile := preload("state_file.gd")

const EVERY := 1.5
const PATIENCE := 5.0

## The path of the state file; empty for the default.
var chosen_path := ""
## Whether to look.
var is_awake := false:
	set(value):
		if value and not is_awake:
			look.call_deferred()
		is_awake = value

var _timer := Timer.new()
var _request := HTTPRequest.new()
var _server := {}
var _is_asking := false


func _init() -> void:
	_timer.wait_time = EVERY
	_timer.autostart = true
	_timer.timeout.connect(look)
	_request.timeout = PATIENCE
	_request.max_redirects = 0
	_request.request_completed.connect(_on_answer)
	add_child(_timer)
	add_child(_request)


## Look now.
func look() -> void:
	if _is_asking or not is_awake or not is_inside_tree():
		return
	_server = StateFile.read(StateFile.path_of(chosen_path))
	if _server.is_empty():
		looked.emit(_server, false)
		return
	_is_asking = _request.request(_server.url + Client.API + "/status") == OK


func _on_answer(
	_result: int, code: int, _headers: PackedStringArray, _body: PackedByteArray
) -> void:
	_is_asking = false
	looked.emit(_server, code > 0)

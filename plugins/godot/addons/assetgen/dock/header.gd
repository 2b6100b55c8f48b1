@tool
extends HBoxContainer
## The status of the server, and its buttons: queue, start, restart, stop.

signal start_pressed
signal stop_pressed
signal restart_pressed
signal failed(problem: RefCounted)

const Client := preload("../client/client.gd")
const Queue := preload("queue.gd")
const Words := preload("../words.gd")

const AWAY := "away"
const BUSY := "busy"
const THERE := "there"

var queue: Queue

var _state := ""
var _dot := TextureRect.new()
var _status := Label.new()
var _start := Button.new()
var _restart := Button.new()
var _stop := Button.new()


func _init(client: Client) -> void:
	queue = Queue.new(client)
	queue.failed.connect(func(problem: RefCounted) -> void: failed.emit(problem))
	_dot.stretch_mode = TextureRect.STRETCH_KEEP_CENTERED
	_status.size_flags_horizontal = SIZE_EXPAND_FILL
	_status.clip_text = true
	_status.text_overrun_behavior = TextServer.OVERRUN_TRIM_ELLIPSIS
	_status.mouse_filter = MOUSE_FILTER_STOP
	add_child(_dot)
	add_child(_status)
	add_child(queue)
	_add(_start, Words.say("Start the server"), start_pressed)
	_add(_restart, Words.say("Restart the server; it continues its jobs"), restart_pressed)
	_add(_stop, Words.say("Stop the server; all programs lose it"), stop_pressed)
	say("", BUSY)


## Show the status.
func say(text: String, state: String) -> void:
	_state = state
	_status.text = text
	_status.tooltip_text = text
	_start.visible = state == AWAY
	for button: Button in [queue, _restart, _stop]:
		button.visible = state == THERE
	_paint()


func is_away() -> bool:
	return _state == AWAY


## The displayed text.
func text() -> String:
	return _status.text


func _add(button: Button, tip: String, wanted: Signal) -> void:
	button.flat = true
	button.tooltip_text = tip
	button.pressed.connect(func() -> void: wanted.emit())
	add_child(button)


func _paint() -> void:
	if is_inside_tree():
		var icons := {AWAY: "StatusError", BUSY: "Time", THERE: "StatusSuccess"}
		_dot.texture = get_theme_icon(icons[_state], "EditorIcons")


func _notification(what: int) -> void:
	if what == NOTIFICATION_THEME_CHANGED and is_inside_tree():
		_start.icon = get_theme_icon("Play", "EditorIcons")
		_restart.icon = get_theme_icon("Reload", "EditorIcons")
		_stop.icon = get_theme_icon("Stop", "EditorIcons")
		_paint()

@tool
extends Button
## The button of the queue: the jobs of all clients in a popup, in order, each with a button that
## cancels it.

signal failed(problem: RefCounted)

const Answer := preload("../client/answer.gd")
const Client := preload("../client/client.gd")
const Progress := preload("progress.gd")
const Words := preload("../words.gd")

const EVERY := 1.0
const WIDTH := 300
const MOST := 20
const HEIGHT := 140

var _client: Client
var _popup := PopupPanel.new()
var _scroll := ScrollContainer.new()
var _lines := VBoxContainer.new()
var _timer := Timer.new()


func _init(client: Client) -> void:
	_client = client
	flat = true
	tooltip_text = Words.say("What the server is working on, for all programs")
	_scroll.horizontal_scroll_mode = ScrollContainer.SCROLL_MODE_DISABLED
	_lines.size_flags_horizontal = SIZE_EXPAND_FILL
	_scroll.add_child(_lines)
	_popup.add_child(_scroll)
	_timer.wait_time = EVERY
	_timer.timeout.connect(refresh)
	add_child(_popup)
	add_child(_timer)
	_popup.popup_hide.connect(_timer.stop)
	pressed.connect(open)


## Show the queue below the button.
func open() -> void:
	_show_text("…")
	_scroll.custom_minimum_size = Vector2(WIDTH, HEIGHT) * EditorInterface.get_editor_scale()
	_popup.reset_size()
	var corner := get_screen_position() + Vector2(size.x - _popup.size.x, size.y)
	_popup.popup(Rect2i(Vector2i(corner), Vector2i.ZERO))
	_timer.start()
	await refresh()


## Load the queue.
func refresh() -> void:
	var answer := await _client.ask(HTTPClient.METHOD_GET, "/queue", null, TYPE_ARRAY)
	if answer.status == 404:
		_show_text(Words.say("This server is too old to show its queue."))
	elif not answer.is_ok():
		_show_text(answer.what)
	elif answer.body.is_empty():
		_show_text(Words.say("Nothing is running or waiting."))
	else:
		_clear()
		for entry: Dictionary in answer.body.slice(0, MOST):
			_add_line(entry)


func _clear() -> void:
	for child in _lines.get_children():
		_lines.remove_child(child)
		child.queue_free()


func _show_text(text: String) -> void:
	_clear()
	_lines.add_child(_label(text))


func _add_line(entry: Dictionary) -> void:
	var row := HBoxContainer.new()
	row.add_child(_label("%s  %s" % [_place(entry), Progress.described(entry)]))
	var cancel := Button.new()
	cancel.text = Words.say("Cancel")
	cancel.tooltip_text = Words.say("Cancel this job")
	cancel.pressed.connect(_cancel.bind(entry.id))
	row.add_child(cancel)
	_lines.add_child(row)


## The fraction of a running job, the position of another.
func _place(entry: Dictionary) -> String:
	if entry.status != "running":
		return "%d." % int(entry.position)
	return (
		"%d %%" % int(100 * float((entry.get("progress", {}) as Dictionary).get("fraction", 0.0)))
	)


func _label(text: String) -> Label:
	var label := Label.new()
	label.text = text
	label.tooltip_text = text
	label.mouse_filter = Control.MOUSE_FILTER_STOP
	label.clip_text = true
	label.text_overrun_behavior = TextServer.OVERRUN_TRIM_ELLIPSIS
	label.size_flags_horizontal = SIZE_EXPAND_FILL
	return label


func _cancel(id: String) -> void:
	var answer := await _client.ask(HTTPClient.METHOD_DELETE, "/jobs/" + id)
	if not answer.is_ok():
		failed.emit(answer)
	await refresh()


func _notification(what: int) -> void:
	if what == NOTIFICATION_THEME_CHANGED and is_inside_tree():
		icon = get_theme_icon("FileList", "EditorIcons")

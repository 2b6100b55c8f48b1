@tool
extends PanelContainer
## An error with its cause, its cure, and buttons: one for the cure, one that removes it.
##
## The text scrolls beyond a limit, so that no message makes the dock, and with it the editor's
## window, larger.

const Answer := preload("../client/answer.gd")
const Words := preload("../words.gd")

const TALLEST := 96
const MARGIN := 6

## Whether it can end without a person.
var is_passing := false

var _what := Label.new()
var _cure := Label.new()
var _scroll := ScrollContainer.new()
var _act := Button.new()
var _close := Button.new()
var _is_dressing := false


func _init() -> void:
	visible = false
	var texts := VBoxContainer.new()
	texts.size_flags_horizontal = SIZE_EXPAND_FILL
	for label: Label in [_what, _cure]:
		label.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
		label.custom_minimum_size.x = 1
		texts.add_child(label)
	_cure.modulate.a = 0.75
	_scroll.horizontal_scroll_mode = ScrollContainer.SCROLL_MODE_DISABLED
	_scroll.size_flags_horizontal = SIZE_EXPAND_FILL
	_scroll.add_child(texts)
	texts.minimum_size_changed.connect(_fit)
	_act.clip_text = true
	_act.size_flags_horizontal = SIZE_EXPAND_FILL
	_close.text = "✕"
	_close.flat = true
	_close.size_flags_vertical = SIZE_SHRINK_BEGIN
	_close.tooltip_text = Words.say("Remove this message")
	_close.pressed.connect(clear)
	var row := HBoxContainer.new()
	row.add_child(_scroll)
	row.add_child(_close)
	var column := VBoxContainer.new()
	column.add_child(row)
	column.add_child(_act)
	add_child(column)


## Show the error. With `action`, a button of that name calls the given function.
func tell(problem: Answer, action := "", act := Callable()) -> void:
	say(problem.what, problem.cure, action, act)
	is_passing = problem.is_passing


func say(what: String, cure := "", action := "", act := Callable()) -> void:
	is_passing = false
	if visible and what == _what.text and cure == _cure.text and action == _act.text:
		return
	_what.text = what
	_cure.text = cure
	_cure.visible = cure != ""
	_act.visible = action != ""
	_act.text = action
	for connection in _act.pressed.get_connections():
		_act.pressed.disconnect(connection.callable)
	if act.is_valid():
		_act.pressed.connect(act)
	visible = what != ""
	_scroll.scroll_vertical = 0
	_fit.call_deferred()


func clear() -> void:
	visible = false


## Remove a message about something that has ended by itself.
func clear_passing() -> void:
	if is_passing:
		clear()


## The displayed text.
func text() -> String:
	return "%s %s" % [_what.text, _cure.text] if visible else ""


func _fit() -> void:
	var limit := TALLEST * EditorInterface.get_editor_scale()
	var wanted := (_scroll.get_child(0) as Control).get_combined_minimum_size().y
	_scroll.custom_minimum_size.y = minf(wanted, limit)


func _notification(what: int) -> void:
	if what == NOTIFICATION_THEME_CHANGED and is_inside_tree() and not _is_dressing:
		_is_dressing = true
		_what.add_theme_color_override("font_color", get_theme_color("error_color", "Editor"))
		var box := StyleBoxFlat.new()
		box.bg_color = get_theme_color("dark_color_1", "Editor")
		box.set_content_margin_all(MARGIN * EditorInterface.get_editor_scale())
		box.set_corner_radius_all(4)
		box.border_width_left = 3
		box.border_color = get_theme_color("error_color", "Editor")
		add_theme_stylebox_override("panel", box)
		_is_dressing = false

@tool
extends PanelContainer
## An error with its cause, its cure, and a button for the cure.

const Answer := preload("../client/answer.gd")

var _what := Label.new()
var _cure := Label.new()
var _act := Button.new()
var _is_dressing := false


func _init() -> void:
	visible = false
	var column := VBoxContainer.new()
	for label: Label in [_what, _cure]:
		label.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
		label.custom_minimum_size.x = 1
		column.add_child(label)
	_cure.modulate.a = 0.75
	_act.size_flags_horizontal = SIZE_SHRINK_BEGIN
	column.add_child(_act)
	add_child(column)


## Show the error. With `action`, a button of that name calls the given function.
func tell(problem: Answer, action := "", act := Callable()) -> void:
	say(problem.what, problem.cure, action, act)


func say(what: String, cure := "", action := "", act := Callable()) -> void:
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


func clear() -> void:
	visible = false


## The displayed text.
func text() -> String:
	return "%s %s" % [_what.text, _cure.text] if visible else ""


func _notification(what: int) -> void:
	if what == NOTIFICATION_THEME_CHANGED and is_inside_tree() and not _is_dressing:
		_is_dressing = true
		_what.add_theme_color_override("font_color", get_theme_color("error_color", "Editor"))
		var box := StyleBoxFlat.new()
		box.bg_color = get_theme_color("dark_color_1", "Editor")
		box.set_content_margin_all(8)
		box.set_corner_radius_all(4)
		box.border_width_left = 3
		box.border_color = get_theme_color("error_color", "Editor")
		add_theme_stylebox_override("panel", box)
		_is_dressing = false

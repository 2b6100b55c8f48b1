@tool
extends AcceptDialog
## One picture large, or up to four side by side: zoom and pan are the same for all.

const Answer := preload("../client/answer.gd")
const Pictures := preload("../dock/pictures.gd")
const Preview := preload("../preview/preview.gd")
const Words := preload("../words.gd")

const MOST := 4
const SHARE := 0.8

var previews: Array[Preview] = []

var _row := HBoxContainer.new()


func _init() -> void:
	ok_button_text = Words.say("Close")
	add_child(_row)


## Show these pictures: `text`, `shows`, and `answer` with the bytes of the image. Returns the
## first error, or null.
func show_pictures(pictures: Array[Dictionary]) -> Answer:
	_clear()
	title = Words.say("Compare") if pictures.size() > 1 else Words.say("View")
	var problem: Answer
	for picture in pictures.slice(0, MOST):
		var answer: Answer = picture.answer
		var texture: Texture2D
		if answer.is_ok():
			texture = await Pictures.whole(answer.body)
		elif problem == null:
			problem = answer
		_add(texture, picture.shows, picture.text if answer.is_ok() else answer.what)
	if problem == null or pictures.size() > 1:
		popup_centered_ratio(SHARE)
	return problem


func _add(texture: Texture2D, shows: Dictionary, text: String) -> void:
	var column := VBoxContainer.new()
	column.size_flags_horizontal = Control.SIZE_EXPAND_FILL
	var preview := Preview.new()
	preview.size_flags_vertical = Control.SIZE_EXPAND_FILL
	preview.show_texture(texture, shows)
	preview.canvas.view_changed.connect(_follow.bind(preview))
	previews.append(preview)
	var label := Label.new()
	label.text = text
	label.text_overrun_behavior = TextServer.OVERRUN_TRIM_ELLIPSIS
	label.custom_minimum_size.x = 1
	label.tooltip_text = text
	label.mouse_filter = Control.MOUSE_FILTER_STOP
	column.add_child(preview)
	column.add_child(label)
	_row.add_child(column)


func _follow(leader: Preview) -> void:
	for preview in previews:
		if preview != leader:
			preview.canvas.set_view(leader.canvas.zoom, leader.canvas.pan)


func _clear() -> void:
	previews.clear()
	for child in _row.get_children():
		_row.remove_child(child)
		child.queue_free()

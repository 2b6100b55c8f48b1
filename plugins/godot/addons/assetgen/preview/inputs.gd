@tool
extends HFlowContainer
## The files that a request starts from, as small pictures: a depth image, a reference. They stay
## visible while the form is folded.

## The file of an argument ("PART.ARGUMENT") is to be left out.
signal removed(key: String)

const Pictures := preload("../dock/pictures.gd")
const Words := preload("../words.gd")

const SIDE := 56

var _files := {}


func _init() -> void:
	visible = false


## Show these files: path by "PART.ARGUMENT".
func show_files(files: Dictionary) -> void:
	if files == _files and not files.is_empty():
		return
	_files = files
	for child in get_children():
		remove_child(child)
		child.queue_free()
	visible = not files.is_empty()
	for key: String in files:
		_add(key, files[key])


func _add(key: String, path: String) -> void:
	var button := Button.new()
	button.text = key.replace(".", " ").capitalize()
	button.tooltip_text = "%s\n%s" % [path, Words.say("Click to leave it out")]
	button.add_theme_constant_override("icon_max_width", SIDE)
	button.pressed.connect(func() -> void: removed.emit(key))
	add_child(button)
	var picture := await Pictures.from_file(path, SIDE)
	if is_instance_valid(button) and picture:
		button.icon = picture

@tool
extends VBoxContainer
## The arguments of a preset's parts, built from their JSON schemas; each part can be folded.

signal file_requested(field: Control)
## A file was chosen or left out.
signal files_changed

const Field := preload("field.gd")
const Words := preload("../words.gd")

## Field by "PART.ARGUMENT".
var fields := {}

var _preset := ""


## Build the form of a preset from `GET /presets/NAME`. Values that were chosen for the same preset
## stay.
func show_preset(page: Dictionary) -> void:
	var is_same: bool = page.get("name") == _preset
	var chosen := settings() if is_same else {}
	var chosen_files := files() if is_same else {}
	_preset = page.get("name", "")
	fields.clear()
	for child in get_children():
		remove_child(child)
		child.queue_free()
	for part: Dictionary in page.get("parts", []):
		_add_part(part)
	for part: String in chosen:
		for argument: String in chosen[part]:
			var key := "%s.%s" % [part, argument]
			if fields.has(key):
				fields[key].choose(chosen[part][argument])
	for key: String in chosen_files:
		set_file(key, chosen_files[key])
	files_changed.emit()


## Settings that differ from the preset: {PART: {ARGUMENT: VALUE}}.
func settings() -> Dictionary:
	var changed := {}
	for key: String in fields:
		var field: Field = fields[key]
		if field.is_changed():
			var part: Dictionary = changed.get_or_add(key.get_slice(".", 0), {})
			part[field.argument] = field.value()
	return changed


## Chosen files: {"PART.ARGUMENT": PATH}.
func files() -> Dictionary:
	var chosen := {}
	for key: String in fields:
		var field: Field = fields[key]
		if field.is_file() and field.file:
			chosen[key] = field.file
	return chosen


## Choose a file for an argument. False if the preset has no such argument.
func set_file(key: String, path: String) -> bool:
	if not fields.has(key):
		return false
	fields[key].file = path
	return true


## Choose a picture for the preset's first picture argument. False if it has none.
func set_reference(path: String) -> bool:
	for key: String in fields:
		if fields[key].is_file() and fields[key].argument == "image":
			return set_file(key, path)
	return false


func _add_part(part: Dictionary) -> void:
	var schemas: Dictionary = part.schema.get("properties", {})
	var shown := schemas.keys().filter(func(name: String): return Field.can_show(schemas[name]))
	if shown.is_empty():
		return
	var body := VBoxContainer.new()
	body.visible = false
	var head := Button.new()
	head.text = "▸ " + str(part.name).replace("_", " ")
	head.tooltip_text = part.get("about", "")
	head.alignment = HORIZONTAL_ALIGNMENT_LEFT
	head.flat = true
	head.toggle_mode = true
	head.toggled.connect(_fold.bind(head, body))
	add_child(head)
	add_child(body)
	for name: String in shown:
		var field := Field.new(name, schemas[name])
		field.file_requested.connect(func(asking: Control) -> void: file_requested.emit(asking))
		field.file_changed.connect(func() -> void: files_changed.emit())
		fields["%s.%s" % [part.name, name]] = field
		body.add_child(field)


func _fold(is_open: bool, head: Button, body: Control) -> void:
	body.visible = is_open
	head.text = ("▾" if is_open else "▸") + head.text.substr(1)

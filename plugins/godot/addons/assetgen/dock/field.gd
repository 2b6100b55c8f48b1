@tool
extends HBoxContainer
## One argument of a part: its name and a control made from its JSON schema.

signal file_requested(field: Control)
signal file_changed

const Schema := preload("schema.gd")
const Words := preload("../words.gd")

const NAME_SHARE := 0.7
const NAME_WIDTH := 56

var argument := ""
var described := {}
## The chosen file, for a file argument.
var file := "":
	set(value):
		file = value
		if _file == null:
			return
		_file.text = value.get_file() if value else Words.say("Choose a file…")
		_file.tooltip_text = value
		_clear.visible = value != ""
		file_changed.emit()

var _is_set: CheckBox
## In place of the control while nothing is chosen: what is used then.
var _unset: LineEdit
var _input: Control
var _file: Button
var _clear: Button


func _init(name_of_argument: String, schema: Dictionary) -> void:
	argument = name_of_argument
	described = Schema.field(schema)
	var label := Label.new()
	label.text = argument.replace("_", " ")
	label.tooltip_text = _hint(schema)
	label.mouse_filter = Control.MOUSE_FILTER_STOP
	label.size_flags_horizontal = SIZE_EXPAND_FILL
	label.size_flags_stretch_ratio = NAME_SHARE
	label.clip_text = true
	label.custom_minimum_size.x = NAME_WIDTH
	add_child(label)
	if described.optional and described.kind != Schema.FILE:
		_is_set = CheckBox.new()
		_is_set.tooltip_text = Words.say("Off: the model or the preset decides.")
		_is_set.toggled.connect(_on_set)
		add_child(_is_set)
	_input = _control()
	_input.size_flags_horizontal = SIZE_EXPAND_FILL
	_input.tooltip_text = label.tooltip_text
	add_child(_input)
	_unset = _default_text()
	add_child(_unset)
	_show(described.default)


## Whether there is a control for this type of argument.
static func can_show(schema: Dictionary) -> bool:
	return Schema.field(schema).kind != Schema.NONE


func is_file() -> bool:
	return described.kind == Schema.FILE


## Whether the value differs from the preset.
func is_changed() -> bool:
	return not is_file() and not _same(value(), described.default)


## The chosen value; null for none.
func value() -> Variant:
	if _is_set and not _is_set.button_pressed:
		return null
	match described.kind:
		Schema.CHOICE:
			return described.choices[(_input as OptionButton).selected]
		Schema.SWITCH:
			return (_input as CheckBox).button_pressed
		Schema.NUMBER:
			return _number(_input as SpinBox, described.bounds)
		Schema.NUMBERS:
			var boxes := _input.get_children()
			return range(boxes.size()).map(
				func(i: int): return _number(boxes[i], described.each[i])
			)
	var text := (_input as LineEdit).text
	return text if text or described.default == null else described.default


## Choose a value; null for none.
func choose(chosen: Variant) -> void:
	_show(chosen)


func _hint(schema: Dictionary) -> String:
	var text: String = schema.get("description", argument.replace("_", " ").capitalize())
	if described.default == null or is_file():
		return text
	return Words.say("%s. Default: %s") % [text.trim_suffix("."), described.default]


func _default_text() -> LineEdit:
	var line := LineEdit.new()
	line.placeholder_text = Words.say("automatic")
	line.tooltip_text = Words.say("Off: the model or the preset decides.")
	line.editable = false
	line.visible = false
	line.size_flags_horizontal = SIZE_EXPAND_FILL
	return line


func _number(box: SpinBox, bounds: Dictionary) -> Variant:
	return int(box.value) if bounds.whole else snappedf(box.value, bounds.step)


func _same(a: Variant, b: Variant) -> bool:
	if a is Array and b is Array:
		return a.size() == b.size() and range(a.size()).all(func(i: int): return _same(a[i], b[i]))
	var are_numbers := typeof(a) in [TYPE_INT, TYPE_FLOAT] and typeof(b) in [TYPE_INT, TYPE_FLOAT]
	return is_equal_approx(a, b) if are_numbers else typeof(a) == typeof(b) and a == b


func _control() -> Control:
	match described.kind:
		Schema.CHOICE:
			var options := OptionButton.new()
			options.fit_to_longest_item = false
			for choice: Variant in described.choices:
				options.add_item(str(choice) if str(choice) else Words.say("none"))
			return options
		Schema.SWITCH:
			return CheckBox.new()
		Schema.NUMBER:
			return _spin(described.bounds)
		Schema.NUMBERS:
			var row := HBoxContainer.new()
			for bounds: Dictionary in described.each:
				row.add_child(_spin(bounds))
			return row
		Schema.FILE:
			return _file_row()
	var line := LineEdit.new()
	line.placeholder_text = str(described.default) if described.default else Words.say("none")
	return line


func _spin(bounds: Dictionary) -> SpinBox:
	var box := SpinBox.new()
	box.min_value = bounds.min
	box.max_value = bounds.max
	box.step = bounds.step
	box.size_flags_horizontal = SIZE_EXPAND_FILL
	box.get_line_edit().add_theme_constant_override("minimum_character_width", 3)
	return box


func _file_row() -> Control:
	var row := HBoxContainer.new()
	_file = Button.new()
	_clear = Button.new()
	_file.size_flags_horizontal = SIZE_EXPAND_FILL
	_file.clip_text = true
	_file.text_overrun_behavior = TextServer.OVERRUN_TRIM_ELLIPSIS
	_file.pressed.connect(func() -> void: file_requested.emit(self))
	_clear.text = "✕"
	_clear.flat = true
	_clear.tooltip_text = Words.say("No file")
	_clear.pressed.connect(func() -> void: file = "")
	row.add_child(_file)
	row.add_child(_clear)
	return row


func _show(default: Variant) -> void:
	if is_file():
		file = ""
		return
	if _is_set:
		_is_set.button_pressed = default != null
		_on_set(_is_set.button_pressed)
	if default == null:
		return
	match described.kind:
		Schema.CHOICE:
			(_input as OptionButton).select(described.choices.find(default))
		Schema.SWITCH:
			(_input as CheckBox).button_pressed = default
		Schema.NUMBER:
			(_input as SpinBox).set_value_no_signal(float(default))
		Schema.NUMBERS:
			for i in _input.get_child_count():
				(_input.get_child(i) as SpinBox).set_value_no_signal(float(default[i]))
		_:
			(_input as LineEdit).text = str(default)


func _on_set(is_set: bool) -> void:
	_input.visible = is_set
	_unset.visible = not is_set

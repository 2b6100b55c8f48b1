@tool
extends VBoxContainer
## The request form. The essentials are always shown: preset and prompt. "More" has the rest:
## model, seed, and the preset's arguments.

signal failed(problem: RefCounted)
## Ctrl+Enter in the prompt.
signal submitted

const Answer := preload("../client/answer.gd")
const Catalog := preload("../client/catalog.gd")
const Form := preload("form.gd")
const History := preload("history.gd")
const Inputs := preload("../preview/inputs.gd")
const Words := preload("../words.gd")

const DRAFT := "*draft"
const FIRST_MODEL := "mini"
const FIRST_PRESET := "pixel_sprite"
const MOST := 64
const MOST_ATTEMPTS := 16
const LARGEST_SEED := 4294967295
const PROMPT_HEIGHT := 56
const MORE_HEIGHT := 96
const PICTURES := ["*.png,*.jpg,*.jpeg,*.webp", "*.glb,*.obj,*.stl,*.ply", "*"]

var prompt := TextEdit.new()
var count := SpinBox.new()
var seed_field := LineEdit.new()
var negative := LineEdit.new()
var best_of := SpinBox.new()
var form := Form.new()

var _catalog: Catalog
var _history: History
var _presets := OptionButton.new()
var _about := Label.new()
var _past := MenuButton.new()
var _models := OptionButton.new()
var _dice := Button.new()
var _fold := Button.new()
var _more := ScrollContainer.new()
var _inputs := Inputs.new()
## By argument of `takes`: its label and control.
var _taken := {}
var _page := {}


func _init(catalog: Catalog) -> void:
	_catalog = catalog
	_history = History.new(EditorInterface.get_editor_paths().get_project_settings_dir())
	_presets.fit_to_longest_item = false
	_presets.clip_text = true
	_presets.custom_minimum_size.x = 1
	_presets.size_flags_horizontal = SIZE_EXPAND_FILL
	_presets.tooltip_text = Words.say("What kind of asset to make")
	_presets.item_selected.connect(func(_index: int) -> void: _show_page())
	_fold.text = Words.say("More")
	_fold.toggle_mode = true
	_fold.tooltip_text = Words.say("Model, seed, and the settings of this preset")
	_fold.toggled.connect(_on_fold)
	count.min_value = 1
	count.max_value = MOST
	count.value = 4
	count.tooltip_text = Words.say("How many candidates to make")
	var row := HBoxContainer.new()
	row.add_child(_presets)
	row.add_child(_fold)
	add_child(row)
	add_child(_prompt_row())
	form.files_changed.connect(func() -> void: _inputs.show_files(form.files()))
	_inputs.removed.connect(func(key: String) -> void: form.set_file(key, ""))
	add_child(_inputs)
	add_child(_more_part())


## Fill the lists from the catalog and keep the selection. Thumbnails follow when they are
## loaded.
func show_catalog() -> void:
	var before := preset()
	var model_before := model()
	_presets.clear()
	for line: Dictionary in _catalog.presets:
		_presets.add_item(str(line.name).capitalize())
		_presets.set_item_metadata(-1, line.name)
		_presets.set_item_tooltip(-1, line.about)
	_models.clear()
	for line: Dictionary in _catalog.models:
		var is_here: bool = line.weights == "here"
		var mark := "" if is_here else " (%s)" % Words.say("not installed")
		_models.add_item(str(line.name) + mark)
		_models.set_item_metadata(-1, line.name)
		_models.set_item_tooltip(-1, "%s\n%s" % [line.about, line.licence])
	_models.add_item(Words.say("draft"))
	_models.set_item_metadata(-1, DRAFT)
	_models.set_item_tooltip(-1, Words.say("Draw placeholders instead of loading the model."))
	_select(_models, model_before if model_before else FIRST_MODEL)
	if not _select(_presets, before if before else FIRST_PRESET) and before:
		_select(_presets, FIRST_PRESET)
		var what := Words.say("The server has no preset '%s'.") % before
		failed.emit(
			Answer.none(what, Words.say("Another one is selected; the prompt is unchanged."))
		)
	await _show_page()
	_load_icons()


func preset() -> String:
	return _presets.get_selected_metadata() if _presets.selected >= 0 else ""


func model() -> String:
	return _models.get_selected_metadata() if _models.selected >= 0 else ""


func choose_model(name: String) -> bool:
	return _select(_models, name)


## Select a preset and build its form, unfolded with `is_open`. False if there is no such preset.
func choose(name: String, is_open := false) -> bool:
	if not _select(_presets, name):
		return false
	await _show_page()
	_fold.button_pressed = is_open
	return true


## The `make` request of the form, without uploads.
func request() -> Dictionary:
	var body := {
		"kind": "make",
		"preset": preset(),
		"count": int(count.value),
		"settings": form.settings(),
		"engine": "godot",
	}
	var takes: Array = _page.get("takes", [])
	if "prompt" in takes:
		body.prompt = prompt.text.strip_edges()
	if "negative" in takes and negative.text.strip_edges():
		body.negative = negative.text.strip_edges()
	if "seed" in takes and seed_field.text.is_valid_int():
		body.seed = clampi(int(seed_field.text), 0, LARGEST_SEED)
	if best_of.value > 1 and _catalog.can_compare():
		body.best_of = int(best_of.value)
	if model() == DRAFT:
		body.draft = true
	elif "model" in takes:
		body.model = model()
	return body


func remember_prompt() -> void:
	_history.add(prompt.text.strip_edges())


func _show_page() -> void:
	var name := preset()
	var answer := await _catalog.page(name)
	if name != preset():
		return
	if not answer.is_ok():
		failed.emit(answer)
		return
	if _page == answer.body:
		return
	_page = answer.body
	_about.text = Answer.sentence(_page.about)
	for argument: String in _taken:
		for control: Control in _taken[argument]:
			control.visible = argument in _page.get("takes", [])
	form.show_preset(_page)


func _load_icons() -> void:
	for line: Dictionary in _catalog.presets:
		if line.get("thumbnail"):
			_set_icon(line.name, await _catalog.thumbnail(line.name))


func _set_icon(name_of_preset: String, icon: Texture2D) -> void:
	for index in _presets.item_count:
		if _presets.get_item_metadata(index) == name_of_preset:
			_presets.set_item_icon(index, icon)


func _select(options: OptionButton, metadata: String) -> bool:
	for index in options.item_count:
		if options.get_item_metadata(index) == metadata:
			options.select(index)
			return true
	return false


func _prompt_row() -> Control:
	var row := HBoxContainer.new()
	prompt.placeholder_text = Words.say("What should it show?")
	prompt.tooltip_text = Words.say("Ctrl+Enter generates.")
	prompt.custom_minimum_size.x = 1
	prompt.size_flags_horizontal = SIZE_EXPAND_FILL
	prompt.wrap_mode = TextEdit.LINE_WRAPPING_BOUNDARY
	prompt.gui_input.connect(_on_prompt_input)
	_past.tooltip_text = Words.say("Earlier prompts")
	_past.about_to_popup.connect(_list_past)
	_past.get_popup().index_pressed.connect(
		func(index: int) -> void: prompt.text = _history.prompts[index]
	)
	row.add_child(prompt)
	row.add_child(_past)
	return row


func _on_prompt_input(event: InputEvent) -> void:
	var key := event as InputEventKey
	if key == null or not key.pressed or not key.is_command_or_control_pressed():
		return
	if key.keycode in [KEY_ENTER, KEY_KP_ENTER]:
		prompt.accept_event()
		submitted.emit()


func _more_part() -> Control:
	var column := VBoxContainer.new()
	column.size_flags_horizontal = SIZE_EXPAND_FILL
	_about.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
	_about.custom_minimum_size.x = 1
	_about.modulate.a = 0.6
	form.file_requested.connect(_choose_file)
	for child: Control in [_about, _numbers(), form]:
		column.add_child(child)
	_more.horizontal_scroll_mode = ScrollContainer.SCROLL_MODE_DISABLED
	_more.size_flags_vertical = SIZE_EXPAND_FILL
	_more.visible = false
	_more.add_child(column)
	return _more


func _numbers() -> Control:
	var grid := GridContainer.new()
	grid.columns = 2
	_models.fit_to_longest_item = false
	_models.clip_text = true
	_models.custom_minimum_size.x = 1
	_models.tooltip_text = Words.say("Which model draws it")
	seed_field.placeholder_text = Words.say("from the prompt")
	seed_field.tooltip_text = Words.say(
		"The same seed makes the same images. Empty: it comes from the prompt."
	)
	seed_field.size_flags_horizontal = SIZE_EXPAND_FILL
	_dice.tooltip_text = Words.say("Another seed")
	_dice.pressed.connect(func() -> void: seed_field.text = str(randi()))
	negative.placeholder_text = Words.say("from the preset")
	negative.tooltip_text = Words.say("What it should not show. Empty: as the preset says.")
	best_of.min_value = 1
	best_of.max_value = MOST_ATTEMPTS
	best_of.tooltip_text = Words.say("Attempts for each candidate, of which the best one is kept")
	var seeds := HBoxContainer.new()
	seeds.add_child(seed_field)
	seeds.add_child(_dice)
	_taken.model = _named(grid, Words.say("Model"), _models)
	_taken.seed = _named(grid, Words.say("Seed"), seeds)
	_taken.negative = _named(grid, Words.say("Without"), negative)
	_named(grid, Words.say("Best of"), best_of)
	return grid


func _named(grid: GridContainer, name_of_it: String, control: Control) -> Array[Control]:
	var label := Label.new()
	label.text = name_of_it
	control.size_flags_horizontal = SIZE_EXPAND_FILL
	grid.add_child(label)
	grid.add_child(control)
	return [label, control]


func _list_past() -> void:
	var popup := _past.get_popup()
	popup.clear()
	for text in _history.prompts:
		popup.add_item(text.left(60))
	if popup.item_count == 0:
		popup.add_item(Words.say("No prompts yet"))
		popup.set_item_disabled(0, true)


func _choose_file(field: Control) -> void:
	var dialog := EditorFileDialog.new()
	dialog.access = EditorFileDialog.ACCESS_FILESYSTEM
	dialog.file_mode = EditorFileDialog.FILE_MODE_OPEN_FILE
	for filter: String in PICTURES:
		dialog.add_filter(filter)
	dialog.file_selected.connect(func(path: String) -> void: field.file = path)
	dialog.visibility_changed.connect(_drop_when_hidden.bind(dialog))
	add_child(dialog)
	dialog.current_dir = ProjectSettings.globalize_path("res://")
	dialog.popup_file_dialog()


func _drop_when_hidden(dialog: EditorFileDialog) -> void:
	if not dialog.visible:
		dialog.queue_free()


func _on_fold(is_open: bool) -> void:
	_more.visible = is_open
	size_flags_vertical = SIZE_EXPAND_FILL if is_open else SIZE_FILL


func _notification(what: int) -> void:
	if what == NOTIFICATION_THEME_CHANGED and is_inside_tree():
		var scale := EditorInterface.get_editor_scale()
		_past.icon = get_theme_icon("History", "EditorIcons")
		_dice.icon = get_theme_icon("RandomNumberGenerator", "EditorIcons")
		_presets.add_theme_constant_override("icon_max_width", int(Catalog.SMALL * scale))
		var side := int(Catalog.THUMBNAIL * scale)
		_presets.get_popup().add_theme_constant_override("icon_max_width", side)
		prompt.custom_minimum_size.y = PROMPT_HEIGHT * scale
		_more.custom_minimum_size.y = MORE_HEIGHT * scale

@tool
extends VBoxContainer
## The request form: preset, prompt, model, count, seed, and the preset's arguments.

signal failed(problem: RefCounted)

const Answer := preload("../client/answer.gd")
const Catalog := preload("../client/catalog.gd")
const Form := preload("form.gd")
const History := preload("history.gd")
const Words := preload("../words.gd")

const DRAFT := "*draft"
const MOST := 64
const LARGEST_SEED := 4294967295.0
const PROMPT_HEIGHT := 64
const PICTURES := ["*.png,*.jpg,*.jpeg,*.webp", "*.glb,*.obj,*.stl,*.ply", "*"]

var prompt := TextEdit.new()
var count := SpinBox.new()
var seed_box := SpinBox.new()
var form := Form.new()

var _catalog: Catalog
var _history: History
var _presets := OptionButton.new()
var _about := Label.new()
var _past := MenuButton.new()
var _models := OptionButton.new()
var _dice := Button.new()
var _fold := Button.new()
var _page := {}


func _init(catalog: Catalog) -> void:
	_catalog = catalog
	_history = History.new(EditorInterface.get_editor_paths().get_project_settings_dir())
	_presets.fit_to_longest_item = false
	_presets.clip_text = true
	_presets.item_selected.connect(func(_index: int) -> void: _show_page())
	_about.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
	_about.custom_minimum_size.x = 1
	_about.modulate.a = 0.6
	add_child(_presets)
	add_child(_about)
	add_child(_prompt_row())
	add_child(_numbers())
	_fold.text = "▸ " + Words.say("Settings")
	_fold.alignment = HORIZONTAL_ALIGNMENT_LEFT
	_fold.flat = true
	_fold.toggle_mode = true
	_fold.toggled.connect(_on_fold)
	add_child(_fold)
	form.visible = false
	form.file_wanted.connect(_choose_file)
	add_child(form)


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
	_select(_models, model_before if model_before else "mini")
	_select(_presets, before if before else "pixel_sprite")
	await _show_page()
	for line: Dictionary in _catalog.presets:
		if line.get("thumbnail"):
			_set_icon(line.name, await _catalog.thumbnail(line.name))


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
	if "seed" in takes:
		body.seed = int(seed_box.value)
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
	_page = answer.body
	_about.text = Answer.sentence(_page.about)
	form.show_preset(_page)


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
	prompt.custom_minimum_size = Vector2(1, PROMPT_HEIGHT)
	prompt.size_flags_horizontal = SIZE_EXPAND_FILL
	prompt.wrap_mode = TextEdit.LINE_WRAPPING_BOUNDARY
	_past.tooltip_text = Words.say("Earlier prompts")
	_past.about_to_popup.connect(_list_past)
	_past.get_popup().index_pressed.connect(
		func(index: int) -> void: prompt.text = _history.prompts[index]
	)
	row.add_child(prompt)
	row.add_child(_past)
	return row


func _numbers() -> Control:
	var grid := GridContainer.new()
	grid.columns = 2
	count.min_value = 1
	count.max_value = MOST
	count.value = 4
	seed_box.max_value = LARGEST_SEED
	_models.fit_to_longest_item = false
	_models.clip_text = true
	_dice.tooltip_text = Words.say("Another seed")
	_dice.pressed.connect(func() -> void: seed_box.value = randi())
	var seeds := HBoxContainer.new()
	seed_box.size_flags_horizontal = SIZE_EXPAND_FILL
	seeds.add_child(seed_box)
	seeds.add_child(_dice)
	_named(grid, Words.say("Model"), _models)
	_named(grid, Words.say("How many"), count)
	_named(grid, Words.say("Seed"), seeds)
	return grid


func _named(grid: GridContainer, name_of_it: String, control: Control) -> void:
	var label := Label.new()
	label.text = name_of_it
	control.size_flags_horizontal = SIZE_EXPAND_FILL
	grid.add_child(label)
	grid.add_child(control)


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
	form.visible = is_open
	_fold.text = ("▾ " if is_open else "▸ ") + Words.say("Settings")


func _notification(what: int) -> void:
	if what == NOTIFICATION_THEME_CHANGED and is_inside_tree():
		_past.icon = get_theme_icon("History", "EditorIcons")
		_dice.icon = get_theme_icon("RandomNumberGenerator", "EditorIcons")
		var side := int(Catalog.THUMBNAIL * EditorInterface.get_editor_scale())
		_presets.add_theme_constant_override("icon_max_width", side)
		_presets.get_popup().add_theme_constant_override("icon_max_width", side)

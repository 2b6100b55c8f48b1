@tool
extends VBoxContainer
## The History tab: everything made in this project, with what made it; search, compare, make it
## again, keep it.

signal failed(problem: RefCounted)
signal worked
## A request is to be made again, or with other seeds.
signal again_requested(request: Dictionary, count: int, name_of_it: String)
## A picture file is to become the reference of the form.
signal reference_requested(file: String)

const Answer := preload("../client/answer.gd")
const Client := preload("../client/client.gd")
const Entries := preload("entries.gd")
const Facts := preload("facts.gd")
const KeepDialog := preload("keep_dialog.gd")
const Names := preload("../keep/names.gd")
const Shelf := preload("../keep/shelf.gd")
const Viewer := preload("viewer.gd")
const Words := preload("../words.gd")

## Seconds after the last key, and between looks for new entries.
const TYPING_PAUSE := 0.3
const LOOK_PAUSE := 3.0
const VARIATIONS := 4
const FACT_LINES := 5

var entries: Entries
var field := LineEdit.new()
var list := ItemList.new()
var viewer := Viewer.new()
var keep_dialog := KeepDialog.new()

var _shelf: Shelf
## The keys of the selected entries.
var _selected := []
var _is_loading := false
## The entry whose name is being entered.
var _kept := {}
var _removal := ConfirmationDialog.new()
var _facts := Label.new()
var _typing := Timer.new()
var _looking := Timer.new()
var _buttons := {}


func _init(client: Client, undo: EditorUndoRedoManager) -> void:
	entries = Entries.new(client)
	_shelf = Shelf.new(client, undo)
	entries.changed.connect(_show_entries)
	entries.pictured.connect(_show_picture)
	_build_list()
	_facts.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
	_facts.text_overrun_behavior = TextServer.OVERRUN_TRIM_ELLIPSIS
	_facts.mouse_filter = MOUSE_FILTER_STOP
	_facts.modulate.a = 0.75
	for child: Control in [field, list, _facts, _button_row()]:
		add_child(child)
	for child: Node in [_typing, _looking, viewer, keep_dialog, _removal]:
		add_child(child)
	_typing.one_shot = true
	_typing.timeout.connect(look)
	_looking.timeout.connect(_look_for_news)
	keep_dialog.named.connect(func(name: String) -> void: keep(_kept, name))
	_removal.confirmed.connect(remove_chosen)
	_show_state()


## Load the entries that match the search text.
func look() -> void:
	await entries.load_first(field.text.strip_edges())
	if entries.problem and is_visible_in_tree():
		failed.emit(entries.problem)


## The selected entries, in order.
func chosen() -> Array[Dictionary]:
	var found: Array[Dictionary] = []
	for index in list.get_selected_items():
		if index < entries.entries.size():
			found.append(entries.entries[index])
	return found


## Make the selected entry again.
func make_again() -> void:
	var entry := chosen()[0]
	again_requested.emit(entry.request, 1, _name_of(entry))


## Make the request of the selected entry with other seeds.
func make_variations() -> void:
	var entry := chosen()[0]
	var request: Dictionary = entry.request.duplicate(true)
	request.count = VARIATIONS
	request.seed = randi()
	again_requested.emit(request, VARIATIONS, _name_of(entry))


## The selected picture becomes the reference of the form.
func use_as_reference() -> void:
	var entry := chosen()[0]
	var answer := await entries.fetch(entry)
	if not answer.is_ok():
		failed.emit(answer)
		return
	var folder := EditorInterface.get_editor_paths().get_cache_dir()
	var name := "assetgen_%s.png" % str(Entries.picture_of(entry).sha256).left(12)
	var path := folder.path_join(name)
	var file := FileAccess.open(path, FileAccess.WRITE)
	if file == null or not file.store_buffer(answer.body):
		failed.emit(Answer.none(Words.say("'%s' cannot be written.") % path))
		return
	file.close()
	reference_requested.emit(path)


## Save an entry in the project under this name. Returns its path, or "".
func keep(entry: Dictionary, name: String) -> String:
	if entries.is_missing(entry):
		failed.emit(Entries.missing())
		return ""
	var job := entries.job_of(entry)
	var path := await _shelf.keep(job, entry.files[0].asset, name)
	if _shelf.problem:
		failed.emit(Entries.missing() if _shelf.problem.status == 404 else _shelf.problem)
		return ""
	worked.emit()
	_facts.text = Words.say("Kept as %s") % path
	EditorInterface.select_file(path)
	return path


func remove_chosen() -> void:
	for entry in chosen():
		if not await entries.remove(entry):
			failed.emit(entries.problem)
			return


## Show the selected pictures large, side by side.
func view() -> void:
	var pictures: Array[Dictionary] = []
	for entry in chosen():
		var shows: Variant = entry.get("shows")
		(
			pictures
			. append(
				{
					"answer": await entries.fetch(entry),
					"shows": shows if shows else {},
					"text": Facts.line(entry),
				}
			)
		)
	var problem := await viewer.show_pictures(pictures)
	if problem:
		failed.emit(problem)


func _ask_for_name() -> void:
	_kept = chosen()[0]
	keep_dialog.enter(str(_kept.prompt) if _kept.prompt else str(_kept.preset))


func _ask_to_remove() -> void:
	_removal.title = Words.say("Remove")
	_removal.ok_button_text = Words.say("Remove")
	_removal.cancel_button_text = Words.say("Cancel")
	_removal.dialog_text = (Words.say(
		"Delete what is selected, with its files? What you kept in the project stays."
	))
	_removal.popup_centered()


func _look_for_news() -> void:
	if is_visible_in_tree():
		await entries.load_news()


func _name_of(entry: Dictionary) -> String:
	return Names.slug(str(entry.prompt), str(entry.preset))


## List the entries; what was selected stays selected.
func _show_entries() -> void:
	var scrolled := list.get_v_scroll_bar().value
	list.clear()
	for entry in entries.entries:
		list.add_item(str(entry.prompt).left(60), _icon(entry))
		list.set_item_tooltip(-1, Facts.text(entry))
		if Entries.key_of(entry) in _selected:
			list.select(list.item_count - 1, false)
	list.get_v_scroll_bar().set_value.call_deferred(scrolled)
	_show_state()
	_load_at_end.call_deferred()


func _show_picture(key: String) -> void:
	for index in mini(entries.entries.size(), list.item_count):
		if Entries.key_of(entries.entries[index]) == key:
			list.set_item_icon(index, _icon(entries.entries[index]))


func _icon(entry: Dictionary) -> Texture2D:
	if entries.is_missing(entry) and is_inside_tree():
		return get_theme_icon("FileBroken", "EditorIcons")
	return entries.thumbnail(entry)


## Load older entries once the end of the list is visible.
func _load_at_end() -> void:
	var bar := list.get_v_scroll_bar()
	var is_at_end := bar.value + bar.page >= bar.max_value - Entries.SIDE
	if is_visible_in_tree() and entries.has_more and is_at_end and not _is_loading:
		_is_loading = true
		await entries.load_more()
		_is_loading = false


func _on_selected() -> void:
	_selected = chosen().map(Entries.key_of)
	_show_state()


func _show_state() -> void:
	var selected := chosen()
	var is_one := selected.size() == 1
	var has_seed: bool = is_one and selected[0].request.get("seed") != null
	_buttons.again.disabled = not is_one
	_buttons.vary.disabled = not has_seed
	_buttons.reference.disabled = not is_one
	_buttons.keep.disabled = not is_one
	_buttons.remove.disabled = selected.is_empty()
	_buttons.view.disabled = selected.is_empty() or selected.size() > Viewer.MOST
	_buttons.view.text = Words.say("Compare") if selected.size() > 1 else Words.say("View")
	if is_one and entries.is_missing(selected[0]):
		var gone := Entries.missing()
		_facts.text = "%s %s\n%s" % [gone.what, gone.cure, Facts.text(selected[0])]
	elif is_one:
		_facts.text = Facts.text(selected[0])
	elif selected:
		_facts.text = Words.say("%d selected") % selected.size()
	elif entries.entries:
		_facts.text = Words.say("Click a picture; Ctrl-click selects several.")
	elif field.text:
		_facts.text = Words.say("Nothing matches.")
	else:
		_facts.text = Words.say("What you generate appears here.")
	_facts.tooltip_text = _facts.text


func _build_list() -> void:
	field.placeholder_text = Words.say("Search prompt, preset, model, seed")
	field.clear_button_enabled = true
	field.text_changed.connect(func(_text: String) -> void: _typing.start(TYPING_PAUSE))
	list.max_columns = 0
	list.same_column_width = true
	list.icon_mode = ItemList.ICON_MODE_TOP
	list.fixed_icon_size = Vector2i.ONE * Entries.SIDE
	list.fixed_column_width = Entries.SIDE
	list.max_text_lines = 1
	list.select_mode = ItemList.SELECT_MULTI
	list.size_flags_vertical = SIZE_EXPAND_FILL
	list.custom_minimum_size.y = Entries.SIDE
	list.multi_selected.connect(func(_index: int, _is: bool) -> void: _on_selected())
	list.empty_clicked.connect(func(_place: Vector2, _button: int) -> void: _on_selected())
	list.item_activated.connect(func(_index: int) -> void: view())
	list.get_v_scroll_bar().value_changed.connect(func(_value: float) -> void: _load_at_end())


func _button_row() -> Control:
	var row := HFlowContainer.new()
	var about := {
		"again": [Words.say("Again"), Words.say("Make exactly this picture again"), make_again],
		"vary":
		[Words.say("Variations"), Words.say("The same request with other seeds"), make_variations],
		"view": [Words.say("View"), Words.say("Large; two to four side by side"), view],
		"reference":
		[
			Words.say("Use as reference"),
			Words.say("The next request starts from this picture"),
			use_as_reference
		],
		"keep":
		[Words.say("Keep as…"), Words.say("Save it in the project's art folder"), _ask_for_name],
		"remove": [Words.say("Remove"), Words.say("Delete it from the history"), _ask_to_remove],
	}
	for name_of_it: String in about:
		var button := Button.new()
		button.text = about[name_of_it][0]
		button.tooltip_text = about[name_of_it][1]
		button.pressed.connect(about[name_of_it][2])
		_buttons[name_of_it] = button
		row.add_child(button)
	return row


func _notification(what: int) -> void:
	if what == NOTIFICATION_VISIBILITY_CHANGED and is_inside_tree():
		if is_visible_in_tree():
			look()
			_looking.start(LOOK_PAUSE)
		else:
			_looking.stop()
	elif what == NOTIFICATION_THEME_CHANGED and is_inside_tree():
		var line := get_theme_font("font", "Label").get_height(
			get_theme_font_size("font_size", "Label")
		)
		_facts.custom_minimum_size = Vector2(1, ceili(line * FACT_LINES))

@tool
extends VBoxContainer
## The Generate tab: request, progress, candidates, keep.

signal failed(problem: RefCounted)
signal worked
## A person has begun something new in this tab.
signal began
## The next thing to look at: the slots of a new request, then what can be done with its results.
signal scroll_requested(control: Control)

const Answer := preload("../client/answer.gd")
const Ask := preload("ask.gd")
const Catalog := preload("../client/catalog.gd")
const Client := preload("../client/client.gd")
const Job := preload("../client/job.gd")
const Names := preload("../keep/names.gd")
const Progress := preload("progress.gd")
const Shelf := preload("../keep/shelf.gd")
const Strip := preload("strip.gd")
const Viewer := preload("../history/viewer.gd")
const Words := preload("../words.gd")

const REASON_LINES := 3

var ask: Ask
var strip := Strip.new()
var progress := Progress.new()
var job: Job
## The file name for kept results of the running job.
var keep_name := ""

var _client: Client
var _catalog: Catalog
var _shelf: Shelf
## Whether a request is being prepared: the server starts, or files are uploaded.
var _is_preparing := false
var _reason := Label.new()
var _make := Button.new()
var _cancel := Button.new()
var _keep := Button.new()
var _use := Button.new()
var _tiles := Button.new()
var _view := Button.new()
var _viewer := Viewer.new()


func _init(client: Client, catalog: Catalog, undo: EditorUndoRedoManager) -> void:
	_client = client
	_catalog = catalog
	_shelf = Shelf.new(client, undo)
	ask = Ask.new(catalog)
	ask.failed.connect(func(problem: RefCounted) -> void: failed.emit(problem))
	ask.submitted.connect(make)
	strip.visible = false
	strip.kept.connect(func(_asset: String) -> void: keep())
	strip.changed.connect(_show_state)
	_reason.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
	_reason.max_lines_visible = REASON_LINES
	_reason.text_overrun_behavior = TextServer.OVERRUN_TRIM_ELLIPSIS
	_reason.mouse_filter = MOUSE_FILTER_STOP
	_reason.custom_minimum_size.x = 1
	for child: Control in [ask, _run_row(), progress, strip, _reason, _keep_row()]:
		add_child(child)
	_show_state()


func _ready() -> void:
	EditorInterface.get_selection().selection_changed.connect(_show_state)


func show_catalog() -> void:
	await ask.show_catalog()
	_show_state()


## Start the request of the form; start a server for it if none runs.
func make() -> bool:
	if _is_working():
		return _refuse()
	_is_preparing = true
	_show_state()
	began.emit()
	var request := await _prepared()
	_is_preparing = false
	_show_state()
	if request.is_empty():
		progress.visible = false
		return false
	var name_of_it: String = request.prompt if request.get("prompt") else request.preset
	return await run(request, request.count, Names.slug(name_of_it))


## The request of the form, with its files uploaded; empty on an error, which was reported.
func _prepared() -> Dictionary:
	var answer := await _ensured()
	if answer.is_ok():
		answer = await _client.open_project()
	if answer.is_ok() and ask.preset() == "":
		answer = await _catalog.load_all()
		await ask.show_catalog()
	var request := ask.request()
	request.inputs = {}
	request.project = _client.project
	ask.remember_prompt()
	var files := ask.form.files()
	for key: String in files:
		if answer.is_ok():
			answer = await _client.upload(files[key])
		if answer.is_ok():
			request.inputs[key] = answer.body.id
	if answer.is_ok():
		return request
	failed.emit(answer)
	return {}


## The server, started if necessary, which the progress line says.
func _ensured() -> Answer:
	progress.say(Words.say("Sending the request…"))
	if (await _client.greet()).is_refused:
		progress.say(Words.say("Starting the server…"))
	return await _client.ensure()


## Start a job whose images are shown as candidates. The earlier ones stay if it cannot start.
func run(request: Dictionary, count: int, name_of_it: String) -> bool:
	if _is_working():
		return _refuse()
	_is_preparing = true
	_show_state()
	began.emit()
	var starting := Job.new(_client)
	var answer := await _ensured()
	if answer.is_ok():
		answer = await starting.start(request)
	_is_preparing = false
	if answer.is_ok():
		job = starting
		keep_name = name_of_it
		job.changed.connect(_on_changed.bind(job))
		strip.follow(job, _client, count)
		strip.visible = true
		_on_changed(job)
		scroll_requested.emit(strip)
		return true
	failed.emit(answer)
	progress.visible = job != null
	if job:
		progress.show_job(job)
	_show_state()
	return false


func cancel() -> void:
	if job:
		await job.cancel()


## Save the selected candidates in the project. Returns the `res://` paths for scenes.
func keep() -> PackedStringArray:
	return await _kept(strip.chosen(), false)


## The same, and assign the result to the nodes selected in the scene.
func keep_and_use() -> PackedStringArray:
	return await _kept(strip.chosen(), true)


## Save one TileSet of the selected candidates, or of all if only one is selected; assign it to
## selected TileMapLayers.
func keep_tiles() -> String:
	var assets := strip.chosen() if strip.chosen().size() > 1 else strip.finished()
	_set_busy(true)
	var path := await _shelf.keep_tiles(job, assets, keep_name)
	_tell_kept(PackedStringArray([path] if path else []))
	return path


## Show the selected candidates large, side by side.
func view() -> void:
	var pictures: Array[Dictionary] = []
	for asset in strip.chosen():
		for file in job.files_of(asset):
			if file.channel == "color":
				var shows: Variant = file.get("shows")
				var answer := await _client.fetch(job.path_of(file), file.sha256)
				var known: Dictionary = shows if shows else {}
				pictures.append({"answer": answer, "shows": known, "text": asset})
	var problem := await _viewer.show_pictures(pictures)
	if problem:
		failed.emit(problem)


func _kept(assets: Array[String], is_used: bool) -> PackedStringArray:
	_set_busy(true)
	var paths := PackedStringArray()
	for asset in assets:
		var path := await _shelf.keep(job, asset, keep_name)
		if path == "":
			break
		paths.append(path)
	_tell_kept(paths)
	if is_used and paths and _shelf.use(paths[0]) == 0:
		progress.say(Words.say("Kept. No selected node can use it."))
	return paths


func _tell_kept(paths: PackedStringArray) -> void:
	_set_busy(false)
	if _shelf.problem:
		failed.emit(_shelf.problem)
		return
	if paths.is_empty():
		return
	worked.emit()
	progress.say(Words.say("Kept as %s") % ", ".join(paths))
	EditorInterface.select_file(paths[0])


func _on_changed(changed: Job) -> void:
	if changed != job:
		return
	progress.show_job(job)
	if job.problem:
		failed.emit(job.problem)
	elif job.state.get("error") != null and job.made() == 0:
		var error: Dictionary = job.state.error
		failed.emit(Answer.none(Answer.sentence(error.what), Answer.sentence(error.cure)))
	else:
		worked.emit()
	_show_state()
	if job.is_over():
		scroll_requested.emit(_reason if _reason.visible else _keep.get_parent())


func _refuse() -> bool:
	var what := Words.say("A job is still running.")
	failed.emit(Answer.none(what, Words.say("Wait for it, or cancel it.")))
	return false


func _is_working() -> bool:
	return _is_preparing or (job != null and not job.is_over())


func _set_busy(is_busy: bool) -> void:
	for button: Button in [_keep, _use, _tiles]:
		button.disabled = is_busy
	if not is_busy:
		_show_state()


func _show_state() -> void:
	var is_running := job != null and not job.is_over()
	_make.disabled = _is_working()
	_cancel.visible = is_running
	_reason.text = strip.problem() if strip.visible else ""
	_reason.tooltip_text = _reason.text
	_reason.visible = _reason.text != ""
	var chosen := strip.chosen().size()
	_keep.disabled = chosen == 0
	_use.disabled = chosen != 1
	_view.disabled = chosen == 0 or chosen > Viewer.MOST
	_view.text = Words.say("Compare") if chosen > 1 else Words.say("View")
	_tiles.disabled = strip.finished().is_empty() or is_running
	_tiles.visible = _shelf.has_tile_layer()
	_keep.get_parent().visible = strip.visible and not strip.finished().is_empty()


func _run_row() -> Control:
	var row := HBoxContainer.new()
	_make.text = Words.say("Generate")
	_make.tooltip_text = Words.say("Make candidates (Ctrl+Enter)")
	_make.size_flags_horizontal = SIZE_EXPAND_FILL
	_make.clip_text = true
	_make.pressed.connect(make)
	_cancel.text = Words.say("Cancel")
	_cancel.tooltip_text = Words.say("Cancel this request (Esc)")
	_cancel.pressed.connect(cancel)
	row.add_child(_make)
	row.add_child(ask.count)
	row.add_child(_cancel)
	return row


## Esc cancels the request, from wherever in this tab the keyboard is.
func _shortcut_input(event: InputEvent) -> void:
	var focused := get_viewport().gui_get_focus_owner()
	if not event.is_action_pressed("ui_cancel") or focused == null or not is_ancestor_of(focused):
		return
	if job != null and not job.is_over():
		get_viewport().set_input_as_handled()
		cancel()


func _keep_row() -> Control:
	var row := HFlowContainer.new()
	_keep.text = Words.say("Keep")
	_keep.tooltip_text = Words.say("Save the selection in the project's art folder (Enter)")
	_keep.pressed.connect(keep)
	_use.text = Words.say("Keep and use")
	_use.tooltip_text = Words.say("Also assign it to the nodes selected in the scene.")
	_use.pressed.connect(keep_and_use)
	_tiles.text = Words.say("Keep as tileset")
	_tiles.tooltip_text = Words.say("Save one TileSet, and assign it to the selected layers.")
	_tiles.pressed.connect(keep_tiles)
	_view.tooltip_text = Words.say("Large; two to four side by side")
	_view.pressed.connect(view)
	for button: Button in [_keep, _use, _tiles, _view]:
		row.add_child(button)
	add_child(_viewer)
	return row

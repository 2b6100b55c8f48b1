@tool
extends VBoxContainer
## The Generate tab: request, progress, candidates, keep.

signal failed(problem: RefCounted)
signal worked

const Answer := preload("../client/answer.gd")
const Ask := preload("ask.gd")
const Catalog := preload("../client/catalog.gd")
const Client := preload("../client/client.gd")
const Job := preload("../client/job.gd")
const Keeper := preload("../keep/keeper.gd")
const Names := preload("../keep/names.gd")
const Progress := preload("progress.gd")
const Settings := preload("../settings.gd")
const Shelf := preload("../keep/shelf.gd")
const Strip := preload("strip.gd")
const Words := preload("../words.gd")

var ask: Ask
var strip := Strip.new()
var progress := Progress.new()
var job: Job
## The file name for kept results of the running job.
var keep_name := ""

var _client: Client
var _shelf: Shelf
var _make := Button.new()
var _cancel := Button.new()
var _keep := Button.new()
var _use := Button.new()
var _tiles := Button.new()


func _init(client: Client, catalog: Catalog, undo: EditorUndoRedoManager) -> void:
	_client = client
	_shelf = Shelf.new(client, undo)
	ask = Ask.new(catalog)
	ask.failed.connect(func(problem: RefCounted) -> void: failed.emit(problem))
	var column := VBoxContainer.new()
	column.size_flags_horizontal = SIZE_EXPAND_FILL
	for child: Control in [ask, strip, _keep_row()]:
		column.add_child(child)
	var scroll := ScrollContainer.new()
	scroll.horizontal_scroll_mode = ScrollContainer.SCROLL_MODE_DISABLED
	scroll.size_flags_vertical = SIZE_EXPAND_FILL
	scroll.add_child(column)
	for child: Control in [scroll, progress, _run_row()]:
		add_child(child)
	strip.visible = false
	strip.kept.connect(func(_asset: String) -> void: keep())
	strip.multi_selected.connect(func(_index: int, _is: bool) -> void: _show_state())
	_show_state()


func _ready() -> void:
	EditorInterface.get_selection().selection_changed.connect(_show_state)


func show_catalog() -> void:
	await ask.show_catalog()
	_show_state()


## Start the request of the form.
func make() -> bool:
	_make.disabled = true
	var request := ask.request()
	ask.remember_prompt()
	var inputs := {}
	var files := ask.form.files()
	for key: String in files:
		var answer := await _client.upload(files[key])
		if not answer.is_ok():
			_show_state()
			failed.emit(answer)
			return false
		inputs[key] = answer.body.id
	request.inputs = inputs
	request.project = _client.project
	return await run(request, request.count, Names.slug(request.get("prompt", request.preset)))


## Start a job whose images are shown as candidates.
func run(request: Dictionary, count: int, name_of_it: String) -> bool:
	if job and not job.is_over():
		var what := Words.say("A job is still running.")
		failed.emit(Answer.none(what, Words.say("Wait for it, or cancel it.")))
		return false
	job = Job.new(_client)
	keep_name = name_of_it
	job.changed.connect(_on_changed.bind(job))
	strip.follow(job, _client, count)
	strip.visible = true
	worked.emit()
	_make.disabled = true
	var answer := await job.start(request)
	if not answer.is_ok():
		job = null
		strip.visible = false
		progress.visible = false
		failed.emit(answer)
	_show_state()
	return answer.is_ok()


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
	elif job.state.get("error") != null:
		var error: Dictionary = job.state.error
		failed.emit(Answer.none(Answer.sentence(error.what), Answer.sentence(error.cure)))
	else:
		worked.emit()
	_show_state()


func _set_busy(is_busy: bool) -> void:
	for button: Button in [_keep, _use, _tiles]:
		button.disabled = is_busy
	if not is_busy:
		_show_state()


func _show_state() -> void:
	var is_running := job != null and not job.is_over()
	_make.disabled = is_running or ask.preset() == ""
	_cancel.visible = is_running
	var chosen := strip.chosen().size()
	_keep.disabled = chosen == 0
	_use.disabled = chosen != 1
	_tiles.disabled = strip.finished().is_empty() or is_running
	_tiles.visible = _shelf.has_tile_layer()
	_keep.get_parent().visible = strip.visible


func _run_row() -> Control:
	var row := HBoxContainer.new()
	_make.text = Words.say("Generate")
	_make.size_flags_horizontal = SIZE_EXPAND_FILL
	_make.pressed.connect(make)
	_cancel.text = Words.say("Cancel")
	_cancel.pressed.connect(cancel)
	row.add_child(_make)
	row.add_child(_cancel)
	return row


func _keep_row() -> Control:
	var row := HFlowContainer.new()
	_keep.text = Words.say("Keep")
	_keep.tooltip_text = Words.say("Save the selection in the project's art folder.")
	_keep.pressed.connect(keep)
	_use.text = Words.say("Keep and use")
	_use.tooltip_text = Words.say("Also assign it to the nodes selected in the scene.")
	_use.pressed.connect(keep_and_use)
	_tiles.text = Words.say("Keep as tileset")
	_tiles.pressed.connect(keep_tiles)
	for button: Button in [_keep, _use, _tiles]:
		row.add_child(button)
	return row

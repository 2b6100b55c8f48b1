@tool
extends VBoxContainer
## The dock: server status, error notices, and the tabs.

## The dock is to become the current tab of its place.
signal front_requested
## An attempt to start a server has ended.
signal start_ended(answer: Answer)

const Answer := preload("../client/answer.gd")
const Catalog := preload("../client/catalog.gd")
const Client := preload("../client/client.gd")
const Generate := preload("generate.gd")
const History := preload("../history/tab.gd")
const Header := preload("header.gd")
const Notices := preload("notices.gd")
const Packs := preload("../packs/packs.gd")
const Program := preload("../client/program.gd")
const Settings := preload("../settings.gd")
const Starter := preload("../client/starter.gd")
const StateFile := preload("../client/state_file.gd")
const Watcher := preload("../client/watcher.gd")
const Words := preload("../words.gd")

var client := Client.new()
var watcher := Watcher.new()
var catalog := Catalog.new(client)
var generate: Generate
var history: History
var packs: Packs
var notice := Notices.new()
var header := Header.new(client)
## Whether the server responded and its catalog is loaded.
var is_ready := false

var _tabs := TabContainer.new()
var _is_starting := false
## A person stopped the server: it is not started until something is requested.
var _is_stopped := false
## The state file's content of the last attempt to connect.
var _tried := {}


func _init(undo: EditorUndoRedoManager) -> void:
	name = "Assetgen"
	auto_translate_mode = Node.AUTO_TRANSLATE_MODE_DISABLED
	size_flags_horizontal = SIZE_EXPAND_FILL
	size_flags_vertical = SIZE_EXPAND_FILL
	client.starter = start_server
	watcher.looked.connect(_on_looked)
	header.start_pressed.connect(start_server)
	header.stop_pressed.connect(stop_server)
	header.restart_pressed.connect(restart_server)
	header.failed.connect(show_problem)
	add_child(header)
	add_child(notice)
	_tabs.size_flags_vertical = SIZE_EXPAND_FILL
	_tabs.tab_changed.connect(
		func(_tab: int) -> void: notice.show_tab(_tabs.get_current_tab_control())
	)
	add_child(_tabs)
	generate = Generate.new(client, catalog, undo)
	_add_tab(generate, Words.say("Generate"))
	history = History.new(client, undo)
	history.again_requested.connect(_make_again)
	history.reference_requested.connect(_use_reference)
	_add_tab(history, Words.say("History"))
	packs = Packs.new(client)
	_add_tab(packs, Words.say("Packs"))
	for tab: Control in [generate, packs]:
		tab.connect("began", notice.of(tab).clear)
	notice.show_tab(generate)


func _ready() -> void:
	visibility_changed.connect(_on_visibility)
	_open.call_deferred()


## Connect to the server and load its catalog.
func connect_to_server() -> Answer:
	is_ready = false
	header.say(Words.say("Looking for the server…"), Header.BUSY)
	_take_settings()
	return await _show_catalog(await client.greet())


## Start a server and connect to it. Requests call it if no server runs.
func start_server() -> Answer:
	if _is_starting:
		return await start_ended
	_is_starting = true
	_is_stopped = false
	header.say(Words.say("Starting the server…"), Header.BUSY)
	notice.server.clear()
	_take_settings()
	var answer := await Starter.start(client, Settings.server_path())
	answer = await _show_catalog(answer)
	_is_starting = false
	start_ended.emit(answer)
	return answer


func stop_server() -> bool:
	header.say(Words.say("Stopping the server…"), Header.BUSY)
	_is_stopped = true
	_is_starting = true  # the watcher has nothing to report meanwhile
	var answer := await Starter.stop(client)
	_is_starting = false
	if answer.is_ok():
		_show_away()
		notice.server.clear()
	else:
		show_problem(answer)
		watcher.look()
	return answer.is_ok()


func restart_server() -> void:
	if await stop_server():
		await start_server()


## Show an error in the notice of a tab, or in that of the server.
func show_problem(problem: Answer, tab: Control = null) -> void:
	if problem.is_missing:
		notice.server.tell(problem, Words.say("Choose the program…"), _choose_program)
	elif problem.is_refused:
		_show_away()
		notice.server.tell(problem, Words.say("Start server"), start_server)
	elif problem.status in [401, 403]:
		_show_away()
		notice.server.tell(problem, Words.say("Restart server"), restart_server)
	else:
		(notice.of(tab) if tab else notice.server).tell(problem)


func come_to_front() -> void:
	front_requested.emit()


func show_tab(tab: Control) -> void:
	_tabs.current_tab = _tabs.get_tab_idx_from_control(tab)


func _make_again(request: Dictionary, count: int, name_of_it: String) -> void:
	show_tab(generate)
	await generate.run(request, count, name_of_it)


func _use_reference(file: String) -> void:
	show_tab(generate)
	if generate.ask.form.set_reference(file):
		generate.progress.say(Words.say("The next request starts from this picture."))
		return
	var what := Words.say("The preset '%s' takes no picture.") % generate.ask.preset()
	var cure := Words.say("Choose another preset, then try again.")
	show_problem(Answer.none(what, cure), generate)


func _add_tab(tab: Control, title: String) -> void:
	tab.name = title
	_tabs.add_child(tab)
	tab.connect("failed", show_problem.bind(tab))
	tab.connect("worked", notice.of(tab).clear_passing)


## At the start: connect, and start a server where a person sees the dock.
func _open() -> void:
	_take_settings()
	var answer := await connect_to_server()
	if answer.is_refused and _is_seen():
		await start_server()
	_on_visibility()


func _take_settings() -> void:
	client.chosen_path = Settings.state_file()
	watcher.chosen_path = client.chosen_path
	_tried = StateFile.read(StateFile.path_of(client.chosen_path))


func _show_catalog(answer: Answer) -> Answer:
	if answer.is_ok():
		answer = await catalog.load_all()
	if not answer.is_ok():
		is_ready = false
		_show_away()
		_show_connection_error(answer)
		return answer
	_tried = StateFile.read(StateFile.path_of(client.chosen_path))
	is_ready = true
	header.say(Words.say("Server %s") % client.greeting.get("version", "?"), Header.THERE)
	_compare_versions()
	for tab: Control in _tabs.get_children():
		notice.of(tab).clear_passing()
	await generate.show_catalog()
	packs.look()
	return answer


## Why there is no connection. Without a server, also whether its program is installed.
func _show_connection_error(answer: Answer) -> void:
	var program: Program = Program.chosen(Settings.server_path())
	if answer.is_refused and program.path == "":
		show_problem(Starter.missing(program.searched))
	elif answer.is_refused or answer.is_missing or answer.status in [401, 403]:
		show_problem(answer)
	else:
		notice.server.tell(answer, Words.say("Try again"), connect_to_server)


func _show_away() -> void:
	is_ready = false
	header.say(Words.say("No server"), Header.AWAY)


## An older server lacks something: a notice says so until it is removed.
func _compare_versions() -> void:
	notice.server.clear()
	if client.is_current():
		return
	var what := Words.say(
		"The server is older than this plugin (API %s instead of %s): some things are missing."
	)
	notice.server.say(what % [client.api(), Client.API_VERSION], Client.update_cure())


## The watcher looked: show the truth.
func _on_looked(server: Dictionary, is_there: bool) -> void:
	if _is_starting:
		return
	if not is_there:
		if is_ready:
			_show_away()
			notice.server.tell(Client.away(), Words.say("Start server"), start_server)
		if server.is_empty():
			_tried = {}
	elif (is_ready and not client.is_met(server)) or (not is_ready and _is_new(server)):
		connect_to_server()


## Whether the last attempt to connect was to another server, or while this one did not respond.
func _is_new(server: Dictionary) -> bool:
	return server != _tried or header.is_away()


## Presets may have changed in another program.
func _reload() -> void:
	if is_ready and _is_seen() and (await catalog.load_all()).is_ok():
		await generate.show_catalog()


func _notification(what: int) -> void:
	if what == NOTIFICATION_APPLICATION_FOCUS_IN and is_node_ready():
		_reload()


func _is_seen() -> bool:
	return is_visible_in_tree() and DisplayServer.get_name() != "headless"


func _on_visibility() -> void:
	watcher.is_awake = is_visible_in_tree()
	if _is_seen() and not is_ready and not _is_starting and not _is_stopped and header.is_away():
		client.ensure()


func _choose_program() -> void:
	var dialog := EditorFileDialog.new()
	dialog.access = EditorFileDialog.ACCESS_FILESYSTEM
	dialog.file_mode = EditorFileDialog.FILE_MODE_OPEN_FILE
	dialog.title = Words.say("Choose the program assetgen")
	dialog.file_selected.connect(_on_program)
	dialog.visibility_changed.connect(
		func() -> void:
			if not dialog.visible:
				dialog.queue_free()
	)
	add_child(dialog)
	dialog.popup_file_dialog()


func _on_program(path: String) -> void:
	EditorInterface.get_editor_settings().set_setting(Settings.SERVER_PATH, path)
	await start_server()

@tool
extends VBoxContainer
## The dock: server status, error notice, and the tabs.

const Answer := preload("../client/answer.gd")
const Catalog := preload("../client/catalog.gd")
const Client := preload("../client/client.gd")
const Generate := preload("generate.gd")
const History := preload("../history/tab.gd")
const Notice := preload("notice.gd")
const Packs := preload("../packs/packs.gd")
const Settings := preload("../settings.gd")
const Starter := preload("../client/starter.gd")
const Words := preload("../words.gd")

const VERSION_FILE := "res://addons/assetgen/plugin.cfg"
const NARROWEST := 240

var client := Client.new()
var catalog := Catalog.new(client)
var generate: Generate
var history: History
var packs: Packs
var notice := Notice.new()
## Whether the server responded and its catalog is loaded.
var is_ready := false

var _status := Label.new()
var _again := Button.new()
var _tabs := TabContainer.new()


func _init(undo: EditorUndoRedoManager) -> void:
	name = "Assetgen"
	custom_minimum_size.x = NARROWEST
	auto_translate_mode = Node.AUTO_TRANSLATE_MODE_DISABLED
	add_child(client)
	add_child(_header())
	add_child(notice)
	generate = Generate.new(client, catalog, undo)
	generate.name = Words.say("Generate")
	generate.failed.connect(show_problem)
	generate.worked.connect(notice.clear)
	packs = Packs.new(client)
	packs.name = Words.say("Packs")
	packs.failed.connect(show_problem)
	packs.worked.connect(notice.clear)
	history = History.new(client, undo)
	history.name = Words.say("History")
	history.failed.connect(show_problem)
	history.worked.connect(notice.clear)
	history.again_wanted.connect(_make_again)
	history.reference_wanted.connect(_use_reference)
	_tabs.size_flags_vertical = SIZE_EXPAND_FILL
	_tabs.add_child(generate)
	_tabs.add_child(history)
	_tabs.add_child(packs)
	add_child(_tabs)


func _ready() -> void:
	client.chosen_path = Settings.state_file()
	connect_to_server.call_deferred()


## Connect to the server and load its catalog.
func connect_to_server() -> void:
	is_ready = false
	_say_status(Words.say("Looking for the server…"))
	client.chosen_path = Settings.state_file()
	await _show_catalog(await client.meet())


## Start a server and connect to it.
func start_server() -> void:
	_say_status(Words.say("Starting the server…"))
	notice.clear()
	client.chosen_path = Settings.state_file()
	await _show_catalog(await Starter.start(client, Settings.server_path()))


## Show an error, with a button for its cure if there is one.
func show_problem(problem: Answer) -> void:
	if problem.is_refused:
		is_ready = false
		_say_status(Words.say("No server"))
		notice.tell(problem, Words.say("Start server"), start_server)
	else:
		notice.tell(problem)


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
	show_problem(Answer.none(what, Words.say("Choose another preset, then try again.")))


func _show_catalog(answer: Answer) -> void:
	if answer.is_ok():
		answer = await catalog.load_all()
	if not answer.is_ok():
		_say_status(Words.say("No server"))
		_first_run_check(answer)
		return
	notice.clear()
	is_ready = true
	_say_status(Words.say("Server %s") % client.greeting.get("version", "?"))
	_compare_versions()
	generate.show_catalog()
	packs.look()


## If no server runs, also check that the program is installed.
func _first_run_check(answer: Answer) -> void:
	var program := Settings.server_path()
	if answer.is_refused and Starter.find(program) == "":
		notice.tell(Starter.missing(program), Words.say("Try again"), connect_to_server)
	elif answer.is_refused:
		show_problem(answer)
	else:
		notice.tell(answer, Words.say("Try again"), connect_to_server)


func _compare_versions() -> void:
	var config := ConfigFile.new()
	config.load(VERSION_FILE)
	var own: String = config.get_value("plugin", "version", "")
	var its: String = client.greeting.get("version", "")
	if own.get_slice(".", 0) != its.get_slice(".", 0):
		var what := Words.say("The server has version %s, this plugin %s.") % [its, own]
		var cure := Words.say("They may not match: run `assetgen plugin install godot`.")
		notice.say(what, cure)


func _header() -> Control:
	var row := HBoxContainer.new()
	_status.size_flags_horizontal = SIZE_EXPAND_FILL
	_status.clip_text = true
	_status.modulate.a = 0.75
	_again.flat = true
	_again.tooltip_text = Words.say("Look for the server again")
	_again.pressed.connect(connect_to_server)
	row.add_child(_status)
	row.add_child(_again)
	return row


func _say_status(text: String) -> void:
	_status.text = text


func _notification(what: int) -> void:
	if what == NOTIFICATION_THEME_CHANGED and is_inside_tree():
		_again.icon = get_theme_icon("Reload", "EditorIcons")

@tool
extends VBoxContainer
## The Packs tab: the packs of the project, the state of each asset, build and
## cancel.

signal failed(problem: RefCounted)
signal worked

const Answer := preload("../client/answer.gd")
const Client := preload("../client/client.gd")
const Finder := preload("finder.gd")
const Job := preload("../client/job.gd")
const Progress := preload("../dock/progress.gd")
const Table := preload("table.gd")
const Words := preload("../words.gd")

var table := Table.new()
var progress := Progress.new()
var job: Job

var _client: Client
var _buttons: Array[Button] = []
var _cancel := Button.new()


func _init(client: Client) -> void:
	_client = client
	add_child(_button_row())
	table.size_flags_vertical = SIZE_EXPAND_FILL
	table.item_selected.connect(_show_state)
	table.item_activated.connect(open)
	add_child(table)
	add_child(progress)
	_show_state()


## Find packs and check each.
func look() -> void:
	table.show_packs(await Finder.find())
	_show_state()
	for pack in table.packs():
		await check(pack)


## Check the assets of a pack.
func check(pack: String) -> bool:
	var ran := await _run({"kind": "check"}, pack)
	if ran and ran.status() == "done":
		table.show_audit(pack, ran.events)
	return ran != null and ran.status() == "done"


## Build the selected pack into this project, and check it again.
func build() -> bool:
	var pack := table.chosen()
	var ran := await _run({"kind": "build"}, pack)
	if ran == null:
		return false
	EditorInterface.get_resource_filesystem().scan()
	var is_good := ran.status() == "done"
	await check(pack)
	return is_good


func cancel() -> void:
	if job:
		await job.cancel()


## Open the pack file in the system's editor: Godot's does not open YAML.
func open() -> void:
	var pack := table.chosen()
	if pack:
		OS.shell_open(ProjectSettings.globalize_path("res://" + pack))


func _run(request: Dictionary, pack: String) -> Job:
	var opened := await _client.open_project()
	if not opened.is_ok():
		failed.emit(opened)
		return null
	request.project = _client.project
	request.pack = pack
	job = Job.new(_client)
	var running := job
	running.changed.connect(_on_changed.bind(running))
	var answer := await running.start(request)
	if not answer.is_ok():
		table.show_problem(pack, answer.what)
		failed.emit(answer)
		job = null
		_show_state()
		return null
	if not running.is_over():
		await running.ended
	_show_state()
	return running


func _on_changed(changed: Job) -> void:
	progress.show_job(changed)
	if changed.problem:
		failed.emit(changed.problem)
	elif changed.state.get("error") != null:
		var error: Dictionary = changed.state.error
		failed.emit(Answer.none(Answer.sentence(error.what), Answer.sentence(error.cure)))
	else:
		worked.emit()
	_show_state()


func _show_state() -> void:
	var is_running := job != null and not job.is_over()
	for button in _buttons:
		button.disabled = is_running or table.chosen() == ""
	_cancel.visible = is_running


func _button_row() -> Control:
	var row := HFlowContainer.new()
	_add_button(row, Words.say("Build"), build)
	_add_button(row, Words.say("Check"), func() -> void: await check(table.chosen()))
	_add_button(row, Words.say("Open"), open)
	var again := Button.new()
	again.text = Words.say("Refresh")
	again.tooltip_text = Words.say("Find packs again, and check them")
	again.pressed.connect(look)
	row.add_child(again)
	_cancel.text = Words.say("Cancel")
	_cancel.pressed.connect(cancel)
	row.add_child(_cancel)
	return row


func _add_button(row: Control, text: String, act: Callable) -> void:
	var button := Button.new()
	button.text = text
	button.pressed.connect(act)
	_buttons.append(button)
	row.add_child(button)

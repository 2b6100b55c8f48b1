@tool
extends VBoxContainer
## The Packs tab: the packs of the project, the state of each asset, build and cancel.
##
## Packs are checked at the start, and after files have changed: at once while the tab is visible,
## else when it is shown.

signal failed(problem: RefCounted)
signal worked
## A person has begun something new in this tab.
signal began

const Answer := preload("../client/answer.gd")
const Client := preload("../client/client.gd")
const FileWatcher := preload("file_watcher.gd")
const Finder := preload("finder.gd")
const Job := preload("../client/job.gd")
const OpenFile := preload("open_file.gd")
const Places := preload("places.gd")
const Progress := preload("../dock/progress.gd")
const Table := preload("table.gd")
const Words := preload("../words.gd")

## Seconds between looks whether a job has ended.
const LOOK := 0.05

var table := Table.new()
var progress := Progress.new()
var watcher := FileWatcher.new()
## The last job that a person started here.
var job: Job

var _client: Client
var _buttons: Array[Button] = []
var _cancel: Button
var _asset := Label.new()
## Whether packs may differ from what is displayed, and whether they are being checked.
var _is_outdated := false
var _is_looking := false


func _init(client: Client) -> void:
	_client = client
	add_child(_button_row())
	table.size_flags_vertical = SIZE_EXPAND_FILL
	table.item_selected.connect(_show_state)
	table.item_activated.connect(open)
	add_child(table)
	add_child(progress)
	_asset.text_overrun_behavior = TextServer.OVERRUN_TRIM_ELLIPSIS
	_asset.visible = false
	add_child(_asset)
	watcher.changed.connect(_on_files_changed)
	add_child(watcher)
	_show_state()


## Find packs and check each; errors are shown in the table. A look that is under way begins again.
func look() -> void:
	_is_outdated = true
	if _is_looking:
		return
	_is_looking = true
	while _is_outdated:
		_is_outdated = false
		table.show_packs(await Finder.find())
		_show_state()
		for pack in table.packs():
			if not await _look_at(pack):
				break
	_is_looking = false


## Check the assets of a pack.
func check(pack: String) -> bool:
	var ran := await _run({"kind": "check"}, pack)
	return ran != null and ran.status() == "done"


## Build the selected pack into this project, and check it again.
func build() -> bool:
	var pack := table.chosen()
	var ran := await _run({"kind": "build"}, pack)
	if ran == null:
		return false
	EditorInterface.get_resource_filesystem().scan()
	if ran.state.get("error") == null:
		table.remember_failures(pack, ran.events)
		await look()
		while _is_looking and await _client.pause(LOOK):
			pass
	return ran.status() == "done"


func cancel() -> void:
	if job:
		await job.cancel()


## Open the selected pack, at the line of its error if it has one.
func open() -> void:
	var pack := table.chosen()
	if pack:
		var place := Places.parse(table.place_of(pack))
		await OpenFile.open(place.path if place.path else pack, place.line)


## Check a pack without a message. False if the server is away.
func _look_at(pack: String) -> bool:
	var answer := await _client.open_project()
	if not answer.is_ok():
		return false
	var quiet := Job.new(_client)
	answer = await quiet.start(_request({"kind": "check"}, pack))
	if answer.is_ok() and not await _is_followed(quiet):
		return false
	_show_result(pack, quiet, answer)
	return answer.status != 0


func _run(request: Dictionary, pack: String) -> Job:
	began.emit()
	var opened := await _client.ensure()
	if opened.is_ok():
		opened = await _client.open_project()
	if not opened.is_ok():
		failed.emit(opened)
		return null
	job = Job.new(_client)
	var running := job
	running.changed.connect(_on_changed.bind(running, pack))
	var answer := await running.start(_request(request, pack))
	if answer.is_ok() and not await _is_followed(running):
		return null
	_show_result(pack, running, answer)
	if not answer.is_ok():
		failed.emit(_shortened(answer))
		job = null
	_show_state()
	return running if answer.is_ok() else null


## Wait for the end of a job. False if the editor ends before: what waits for a signal of the job
## would keep it.
func _is_followed(running: Job) -> bool:
	while not running.is_over():
		if not await _client.pause(LOOK):
			return false
	return true


func _request(request: Dictionary, pack: String) -> Dictionary:
	request.project = _client.project
	request.pack = pack
	return request


## The states that a check found, or the error of the pack. Without a server nothing is known.
func _show_result(pack: String, ran: Job, answer: Answer) -> void:
	if not answer.is_ok():
		if answer.status != 0:
			table.show_problem(pack, _shortened(answer))
	elif _error_of(ran):
		table.show_problem(pack, _error_of(ran))
	elif ran.state.kind == "check" and ran.status() == "done":
		table.show_audit(pack, ran.events)


func _error_of(ran: Job) -> Answer:
	if ran.state.get("error") == null:
		return null
	var error: Dictionary = ran.state.error
	var problem := Answer.none(Answer.sentence(error.what), Answer.sentence(error.cure))
	problem.where = str(error.get("where", ""))
	return _shortened(problem)


func _shortened(problem: Answer) -> Answer:
	problem.what = Places.short(problem.what)
	problem.cure = Places.short(problem.cure)
	problem.where = Places.short(problem.where)
	return problem


func _on_changed(changed: Job, pack: String) -> void:
	progress.show_job(changed)
	_show_asset(changed, pack)
	var error := _error_of(changed)
	if changed.problem or error:
		failed.emit(changed.problem if changed.problem else error)
	else:
		worked.emit()
	_show_state()


## "pack.yaml: dragon" for the asset that is being made.
func _show_asset(changed: Job, pack: String) -> void:
	_asset.visible = not changed.is_over()
	for event: Dictionary in changed.state.get("events", []):
		if event.get("asset"):
			_asset.text = "%s: %s" % [pack, event.asset]


func _on_files_changed() -> void:
	_is_outdated = true
	_look_if_outdated()


func _look_if_outdated() -> void:
	if _is_outdated and is_visible_in_tree() and (job == null or job.is_over()):
		look()


func _show_state() -> void:
	var is_running := job != null and not job.is_over()
	for button in _buttons:
		button.disabled = is_running or table.chosen() == ""
	_cancel.visible = is_running


func _button_row() -> Control:
	var row := HFlowContainer.new()
	var check_chosen := func() -> void: await check(table.chosen())
	_buttons = [
		_button(Words.say("Build"), Words.say("Make what the pack names"), KEY_B, build),
		_button(Words.say("Check"), Words.say("Compare with the pack"), KEY_K, check_chosen),
		_button(Words.say("Open"), Words.say("Open the pack, at its error"), KEY_O, open),
	]
	var again := Words.say("Find packs again, and check them")
	_cancel = _button(Words.say("Cancel"), Words.say("Cancel the build"), KEY_PERIOD, cancel)
	for button: Button in _buttons:
		row.add_child(button)
	row.add_child(_button(Words.say("Refresh"), again, KEY_R, look))
	row.add_child(_cancel)
	return row


## A button with a key: Ctrl (on a Mac: Command) and a letter, while the keyboard is in this tab.
func _button(text: String, tip: String, key: Key, act: Callable) -> Button:
	var stroke := InputEventKey.new()
	stroke.keycode = key
	stroke.command_or_control_autoremap = true
	var button := Button.new()
	button.text = text
	button.tooltip_text = tip
	button.shortcut = Shortcut.new()
	button.shortcut.events = [stroke]
	button.shortcut_context = self
	button.pressed.connect(act)
	return button


func _notification(what: int) -> void:
	if what == NOTIFICATION_VISIBILITY_CHANGED and is_inside_tree():
		_look_if_outdated()

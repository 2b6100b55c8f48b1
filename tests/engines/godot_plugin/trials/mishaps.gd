extends RefCounted
## No program, no server, a killed server, a wrong token, foreign servers: each is reported.

const Answer := preload("res://addons/assetgen/client/answer.gd")
const Job := preload("res://addons/assetgen/client/job.gd")
const StateFile := preload("res://addons/assetgen/client/state_file.gd")

var _path := OS.get_environment("ASSETGEN_STATE_FILE")


func run(t: Object) -> void:
	var dock: Control = t.dock
	var personal := EditorInterface.get_editor_settings()
	await _no_program(t, dock, personal)
	personal.set_setting("assetgen/server_path", OS.get_environment("ASSETGEN_PROGRAM"))
	await dock.connect_to_server()
	_shows(t, dock, "No assetgen server is running", "that no server runs")
	await _way_in(t, dock)
	await _killed(t, dock)
	await _stopped(t, dock)
	await _wrong_token(t, dock)
	await _strangers(t, dock)
	await _bad_request(t, dock)
	_partly_made(t, dock)
	await _sizes(t, dock)


func _no_program(t: Object, dock: Control, personal: EditorSettings) -> void:
	personal.set_setting("assetgen/server_path", "/nowhere/assetgen")
	await dock.connect_to_server()
	_shows(t, dock, "'/nowhere/assetgen' was not found. Choose it (editor", "what to do")
	await dock.start_server()
	_shows(t, dock, "'/nowhere/assetgen' was not found", "the same when it is to be started")


## A request before there is a server starts one, and keeps what was entered.
func _way_in(t: Object, dock: Control) -> void:
	var ask: Control = dock.generate.ask
	ask.prompt.text = "a ship"
	ask.count.value = 1
	t.check(await dock.generate.make(), "a request starts the server", dock.notice.text())
	var request: Dictionary = dock.generate.job.request()
	t.check(request.prompt == "a ship", "and goes on with what was entered", request)
	await dock.generate.cancel()
	await t.until(func(): return dock.generate.job.is_over())
	var slots: int = dock.generate.strip.item_count
	t.check(slots == 0, "the slots of cancelled work close", slots)
	await t.ready_dock()
	t.check(dock.notice.text() == "", "nothing is wrong", dock.notice.text())


func _stopped(t: Object, dock: Control) -> void:
	t.check(await dock.stop_server(), "the server can be stopped", dock.notice.text())
	t.check(not FileAccess.file_exists(_path), "it ends as it should")
	t.check(dock.header.text() == "No server", "which is shown", dock.header.text())
	await dock.restart_server()
	await t.ready_dock()


func _killed(t: Object, dock: Control) -> void:
	await dock.generate.run(_make({"preset": "pbr_material", "count": 64}), 64, "x")
	var job: RefCounted = dock.generate.job
	var id: String = job.state.id
	await t.until(func(): return job.fraction() > 0.0)
	OS.kill(StateFile.read(_path).pid)
	await t.until(func(): return job.problem != null)
	var is_true: bool = await t.until(func(): return dock.header.text() == "No server", 2500)
	t.check(is_true, "the status line shows it", dock.header.text())
	_shows(t, dock, "stopped during this job. Start it again", "that it was killed")
	await dock.start_server()
	t.check(job == dock.generate.job and job.state.id == id, "the job is the same")
	await t.until(func(): return job.problem == null)
	t.check(dock.notice.text() == "", "nothing is wrong any more", dock.notice.text())
	t.check(not job.is_over(), "the job goes on", job.state.status)
	await dock.generate.cancel()
	t.check(await t.until(func(): return job.is_over()), "it can be cancelled")
	t.check(job.status() == "cancelled", "it is cancelled", job.status())


func _wrong_token(t: Object, dock: Control) -> void:
	dock.generate.ask.prompt.text = "a blue fish"
	var whole := FileAccess.get_file_as_string(_path)
	var content := StateFile.read(_path)
	content.token = "wrong"
	_write(JSON.stringify(content))
	await dock.generate.make()
	_shows(t, dock, "does not accept this token. Restart the server", "that the token is wrong")
	_write(whole)
	t.check(await dock.generate.make(), "with the right one it goes on", dock.notice.text())
	await t.until(func(): return dock.generate.job.is_over())


func _strangers(t: Object, dock: Control) -> void:
	var whole := FileAccess.get_file_as_string(_path)
	_write(OS.get_environment("ASSETGEN_NEWER"))
	await dock.connect_to_server()
	_shows(t, dock, "API has version 2.0, this plugin needs 1", "that it is too new")
	_write(OS.get_environment("ASSETGEN_OLDER"))
	await dock.connect_to_server()
	_shows(t, dock, "is older than this plugin (API 1.0", "that it is older")
	dock.generate.worked.emit()
	_shows(t, dock, "is older than this plugin", "that until it is removed")
	_write(OS.get_environment("ASSETGEN_V2"))
	await dock.connect_to_server()
	_shows(t, dock, "does not have this plugin's API", "that it lacks the API")
	_write(OS.get_environment("ASSETGEN_STRANGER"))
	await dock.connect_to_server()
	_shows(t, dock, "is not an assetgen server", "that it is something else")
	_write(OS.get_environment("ASSETGEN_GARBAGE"))
	await dock.connect_to_server()
	_shows(t, dock, "answer cannot be read", "that its answers make no sense")
	_write('{"url": "http://example.com:80", "token": "secret"}')
	await dock.connect_to_server()
	_shows(t, dock, "No assetgen server is running", "nothing of other hosts")
	_write('{"url": "http://127.0.0.1')
	await dock.connect_to_server()
	_shows(t, dock, "No assetgen server is running", "that half a file is none")
	_write(whole)
	await dock.connect_to_server()
	await t.ready_dock()


func _bad_request(t: Object, dock: Control) -> void:
	await dock.generate.run({"kind": "make", "preset": "pixel_sprit"}, 1, "x")
	_shows(t, dock, "Did you mean 'pixel_sprite'?", "the server's own cure")
	var strict := {"palette": {"colors": 1}}
	await dock.generate.run(_make({"settings": strict, "count": 2}), 2, "x")
	t.check(not await dock.generate.run(_make({}), 1, "x"), "two jobs at once are refused")
	await t.until(func(): return dock.generate.job.is_over())
	_shows(t, dock, "its checks rejected all 3 attempts (palette 16", "what the checks rejected")
	dock.generate.ask.form.set_file("diffusion.image", "res://project.godot")
	await dock.generate.make()
	_shows(t, dock, "'project.godot' is not the name of an image", "what is wrong with an upload")
	dock.generate.ask.form.set_file("diffusion.image", "")


## Of four candidates one failed, and the rest was cancelled.
func _partly_made(t: Object, dock: Control) -> void:
	var job: RefCounted = Job.new(dock.client)
	var strip: Control = dock.generate.strip
	var asked := {"kind": "make", "count": 4}
	job.take({"id": "x", "status": "running", "request": asked, "events": [], "files": []})
	strip.follow(job, dock.client, 4)
	t.check(strip.item_count == 4, "a slot for each candidate")
	var reason := "its palette has 9 colours"
	var failure := {"asset": "x_02", "number": 2, "what": reason, "cure": "Allow more colors"}
	var file := {"path": "x_01.png", "asset": "x_01", "channel": "normal", "sha256": ""}
	(
		job
		. take(
			{
				"id": "x",
				"status": "cancelled",
				"request": asked,
				"ended": 1.0,
				"failures": [failure],
				"files": [file],
			}
		)
	)
	t.check(strip.item_count == 1, "slots of work that was cancelled close", strip.item_count)
	t.check(
		strip.problem() == "2: Its palette has 9 colours. Allow more colors.",
		"why",
		strip.problem()
	)
	dock.generate.progress.show_job(job)
	var text: String = dock.generate.progress.text()
	t.check(text == "Cancelled, 1 of 4 made", "how many were made", text)


## No message and no open part makes the dock larger than a small screen has room for.
func _sizes(t: Object, dock: Control) -> void:
	var long := "word ".repeat(200)
	dock.generate.progress.say(long)
	dock.generate.ask._fold.button_pressed = true
	for tab: Control in dock._tabs.get_children():
		dock.show_tab(tab)
		dock.show_problem(Answer.none(long, long), tab)
		await t.frames(3)
		var least: Vector2 = dock.get_combined_minimum_size()
		t.check(least.x <= 250 and least.y <= 680, "%s is small enough" % tab.name, least)
	dock.show_problem(Answer.none(long, long))
	await t.frames(3)
	var frame: Vector2 = dock.get_parent().get_combined_minimum_size()
	t.check(frame.x <= 250 and frame.y <= 250, "the dock never enlarges its place", frame)
	var whole := EditorInterface.get_base_control().get_combined_minimum_size()
	t.check(whole.x <= 1280 and whole.y <= 720, "the editor fits a small screen", whole)
	dock.show_tab(dock.generate)
	dock.notice.server.clear()
	dock.notice.of(dock.generate).clear()


func _make(more: Dictionary) -> Dictionary:
	var request := {"kind": "make", "preset": "pixel_sprite", "prompt": "x", "draft": true}
	request.merge(more)
	return request


func _shows(t: Object, dock: Control, text: String, what: String) -> void:
	t.check(text in dock.notice.text(), "it shows " + what, dock.notice.text())


func _write(text: String) -> void:
	var file := FileAccess.open(_path, FileAccess.WRITE)
	file.store_string(text)
	file.close()

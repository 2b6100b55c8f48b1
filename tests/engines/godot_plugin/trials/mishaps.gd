extends RefCounted
## No program, no server, a killed server, a wrong token, foreign servers: each is reported.

const StateFile := preload("res://addons/assetgen/client/state_file.gd")

var _path := OS.get_environment("ASSETGEN_STATE_FILE")


func run(t: Object) -> void:
	var dock: Control = t.dock
	var personal := EditorInterface.get_editor_settings()
	await _no_program(t, dock, personal)
	personal.set_setting("assetgen/server_path", OS.get_environment("ASSETGEN_PROGRAM"))
	await dock.connect_to_server()
	_shows(t, dock, "No assetgen server is running", "that no server runs")
	await dock.start_server()
	await t.ready_dock()
	await _killed(t, dock)
	await _wrong_token(t, dock)
	await _strangers(t, dock)
	await _bad_request(t, dock)


func _no_program(t: Object, dock: Control, personal: EditorSettings) -> void:
	personal.set_setting("assetgen/server_path", "/nowhere/assetgen")
	await dock.connect_to_server()
	_shows(t, dock, "'/nowhere/assetgen' was not found. Install it", "what to install")
	await dock.start_server()
	_shows(t, dock, "'/nowhere/assetgen' was not found", "the same when it is to be started")


func _killed(t: Object, dock: Control) -> void:
	await dock.generate.run(_make({"preset": "pbr_material", "count": 64}), 64, "x")
	var job: RefCounted = dock.generate.job
	var id: String = job.state.id
	await t.until(func(): return job.fraction() > 0.0)
	OS.kill(StateFile.read(_path).pid)
	await t.until(func(): return job.problem != null)
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
	_shows(t, dock, "has version 9.0.0, this plugin", "that versions differ")
	_write(OS.get_environment("ASSETGEN_V2"))
	await dock.connect_to_server()
	_shows(t, dock, "does not have this plugin's API", "that it is too new")
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

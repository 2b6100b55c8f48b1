extends SceneTree
## Every recorded answer goes through the client's own reading, every preset through the form.

const Answer := preload("res://addons/assetgen/client/answer.gd")
const Client := preload("res://addons/assetgen/client/client.gd")
const Form := preload("res://addons/assetgen/dock/form.gd")
const Job := preload("res://addons/assetgen/client/job.gd")

var wrong := 0


func _initialize() -> void:
	run.call_deferred()


func check(is_so: bool, what: String, found: Variant = "") -> void:
	print("ok   " if is_so else "FAIL ", what, "" if is_so else " (found: %s)" % [found])
	wrong += 0 if is_so else 1


func run() -> void:
	for file in DirAccess.get_files_at("res://examples"):
		var example: Dictionary = JSON.parse_string(_text("res://examples/" + file))
		var stored: Dictionary = example.answer
		var answer := Answer.read(int(stored.status), JSON.stringify(stored.body).to_utf8_buffer())
		if int(stored.status) < 300:
			check(answer.is_ok() and answer.body != null, file + " is read")
		else:
			check(not answer.is_ok() and answer.what != "", file + " is reported as an error")
		if stored.body is Dictionary and stored.body.has("events"):
			await _follow(stored.body, file)
	for file in DirAccess.get_files_at("res://pages"):
		_form(JSON.parse_string(_text("res://pages/" + file)), file.get_basename())
	print("%d wrong" % wrong)
	quit(1 if wrong else 0)


func _follow(state: Dictionary, file: String) -> void:
	var client := Client.new()
	var job := Job.new(client)
	var came := []
	job.file_came.connect(func(each: Dictionary) -> void: came.append(each.path))
	job.take(state)
	job.take(state)
	check(came.size() == state.files.size(), file + ": each file comes once", came)
	check(job.is_over() == (state.ended != null), file + ": its end is known")
	client.free()


func _form(page: Dictionary, name: String) -> void:
	var form := Form.new()
	root.add_child(form)
	form.show_preset(page)
	check(form.settings().is_empty(), name + ": untouched, nothing differs", form.settings())
	var shown := form.fields.size()
	var all := 0
	for part: Dictionary in page.parts:
		for argument: Dictionary in part.schema.get("properties", {}).values():
			all += int(argument.get("type") != "array")
	check(shown >= all - 1, name + ": all arguments but lists are shown", all - shown)
	form.free()


func _text(path: String) -> String:
	return FileAccess.get_file_as_string(path)

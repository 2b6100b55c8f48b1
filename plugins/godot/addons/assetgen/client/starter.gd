@tool
extends RefCounted
## Starts `assetgen serve` and waits until it has written its state file.

const Answer := preload("answer.gd")
const Client := preload("client.gd")
const StateFile := preload("state_file.gd")
const Words := preload("../words.gd")

const PROGRAM := "assetgen"
const PATIENCE_MS := 60_000
const LOOK_MS := 100
const NOT_INSTALLED := 3
const INSTALL := 'pip install "assetgen[gen]"'


## The path of a program; names are searched in PATH. Empty if it is not found.
static func find(program: String) -> String:
	if program.contains("/") or program.contains("\\"):
		return program if FileAccess.file_exists(program) else ""
	var is_windows := OS.get_name() == "Windows"
	for folder in OS.get_environment("PATH").split(";" if is_windows else ":", false):
		var path := folder.path_join(program + (".exe" if is_windows else ""))
		if FileAccess.file_exists(path):
			return path
	return ""


## The error that the program was not found.
static func missing(program: String) -> Answer:
	var what := Words.say("The program '%s' was not found.") % program
	var cure := Words.say("Install it (%s), or set assetgen/server_path in the editor settings.")
	return Answer.none(what, cure % INSTALL)


## Start the server's process. Returns its id, or an error.
static func launch(program: String, state_file: String) -> Answer:
	var path := find(program)
	if path == "":
		return missing(program)
	var process := OS.create_process(path, ["serve", "--state", state_file])
	if process <= 0:
		return Answer.none(Words.say("'%s' cannot be started.") % path)
	return Answer.good(process)


## Start the server. Returns its status, or an error.
static func start(client: Client, program: String) -> Answer:
	var launched := launch(program, StateFile.path_of(client.chosen_path))
	if not launched.is_ok():
		return launched
	var until := Time.get_ticks_msec() + PATIENCE_MS
	while Time.get_ticks_msec() < until:
		var answer := await client.meet()
		if not answer.is_refused:
			return answer
		if not OS.is_process_running(launched.body):
			return ended(program, OS.get_process_exit_code(launched.body))
		await client.get_tree().create_timer(LOOK_MS / 1000.0).timeout
	return Answer.none(Words.say("The server did not start within a minute."), _look(program))


## The error of a server that ended at once.
static func ended(program: String, code: int) -> Answer:
	if code == NOT_INSTALLED:
		var what := Words.say("The server cannot start: a package is not installed.")
		return Answer.none(what, Words.say("Run %s, then try again.") % INSTALL)
	return Answer.none(Words.say("The server ended at once (exit code %d).") % code, _look(program))


static func _look(program: String) -> String:
	return Words.say("Run `%s serve` in a terminal: it prints the error.") % program

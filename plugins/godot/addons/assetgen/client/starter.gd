@tool
extends RefCounted
## Starts `assetgen serve` and waits until it has written its state file; stops it again.

const Answer := preload("answer.gd")
const Client := preload("client.gd")
const Program := preload("program.gd")
const StateFile := preload("state_file.gd")
const Words := preload("../words.gd")

const PATIENCE_MS := 60_000
const STOP_PATIENCE_MS := 15_000
const LOOK_MS := 100
const NOT_INSTALLED := 3

## The process that was started last.
static var _own := 0


## The error that the program was not found.
static func missing(program: String) -> Answer:
	var what := Words.say("The program '%s' was not found.") % program
	var cure := Words.say(
		"Choose it (editor setting assetgen/server_path), or install it: see its docs/install.md."
	)
	var answer := Answer.none(what, cure)
	answer.is_missing = true
	return answer


## Start the server's process. Returns its id, or an error. `setting` is the program, as in the
## editor settings.
static func launch(setting: String, state_file: String) -> Answer:
	var program: Program = Program.chosen(setting)
	if program.path == "":
		return missing(program.searched)
	var words: PackedStringArray = (
		program.arguments + PackedStringArray(["serve", "--state", state_file])
	)
	var process := OS.create_process(program.path, words)
	if process <= 0:
		return Answer.none(Words.say("'%s' cannot be started.") % program.path)
	_own = process
	return Answer.good(process)


## Start the server. Returns its status, or an error.
static func start(client: Client, setting: String) -> Answer:
	var launched := launch(setting, StateFile.path_of(client.chosen_path))
	if not launched.is_ok():
		return launched
	var until := Time.get_ticks_msec() + PATIENCE_MS
	while Time.get_ticks_msec() < until:
		var answer := await client.meet()
		if not answer.is_refused:
			return answer
		if not OS.is_process_running(launched.body):
			return ended(setting, OS.get_process_exit_code(launched.body))
		if not await client.pause(LOOK_MS / 1000.0):
			return Client.away()
	return Answer.none(Words.say("The server did not start within a minute."), _look(setting))


## Stop the server and wait until it is gone. A server that has no
## `/shutdown`, or does not accept the token, is killed.
static func stop(client: Client) -> Answer:
	var answer := await client.greet()
	if not answer.is_ok():
		return Answer.good(null) if answer.is_refused else answer
	var path := StateFile.path_of(client.chosen_path)
	var process: int = StateFile.read(path).get("pid", 0)
	answer = await client.ask(HTTPClient.METHOD_POST, "/shutdown", {})
	var is_killed := answer.status in [401, 403, 404] and process > 0
	if is_killed:
		OS.kill(process)
	elif not answer.is_ok() and not answer.is_refused:
		return answer
	var until := Time.get_ticks_msec() + STOP_PATIENCE_MS
	while Time.get_ticks_msec() < until:
		var is_away := (await client.greet()).is_refused
		if is_away and (is_killed or StateFile.read(path).is_empty()):
			if process == _own:
				OS.is_process_running(process)  # Godot collects the exit code of its child
			return Answer.good(null)
		if not await client.pause(LOOK_MS / 1000.0):
			break
	var cure := Words.say("It finishes its work first: try again in a minute.")
	return Answer.none(
		Words.say("The server did not stop within %d seconds.") % (STOP_PATIENCE_MS / 1000), cure
	)


## The error of a server that ended at once.
static func ended(setting: String, code: int) -> Answer:
	if code == NOT_INSTALLED:
		var what := Words.say("The server cannot start: a package is not installed.")
		return Answer.none(what, Words.say("Install assetgen again as its docs/install.md says."))
	return Answer.none(Words.say("The server ended at once (exit code %d).") % code, _look(setting))


static func _look(setting: String) -> String:
	var program: Program = Program.chosen(setting)
	return Words.say("Run `%s` in a terminal: it prints the error.") % program.command("serve")

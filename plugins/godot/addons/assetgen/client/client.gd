@tool
extends Node
## The HTTP client of the local server: one HTTPRequest a request, without blocking frames.
##
## The state file is read before each request. The server named there must first answer `/status`
## as assetgen, before the token is sent; a changed file, a refused connection or a refused
## token cause another read. Uploads run in a thread, because sending blocks; responses are polled
## once a frame, because HTTPRequest's thread never sleeps: a long poll took a fifth of a core.

const Answer := preload("answer.gd")
const StateFile := preload("state_file.gd")
const Words := preload("../words.gd")

const API := "/api/v1"
const CLIENT := "godot"
## The API that this plugin was written for: the server must have the same major, and at least
## this minor. A server that does not name its API has the first.
const API_VERSION := "1.1"
const FIRST_API := "1.0"
const PATIENCE := 15.0
const UPLOAD_PATIENCE := 120.0
const GREETING_PATIENCE := 5.0
## The most bytes read in one frame: 1 MB is copied in a fraction of a millisecond.
const CHUNK := 1024 * 1024
const MOST_JSON := 32 * 1024 * 1024
const MOST_BYTES := 256 * 1024 * 1024

## The path of the state file; empty for the default.
var chosen_path := ""
## The last response of `/status`.
var greeting := {}
## The server's id for this project; empty before it was opened.
var project := ""
## Starts a server and returns its status, or an error; for requests of a person.
var starter := Callable()
## Whether the editor ends: nothing is requested any more.
var is_closed := false

var _server := {}


## A request with JSON in and out. `body_type`: type of a valid response; `patience`: seconds.
func ask(
	method: HTTPClient.Method,
	path: String,
	body: Variant = null,
	body_type := TYPE_DICTIONARY,
	patience := PATIENCE
) -> Answer:
	var data := PackedByteArray() if body == null else JSON.stringify(body).to_utf8_buffer()
	var question := {"method": method, "path": path, "data": data, "patience": patience}
	var answer := await _send(question)
	return Answer.unreadable() if answer.is_ok() and typeof(answer.body) != body_type else answer


## Download a file into memory. `digest` is its SHA-256, if known.
func fetch(path: String, digest := "") -> Answer:
	var answer := await _send({"path": path, "patience": UPLOAD_PATIENCE, "raw": true})
	if answer.is_ok() and digest and _sha256(answer.body) != digest:
		return _damaged()
	return answer


## Upload a file; the response contains its `id`.
func upload(file: String) -> Answer:
	var bytes := FileAccess.get_file_as_bytes(file)
	if bytes.is_empty():
		return Answer.none(Words.say("'%s' cannot be read.") % file)
	return await _send(
		{
			"method": HTTPClient.METHOD_POST,
			"path": "/uploads?name=" + file.get_file().uri_encode(),
			"data": bytes,
			"kind": "application/octet-stream",
			"heavy": true,
			"patience": UPLOAD_PATIENCE,
		}
	)


## Open this project on the server; the response contains its `id`, stored in `project` from then
## on.
func open_project() -> Answer:
	var path := ProjectSettings.globalize_path("res://").trim_suffix("/")
	var answer := await ask(HTTPClient.METHOD_POST, "/projects", {"path": path})
	project = answer.body.id if answer.is_ok() else ""
	return answer


## The server, which is started if none runs.
func ensure() -> Answer:
	var answer := await greet()
	if answer.is_refused and starter.is_valid():
		return await starter.call()
	return answer


## The status of the server in the state file, requested even if it is known. Sends no token.
func greet() -> Answer:
	_server = {}
	return await meet()


## Whether this is the server that responded last.
func is_met(server: Dictionary) -> bool:
	return not server.is_empty() and server == _server


## Whether the server's API has at least what this plugin was written for.
func is_current() -> bool:
	return _minor(api()) >= _minor(API_VERSION)


## The version of the server's API.
func api() -> String:
	return str(greeting.get("api", FIRST_API))


## Wait. False if the editor ends meanwhile.
func pause(seconds: float) -> bool:
	if is_closed:
		return false
	await get_tree().create_timer(seconds).timeout
	return not is_closed


## Request the status of the server in the state file, unless it is known. Sends no token.
func meet() -> Answer:
	var state_path := StateFile.path_of(chosen_path)
	var server := StateFile.read(state_path)
	if server.is_empty():
		_server = {}
		return away()
	if server == _server:
		return Answer.good(greeting)
	_server = {}
	var answer := await _once(server.url, {"path": "/status", "patience": GREETING_PATIENCE})
	if answer.is_refused:
		return away()
	answer = _judged(answer, str(server.url))
	if answer.is_ok():
		greeting = answer.body
		_server = server
	return answer


## The error that no server runs.
static func away() -> Answer:
	var what := Words.say("No assetgen server is running.")
	return Answer.none(
		what, Words.say("Start it here, or run `assetgen serve` in a terminal."), true
	)


## The cure for a server and a plugin that do not match.
static func update_cure() -> String:
	var text := Words.say(
		"Update both from one copy of the repository, then run `%s` in the project."
	)
	return text % "assetgen plugin install godot ."


static func _minor(version: String) -> int:
	return int(version.get_slice(".", 1))


func _judged(answer: Answer, url: String) -> Answer:
	if answer.status == 404:
		var what := Words.say("The server at %s does not have this plugin's API (v1).") % url
		return Answer.none(what, update_cure())
	var is_it: bool = answer.body is Dictionary and answer.body.get("name") == "assetgen"
	if answer.status != 0 and not is_it:
		var what := Words.say("The program at %s is not an assetgen server.") % url
		return Answer.none(what, Words.say("Restart the server."), true)
	if answer.is_ok():
		var its := str(answer.body.get("api", FIRST_API))
		if its.get_slice(".", 0) != API_VERSION.get_slice(".", 0):
			var what := Words.say("The server's API has version %s, this plugin needs %s.")
			return Answer.none(what % [its, API_VERSION], update_cure())
	return answer


func _send(question: Dictionary) -> Answer:
	var answer: Answer
	for attempt in 2:
		answer = await meet()
		if not answer.is_ok():
			return answer
		answer = await _once(_server.url, question, _server.token)
		var again: bool = answer.is_refused or answer.status in [401, 403]
		if not again:
			return answer
		_server = {}
	return answer


func _once(url: String, question: Dictionary, token := "") -> Answer:
	if is_closed:
		return Answer.none(Words.say("The editor ends."))
	var request := HTTPRequest.new()
	request.timeout = question.patience
	request.use_threads = question.get("heavy", false)
	request.download_chunk_size = CHUNK
	request.max_redirects = 0
	request.body_size_limit = MOST_BYTES if question.get("raw") else MOST_JSON
	add_child(request)
	var headers := PackedStringArray(["X-Assetgen-Client: " + CLIENT])
	if token:
		headers.append("Authorization: Bearer " + token)
	if question.has("data"):
		headers.append("Content-Type: " + question.get("kind", "application/json"))
	var method: HTTPClient.Method = question.get("method", HTTPClient.METHOD_GET)
	var data: PackedByteArray = question.get("data", PackedByteArray())
	var began := request.request_raw(url + API + question.path, headers, method, data)
	if began != OK:
		request.queue_free()
		return Answer.none(Words.say("The request could not be sent (%s).") % error_string(began))
	var came: Array = await request.request_completed
	request.queue_free()
	return _told(came[0], came[1], came[3], question)


func _told(result: int, code: int, body: PackedByteArray, question: Dictionary) -> Answer:
	match result:
		HTTPRequest.RESULT_SUCCESS:
			var is_raw: bool = question.get("raw", false) and code == 200
			return Answer.good(body) if is_raw else Answer.read(code, body)
		HTTPRequest.RESULT_CANT_CONNECT, HTTPRequest.RESULT_CONNECTION_ERROR:
			return away()
		HTTPRequest.RESULT_NO_RESPONSE, HTTPRequest.RESULT_CHUNKED_BODY_SIZE_MISMATCH:
			return away()
		HTTPRequest.RESULT_TIMEOUT:
			var what := Words.say("The server did not respond within %d seconds.")
			return Answer.none(what % question.patience, Words.say("Try again, or restart it."))
		HTTPRequest.RESULT_REDIRECT_LIMIT_REACHED:
			return Answer.none(Words.say("The server sent a redirect, which is refused."))
	return Answer.none(Words.say("The response is incomplete (error %d of HTTPRequest).") % result)


func _damaged() -> Answer:
	var what := Words.say("A downloaded file is damaged: its SHA-256 differs from the server's.")
	return Answer.none(what, Words.say("Try again."))


func _sha256(bytes: PackedByteArray) -> String:
	var hash := HashingContext.new()
	hash.start(HashingContext.HASH_SHA256)
	if not bytes.is_empty():
		hash.update(bytes)
	return hash.finish().hex_encode()


## The editor ends: requests that still wait are answered, so that nothing waits for them.
func _exit_tree() -> void:
	is_closed = true
	for request: Node in get_children():
		if request is HTTPRequest:
			request.request_completed.emit(
				HTTPRequest.RESULT_REQUEST_FAILED, 0, PackedStringArray(), PackedByteArray()
			)


func _enter_tree() -> void:
	is_closed = false

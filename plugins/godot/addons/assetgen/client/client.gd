@tool
extends Node
## Asks the server of this machine: one HTTPRequest a question, none of which blocks a frame.
##
## The state file is read before each question. Whoever is named there must first answer `/status`
## as assetgen, before any token is sent; a file that changed, a refused connection or a refused
## token make it be read again. Uploads go through a thread, as sending waits; answers are polled
## once a frame, as a thread of HTTPRequest never sleeps: it took a fifth of a core in a long poll.

const Answer := preload("answer.gd")
const StateFile := preload("state_file.gd")
const Words := preload("../words.gd")

const API := "/api/v1"
const CLIENT := "godot"
const PATIENCE := 15.0
const UPLOAD_PATIENCE := 120.0
const GREETING_PATIENCE := 5.0
## What one frame reads at most: 1 MB is copied in a fraction of a millisecond.
const CHUNK := 1024 * 1024
const MOST_JSON := 32 * 1024 * 1024
const MOST_BYTES := 256 * 1024 * 1024

## Where the state file is said to be; empty for the usual place.
var chosen_place := ""
## What `/status` said last.
var greeting := {}
## The server's id for this project; empty before it was opened.
var project := ""

var _server := {}


## A question with JSON in and out. `wants`: the type of a good answer; `patience`: seconds.
func ask(
	method: HTTPClient.Method,
	path: String,
	body: Variant = null,
	wants := TYPE_DICTIONARY,
	patience := PATIENCE
) -> Answer:
	var data := PackedByteArray() if body == null else JSON.stringify(body).to_utf8_buffer()
	var question := {"method": method, "path": path, "data": data, "patience": patience}
	var answer := await _send(question)
	return Answer.unreadable() if answer.is_ok() and typeof(answer.body) != wants else answer


## A file of the server in memory. `digest` is its sha256, where it is known.
func fetch(path: String, digest := "") -> Answer:
	var answer := await _send({"path": path, "patience": UPLOAD_PATIENCE, "raw": true})
	if answer.is_ok() and digest and _sha256(answer.body) != digest:
		return _damaged()
	return answer


## Bring a file to the server; the answer's `id` names it.
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


## Tell the server which project this is; the answer's `id` names it, as `project` does from then
## on.
func open_project() -> Answer:
	var path := ProjectSettings.globalize_path("res://").trim_suffix("/")
	var answer := await ask(HTTPClient.METHOD_POST, "/projects", {"path": path})
	project = answer.body.id if answer.is_ok() else ""
	return answer


## Who answers at the address in the state file. Sends no token.
func meet() -> Answer:
	var place := StateFile.place(chosen_place)
	var told := StateFile.read(place)
	if told.is_empty():
		_server = {}
		return away()
	if told == _server:
		return Answer.good(greeting)
	_server = {}
	var answer := await _once(told.url, {"path": "/status", "patience": GREETING_PATIENCE})
	if answer.is_refused:
		return away()
	answer = _judged(answer, str(told.url))
	if answer.is_ok():
		greeting = answer.body
		_server = told
	return answer


## That no server runs.
static func away() -> Answer:
	var what := Words.say("No assetgen server is running.")
	return Answer.none(
		what, Words.say("Start it here, or run `assetgen serve` in a terminal."), true
	)


func _judged(answer: Answer, url: String) -> Answer:
	if answer.status == 404:
		var what := Words.say("The server at %s does not speak this plugin's language (v1).") % url
		var cure := Words.say(
			"Install the plugin that belongs to it: `assetgen plugin install godot`."
		)
		return Answer.none(what, cure)
	var is_it: bool = answer.body is Dictionary and answer.body.get("name") == "assetgen"
	if answer.status != 0 and not is_it:
		var what := Words.say("What answers at %s is no assetgen server.") % url
		return Answer.none(what, Words.say("Start the server anew."), true)
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
		return Answer.none(Words.say("The question could not be sent (%s).") % error_string(began))
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
			var what := Words.say("The server did not answer within %d seconds.")
			return Answer.none(what % question.patience, Words.say("Try again, or restart it."))
		HTTPRequest.RESULT_REDIRECT_LIMIT_REACHED:
			return Answer.none(
				Words.say("The server wanted to send us elsewhere, which is refused.")
			)
	return Answer.none(
		Words.say("The answer did not come whole (error %d of HTTPRequest).") % result
	)


func _damaged() -> Answer:
	var what := Words.say("A file came damaged: its sha256 is not what the server said.")
	return Answer.none(what, Words.say("Try again."))


func _sha256(bytes: PackedByteArray) -> String:
	var hash := HashingContext.new()
	hash.start(HashingContext.HASH_SHA256)
	if not bytes.is_empty():
		hash.update(bytes)
	return hash.finish().hex_encode()

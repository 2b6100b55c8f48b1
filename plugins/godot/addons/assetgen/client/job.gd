@tool
extends RefCounted
## One job of the server, followed to its end by long polls. It survives a server that is killed
## and restarted.

## The state, or the error of following it, has changed.
signal changed
## A file is finished.
signal file_came(file: Dictionary)
## The job has ended.
signal ended

const Answer := preload("answer.gd")
const Client := preload("client.gd")
const Words := preload("../words.gd")

const WAIT := 20
## Seconds between attempts to reach a server that ended.
const RETRY := 1.0
const MOST_EVENTS := 2000

## The last state from the server.
var state := {}
## The events in order; the oldest are dropped.
var events: Array[Dictionary] = []
## The error of following it, temporary or final.
var problem: Answer

var _client: Client
var _files := {}
var _is_left := false


func _init(client: Client) -> void:
	_client = client


## Create the job and follow it. Returns the response.
func start(request: Dictionary) -> Answer:
	var answer := await _client.ask(HTTPClient.METHOD_POST, "/jobs", request)
	if answer.is_ok():
		take(answer.body)
		_follow()
	return answer


func is_over() -> bool:
	return _is_left or state.get("ended") != null


func status() -> String:
	return state.get("status", "")


## 0 to 1.
func fraction() -> float:
	return float((state.get("progress", {}) as Dictionary).get("fraction", 0.0))


## Files of one asset.
func files_of(asset: String) -> Array[Dictionary]:
	var found: Array[Dictionary] = []
	found.assign(_files.values().filter(func(file: Dictionary) -> bool: return file.asset == asset))
	return found


## The URL path of a file of the job.
func path_of(file: Dictionary) -> String:
	var segments := Array(str(file.path).split("/"))
	return (
		"/jobs/%s/files/%s"
		% [state.id, "/".join(segments.map(func(s: String): return s.uri_encode()))]
	)


## Cancel the job. If the server is not running, only stop following it.
func cancel() -> void:
	if state.is_empty() or is_over():
		return
	var answer := await _client.ask(HTTPClient.METHOD_DELETE, "/jobs/" + state.id)
	if not answer.is_ok():
		leave()


## Stop following it.
func leave() -> void:
	_is_left = true
	changed.emit()
	ended.emit()


## Handle a new state from the server.
func take(new_state: Dictionary) -> void:
	state = new_state
	problem = null
	for event: Dictionary in new_state.get("events", []):
		events.append(event)
	if events.size() > MOST_EVENTS:
		events = events.slice(-MOST_EVENTS)
	for file: Dictionary in new_state.get("files", []):
		if not _files.has(file.path):
			_files[file.path] = file
			file_came.emit(file)
	changed.emit()


func _follow() -> void:
	while not is_over():
		var path := "/jobs/%s?after=%d&wait=%d" % [state.id, int(state.seq), WAIT]
		var answer := await _client.ask(
			HTTPClient.METHOD_GET, path, null, TYPE_DICTIONARY, WAIT + Client.PATIENCE
		)
		if _is_left:
			return
		if answer.is_ok():
			take(answer.body)
			continue
		problem = _explained(answer)
		changed.emit()
		if answer.status == 404:
			leave()
			return
		await _client.get_tree().create_timer(RETRY).timeout
	if not _is_left:
		ended.emit()


func _explained(answer: Answer) -> Answer:
	if answer.is_refused:
		answer.what = Words.say("The server stopped during this job.")
		answer.cure = Words.say("Start it again: it continues the job.")
	return answer

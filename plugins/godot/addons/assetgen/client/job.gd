@tool
extends RefCounted
## One job of the server, followed to its end by long polls. It survives a server that is killed
## and restarted.

## The state, or the error of following it, has changed.
signal changed
## A file is finished.
signal file_came(file: Dictionary)
## The picture of a variation after the last sampler steps is here to be fetched.
signal previewed(number: int)
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
## While it waits in the queue: the job before it.
var before := {}

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


## The request, as the server understood it.
func request() -> Dictionary:
	return state.get("request", {})


## 0 to 1.
func fraction() -> float:
	return float((state.get("progress", {}) as Dictionary).get("fraction", 0.0))


## All files so far.
func files() -> Array:
	return _files.values()


## Files of one asset.
func files_of(asset: String) -> Array[Dictionary]:
	var found: Array[Dictionary] = []
	found.assign(_files.values().filter(func(file: Dictionary) -> bool: return file.asset == asset))
	return found


## Assets that are finished well.
func made() -> int:
	var assets := {}
	for file: Dictionary in _files.values():
		assets[file.asset] = true
	return assets.size()


## One entry for each variation that failed: number (from 1), what, cure. Servers of the first API
## have only the reasons in events.
func failures() -> Array[Dictionary]:
	var found: Array[Dictionary] = []
	if state.has("failures"):
		found.assign(state.failures)
		return found
	for event in events:
		if event.event == "failed" and event.get("asset"):
			var number := int(
				str(event.asset).get_slice("_", str(event.asset).get_slice_count("_") - 1)
			)
			found.append({"number": maxi(number, 1), "what": event.get("reason", ""), "cure": ""})
	return found


## The URL path of the preview of a variation.
func preview_path(number: int) -> String:
	return "/jobs/%s/previews/%d" % [state.id, number]


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
	for event: Dictionary in new_state.get("events", []):
		if event.event == "previewed":
			for number: float in event.get("numbers", []):
				previewed.emit(int(number))
	before = before if status() == "queued" else {}
	changed.emit()
	if status() == "queued" and _client.is_current():
		_look_ahead()


## Find the job that this one waits for.
func _look_ahead() -> void:
	var itself := self  # else a job that ends meanwhile is freed, and what waits here leaks
	var answer := await _client.ask(HTTPClient.METHOD_GET, "/queue", null, TYPE_ARRAY)
	if not answer.is_ok() or status() != "queued":
		return
	for entry: Dictionary in answer.body:
		if entry.id == state.id:
			break
		before = entry
	itself.changed.emit()


func _follow() -> void:
	while not is_over():
		var path := "/jobs/%s?after=%d&wait=%d" % [state.id, int(state.seq), WAIT]
		var answer := await _client.ask(
			HTTPClient.METHOD_GET, path, null, TYPE_DICTIONARY, WAIT + Client.PATIENCE
		)
		if _is_left or _client.is_closed:
			return
		if answer.is_ok():
			take(answer.body)
			continue
		problem = _explained(answer)
		changed.emit()
		if answer.status == 404:
			leave()
			return
		if not await _client.pause(RETRY):
			return
	if not _is_left:
		ended.emit()


func _explained(answer: Answer) -> Answer:
	answer.is_passing = answer.status != 404
	if answer.is_refused:
		answer.what = Words.say("The server stopped during this job.")
		answer.cure = Words.say("Start it again: it continues the job.")
	return answer

@tool
extends RefCounted
## A blocking HTTP client, for an export, which ends when its hook returns.

const Answer := preload("answer.gd")
const Client := preload("client.gd")
const StateFile := preload("state_file.gd")
const Words := preload("../words.gd")

const PAUSE_MS := 5
const PATIENCE_MS := 35_000

var _http := HTTPClient.new()
var _server := {}


## Connect to the server of this state file.
func meet(state_path: String) -> Answer:
	_server = StateFile.read(state_path)
	if _server.is_empty():
		return Client.away()
	var answer := ask(HTTPClient.METHOD_GET, "/status", null, false)
	if answer.is_ok() and answer.body.get("name") != "assetgen":
		return Client.away()
	return answer


## A request with JSON in and out.
func ask(
	method: HTTPClient.Method, path: String, body: Variant = null, with_token := true
) -> Answer:
	var url: String = _server.url.trim_prefix("http://")
	var port := url.get_slice(":", url.get_slice_count(":") - 1)
	_http.close()
	_http.connect_to_host(url.trim_suffix(":" + port).lstrip("[").rstrip("]"), int(port))
	if not _wait([HTTPClient.STATUS_RESOLVING, HTTPClient.STATUS_CONNECTING]):
		return Client.away()
	var headers := PackedStringArray(["X-Assetgen-Client: " + Client.CLIENT])
	headers.append("Content-Type: application/json")
	if with_token:
		headers.append("Authorization: Bearer " + _server.token)
	var text := "" if body == null else JSON.stringify(body)
	if _http.request(method, Client.API + path, headers, text) != OK:
		return Client.away()
	if not _wait([HTTPClient.STATUS_REQUESTING]):
		return Client.away()
	return Answer.read(_http.get_response_code(), _body())


## Run a job to its end. Returns its last state, with all events. `on_waiting` is called with what
## the job waits for.
func run(request: Dictionary, on_waiting: Callable) -> Answer:
	var answer := ask(HTTPClient.METHOD_POST, "/jobs", request)
	var events := []
	while answer.is_ok():
		var state: Dictionary = answer.body
		for event: Dictionary in state.get("events", []):
			events.append(event)
			if event.event == "waiting":
				on_waiting.call(str(event.holder))
		if state.get("ended") != null and not state.get("more"):
			state.events = events
			break
		var path := "/jobs/%s?after=%d&wait=20" % [state.id, int(state.seq)]
		answer = ask(HTTPClient.METHOD_GET, path)
	return answer


## Poll until the connection has left these states. False on an error.
func _wait(states: Array) -> bool:
	var until := Time.get_ticks_msec() + PATIENCE_MS
	while _http.get_status() in states:
		if Time.get_ticks_msec() > until:
			return false
		_http.poll()
		OS.delay_msec(PAUSE_MS)
	return _http.get_status() in [HTTPClient.STATUS_CONNECTED, HTTPClient.STATUS_BODY]


func _body() -> PackedByteArray:
	var bytes := PackedByteArray()
	while _http.get_status() == HTTPClient.STATUS_BODY:
		_http.poll()
		var chunk := _http.read_response_body_chunk()
		if chunk.is_empty():
			OS.delay_msec(PAUSE_MS)
		bytes.append_array(chunk)
	return bytes

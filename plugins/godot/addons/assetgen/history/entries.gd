@tool
extends RefCounted
## Everything that was made in this project, newest first: pages of `GET /history`, and the
## pictures of the entries.

## A page was added, the list began anew, or an entry has gone.
signal changed
## A thumbnail is here, or its file is missing.
signal pictured(key: String)

const Answer := preload("../client/answer.gd")
const Client := preload("../client/client.gd")
const Job := preload("../client/job.gd")
const Pictures := preload("../dock/pictures.gd")
const Words := preload("../words.gd")

const PAGE := 40
const SIDE := 64
const LANES := 6
const MOST_THUMBNAILS := 600

var entries: Array[Dictionary] = []
## Whether the server has older entries.
var has_more := false
var search := ""
## The error of the last request; null if it succeeded.
var problem: Answer

var _client: Client
var _thumbnails := {}
var _missing := {}
var _waiting: Array[Dictionary] = []
var _lanes := 0
var _round := 0


func _init(client: Client) -> void:
	_client = client


## What names an entry.
static func key_of(entry: Dictionary) -> String:
	return "%s/%d" % [entry.job, int(entry.number)]


## The picture's file of an entry; empty if it has none.
static func picture_of(entry: Dictionary) -> Dictionary:
	for file: Dictionary in entry.get("files", []):
		if file.get("channel") == "color":
			return file
	return {}


## The first page, for a search text.
func load_first(text: String) -> void:
	search = text
	_round += 1
	await _load_page("", _round)


## The page after the last entry.
func load_more() -> void:
	if has_more and entries:
		await _load_page("&before=%s" % String.num(entries[-1].made, 6), _round)


## Load the first page anew if something was made or removed since.
func load_news() -> void:
	if problem:
		await load_first(search)
		return
	var answer := await _ask("&limit=1")
	if not answer.is_ok():
		return
	var newest: Array = answer.body.entries
	var before := key_of(entries[0]) if entries else ""
	if before != (key_of(newest[0]) if newest else ""):
		await load_first(search)


## Remove an entry with its files.
func remove(entry: Dictionary) -> bool:
	var path := "/history/%s/%d" % [entry.job, int(entry.number)]
	var answer := await _client.ask(HTTPClient.METHOD_DELETE, path)
	problem = null if answer.is_ok() or answer.status == 404 else answer
	if problem == null:
		entries.erase(entry)
		changed.emit()
	return problem == null


## The job of an entry, as if it had just ended: for saving its files.
func job_of(entry: Dictionary) -> Job:
	var job := Job.new(_client)
	job.take({"id": entry.job, "status": "done", "ended": entry.made, "files": entry.files})
	return job


## The thumbnail of an entry, if it is here.
func thumbnail(entry: Dictionary) -> Texture2D:
	return _thumbnails.get(key_of(entry))


## Whether the server no longer has a file of an entry.
func is_missing(entry: Dictionary) -> bool:
	return _missing.has(key_of(entry)) or not (entry.get("missing", []) as Array).is_empty()


## The picture's bytes.
func fetch(entry: Dictionary) -> Answer:
	var file := picture_of(entry)
	if file.is_empty() or is_missing(entry):
		return missing()
	var answer := await _client.fetch(job_of(entry).path_of(file), file.sha256)
	if answer.status == 404:
		_missing[key_of(entry)] = true
		pictured.emit(key_of(entry))
		return missing()
	return answer


## The error that a picture is no longer on the server.
static func missing() -> Answer:
	return Answer.none(
		Words.say("The server no longer has the files of this entry."),
		Words.say("“Again” makes them again.")
	)


func _load_page(before: String, its_round: int) -> void:
	var answer := await _ask("%s&limit=%d" % [before, PAGE])
	if its_round != _round:
		return
	problem = null if answer.is_ok() else answer
	if answer.is_ok():
		if before == "":
			entries.clear()
			_waiting.clear()
		var known := entries.map(key_of)
		for entry: Dictionary in answer.body.get("entries", []):
			if key_of(entry) not in known:
				entries.append(entry)
				_queue_thumbnail(entry)
		has_more = answer.body.get("more", false)
	changed.emit()


func _ask(rest: String) -> Answer:
	if _client.project == "":
		var opened := await _client.open_project()
		if not opened.is_ok():
			return opened
	var about := [_client.project.uri_encode(), search.uri_encode(), rest]
	var path := "/history?project=%s&search=%s%s" % about
	return await _client.ask(HTTPClient.METHOD_GET, path)


## Load the thumbnail, a few at a time.
func _queue_thumbnail(entry: Dictionary) -> void:
	if not _thumbnails.has(key_of(entry)):
		_waiting.append(entry)
	if _lanes < LANES and _waiting:
		_load_thumbnails()


func _load_thumbnails() -> void:
	_lanes += 1
	while _waiting:
		var entry: Dictionary = _waiting.pop_front()
		if is_missing(entry):
			continue
		var answer := await fetch(entry)
		if answer.is_ok():
			if _thumbnails.size() >= MOST_THUMBNAILS:
				_thumbnails.erase(_thumbnails.keys()[0])
			_thumbnails[key_of(entry)] = await Pictures.thumbnail(answer.body, SIDE)
			pictured.emit(key_of(entry))
	_lanes -= 1

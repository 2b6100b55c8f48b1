@tool
extends RefCounted
## The server's presets, with thumbnails and forms, and its models. Loaded once, until it
## is reloaded.

const Answer := preload("answer.gd")
const Client := preload("client.gd")
const Pictures := preload("../dock/pictures.gd")

const THUMBNAIL := 40
## The side of the thumbnail of the selected preset.
const SMALL := 24

## Usable presets: name, about, use.
var presets: Array = []
var models: Array = []

var _client: Client
var _pages := {}
var _thumbnails := {}


func _init(client: Client) -> void:
	_client = client


## Load the catalog.
func load_all() -> Answer:
	var answer := await _client.open_project()
	if answer.is_ok():
		answer = await _client.ask(
			HTTPClient.METHOD_GET, "/presets" + _of_project(), null, TYPE_ARRAY
		)
	if not answer.is_ok():
		return answer
	_pages.clear()
	presets = (answer.body as Array).filter(
		func(line: Dictionary): return line.get("error") == null
	)
	answer = await _client.ask(HTTPClient.METHOD_GET, "/models", null, TYPE_ARRAY)
	if answer.is_ok():
		models = (answer.body as Array).filter(
			func(line: Dictionary): return line.get("error") == null
		)
	return answer


## A preset with its parts and their schemas.
func page(preset: String) -> Answer:
	if not _pages.has(preset):
		var path := "/presets/" + preset.uri_encode() + _of_project()
		var answer := await _client.ask(HTTPClient.METHOD_GET, path)
		if not answer.is_ok():
			return answer
		_pages[preset] = answer
	return _pages[preset]


## Whether the server can make several attempts and keep the best one.
func can_compare() -> bool:
	return _client.is_current()


## The thumbnail of a preset; null on an error.
func thumbnail(preset: String) -> Texture2D:
	if not _thumbnails.has(preset):
		var path := "/presets/%s/thumbnail" % preset.uri_encode()
		var answer := await _client.fetch(path + _of_project())
		if not answer.is_ok():
			return null
		_thumbnails[preset] = await Pictures.thumbnail(answer.body, THUMBNAIL)
	return _thumbnails[preset]


## The server's list includes the presets of the project.
func _of_project() -> String:
	return "?project=" + _client.project

@tool
extends ItemList
## The candidates of a job: placeholders that are filled as images are finished.

## A candidate was chosen by double-click or Enter.
signal kept(asset: String)

const Pictures := preload("pictures.gd")
const Words := preload("../words.gd")

const MOST := 64
const SIDE := 96

var _job: RefCounted
var _client: Node
var _assets: Array[String] = []


func _init() -> void:
	max_columns = 0
	same_column_width = true
	icon_mode = ItemList.ICON_MODE_TOP
	fixed_icon_size = Vector2i(SIDE, SIDE)
	select_mode = ItemList.SELECT_MULTI
	auto_height = true
	item_activated.connect(func(index: int) -> void: kept.emit(_assets[index]))


## Show the candidates of a job.
func follow(job: RefCounted, client: Node, count: int) -> void:
	clear()
	_assets.clear()
	_job = job
	_client = client
	for index in mini(count, MOST):
		add_item("…", null, false)
		set_item_disabled(index, true)
		_assets.append("")
	job.file_came.connect(_on_file.bind(job))


## Selected assets with a finished image, in order.
func chosen() -> Array[String]:
	var found: Array[String] = []
	for index in get_selected_items():
		if _assets[index]:
			found.append(_assets[index])
	return found


## Assets with a finished image.
func finished() -> Array[String]:
	return _assets.filter(func(asset: String) -> bool: return asset != "")


func _on_file(file: Dictionary, job: RefCounted) -> void:
	if file.channel != "color" or job != _job:
		return
	var answer: RefCounted = await _client.fetch(job.path_of(file), file.sha256)
	var texture: Texture2D = null
	if answer.is_ok():
		texture = await Pictures.thumbnail(answer.body, SIDE)
	if job == _job:
		_fill(file, texture, "" if answer.is_ok() else answer.what)


func _fill(file: Dictionary, texture: Texture2D, problem: String) -> void:
	var number: Variant = file.get("number")
	var index := int(number) - 1 if number != null else 0
	if index < 0 or index >= item_count:
		return
	_assets[index] = file.asset
	set_item_icon(index, texture)
	set_item_text(index, str(index + 1))
	set_item_disabled(index, false)
	set_item_selectable(index, true)
	var tip := Words.say("Double-click keeps it in the project.")
	set_item_tooltip(index, problem if problem else tip)
	if get_selected_items().is_empty():
		select(index)

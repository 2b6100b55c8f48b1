@tool
extends ItemList
## The candidates of a job: a slot for each, which shows its preview, then its image or why there
## is none. Slots of work that was cancelled close.

## A candidate was chosen by double-click or Enter.
signal kept(asset: String)
## The selection, or what a slot shows, has changed.
signal changed

const Client := preload("../client/client.gd")
const Job := preload("../client/job.gd")
const Pictures := preload("pictures.gd")
const Words := preload("../words.gd")

const MOST := 64
const SIDE := 96
const OPEN := "open"
const MADE := "made"
const FAILED := "failed"

var _job: Job
var _client: Client
## By item: number, state, asset, what, cure.
var _slots: Array[Dictionary] = []


func _init() -> void:
	max_columns = 0
	same_column_width = true
	icon_mode = ItemList.ICON_MODE_TOP
	select_mode = ItemList.SELECT_MULTI
	size_flags_vertical = SIZE_EXPAND_FILL
	item_activated.connect(_on_activated)
	multi_selected.connect(func(_index: int, _is: bool) -> void: changed.emit())


## Show the candidates of a job.
func follow(job: Job, client: Client, count: int) -> void:
	clear()
	_slots.clear()
	_job = job
	_client = client
	for number in range(1, mini(count, MOST) + 1):
		add_item(str(number), _blank(), false)
		set_item_disabled(number - 1, true)
		set_item_tooltip(number - 1, Words.say("Number %d is not made yet.") % number)
		_slots.append({"number": number, "state": OPEN, "asset": "", "what": "", "cure": ""})
	job.file_came.connect(_on_file.bind(job))
	job.previewed.connect(_on_preview.bind(job))
	job.changed.connect(_on_changed.bind(job))
	for file: Dictionary in job.files():
		_on_file(file, job)
	_on_changed(job)


## Selected assets with a finished image, in order.
func chosen() -> Array[String]:
	var found: Array[String] = []
	for index in get_selected_items():
		if _slots[index].asset:
			found.append(_slots[index].asset)
	return found


## Assets with a finished image.
func finished() -> Array[String]:
	var found: Array[String] = []
	for slot in _slots:
		if slot.asset:
			found.append(slot.asset)
	return found


## Why the first selected candidate that failed did so, with the cure; empty if none did.
func problem() -> String:
	for index in get_selected_items():
		if _slots[index].what:
			return "%d: %s" % [_slots[index].number, _reason(_slots[index])]
	return ""


func _on_activated(index: int) -> void:
	if _slots[index].asset:
		kept.emit(_slots[index].asset)


func _on_file(file: Dictionary, job: Job) -> void:
	if file.channel != "color" or job != _job:
		return
	var slot := _slot(file.get("number"))
	if slot.is_empty():
		return
	slot.state = MADE
	slot.asset = file.asset
	_open(slot, str(slot.number), Words.say("Double-click or Enter keeps it in the project."))
	var answer := await _client.fetch(job.path_of(file), file.sha256)
	if answer.is_ok():
		_show(slot, await Pictures.thumbnail(answer.body, _side()), job)
	elif job == _job:
		slot.what = answer.what
		slot.cure = answer.cure
		_open(slot, "%d ✕" % slot.number, _reason(slot))


func _on_preview(number: int, job: Job) -> void:
	if job != _job or _slot(number).get("state") != OPEN:
		return
	var answer := await _client.fetch(job.preview_path(number))
	if not answer.is_ok():
		return
	var texture := await Pictures.smooth(answer.body, _side())
	if _slot(number).get("state") == OPEN:
		_show(_slot(number), texture, job)


func _on_changed(job: Job) -> void:
	if job != _job:
		return
	for failure in job.failures():
		var slot := _slot(failure.get("number"))
		if slot.get("state") == OPEN:
			slot.state = FAILED
			slot.what = Client.Answer.sentence(str(failure.what))
			slot.cure = Client.Answer.sentence(str(failure.get("cure", "")))
			_open(slot, "%d ✕" % slot.number, _reason(slot))
			_show(slot, _blank(get_theme_icon("StatusError", "EditorIcons")), job)
	if job.is_over():
		_close_open_ones()


func _close_open_ones() -> void:
	for index in range(_slots.size() - 1, -1, -1):
		if _slots[index].state == OPEN:
			_slots.remove_at(index)
			remove_item(index)
	if _slots and get_selected_items().is_empty():
		select(0)
	changed.emit()


## The slot of a variation; without a number, the first. Empty if there is none.
func _slot(number: Variant) -> Dictionary:
	for slot in _slots:
		if slot.number == (int(number) if number != null else 1):
			return slot
	return {}


func _open(slot: Dictionary, text: String, tip: String) -> void:
	var index := _slots.find(slot)
	set_item_text(index, text)
	set_item_tooltip(index, tip)
	set_item_disabled(index, false)
	set_item_selectable(index, true)
	if slot.asset and chosen().is_empty():
		deselect_all()
		select(index)
		ensure_current_is_visible()
	changed.emit()


func _show(slot: Dictionary, texture: Texture2D, job: Job) -> void:
	var index := _slots.find(slot)
	if job == _job and index >= 0:
		set_item_icon(index, texture)
		changed.emit()


func _reason(slot: Dictionary) -> String:
	return ("%s %s" % [slot.what, slot.cure]).strip_edges()


## The picture of a slot without one, with an icon in its middle.
func _blank(icon: Texture2D = null) -> Texture2D:
	var image := Image.create_empty(_side(), _side(), false, Image.FORMAT_RGBA8)
	image.fill(Color(0.5, 0.5, 0.5, 0.15))
	if icon:
		var mark := icon.get_image()
		mark.convert(Image.FORMAT_RGBA8)
		var corner := (image.get_size() - mark.get_size()) / 2
		image.blend_rect(mark, Rect2i(Vector2i.ZERO, mark.get_size()), corner)
	return ImageTexture.create_from_image(image)


func _side() -> int:
	return int(SIDE * EditorInterface.get_editor_scale())


func _notification(what: int) -> void:
	if what == NOTIFICATION_THEME_CHANGED and is_inside_tree():
		fixed_icon_size = Vector2i(_side(), _side())
		var text_height := get_theme_font("font").get_height(get_theme_font_size("font_size"))
		custom_minimum_size.y = _side() + text_height + 16 * EditorInterface.get_editor_scale()

@tool
extends Tree
## Packs and their assets, each with its state and, as a tooltip, the reason.

const Answer := preload("../client/answer.gd")
const Words := preload("../words.gd")

## The most rows of one pack; the rest is counted.
const MOST := 300
## Pixels for the icon and the space around it.
const BADGE_MARGIN := 40
const BADGES := {
	"ok": ["StatusSuccess", "success_color"],
	"ok (other hardware)": ["StatusSuccess", "success_color"],
	"differs": ["StatusWarning", "warning_color"],
	"stale": ["StatusWarning", "warning_color"],
	"new": ["Add", "warning_color"],
	"edited": ["Edit", "warning_color"],
	"missing": ["StatusError", "error_color"],
	"failed": ["StatusError", "error_color"],
	"gone": ["Remove", "error_color"],
}

var _items := {}
var _places := {}
## By pack and asset: why the last build could not make it.
var _failures := {}


func _init() -> void:
	columns = 2
	hide_root = true
	set_column_expand(0, true)
	set_column_clip_content(0, true)
	set_column_expand(1, false)
	custom_minimum_size.y = 160
	create_item()


## List these packs. Those that are listed keep their states.
func show_packs(paths: PackedStringArray) -> void:
	if paths and paths == packs():
		return
	var before := chosen()
	clear()
	_items.clear()
	var root := create_item()
	for path in paths:
		var item := create_item(root)
		item.set_text(0, path)
		item.set_tooltip_text(0, path)
		item.set_metadata(0, path)
		item.set_text(1, "…")
		_items[path] = item
	if paths.is_empty():
		var item := create_item(root)
		item.set_text(0, Words.say("No pack.yaml in this project"))
		item.set_selectable(0, false)
		item.set_selectable(1, false)
	else:
		select_pack(before if _items.has(before) else paths[0])


func packs() -> PackedStringArray:
	return PackedStringArray(_items.keys())


## The selected pack, or the pack of the selected asset; "" for none.
func chosen() -> String:
	var item := get_selected()
	if item == null:
		return ""
	var parent := item if item.get_metadata(0) else item.get_parent()
	return parent.get_metadata(0) if parent and parent.get_metadata(0) else ""


## The place of the error of a pack ("art/pack.yaml:12"), or "".
func place_of(pack: String) -> String:
	return _places.get(pack, "")


## Show the state of each asset of a pack: the `audited` events of a check.
func show_audit(pack: String, events: Array[Dictionary]) -> void:
	var item: TreeItem = _items.get(pack)
	if item == null:
		return
	var before := get_selected().get_text(0) if get_selected() and chosen() == pack else ""
	_empty(item)
	_places.erase(pack)
	var audited := events.filter(func(event: Dictionary): return event.event == "audited")
	var is_wrong := func(event: Dictionary): return not event.state.begins_with("ok")
	var wrong := audited.filter(is_wrong)
	for event: Dictionary in (
		(wrong + audited.filter(func(e: Dictionary): return not is_wrong.call(e))).slice(0, MOST)
	):
		_add_asset(item, event)
	if audited.size() > MOST:
		create_item(item).set_text(0, Words.say("… and %d more") % (audited.size() - MOST))
	var state: String = wrong[0].state if wrong else "ok"
	_badge(
		item,
		state,
		Words.say("fresh") if wrong.is_empty() else "%d / %d" % [wrong.size(), audited.size()]
	)
	item.set_tooltip_text(
		1, Words.say("%d of %d assets need a build") % [wrong.size(), audited.size()]
	)
	if wrong.is_empty():
		item.set_tooltip_text(1, Words.say("All assets are as the pack names them"))
	if before:
		(_row(pack, before) if _row(pack, before) else item).select(0)


## Show why a pack cannot be used: a row that names file and line.
func show_problem(pack: String, problem: Answer) -> void:
	var item: TreeItem = _items.get(pack)
	if item == null:
		return
	_empty(item)
	_places[pack] = problem.where
	_badge(item, "missing", Words.say("error"))
	item.set_tooltip_text(1, problem.what)
	var row := create_item(item)
	row.set_text(0, "%s: %s" % [problem.where.get_file(), problem.what])
	row.set_custom_color(0, get_theme_color("error_color", "Editor"))
	row.set_expand_right(0, true)
	row.set_autowrap_mode(0, TextServer.AUTOWRAP_WORD_SMART)
	var lines := [problem.where, problem.what, problem.cure]
	lines.append(Words.say("Double-click or Enter opens the pack at this line."))
	row.set_tooltip_text(0, "\n".join(lines.filter(func(line: String): return line != "")))


## The reasons of the assets that a build could not make: shown with the states from now on, until
## the next build.
func remember_failures(pack: String, events: Array[Dictionary]) -> void:
	_failures[pack] = {}
	for event in events:
		if event.event == "failed":
			_failures[pack][event.get("asset")] = str(event.get("reason", ""))


## Select a pack.
func select_pack(pack: String) -> void:
	(_items[pack] as TreeItem).select(0)


## The displayed state of an asset; "" if there is no such row.
func state_of(pack: String, asset: String) -> String:
	var row := _row(pack, asset)
	return row.get_metadata(1) if row else ""


## The reason of that state.
func reasons_of(pack: String, asset: String) -> String:
	var row := _row(pack, asset)
	return row.get_tooltip_text(1) if row else ""


## The word for a state.
static func word(state: String) -> String:
	match state:
		"ok", "ok (other hardware)":
			return Words.say("fresh")
		"differs":
			return Words.say("differs")
		"stale":
			return Words.say("stale")
		"new":
			return Words.say("new")
		"edited":
			return Words.say("edited")
		"missing":
			return Words.say("missing")
		"gone":
			return Words.say("gone")
		"failed":
			return Words.say("failed")
	return state


func _row(pack: String, asset: String) -> TreeItem:
	if _items.has(pack):
		for row: TreeItem in (_items[pack] as TreeItem).get_children():
			if row.get_text(0) == asset:
				return row
	return null


## The width of the longest state, in this language and font.
func _fit_badges() -> void:
	var font := get_theme_font("font")
	var size := get_theme_font_size("font_size")
	var widest := 0.0
	for state: String in BADGES:
		var text := font.get_string_size(word(state), HORIZONTAL_ALIGNMENT_LEFT, -1, size)
		widest = maxf(widest, text.x)
	set_column_custom_minimum_width(1, int(widest) + BADGE_MARGIN)


func _notification(what: int) -> void:
	if what == NOTIFICATION_THEME_CHANGED and is_inside_tree():
		_fit_badges()


func _add_asset(parent: TreeItem, event: Dictionary) -> void:
	var row := create_item(parent)
	row.set_text(0, event.asset)
	row.set_tooltip_text(0, "\n".join(PackedStringArray([event.asset] + event.get("reasons", []))))
	row.set_metadata(1, event.state)
	_badge(row, event.state, word(event.state))
	row.set_tooltip_text(1, "\n".join(PackedStringArray(event.get("reasons", []))))
	var failure: String = _failures.get(parent.get_metadata(0), {}).get(event.asset, "")
	if failure and not event.state.begins_with("ok"):
		_badge(row, "failed", word("failed"))
		row.set_tooltip_text(1, failure)


func _badge(item: TreeItem, state: String, text: String) -> void:
	item.set_text(1, text)
	var badge: Array = BADGES.get(state, BADGES.stale)
	item.set_icon(1, get_theme_icon(badge[0], "EditorIcons"))
	item.set_custom_color(1, get_theme_color(badge[1], "Editor"))


func _empty(item: TreeItem) -> void:
	for child in item.get_children():
		item.remove_child(child)
		child.free()

@tool
extends RefCounted
## Where the dock is in the editor: a column of its own on the right, where no other tab hides it.
## Where the screen is narrower than the menu bar, so that the right side is cut off: beside the
## scene tree. A person can move it; the editor remembers that.
##
## The dock is in a scroll container, so that nothing in it can enlarge the editor's window.

const Dock := preload("dock.gd")

const DOCK_CLASS := "EditorDock"
const TITLE := "Assetgen"
const NARROWEST := 250
## The width of the editor's menu bar at a scale of 1.
const WIDE := 1030
const SECTION := "assetgen"
const WAS_SHOWN := "dock_was_shown"
## Frames until the editor has restored its layout.
const PAUSE := 10

var _plugin: EditorPlugin
var _dock: Dock
var _frame := ScrollContainer.new()
## What the editor has as its dock: from 4.6 on an EditorDock around the frame.
var _outer: Control


func _init(plugin: EditorPlugin, dock: Dock) -> void:
	_plugin = plugin
	_dock = dock
	_frame.name = TITLE
	_frame.custom_minimum_size.x = NARROWEST * EditorInterface.get_editor_scale()
	_frame.add_child(dock)
	dock.front_requested.connect(come_to_front)
	dock.generate.scroll_requested.connect(_scroll_to)
	var slot := EditorPlugin.DOCK_SLOT_RIGHT_UR
	if not _has_room():
		slot = EditorPlugin.DOCK_SLOT_LEFT_UR
	if ClassDB.class_exists(DOCK_CLASS) and plugin.has_method("add_dock"):
		_outer = ClassDB.instantiate(DOCK_CLASS)
		_outer.set("title", TITLE)
		_outer.set("layout_key", TITLE)
		_outer.set("default_slot", slot)
		_outer.add_child(_frame)
		plugin.call("add_dock", _outer)
	else:
		_outer = _frame
		plugin.add_control_to_dock(slot, _frame)


func remove() -> void:
	if _outer != _frame:
		_plugin.call("remove_dock", _outer)
	else:
		_plugin.remove_control_from_docks(_frame)
	_outer.queue_free()


## Make it the current tab.
func come_to_front() -> void:
	if _outer.has_method("make_visible"):
		_outer.call("make_visible")
	elif _outer.get_parent() is TabContainer:
		var tabs := _outer.get_parent() as TabContainer
		tabs.current_tab = tabs.get_tab_idx_from_control(_outer)


## Make it the current tab if it never was in this project.
func show_once() -> void:
	var settings := EditorInterface.get_editor_settings()
	if DisplayServer.get_name() == "headless":
		return
	if settings.get_project_metadata(SECTION, WAS_SHOWN, false):
		return
	var system := EditorInterface.get_resource_filesystem()
	while system.is_scanning():
		await _plugin.get_tree().process_frame
	for frame in PAUSE:
		await _plugin.get_tree().process_frame
	come_to_front()
	settings.set_project_metadata(SECTION, WAS_SHOWN, true)


## Scroll to a control, after its layout, where the dock is lower than its content.
func _scroll_to(control: Control) -> void:
	await _plugin.get_tree().process_frame
	await _plugin.get_tree().process_frame
	if is_instance_valid(control) and control.is_visible_in_tree():
		_frame.ensure_control_visible(control)


func _has_room() -> bool:
	if DisplayServer.get_name() == "headless":
		return true
	var width := DisplayServer.screen_get_usable_rect().size.x
	return width / EditorInterface.get_editor_scale() >= WIDE

@tool
extends EditorPlugin
## Adds the dock, the menus and the export check to the editor.

const Dock := preload("dock/dock.gd")
const ExportGuard := preload("packs/export_guard.gd")
const Place := preload("dock/place.gd")
const Settings := preload("settings.gd")

const MENU_CLASS := "EditorContextMenuPlugin"
const MENUS := "res://addons/assetgen/menus/menus.gd"
const TOOL := "assetgen"

var dock: Dock

var _place: Place
var _menus: RefCounted
var _guard: ExportGuard


func _enter_tree() -> void:
	Settings.register()
	dock = Dock.new(get_undo_redo())
	# not in the dock: a dock that is moved leaves the tree, which ends requests
	add_child(dock.client)
	add_child(dock.watcher)
	_place = Place.new(self, dock)
	add_tool_menu_item(TOOL, dock.come_to_front)
	_guard = ExportGuard.new()
	add_export_plugin(_guard)
	if ClassDB.class_exists(MENU_CLASS):  # from 4.4 on; a script that extends it does not load before
		_menus = load(MENUS).new(self, dock)
	_place.show_once()


func _exit_tree() -> void:
	if _menus:
		_menus.remove()
	remove_tool_menu_item(TOOL)
	remove_export_plugin(_guard)
	_place.remove()

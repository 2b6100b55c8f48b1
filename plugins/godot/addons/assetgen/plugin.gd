@tool
extends EditorPlugin
## Adds the dock, the menus and the export check to the editor.

const Dock := preload("dock/dock.gd")
const ExportGuard := preload("packs/export_guard.gd")
const Settings := preload("settings.gd")

const MENU_CLASS := "EditorContextMenuPlugin"
const MENUS := "res://addons/assetgen/menus/menus.gd"

var dock: Dock

var _menus: RefCounted
var _guard: ExportGuard


func _enter_tree() -> void:
	Settings.register()
	dock = Dock.new(get_undo_redo())
	add_control_to_dock(DOCK_SLOT_RIGHT_UL, dock)
	_guard = ExportGuard.new()
	add_export_plugin(_guard)
	if ClassDB.class_exists(MENU_CLASS):  # from 4.4 on; a script that extends it does not load before
		_menus = load(MENUS).new(self, dock)


func _exit_tree() -> void:
	if _menus:
		_menus.remove()
	remove_export_plugin(_guard)
	remove_control_from_docks(dock)
	dock.queue_free()

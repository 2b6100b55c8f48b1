@tool
extends RefCounted
## Adds the context menus to an editor that has them (4.4 and newer; older ones do not load this
## file).

const Actions := preload("actions.gd")
const FileMenu := preload("file_menu.gd")
const SceneMenu := preload("scene_menu.gd")

var actions: Actions

var _plugin: EditorPlugin
var _added: Array[EditorContextMenuPlugin] = []


func _init(plugin: EditorPlugin, dock: Control) -> void:
	_plugin = plugin
	actions = Actions.new(dock)
	_add(EditorContextMenuPlugin.CONTEXT_SLOT_SCENE_TREE, SceneMenu.new(actions))
	_add(EditorContextMenuPlugin.CONTEXT_SLOT_FILESYSTEM, FileMenu.new(actions))


func remove() -> void:
	for menu in _added:
		_plugin.remove_context_menu_plugin(menu)


func _add(slot: EditorContextMenuPlugin.ContextMenuSlot, menu: EditorContextMenuPlugin) -> void:
	_plugin.add_context_menu_plugin(slot, menu)
	_added.append(menu)

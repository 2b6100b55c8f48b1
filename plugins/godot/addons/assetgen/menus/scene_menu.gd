@tool
extends EditorContextMenuPlugin
## Entries for nodes in the Scene dock.

const Words := preload("../words.gd")

var _actions: RefCounted


func _init(actions: RefCounted) -> void:
	_actions = actions


func _popup_menu(paths: PackedStringArray) -> void:
	var root := EditorInterface.get_edited_scene_root()
	var nodes := Array(paths).map(
		func(path: String): return root.get_node_or_null(path) if root else null
	)
	if nodes.any(func(node: Variant) -> bool: return node is Node3D):
		var view := Words.say("Assetgen: concept from this view")
		add_context_menu_item(view, Callable(_actions, "concept_from_view").unbind(1))
	if nodes.any(
		func(node: Variant) -> bool: return node is MeshInstance3D or node is CSGPrimitive3D
	):
		var texture := Words.say("Assetgen: texture this mesh")
		add_context_menu_item(texture, Callable(_actions, "texture_mesh").unbind(1))
	if nodes.any(func(node: Variant) -> bool: return node is Node and "tile_set" in node):
		var tiles := Words.say("Assetgen: new tileset")
		add_context_menu_item(tiles, Callable(_actions, "new_tileset").unbind(1))

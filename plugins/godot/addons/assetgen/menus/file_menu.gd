@tool
extends EditorContextMenuPlugin
## Entries for images and packs in the FileSystem dock.

const Finder := preload("../packs/finder.gd")
const Words := preload("../words.gd")

const PICTURES := ["png", "jpg", "jpeg", "webp"]

var _actions: RefCounted


func _init(actions: RefCounted) -> void:
	_actions = actions


func _popup_menu(paths: PackedStringArray) -> void:
	if paths.size() != 1:
		return
	if paths[0].get_extension().to_lower() in PICTURES:
		_add(Words.say("Assetgen: make seamless"), "make_seamless")
		_add(Words.say("Assetgen: PBR set"), "pbr_set")
		_add(Words.say("Assetgen: cut out"), "cut_out")
		_add(Words.say("Assetgen: variations"), "vary")
	elif Finder.is_pack(paths[0].get_file()):
		_add(Words.say("Assetgen: check this pack"), "check_pack")


func _add(text: String, action: String) -> void:
	add_context_menu_item(text, _run.bind(action))


func _run(paths: Variant, action: String) -> void:
	_actions.call(action, paths[0])

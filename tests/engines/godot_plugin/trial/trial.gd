@tool
extends EditorPlugin
## Runs the script that ASSETGEN_TRIAL names inside the editor, beside the plugin, and ends the
## editor.

const PATIENCE_MS := 60_000

var dock: Control
var wrong := 0
## The most work of one frame on the main thread since this was last set to 0: milliseconds of
## processor time, so that other programs on the machine do not count.
var slowest := 0.0

var _worked := 0.0


func _enter_tree() -> void:
	if OS.has_environment("ASSETGEN_TRIAL"):
		_run.call_deferred()


func _process(_delta: float) -> void:
	var path := "/proc/self/task/%d/schedstat" % OS.get_process_id()
	var now := float(FileAccess.open(path, FileAccess.READ).get_line().get_slice(" ", 0)) / 1e6
	if _worked:
		slowest = maxf(slowest, now - _worked)
	_worked = now


## One thing that must be so; `found` is told where it is not.
func check(is_so: bool, what: String, found: Variant = "") -> void:
	print("ok   " if is_so else "FAIL ", what, "" if is_so else " (found: %s)" % [found])
	wrong += 0 if is_so else 1


## Wait until something is so. False where that takes too long.
func until(condition: Callable, patience_ms := PATIENCE_MS) -> bool:
	var end := Time.get_ticks_msec() + patience_ms
	while not condition.call():
		if Time.get_ticks_msec() > end:
			return false
		await get_tree().process_frame
	return true


func frames(count: int) -> void:
	for frame in count:
		await get_tree().process_frame


func find_dock() -> void:
	var base := EditorInterface.get_base_control()
	dock = base.find_children("Assetgen*", "VBoxContainer", true, false)[-1]


## Bring the dock to the front of its place.
func show_dock() -> void:
	var parent := dock.get_parent()
	if parent.has_method("make_visible"):  # EditorDock, from 4.6 on
		parent.call("make_visible")
	elif parent is TabContainer:
		parent.current_tab = parent.get_tab_idx_from_control(dock)


## The dock, with a server and the form drawn.
func ready_dock() -> Control:
	check(await until(func(): return dock.is_ready), "the server is greeted", dock.notice.text())
	await until(func(): return dock.generate.ask.form.fields.size() > 0)
	dock.generate.ask.choose_model("*draft")
	return dock


## Make drafts of a preset and wait for their pictures.
func make(preset: String, prompt: String, count: int) -> void:
	await dock.generate.ask.choose(preset)
	dock.generate.ask.prompt.text = prompt
	dock.generate.ask.count.value = count
	await dock.generate.make()
	await finish(count)


func finish(count: int) -> void:
	await until(func(): return dock.generate.job == null or dock.generate.job.is_over())
	var came := await until(func(): return dock.generate.strip.finished().size() == count, 5000)
	check(came, "%d candidates came" % count, dock.notice.text() + dock.generate.progress.text())


## A new scene of these nodes below a root, opened and edited.
func edit_scene(root: Node, nodes: Array) -> Node:
	root.name = "Root"
	for node: Node in nodes:
		root.add_child(node)
		node.owner = root
	var scene := PackedScene.new()
	scene.pack(root)
	var path := "res://%s.tscn" % nodes[0].name
	ResourceSaver.save(scene, path)
	root.free()
	EditorInterface.open_scene_from_path(path)
	await until(func(): return _edited_path() == path)
	return EditorInterface.get_edited_scene_root()


func _edited_path() -> String:
	var root := EditorInterface.get_edited_scene_root()
	return root.scene_file_path if root else ""


func select(nodes: Array) -> void:
	EditorInterface.get_selection().clear()
	for node: Node in nodes:
		EditorInterface.get_selection().add_node(node)
	await frames(2)


## What the context menus do.
func actions() -> RefCounted:
	return load("res://addons/assetgen/menus/actions.gd").new(dock)


## The scene's own history, as Ctrl-Z sees it.
func history() -> UndoRedo:
	var root := EditorInterface.get_edited_scene_root()
	var undo := get_undo_redo()
	return undo.get_history_undo_redo(undo.get_object_history_id(root))


## Wait until nothing is asked of the server any more, as what waits for an answer would leak.
func _idle() -> void:
	var quiet := 0
	while quiet < 20:
		quiet = quiet + 1 if dock.client.get_child_count() == 0 else 0
		await get_tree().process_frame


func _run() -> void:
	var system := EditorInterface.get_resource_filesystem()
	await until(func(): return not system.is_scanning())
	find_dock()
	await load(OS.get_environment("ASSETGEN_TRIAL")).new().run(self)
	await _idle()
	print("%d wrong" % wrong)
	get_tree().quit(1 if wrong else 0)

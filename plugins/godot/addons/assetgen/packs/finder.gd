@tool
extends RefCounted
## Finds the pack files of the project in a worker thread. Hidden folders are skipped.

const MOST := 200
const DEEPEST := 8


## Their paths relative to the project, sorted.
static func find() -> PackedStringArray:
	var found: Array[String] = []
	var task := WorkerThreadPool.add_task(func() -> void: _look("res://", 0, found))
	var tree := Engine.get_main_loop() as SceneTree
	while not WorkerThreadPool.is_task_completed(task):
		await tree.process_frame
	WorkerThreadPool.wait_for_task_completion(task)
	return _sorted(found)


## The same in this thread, for an export.
static func find_now() -> PackedStringArray:
	var found: Array[String] = []
	_look("res://", 0, found)
	return _sorted(found)


static func is_pack(file: String) -> bool:
	return file == "pack.yaml" or file.ends_with(".pack.yaml")


static func _look(folder: String, depth: int, found: Array[String]) -> void:
	if depth > DEEPEST or found.size() >= MOST:
		return
	for file in DirAccess.get_files_at(folder):
		if is_pack(file) and found.size() < MOST:
			found.append(folder.path_join(file).trim_prefix("res://"))
	for inner in DirAccess.get_directories_at(folder):
		if not inner.begins_with("."):
			_look(folder.path_join(inner), depth + 1, found)


static func _sorted(found: Array[String]) -> PackedStringArray:
	found.sort()
	return PackedStringArray(found)

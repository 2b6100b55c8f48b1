extends SceneTree
## Plays examples/dungeon: walks along a path of cells to an orb, and to the monsters.
## godot --headless --path GAME --fixed-fps 60 --script res://play_dungeon.gd
## In a window, with a folder after --, it also saves a picture every second.

const SECONDS := 6
const PATH: Array[Vector2i] = [Vector2i(6, 6), Vector2i(13, 5)]
const CELL := 32.0

var frames := 0
var reached := 0


func _initialize() -> void:
	change_scene_to_file("res://main.tscn")


func _physics_process(_delta: float) -> bool:
	frames += 1
	var hero := get_first_node_in_group("heroes") as CharacterBody2D
	if hero == null:
		return false
	_walk(hero)
	if frames % 60 == 0 and OS.get_cmdline_user_args():
		var picture := "%s/%02d.png" % [OS.get_cmdline_user_args()[0], frames / 60]
		root.get_texture().get_image().save_png(picture)
	if frames < SECONDS * 60:
		return false
	var health: float = current_scene.health.value
	var found: int = current_scene.found()
	print("walked %d of %d, orbs %d, health %d" % [reached, PATH.size(), found, health])
	return true


func _walk(hero: CharacterBody2D) -> void:
	for action: String in ["ui_left", "ui_right", "ui_up", "ui_down"]:
		Input.action_release(action)
	if reached == PATH.size():
		return
	var way := (Vector2(PATH[reached]) + Vector2(0.5, 0.5)) * CELL - hero.position
	if way.length() < 4.0:
		reached += 1
		return
	if absf(way.x) > 2.0:
		Input.action_press("ui_right" if way.x > 0.0 else "ui_left")
	if absf(way.y) > 2.0:
		Input.action_press("ui_down" if way.y > 0.0 else "ui_up")

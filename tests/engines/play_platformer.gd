extends SceneTree
## Plays examples/platformer: runs to the right, and jumps at walls, gaps and slimes.
## godot --headless --path GAME --fixed-fps 60 --script res://play_platformer.gd
## In a window, with a folder after --, it also saves a picture every second.

const SECONDS := 10

var frames := 0
var start := 0.0
var stood := false
var jumped := false


func _initialize() -> void:
	change_scene_to_file("res://main.tscn")


func _physics_process(_delta: float) -> bool:
	frames += 1
	var players := root.find_children("*", "Player", true, false)
	if players.is_empty():
		return false
	_play(players[0])
	if frames % 60 == 0 and OS.get_cmdline_user_args():
		var picture := "%s/%02d.png" % [OS.get_cmdline_user_args()[0], frames / 60]
		root.get_texture().get_image().save_png(picture)
	if frames == 60:
		start = players[0].position.x
	if frames < SECONDS * 60:
		return false
	var moved: float = players[0].position.x - start
	var coins: int = current_scene.coins
	var total: int = current_scene.total
	print("stood %s, jumped %s, moved %d, coins %d of %d" % [stood, jumped, moved, coins, total])
	return true


func _play(player: CharacterBody2D) -> void:
	stood = stood or player.is_on_floor()
	jumped = jumped or (frames > 60 and not player.is_on_floor() and player.velocity.y < 0.0)
	if Input.is_action_pressed("ui_accept"):  # the game sees the press one tick later
		Input.action_release("ui_accept")
		return
	if frames < 60:
		return
	Input.action_press("ui_right")
	var gap := not player.test_move(player.transform.translated(Vector2(20, 0)), Vector2(0, 40))
	var slimes := root.find_children("*", "Slime", true, false)
	var near := func(slime: Node2D) -> bool:
		return absf(slime.position.x - player.position.x - 35.0) < 15.0
	if player.is_on_floor() and (player.is_on_wall() or gap or slimes.any(near)):
		Input.action_press("ui_accept")

extends SceneTree
## Plays the animations of the exported scenes for 600 ms each, and prints each frame with its milliseconds.
## godot --headless --path GAME --fixed-fps 100 --script res://play_animations.gd

const TICK := 10
const TICKS := 60
var left: Array[PackedStringArray] = []
var sprite: AnimatedSprite2D
var ticks := 0
var seen: PackedStringArray = []
var since := 0


func _initialize() -> void:
	for scene in ["imp", "lit_imp"]:
		for animation in ["run", "die"]:
			left.append(PackedStringArray([scene, animation]))


func _process(_delta: float) -> bool:
	if sprite == null:
		if left.is_empty():
			return true
		_start()
	elif ticks == TICKS:
		print(" ".join(left.pop_front()), ": ", " ".join(seen))
		sprite.free()
		sprite = null
	else:
		ticks += 1
		_look()
	return false


func _start() -> void:
	sprite = (load("res://art/%s.tscn" % left[0][0]) as PackedScene).instantiate()
	root.add_child(sprite)
	if sprite.autoplay != "run" or sprite.offset != Vector2(-12, -20) or sprite.texture_filter != 1:
		printerr("ERROR: the scene is not as expected")
	sprite.play(left[0][1])
	ticks = 0
	since = 0
	seen = [_number()]


func _look() -> void:
	if seen[-1] != _number():
		seen.append(str((ticks - since) * TICK))
		seen.append(_number())
		since = ticks


func _number() -> String:
	var texture := sprite.sprite_frames.get_frame_texture(sprite.animation, sprite.frame) as AtlasTexture
	return str(int(texture.region.position.y / 20) * 2 + int(texture.region.position.x / 24))

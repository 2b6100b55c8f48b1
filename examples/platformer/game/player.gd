class_name Player
extends CharacterBody2D
## Runs with the left and right arrow keys, and jumps with space.

signal died

const SPEED := 150.0
const ACCELERATION := 900.0
const JUMP_SPEED := 430.0
const GRAVITY := 980.0
const LOWEST := 480.0

@onready var sprite: AnimatedSprite2D = $Sprite


func _physics_process(delta: float) -> void:
	var direction := Input.get_axis("ui_left", "ui_right")
	velocity.x = move_toward(velocity.x, direction * SPEED, ACCELERATION * delta)
	velocity.y += GRAVITY * delta
	if is_on_floor() and Input.is_action_just_pressed("ui_accept"):
		velocity.y = -JUMP_SPEED
	move_and_slide()
	_animate(direction)
	if position.y > LOWEST:
		died.emit()


func bounce() -> void:
	velocity.y = -JUMP_SPEED * 0.7


func _animate(direction: float) -> void:
	if direction != 0.0:
		sprite.flip_h = direction < 0.0
	if not is_on_floor():
		sprite.play("jump")
	elif absf(velocity.x) > 5.0:
		sprite.play("run")
	else:
		sprite.play("idle")

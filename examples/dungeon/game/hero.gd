class_name Hero
extends CharacterBody2D
## Walks with the arrow keys and carries a light.

signal health_changed(health: float)

const SPEED := 110.0

var health := 100.0

@onready var sprite: AnimatedSprite2D = $Sprite


func _physics_process(_delta: float) -> void:
	velocity = Input.get_vector("ui_left", "ui_right", "ui_up", "ui_down") * SPEED
	move_and_slide()
	sprite.play("idle" if velocity.is_zero_approx() else "walk")
	if velocity.x != 0.0:
		sprite.flip_h = velocity.x < 0.0


func change_health(change: float) -> void:
	health = clampf(health + change, 0.0, 100.0)
	health_changed.emit(health)

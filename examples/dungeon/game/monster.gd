class_name Monster
extends CharacterBody2D
## Follows the hero when near, and hurts while they touch.

const SPEED := 45.0
const SIGHT := 150.0
const REACH := 28.0
const NEAREST := 22.0
const DAMAGE := 25.0

var hero: Hero


func _physics_process(delta: float) -> void:
	if hero == null:
		hero = get_tree().get_first_node_in_group("heroes")
		return
	var way := hero.position - position
	var follows := way.length() > NEAREST and way.length() < SIGHT
	velocity = way.normalized() * SPEED if follows else Vector2.ZERO
	move_and_slide()
	if way.length() < REACH:
		hero.change_health(-DAMAGE * delta)

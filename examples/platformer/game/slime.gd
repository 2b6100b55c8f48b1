class_name Slime
extends CharacterBody2D
## Walks to and fro between walls and edges. The player jumps on it, or starts again.

const SPEED := 40.0
const GRAVITY := 980.0

var direction := -1.0

@onready var edge: RayCast2D = $Edge
@onready var hitbox: Area2D = $Hitbox


func _ready() -> void:
	hitbox.body_entered.connect(_on_body_entered)


func _physics_process(delta: float) -> void:
	if is_on_wall() or (is_on_floor() and not edge.is_colliding()):
		direction = -direction
		edge.position.x = absf(edge.position.x) * direction
	velocity = Vector2(direction * SPEED, velocity.y + GRAVITY * delta)
	move_and_slide()


func _on_body_entered(body: Node2D) -> void:
	var player := body as Player
	if player == null:
		return
	if player.velocity.y > 0.0 and player.position.y < position.y - 8.0:
		player.bounce()
		queue_free()
	else:
		player.died.emit()

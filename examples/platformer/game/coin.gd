class_name Coin
extends Area2D
## A coin that the player collects.


func _ready() -> void:
	add_to_group("coins")
	body_entered.connect(_on_body_entered)


func _on_body_entered(body: Node2D) -> void:
	if body is Player and not is_queued_for_deletion():
		remove_from_group("coins")
		get_tree().call_group("game", "collect")
		queue_free()

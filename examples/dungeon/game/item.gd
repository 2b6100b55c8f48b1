class_name Item
extends Area2D
## Something that the hero picks up: it heals, or is one of the treasures to find.

@export var heals := 0.0


func _ready() -> void:
	if heals == 0.0:
		add_to_group("treasures")
	body_entered.connect(_on_body_entered)


func _on_body_entered(body: Node2D) -> void:
	var hero := body as Hero
	if hero and not is_queued_for_deletion():
		hero.change_health(heals)
		remove_from_group("treasures")
		get_tree().call_group("game", "show_treasures")
		queue_free()

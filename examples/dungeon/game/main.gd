extends Node2D
## The game: find all treasures before the monsters find you.

var total := 0

@onready var health: ProgressBar = $Hud/Health
@onready var counter: Label = $Hud/Counter


func _ready() -> void:
	add_to_group("game")
	total = get_tree().get_node_count_in_group("treasures")
	var hero: Hero = get_tree().get_first_node_in_group("heroes")
	hero.health_changed.connect(_on_health_changed)
	show_treasures()


func found() -> int:
	return total - get_tree().get_node_count_in_group("treasures")


func show_treasures() -> void:
	counter.text = "Orbs %d / %d" % [found(), total]
	if found() == total:
		counter.text += ": the dungeon is yours!"


func _on_health_changed(now: float) -> void:
	health.value = now
	if now == 0.0:
		get_tree().reload_current_scene.call_deferred()

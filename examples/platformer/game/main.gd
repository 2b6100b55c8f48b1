extends Node2D
## The game: counts the coins, and starts again when the player dies.

var coins := 0
var total := 0

@onready var level: Level = $Level
@onready var counter: Label = $Hud/Panel/Counter
@onready var menu: Control = $Hud/Menu


func _ready() -> void:
	add_to_group("game")
	total = get_tree().get_nodes_in_group("coins").size()
	var player: Player = level.find_children("*", "Player", true, false)[0]
	player.died.connect(restart)
	$Hud/Menu/Box/Lines/Again.pressed.connect(restart)
	_show_coins()


func collect() -> void:
	coins += 1
	_show_coins()


func restart() -> void:
	get_tree().reload_current_scene.call_deferred()


func _show_coins() -> void:
	counter.text = "Coins %d / %d" % [coins, total]
	menu.visible = coins == total

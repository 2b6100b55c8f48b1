class_name Level
extends Node2D
## Paints `map`: floor everywhere, walls where it has `#`, and things where it has their letters.

@export_multiline var map: String
@export var things: Dictionary[String, PackedScene]

@onready var ground: TileMapLayer = $Ground
@onready var walls: TileMapLayer = $Walls


func _ready() -> void:
	var everywhere: Array[Vector2i] = []
	var solid: Array[Vector2i] = []
	var rows := map.strip_edges().split("\n")
	for y in rows.size():
		for x in rows[y].length():
			var letter := rows[y][x]
			everywhere.append(Vector2i(x, y))
			if letter == "#":
				solid.append(Vector2i(x, y))
			elif letter in things:
				_put(things[letter], Vector2i(x, y))
	ground.set_cells_terrain_connect(everywhere, 0, 0)
	walls.set_cells_terrain_connect(solid, 0, 0)


func _put(scene: PackedScene, cell: Vector2i) -> void:
	var thing: Node2D = scene.instantiate()
	thing.position = ground.map_to_local(cell)
	add_child(thing)

class_name Level
extends TileMapLayer
## Paints `map` with the terrain of the tileset, and puts things where it has their letters.
##
## `#` is ground, `/` and `\` are slopes with ground below; `things` are scenes for other letters.

const SLOPES: Dictionary[String, String] = {"/": "slope_up", "\\": "slope_down"}

@export_multiline var map: String
@export var things: Dictionary[String, PackedScene]


func _ready() -> void:
	var ground: Array[Vector2i] = []
	var slopes: Dictionary[Vector2i, String] = {}
	var rows := map.split("\n")
	for y in rows.size():
		for x in rows[y].length():
			var letter := rows[y][x]
			var cell := Vector2i(x, y)
			if letter == "#" or letter in SLOPES:
				ground.append(cell)
			if letter in SLOPES:
				slopes[cell] = SLOPES[letter]
			if letter in things:
				_put(things[letter], cell)
	set_cells_terrain_connect(ground, 0, 0)
	var tiles := _named_tiles()
	for cell in slopes:
		set_cell(cell, 0, tiles[slopes[cell]])
		set_cell(cell + Vector2i.DOWN, 0, tiles["below_" + slopes[cell]])


## Where the tiles with a name are in the picture of the tileset.
func _named_tiles() -> Dictionary[String, Vector2i]:
	var found: Dictionary[String, Vector2i] = {}
	var source: TileSetAtlasSource = tile_set.get_source(0)
	for index in source.get_tiles_count():
		var tile := source.get_tile_id(index)
		found[source.get_tile_data(tile, 0).get_custom_data("name")] = tile
	return found


## The thing stands in the middle of the cell's lower side.
func _put(scene: PackedScene, cell: Vector2i) -> void:
	var thing: Node2D = scene.instantiate()
	thing.position = map_to_local(cell) + Vector2(0, tile_set.tile_size.y / 2.0)
	add_child(thing)

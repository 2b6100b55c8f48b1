extends SceneTree
## Paints with the terrains of every tileset in res://art, and compares the tiles that meet.
## godot --headless --path GAME --script res://paint_tilesets.gd
## In a window, with a path after --, it also saves a picture of the levels.

const SIZE := Vector2i(16, 10)
const CORNERS := {
	TileSet.TILE_SHAPE_SQUARE: [
		TileSet.CELL_NEIGHBOR_TOP_LEFT_CORNER,
		TileSet.CELL_NEIGHBOR_TOP_RIGHT_CORNER,
		TileSet.CELL_NEIGHBOR_BOTTOM_RIGHT_CORNER,
		TileSet.CELL_NEIGHBOR_BOTTOM_LEFT_CORNER,
	],
	TileSet.TILE_SHAPE_ISOMETRIC: [
		TileSet.CELL_NEIGHBOR_TOP_CORNER,
		TileSet.CELL_NEIGHBOR_RIGHT_CORNER,
		TileSet.CELL_NEIGHBOR_BOTTOM_CORNER,
		TileSet.CELL_NEIGHBOR_LEFT_CORNER,
	],
}
const SIDES := {
	TileSet.TILE_SHAPE_SQUARE: [TileSet.CELL_NEIGHBOR_RIGHT_SIDE, TileSet.CELL_NEIGHBOR_BOTTOM_SIDE],
	TileSet.TILE_SHAPE_ISOMETRIC: [TileSet.CELL_NEIGHBOR_BOTTOM_RIGHT_SIDE, TileSet.CELL_NEIGHBOR_BOTTOM_LEFT_SIDE],
}
const OPPOSITE_SIDES := {
	TileSet.TILE_SHAPE_SQUARE: [TileSet.CELL_NEIGHBOR_LEFT_SIDE, TileSet.CELL_NEIGHBOR_TOP_SIDE],
	TileSet.TILE_SHAPE_ISOMETRIC: [TileSet.CELL_NEIGHBOR_TOP_LEFT_SIDE, TileSet.CELL_NEIGHBOR_TOP_RIGHT_SIDE],
}

var failed := 0


func _initialize() -> void:
	var top := 0.0
	for file in ResourceLoader.list_directory("res://art"):
		if file.ends_with(".tres"):
			var layer := _painted(load("res://art/" + file))
			layer.position = Vector2(fmod(top, 2.0) * 560.0 + (260.0 if file.begins_with("iso") else 10.0), floorf(top / 2.0) * 340.0 + 10.0)
			top += 1.0
			root.add_child(layer)
			_compare(layer, file)
	print("painted everything, %d wrong" % failed)
	if OS.get_cmdline_user_args():
		await create_timer(0.5).timeout
		root.get_texture().get_image().save_png(OS.get_cmdline_user_args()[0])
	quit(1 if failed else 0)


func expect(ok: bool, what: String) -> void:
	if not ok:
		print("wrong ", what)
		failed += 1


func _painted(tiles: TileSet) -> TileMapLayer:
	var layer := TileMapLayer.new()
	layer.tile_set = tiles
	if tiles.get_terrains_count(0) > 1:
		layer.set_cells_terrain_connect(_area(Rect2i(Vector2i(-2, -2), SIZE + Vector2i(4, 4))), 0, 1)
	var cells := _area(Rect2i(1, 1, 6, 7)) + _area(Rect2i(5, 4, 9, 4)) + _area(Rect2i(11, 1, 3, 4))
	cells = cells.filter(func(cell: Vector2i) -> bool: return not Rect2i(3, 3, 2, 2).has_point(cell))
	layer.set_cells_terrain_connect(cells, 0, 0, tiles.get_terrains_count(0) > 1)
	for cell: Vector2i in cells:
		var data := layer.get_cell_tile_data(cell)
		expect(data != null and data.terrain == 0, "%s is not painted" % cell)
	return layer


func _area(rect: Rect2i) -> Array[Vector2i]:
	var cells: Array[Vector2i] = []
	for y in range(rect.position.y, rect.end.y):
		for x in range(rect.position.x, rect.end.x):
			cells.append(Vector2i(x, y))
	return cells


## Terrains at the corners and sides that two cells share must be equal.
func _compare(layer: TileMapLayer, file: String) -> void:
	var shape := layer.tile_set.tile_shape
	var corners: Array = CORNERS[shape]
	var beside := [[corners[1], corners[0]], [corners[2], corners[3]]]
	var below := [[corners[3], corners[0]], [corners[2], corners[1]]]
	for cell in layer.get_used_cells():
		for direction in 2:
			var side: int = SIDES[shape][direction]
			var other := layer.get_cell_tile_data(layer.get_neighbor_cell(cell, side))
			if other == null:
				continue
			var data := layer.get_cell_tile_data(cell)
			for pair: Array in (beside if direction == 0 else below):
				expect(_bit(data, pair[0]) == _bit(other, pair[1]), "%s: corner at %s" % [file, cell])
			if layer.tile_set.get_terrain_set_mode(0) != TileSet.TERRAIN_MODE_MATCH_CORNERS:
				var opposite: int = OPPOSITE_SIDES[shape][direction]
				expect(_bit(data, side) == _bit(other, opposite), "%s: side at %s" % [file, cell])


func _bit(data: TileData, bit: int) -> int:
	return data.get_terrain_peering_bit(bit)

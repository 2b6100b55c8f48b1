@tool
extends RefCounted
## One atlas image and one TileSet from several tiles of the same size.

const COLUMNS := 4


## The atlas of tiles (PNG bytes), row by row; null if one is no image or of another size.
static func atlas(tiles: Array[PackedByteArray]) -> Image:
	var sheet: Image
	var size := Vector2i.ZERO
	for index in tiles.size():
		var tile := Image.new()
		if tile.load_png_from_buffer(tiles[index]) != OK:
			return null
		tile.convert(Image.FORMAT_RGBA8)
		if sheet == null:
			size = tile.get_size()
			var whole := size * _shape(tiles.size())
			sheet = Image.create(whole.x, whole.y, false, Image.FORMAT_RGBA8)
		if tile.get_size() != size:
			return null
		sheet.blit_rect(tile, Rect2i(Vector2i.ZERO, size), cell_at(index) * size)
	return sheet


## The size of one tile of an atlas of `count`.
static func cell(sheet: Image, count: int) -> Vector2i:
	return sheet.get_size() / _shape(count)


## Column and row of a tile.
static func cell_at(index: int) -> Vector2i:
	return Vector2i(index % COLUMNS, floori(float(index) / COLUMNS))


## A TileSet of the first `count` cells of an atlas.
static func tile_set(texture: Texture2D, size: Vector2i, count: int) -> TileSet:
	var source := TileSetAtlasSource.new()
	source.texture = texture
	source.texture_region_size = size
	for index in count:
		source.create_tile(cell_at(index))
	var made := TileSet.new()
	made.tile_size = size
	made.add_source(source)
	return made


static func _shape(count: int) -> Vector2i:
	return Vector2i(mini(count, COLUMNS), ceili(float(count) / COLUMNS))

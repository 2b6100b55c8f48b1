@tool
extends RefCounted
## Textures from PNG bytes, decoded and scaled in worker threads.

const FORMATS := ["png", "jpg", "jpeg", "webp"]


## A texture that fits a square of `side` pixels; null if the bytes are no image.
static func thumbnail(bytes: PackedByteArray, side: int) -> Texture2D:
	return await _made(func() -> Image: return _fitted(bytes, side))


## The same for a preview of a few pixels, enlarged smoothly.
static func smooth(bytes: PackedByteArray, side: int) -> Texture2D:
	return await _made(func() -> Image: return _fitted(bytes, side, Image.INTERPOLATE_CUBIC))


## A texture of the whole picture; null if the bytes are no image.
static func whole(bytes: PackedByteArray) -> Texture2D:
	return await _made(func() -> Image: return _with_mipmaps(bytes))


## A texture of an image file that fits a square; null if it is no image.
static func from_file(path: String, side: int) -> Texture2D:
	return await _made(func() -> Image: return _loaded(path, side))


static func _loaded(path: String, side: int) -> Image:
	if path.get_extension().to_lower() not in FORMATS:
		return null
	var image := Image.load_from_file(path)
	return _resized(image, side) if image else null


static func _made(make: Callable) -> Texture2D:
	var made: Array[Image] = []
	var task := WorkerThreadPool.add_task(func() -> void: made.append(make.call()))
	var tree := Engine.get_main_loop() as SceneTree
	while not WorkerThreadPool.is_task_completed(task):
		await tree.process_frame
	WorkerThreadPool.wait_for_task_completion(task)
	return ImageTexture.create_from_image(made[0]) if made[0] else null


static func _decoded(bytes: PackedByteArray) -> Image:
	var image := Image.new()
	if not _is_png(bytes) or image.load_png_from_buffer(bytes) != OK:
		return null
	image.convert(Image.FORMAT_RGBA8)
	return image


static func _with_mipmaps(bytes: PackedByteArray) -> Image:
	var image := _decoded(bytes)
	if image:
		image.generate_mipmaps()
	return image


static func _fitted(
	bytes: PackedByteArray, side: int, enlarging := Image.INTERPOLATE_NEAREST
) -> Image:
	var image := _decoded(bytes)
	return _resized(image, side, enlarging) if image else null


## Enlarge by whole factors, so that pixel art stays sharp; shrink with a smooth filter.
static func _resized(image: Image, side: int, enlarging := Image.INTERPOLATE_NEAREST) -> Image:
	var longest := maxi(image.get_width(), image.get_height())
	if longest > side:
		var scale := float(side) / longest
		var size := Vector2i((image.get_size() * scale).max(Vector2.ONE))
		image.resize(size.x, size.y, Image.INTERPOLATE_LANCZOS)
	else:
		var times := maxi(1, side / longest)
		var size := image.get_size() * times
		image.resize(size.x, size.y, enlarging)
	return image


static func _is_png(bytes: PackedByteArray) -> bool:
	return bytes.slice(0, 8).hex_encode() == "89504e470d0a1a0a"

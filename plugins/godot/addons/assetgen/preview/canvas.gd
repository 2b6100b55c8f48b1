@tool
extends Control
## Draws a texture as its `shows` says, with zoom and pan: the mouse wheel zooms at the pointer, a
## drag moves, a double-click fits the picture again.
##
## `shows` comes from the server: `kind` and what it needs (columns, rows, frames, margins, pixel).

## Zoom or pan have changed.
signal view_changed

const TILE := "tile"
const ANIMATION := "animation"
const TILESET := "tileset"
const PANEL := "panel"

const REPEATS := 3
const WHEEL_STEP := 1.25
const CLOSEST := 64.0
const ONION_ALPHA := 0.3
const GRID_COLOR := Color(1.0, 1.0, 1.0, 0.25)

var texture: Texture2D
var shows := {}
## The frame of an animation.
var frame := 0:
	set(value):
		frame = value
		queue_redraw()
## Whether an animation also shows its neighbour frames.
var has_onion_skin := false:
	set(value):
		has_onion_skin = value
		queue_redraw()
## The size of a panel relative to its picture.
var stretch := Vector2.ONE:
	set(value):
		stretch = value
		queue_redraw()
## Relative to the size that fits.
var zoom := 1.0
## The picture's middle relative to that of the control, in pixels of the screen.
var pan := Vector2.ZERO


func _init() -> void:
	clip_contents = true
	mouse_filter = MOUSE_FILTER_STOP
	custom_minimum_size = Vector2(32, 32)


func show_texture(new_texture: Texture2D, new_shows: Dictionary) -> void:
	texture = new_texture
	shows = new_shows
	frame = 0
	stretch = Vector2.ONE
	set_view(1.0, Vector2.ZERO)


func set_view(new_zoom: float, new_pan: Vector2) -> void:
	zoom = clampf(new_zoom, 1.0 / CLOSEST, CLOSEST)
	pan = new_pan
	queue_redraw()


func kind() -> String:
	return str(shows.get("kind", "picture"))


## Columns and rows of a sheet or an animation.
func cells() -> Vector2i:
	return Vector2i(maxi(1, int(shows.get("columns", 1))), maxi(1, int(shows.get("rows", 1))))


## What is drawn, in pixels of the picture.
func content_size() -> Vector2:
	var whole := texture.get_size()
	match kind():
		TILE:
			return whole * REPEATS
		ANIMATION:
			return whole / Vector2(cells())
		PANEL:
			return (whole * stretch).floor()
	return whole


## Screen pixels for one pixel of the picture.
func pixel_scale() -> float:
	var fit := size / content_size()
	var scale_of_fit := minf(fit.x, fit.y)
	if _is_pixel_art() and scale_of_fit > 1.0:
		scale_of_fit = floorf(scale_of_fit)
	return scale_of_fit * zoom


func _draw() -> void:
	if texture == null or texture.get_size().x == 0.0:
		return
	var factor := pixel_scale()
	texture_filter = TEXTURE_FILTER_LINEAR_WITH_MIPMAPS
	if _is_pixel_art() or factor > 2.0:
		texture_filter = TEXTURE_FILTER_NEAREST
	var drawn := content_size()
	var corner := (size / 2.0 + pan - drawn * factor / 2.0).floor()
	var board := get_theme_icon("Checkerboard", "EditorIcons")
	draw_texture_rect(board, Rect2(corner, drawn * factor), true, Color(1, 1, 1, 0.5))
	draw_set_transform(corner, 0.0, Vector2.ONE * factor)
	match kind():
		TILE:
			_draw_tiles()
		ANIMATION:
			_draw_frames()
		PANEL:
			_draw_panel(drawn)
		_:
			draw_texture(texture, Vector2.ZERO)
			if kind() == TILESET:
				_draw_grid()


func _draw_tiles() -> void:
	for row in REPEATS:
		for column in REPEATS:
			draw_texture(texture, texture.get_size() * Vector2(column, row))


func _draw_frames() -> void:
	var count := maxi(1, int(shows.get("frames", 1)))
	if has_onion_skin and count > 1:
		_draw_frame(posmod(frame - 1, count), Color(1.0, 0.5, 0.5, ONION_ALPHA))
		_draw_frame(posmod(frame + 1, count), Color(0.5, 0.6, 1.0, ONION_ALPHA))
	_draw_frame(posmod(frame, count), Color.WHITE)


func _draw_frame(number: int, tint: Color) -> void:
	var cell := texture.get_size() / Vector2(cells())
	var place := Vector2(number % cells().x, floori(float(number) / cells().x))
	var region := Rect2(place * cell, cell)
	draw_texture_rect_region(texture, Rect2(Vector2.ZERO, cell), region, tint)


func _draw_panel(drawn: Vector2) -> void:
	var box := StyleBoxTexture.new()
	box.texture = texture
	var margins: Array = shows.get("margins", [0, 0, 0, 0])
	for side in mini(4, margins.size()):
		box.set_texture_margin(side, float(margins[side]))
	box.axis_stretch_horizontal = StyleBoxTexture.AXIS_STRETCH_MODE_TILE
	box.axis_stretch_vertical = StyleBoxTexture.AXIS_STRETCH_MODE_TILE
	draw_style_box(box, Rect2(Vector2.ZERO, drawn))


func _draw_grid() -> void:
	var whole := texture.get_size()
	var cell := whole / Vector2(cells())
	for column in range(1, cells().x):
		draw_line(Vector2(column * cell.x, 0), Vector2(column * cell.x, whole.y), GRID_COLOR)
	for row in range(1, cells().y):
		draw_line(Vector2(0, row * cell.y), Vector2(whole.x, row * cell.y), GRID_COLOR)


func _is_pixel_art() -> bool:
	return shows.get("pixel", false)


func _gui_input(event: InputEvent) -> void:
	if texture == null:
		return
	var click := event as InputEventMouseButton
	var motion := event as InputEventMouseMotion
	if click and click.pressed and click.double_click and click.button_index == MOUSE_BUTTON_LEFT:
		_change_view(1.0, Vector2.ZERO)
	elif click and click.pressed and click.button_index == MOUSE_BUTTON_WHEEL_UP:
		_zoom_at(click.position, WHEEL_STEP)
	elif click and click.pressed and click.button_index == MOUSE_BUTTON_WHEEL_DOWN:
		_zoom_at(click.position, 1.0 / WHEEL_STEP)
	elif motion and motion.button_mask & (MOUSE_BUTTON_MASK_LEFT | MOUSE_BUTTON_MASK_MIDDLE):
		_change_view(zoom, pan + motion.relative)


## Zoom so that what is under the pointer stays there.
func _zoom_at(place: Vector2, factor: float) -> void:
	var pointer := place - size / 2.0
	_change_view(zoom * factor, pointer + (pan - pointer) * factor)


func _change_view(new_zoom: float, new_pan: Vector2) -> void:
	accept_event()
	set_view(new_zoom, new_pan)
	view_changed.emit()


func _notification(what: int) -> void:
	if what == NOTIFICATION_RESIZED:
		queue_redraw()

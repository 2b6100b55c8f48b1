@tool
extends VBoxContainer
## A picture as its `shows` says: an animation plays, a tile repeats, a panel can be resized.

const Canvas := preload("canvas.gd")
const Words := preload("../words.gd")

const USUAL_FPS := 8.0
const WIDEST := 3.0

var canvas := Canvas.new()

var _bar := HBoxContainer.new()
var _play := Button.new()
var _onion := Button.new()
var _frames := HSlider.new()
var _sizes: Array[HSlider] = []
var _shown := 0.0


func _init() -> void:
	canvas.size_flags_vertical = SIZE_EXPAND_FILL
	canvas.size_flags_horizontal = SIZE_EXPAND_FILL
	canvas.tooltip_text = Words.say("Wheel: zoom. Drag: move. Double-click: fit.")
	add_child(canvas)
	add_child(_bar)
	for button: Button in [_play, _onion]:
		button.toggle_mode = true
		button.flat = true
		_bar.add_child(button)
	_play.toggled.connect(_on_play)
	_onion.tooltip_text = Words.say("Onion skin: show the frames before and after")
	_onion.toggled.connect(func(is_on: bool) -> void: canvas.has_onion_skin = is_on)
	_frames.size_flags_horizontal = SIZE_EXPAND_FILL
	_frames.size_flags_vertical = SIZE_SHRINK_CENTER
	_frames.tooltip_text = Words.say("Frame")
	_frames.value_changed.connect(_on_frame)
	_bar.add_child(_frames)
	for text: String in [Words.say("Width"), Words.say("Height")]:
		_add_size(text)
	show_texture(null, {})


## Show a texture; null for none. `shows`: how to preview it, as in the server's API.
func show_texture(texture: Texture2D, shows: Dictionary) -> void:
	canvas.show_texture(texture, shows)
	var frames := int(shows.get("frames", 1))
	var is_moving := texture != null and canvas.kind() == Canvas.ANIMATION and frames > 1
	var is_panel := texture != null and canvas.kind() == Canvas.PANEL
	_bar.visible = is_moving or is_panel
	for control: Control in [_play, _onion, _frames]:
		control.visible = is_moving
	_frames.max_value = maxi(frames - 1, 0)
	_frames.tick_count = mini(frames, 32)
	_frames.set_value_no_signal(0)
	for slider in _sizes:
		slider.visible = is_panel
		slider.set_value_no_signal(WIDEST / 2.0)
	if is_panel:
		_on_size(WIDEST / 2.0)
	_play.button_pressed = is_moving
	_on_play(is_moving)


## Whether an animation is playing.
func is_playing() -> bool:
	return _play.button_pressed and _play.visible


func _process(delta: float) -> void:
	if not is_visible_in_tree():
		return
	_shown += delta
	var time := _time_of(canvas.frame)
	if _shown < time:
		return
	_shown = minf(_shown - time, time)
	var next := canvas.frame + 1
	if next > _frames.max_value:
		if not canvas.shows.get("loop", true):
			_play.button_pressed = false
			return
		next = 0
	canvas.frame = next
	_frames.set_value_no_signal(next)


## Seconds for a frame: its duration (milliseconds), else of the frame rate.
func _time_of(frame: int) -> float:
	var durations: Array = canvas.shows.get("durations", [])
	if frame < durations.size():
		return maxf(float(durations[frame]) / 1000.0, 0.01)
	var rate: Variant = canvas.shows.get("fps")
	return 1.0 / maxf(float(rate) if rate else USUAL_FPS, 0.1)


func _on_play(is_on: bool) -> void:
	if is_on and canvas.frame >= _frames.max_value:
		canvas.frame = 0
	_shown = 0.0
	set_process(is_on)
	_play.tooltip_text = Words.say("Pause") if is_on else Words.say("Play")
	_show_icons()


func _on_frame(value: float) -> void:
	_play.button_pressed = false
	canvas.frame = int(value)


func _add_size(text: String) -> void:
	var slider := HSlider.new()
	slider.step = 0.01
	slider.min_value = 1.0
	slider.max_value = WIDEST
	slider.tooltip_text = text
	slider.size_flags_horizontal = SIZE_EXPAND_FILL
	slider.size_flags_vertical = SIZE_SHRINK_CENTER
	slider.value_changed.connect(_on_size)
	_sizes.append(slider)
	_bar.add_child(slider)


func _on_size(_value: float) -> void:
	canvas.stretch = Vector2(_sizes[0].value, _sizes[1].value)


func _show_icons() -> void:
	if is_inside_tree():
		_play.icon = get_theme_icon("Pause" if _play.button_pressed else "Play", "EditorIcons")
		_onion.icon = get_theme_icon("Onion", "EditorIcons")


func _notification(what: int) -> void:
	if what == NOTIFICATION_THEME_CHANGED:
		_show_icons()

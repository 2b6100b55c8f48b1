extends PointLight2D
## A light that flickers.

var time := randf() * 10.0


func _process(delta: float) -> void:
	time += delta
	energy = 1.3 + 0.15 * sin(time * 9.0) + 0.1 * sin(time * 23.0)

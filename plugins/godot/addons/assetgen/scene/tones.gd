@tool
extends RefCounted
## Converts distances, encoded by the depth shader, to the grey of depth control images.

const LARGEST := 32766.0
const NUMBERS := 32768
const BITS := 3
## Percentiles that become black and white, as in the server's `depth` control.
const FAR_SHARE := 0.01
const NEAR_SHARE := 0.003
const FAR_REACH := 0.8
const FLAT_MARGIN := 0.1


## Grey, near is white, from RGB images of three bits each; null if nothing is visible.
static func grey(planes: Array[Image], limits: Vector2, is_flat: bool) -> Image:
	var numbers := _numbers(planes)
	var counts := PackedInt32Array()
	counts.resize(NUMBERS)
	for number in numbers:
		counts[number] += 1
	var seen := numbers.size() - counts[0]
	if seen == 0:
		return null
	var tones := _tones(counts, seen, limits, is_flat)
	var data := PackedByteArray()
	data.resize(numbers.size())
	for index in numbers.size():
		data[index] = tones[numbers[index]]
	var size := planes[0].get_size()
	return Image.create_from_data(size.x, size.y, false, Image.FORMAT_L8, data)


static func _numbers(planes: Array[Image]) -> PackedInt32Array:
	var size := planes[0].get_size()
	var numbers := PackedInt32Array()
	numbers.resize(size.x * size.y)
	for plane in planes.size():
		var data := planes[plane].get_data()
		var first := plane * BITS
		for index in numbers.size():
			var at := index * BITS
			var bits := (data[at] >> 7) | (data[at + 1] >> 7 << 1) | (data[at + 2] >> 7 << 2)
			numbers[index] |= bits << first
	return numbers


## The grey of each code: 0 for the sky, else by inverse distance (orthogonal views: by distance).
static func _tones(
	counts: PackedInt32Array, seen: int, limits: Vector2, is_flat: bool
) -> PackedByteArray:
	var farthest := _nearness(_at_share(counts, seen * FAR_SHARE), limits, is_flat)
	var white := _nearness(_at_share(counts, seen * (1.0 - NEAR_SHARE)), limits, is_flat)
	var black := FAR_REACH * farthest
	if is_flat:
		black = farthest - FLAT_MARGIN * (white - farthest)
	var tones := PackedByteArray()
	tones.resize(NUMBERS)
	for number in range(1, NUMBERS):
		var share := 1.0
		if white > black:
			share = (_nearness(number, limits, is_flat) - black) / (white - black)
		tones[number] = roundi(clampf(share, 0.0, 1.0) * 255.0)
	return tones


static func _at_share(counts: PackedInt32Array, share: float) -> int:
	var passed := 0
	for number in range(1, NUMBERS):
		passed += counts[number]
		if passed >= share and passed > 0:
			return number
	return NUMBERS - 1


static func _nearness(number: int, limits: Vector2, is_flat: bool) -> float:
	var away := limits.x * pow(limits.y / limits.x, 1.0 - (number - 0.5) / LARGEST)
	return -away if is_flat else 1.0 / away

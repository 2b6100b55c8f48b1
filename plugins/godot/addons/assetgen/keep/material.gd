@tool
extends RefCounted
## Makes a material from texture maps, saved beside them.


## Save `NAME.tres` with imported maps by channel. Returns its path, or "" on an error.
static func save(maps: Dictionary, path: String) -> String:
	var material := ORMMaterial3D.new()
	material.albedo_texture = load(maps.color)
	material.ao_enabled = true
	material.orm_texture = load(maps.orm)
	material.normal_enabled = true
	material.normal_texture = load(maps.normal)
	return path if ResourceSaver.save(material, path) == OK else ""

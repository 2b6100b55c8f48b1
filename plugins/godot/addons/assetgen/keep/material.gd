@tool
extends RefCounted
## A material of the maps that a picture was given, saved beside them.


## Make `NAME.tres` of imported maps by channel. Its path, or "" where it cannot be saved.
static func save(maps: Dictionary, path: String) -> String:
	var material := ORMMaterial3D.new()
	material.albedo_texture = load(maps.color)
	material.ao_enabled = true
	material.orm_texture = load(maps.orm)
	material.normal_enabled = true
	material.normal_texture = load(maps.normal)
	return path if ResourceSaver.save(material, path) == OK else ""

@tool
extends RefCounted
## Assigns a saved file to nodes of the edited scene, as one undo step.

const TEXTURE_PROPERTIES := ["texture", "texture_normal", "texture_albedo", "icon"]
const UVS := Mesh.ARRAY_TEX_UV


## The nodes that can use the resource.
static func fitting(nodes: Array[Node], resource: Resource) -> Array[Node]:
	return nodes.filter(func(node: Node) -> bool: return not changes(node, resource).is_empty())


## Assign it to all nodes that can use it. Returns their number.
static func apply(
	undo: EditorUndoRedoManager, nodes: Array[Node], resource: Resource, words: String
) -> int:
	var users := fitting(nodes, resource)
	if users.is_empty():
		return 0
	undo.create_action(words, UndoRedo.MERGE_DISABLE, users[0])
	for node in users:
		var wanted := changes(node, resource)
		for property: String in wanted:
			undo.add_do_property(node, property, wanted[property])
			undo.add_undo_property(node, property, node.get(property))
	undo.commit_action()
	return users.size()


## The changes to a node: value by property. Empty if it cannot use the resource.
static func changes(node: Node, resource: Resource) -> Dictionary:
	if resource is TileSet:
		return {"tile_set": resource} if "tile_set" in node else {}
	if resource is Sky:
		return _sky(node, resource)
	if resource is Material:
		return _material(node, resource)
	if resource is Texture2D:
		return _texture(node, resource)
	return {}


static func _texture(node: Node, texture: Texture2D) -> Dictionary:
	if node is MeshInstance3D or node is CSGPrimitive3D:
		var material := _current_material(node)
		material.albedo_texture = _plain(texture)
		if _is_pixel_art(texture):
			material.texture_filter = BaseMaterial3D.TEXTURE_FILTER_NEAREST
		return _material(node, material)
	for property: String in TEXTURE_PROPERTIES:
		if property in node:
			if node is not Node3D:
				return {property: texture}
			var wanted := {property: _plain(texture)}
			if node is Sprite3D and _is_pixel_art(texture):
				wanted.texture_filter = BaseMaterial3D.TEXTURE_FILTER_NEAREST
			return wanted
	return {}


static func _material(node: Node, material: Material) -> Dictionary:
	if node is MeshInstance3D and node.mesh:
		var wanted := {}
		var fitted := material if has_uvs(node.mesh) else _triplanar(material)
		for surface: int in node.get_surface_override_material_count():
			wanted["surface_material_override/%d" % surface] = fitted
		return wanted
	if node is CSGPrimitive3D and "material" in node:
		return {"material": material}
	return {}


static func _sky(node: Node, sky: Sky) -> Dictionary:
	if node is not WorldEnvironment:
		return {}
	var environment := Environment.new()
	if node.environment:
		environment = node.environment.duplicate()
	environment.background_mode = Environment.BG_SKY
	environment.sky = sky
	return {"environment": environment}


## Whether every surface has UV coordinates.
static func has_uvs(mesh: Mesh) -> bool:
	for surface in mesh.get_surface_count():
		var uvs: Variant = mesh.surface_get_arrays(surface)[UVS]
		if uvs == null or uvs.is_empty():
			return false
	return true


static func _triplanar(material: Material) -> Material:
	if material is not BaseMaterial3D:
		return material
	var own: BaseMaterial3D = material.duplicate()
	own.uv1_triplanar = true
	return own


static func _current_material(node: Node) -> StandardMaterial3D:
	var current: Material
	if node is MeshInstance3D and node.mesh and node.mesh.get_surface_count():
		current = node.get_active_material(0)
	elif "material" in node:
		current = node.material
	return current.duplicate() if current is StandardMaterial3D else StandardMaterial3D.new()


## 3D materials cannot show a CanvasTexture; use its diffuse texture.
static func _plain(texture: Texture2D) -> Texture2D:
	return (texture as CanvasTexture).diffuse_texture if texture is CanvasTexture else texture


static func _is_pixel_art(texture: Texture2D) -> bool:
	var canvas := texture as CanvasTexture
	return canvas != null and canvas.texture_filter == CanvasItem.TEXTURE_FILTER_NEAREST

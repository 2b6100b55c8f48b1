@tool
extends RefCounted
## A depth picture of what a camera sees, as `assetgen depth` would draw it: near white, inverse
## distance, sky black.
##
## The camera's world is drawn once more in a viewport of its own, through a copy of the camera,
## with a quad before it that shows the depth buffer. The quad lies on a render layer that no
## editor viewport shows.

const SHADER := preload("depth.gdshader")
const LAYER := 1 << 20
const SCENE_LAYERS := (1 << 20) - 1
const CULL_MARGIN := 16384.0
const LEVELS := 255.0
## Times that the range of distances is looked for, each time more closely.
const LOOKS := 2
## Where black and white lie among the distances, as the depth models were trained (see the
## server's `depth`).
const FAR_SHARE := 0.01
const NEAR_SHARE := 0.003
const FAR_REACH := 0.8
const FLAT_MARGIN := 0.1


## The picture, or null where the camera sees nothing. `host`: a node in the tree, to draw below.
static func render(host: Node, camera: Camera3D, size: Vector2i) -> Image:
	var viewport := SubViewport.new()
	viewport.size = size
	viewport.world_3d = camera.get_world_3d()
	viewport.render_target_update_mode = SubViewport.UPDATE_DISABLED
	var eye := _copy(camera)
	var quad := _quad(camera.projection == Camera3D.PROJECTION_ORTHOGONAL)
	viewport.add_child(eye)
	eye.add_child(quad)
	host.add_child(viewport)
	eye.global_transform = camera.global_transform
	eye.make_current()
	var material := quad.material_override as ShaderMaterial
	var found := await _look(viewport, material, Vector2(camera.near, camera.far))
	var picture: Image
	if found.y > 0.0:
		picture = await _draw(viewport, material, _toned(found, camera), false)
	viewport.queue_free()
	return picture


## The distances of the nearest and the farthest thing, crumbs aside; zero for an empty view.
static func _look(viewport: SubViewport, material: ShaderMaterial, limits: Vector2) -> Vector2:
	var span := limits
	for look in LOOKS:
		var image := await _draw(viewport, material, span, true)
		var levels := await _levels(image.get_data())
		if levels.y < 0:
			return Vector2.ZERO
		var ratio := log(span.y / span.x)
		var nearest := span.x * exp((1.0 - (levels.y + 1) / LEVELS) * ratio)
		var farthest := span.x * exp((1.0 - (levels.x - 1) / LEVELS) * ratio)
		span = Vector2(maxf(nearest, limits.x), minf(farthest, limits.y))
	return span


## The grey levels of the farthest and the nearest thing, counted in a worker thread; -1 for none.
static func _levels(data: PackedByteArray) -> Vector2i:
	var found: Array[Vector2i] = []
	var task := WorkerThreadPool.add_task(func() -> void: found.append(_count(data)))
	var tree := Engine.get_main_loop() as SceneTree
	while not WorkerThreadPool.is_task_completed(task):
		await tree.process_frame
	WorkerThreadPool.wait_for_task_completion(task)
	return found[0]


static func _count(data: PackedByteArray) -> Vector2i:
	var counts := PackedInt32Array()
	counts.resize(256)
	for grey in data:
		counts[grey] += 1
	var seen := data.size() - counts[0]
	if seen == 0:
		return Vector2i(-1, -1)
	var levels := Vector2i(-1, -1)
	var passed := 0
	for grey in range(1, 256):
		passed += counts[grey]
		if levels.x < 0 and passed > seen * FAR_SHARE:
			levels.x = grey
		if levels.y < 0 and passed >= seen * (1.0 - NEAR_SHARE):
			levels.y = grey
	return levels


## Which distances are white and black.
static func _toned(span: Vector2, camera: Camera3D) -> Vector2:
	if camera.projection == Camera3D.PROJECTION_ORTHOGONAL:
		return Vector2(span.x, span.y + FLAT_MARGIN * (span.y - span.x) + 0.001)
	return Vector2(span.x, span.y / FAR_REACH + 0.001)


static func _draw(
	viewport: SubViewport, material: ShaderMaterial, span: Vector2, logarithmic: bool
) -> Image:
	material.set_shader_parameter("nearest", span.x)
	material.set_shader_parameter("farthest", span.y)
	material.set_shader_parameter("logarithmic", logarithmic)
	viewport.render_target_update_mode = SubViewport.UPDATE_ONCE
	await RenderingServer.frame_post_draw
	var image := viewport.get_texture().get_image()
	image.convert(Image.FORMAT_L8)
	return image


static func _copy(camera: Camera3D) -> Camera3D:
	var eye := Camera3D.new()
	eye.projection = camera.projection
	eye.fov = camera.fov
	eye.size = camera.size
	eye.near = camera.near
	eye.far = camera.far
	eye.keep_aspect = camera.keep_aspect
	eye.frustum_offset = camera.frustum_offset
	eye.cull_mask = SCENE_LAYERS | LAYER
	eye.attributes = CameraAttributesPractical.new()
	eye.environment = Environment.new()
	eye.environment.background_mode = Environment.BG_COLOR
	eye.environment.background_color = Color.BLACK
	return eye


static func _quad(orthogonal: bool) -> MeshInstance3D:
	var quad := MeshInstance3D.new()
	quad.mesh = QuadMesh.new()
	quad.layers = LAYER
	quad.extra_cull_margin = CULL_MARGIN
	quad.cast_shadow = GeometryInstance3D.SHADOW_CASTING_SETTING_OFF
	var material := ShaderMaterial.new()
	material.shader = SHADER
	material.set_shader_parameter("orthogonal", orthogonal)
	quad.material_override = material
	return quad

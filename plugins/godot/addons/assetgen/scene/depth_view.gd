@tool
extends RefCounted
## The depth image of a camera, like that of `assetgen depth`: near is white, inverse
## distance, sky black.
##
## The world is rendered once more in a separate viewport, through a copy of the camera,
## with a quad in front that shows the depth buffer. The quad is on a render layer that no
## editor viewport shows.

const SHADER := preload("depth.gdshader")
const Tones := preload("tones.gd")

const LAYER := 1 << 20
const SCENE_LAYERS := (1 << 20) - 1
const CULL_MARGIN := 16384.0
const PLANES := 5


## The image, or null if the camera sees nothing. `host`: the parent node of the viewport.
static func render(host: Node, camera: Camera3D, size: Vector2i) -> Image:
	var viewport := SubViewport.new()
	viewport.size = size
	viewport.world_3d = camera.get_world_3d()
	viewport.render_target_update_mode = SubViewport.UPDATE_DISABLED
	var eye := _copy(camera)
	var quad := _quad(camera)
	viewport.add_child(eye)
	eye.add_child(quad)
	host.add_child(viewport)
	eye.global_transform = camera.global_transform
	eye.make_current()
	var planes: Array[Image] = []
	for plane in PLANES:
		planes.append(await _draw(viewport, quad.material_override, plane * Tones.BITS))
	viewport.queue_free()
	var is_flat := camera.projection == Camera3D.PROJECTION_ORTHOGONAL
	return await _toned(planes, Vector2(camera.near, camera.far), is_flat)


static func _draw(viewport: SubViewport, material: ShaderMaterial, first_bit: int) -> Image:
	material.set_shader_parameter("first_bit", first_bit)
	viewport.render_target_update_mode = SubViewport.UPDATE_ONCE
	await RenderingServer.frame_post_draw
	var image := viewport.get_texture().get_image()
	image.convert(Image.FORMAT_RGB8)
	return image


## Converted to grey in a worker thread.
static func _toned(planes: Array[Image], limits: Vector2, is_flat: bool) -> Image:
	var made: Array[Image] = []
	var task := WorkerThreadPool.add_task(
		func() -> void: made.append(Tones.grey(planes, limits, is_flat))
	)
	var tree := Engine.get_main_loop() as SceneTree
	while not WorkerThreadPool.is_task_completed(task):
		await tree.process_frame
	WorkerThreadPool.wait_for_task_completion(task)
	return made[0]


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


static func _quad(camera: Camera3D) -> MeshInstance3D:
	var quad := MeshInstance3D.new()
	quad.mesh = QuadMesh.new()
	quad.layers = LAYER
	quad.extra_cull_margin = CULL_MARGIN
	quad.cast_shadow = GeometryInstance3D.SHADOW_CASTING_SETTING_OFF
	var material := ShaderMaterial.new()
	material.shader = SHADER
	material.set_shader_parameter("nearest", camera.near)
	material.set_shader_parameter("farthest", camera.far)
	quad.material_override = material
	return quad

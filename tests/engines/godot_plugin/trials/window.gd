extends RefCounted
## In a window: the depth of the 3D view is drawn as depth models want it, and a concept follows it.

const DepthView := preload("res://addons/assetgen/scene/depth_view.gd")


func run(t: Object) -> void:
	var dock: Control = await t.ready_dock()
	var near := MeshInstance3D.new()
	near.mesh = BoxMesh.new()
	near.name = "Near"
	var far := MeshInstance3D.new()
	far.mesh = BoxMesh.new()
	far.name = "Far"
	far.position = Vector3(2.0, 0.0, -4.0)
	var eye := Camera3D.new()
	eye.name = "Eye"
	eye.position = Vector3(0.0, 0.0, 3.0)
	var root: Node = await t.edit_scene(Node3D.new(), [near, far, eye])
	EditorInterface.set_main_screen_editor("3D")
	await t.frames(5)
	eye = root.get_node("Eye")
	var children := root.get_child_count()
	for projection: int in [Camera3D.PROJECTION_PERSPECTIVE, Camera3D.PROJECTION_ORTHOGONAL]:
		eye.projection = projection
		eye.size = 8.0
		await _look(t, dock, eye, ["perspective", "orthogonal"][projection])
	t.check(root.get_child_count() == children, "the scene stays as it is")
	eye.projection = Camera3D.PROJECTION_PERSPECTIVE
	eye.look_at(Vector3(0.0, 100.0, 3.1))
	t.check(await DepthView.render(dock, eye, Vector2i(64, 64)) == null, "no depth of nothing")
	await _concept(t, dock)


func _look(t: Object, dock: Control, eye: Camera3D, name: String) -> void:
	var image := await DepthView.render(dock, eye, Vector2i(256, 256))
	image.save_png(OS.get_environment("ASSETGEN_SHOTS").path_join("depth_%s.png" % name))
	var front := eye.unproject_position(Vector3(0.0, 0.0, 0.5))
	var back := eye.unproject_position(Vector3(2.0, 0.0, -3.5))
	var shown := Vector2(eye.get_viewport().get_visible_rect().size)
	var scale := 256.0 / shown.y
	var middle := Vector2(128.0, 128.0)
	var white := image.get_pixelv(Vector2i(middle + (front - shown / 2.0) * scale)).r
	var grey := image.get_pixelv(Vector2i(middle + (back - shown / 2.0) * scale)).r
	t.check(white > 0.95, "%s: what is near is white" % name, white)
	var wanted: float = {"perspective": 0.141, "orthogonal": 0.091}[name]
	t.check(absf(grey - wanted) < 0.02, "%s: what is far is dark" % name, grey)
	t.check(image.get_pixel(2, 2).r == 0.0, "%s: the sky is black" % name)


func _concept(t: Object, dock: Control) -> void:
	t.check(await t.actions().concept_from_view(), "the dock waits for words", dock.notice.text())
	var inputs: Control = dock.generate.ask._inputs
	t.check(inputs.visible and inputs.get_child_count() == 1, "the depth is shown")
	dock.generate.ask.count.value = 2
	dock.generate.ask.prompt.text = "two huts"
	await dock.generate.make()
	await t.finish(2)
	t.check(dock.generate.job.state.request.inputs.has("depth.image"), "the depth conditions it")

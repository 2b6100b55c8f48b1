extends RefCounted
## Pictures of the dock for people to look at: empty, at work, with candidates, packs, an error.


func run(t: Object) -> void:
	var dock: Control = t.dock
	var parent := dock.get_parent()
	if parent.has_method("make_visible"):
		parent.make_visible()
	await t.ready_dock()
	await t.frames(60)
	await _shot(t, "1_empty")
	dock.generate.ask.choose_model(OS.get_environment("ASSETGEN_MODEL"))
	dock.generate.ask.prompt.text = "a red dragon with golden wings"
	dock.generate.ask.count.value = 6
	await dock.generate.make()
	await t.until(func(): return dock.generate.strip.finished().size() > 1, 60000)
	await _shot(t, "2_working")
	await t.until(func(): return dock.generate.job.is_over(), 80000)
	await t.frames(20)
	var scroll: ScrollContainer = dock.generate.get_child(0)
	scroll.scroll_vertical = 2000
	await _shot(t, "3_candidates")
	scroll.scroll_vertical = 0
	dock.generate.ask._fold.button_pressed = true
	await t.frames(5)
	for child: Node in dock.generate.ask.form.get_children():
		if child is Button:
			child.button_pressed = true
	await t.frames(5)
	scroll.scroll_vertical = 300
	await _shot(t, "4_form")
	scroll.scroll_vertical = 0
	dock.generate.ask._fold.button_pressed = false
	await dock.generate.run({"kind": "make", "preset": "pixel_sprit"}, 1, "x")
	await _shot(t, "5_error")
	dock.show_tab(dock.packs)
	dock.notice.clear()
	await t.until(func(): return dock.packs.job == null or dock.packs.job.is_over())
	await _shot(t, "6_packs")
	t.check(true, "pictures were made")


func _shot(t: Object, name: String) -> void:
	await t.frames(15)
	var path := OS.get_environment("ASSETGEN_SHOTS").path_join(name + ".png")
	t.get_viewport().get_texture().get_image().save_png(path)

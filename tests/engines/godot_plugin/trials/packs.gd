extends RefCounted
## A pack of the project is listed, built, and each of its assets has a badge.

const PACK := "art/pack.yaml"


func run(t: Object) -> void:
	var dock: Control = await t.ready_dock()
	var packs: Control = dock.packs
	t.check(dock.generate.name == "Erzeugen", "the dock speaks the editor's language")
	t.show_dock()
	dock.show_tab(packs)
	await _becomes(t, packs, "rock", "new", "before a build all is new")
	t.check(packs.table.packs() == PackedStringArray([PACK]), "listed", packs.table.packs())
	t.check(packs.table.chosen() == PACK, "the first pack is selected")
	t.check(await packs.build(), "it builds", dock.notice.text())
	t.check(packs.table.state_of(PACK, "rock") == "ok", "then it is fresh", dock.notice.text())
	await _follow(t, packs)
	await _wrong(t, dock, packs)
	await _cancel(t, packs)
	EditorInterface.set_plugin_enabled("assetgen", false)
	await t.frames(3)
	t.check(not is_instance_valid(dock), "the plugin can be switched off")
	EditorInterface.set_plugin_enabled("assetgen", true)
	t.find_dock()
	await t.ready_dock()
	await t.until(func(): return t.dock.packs.table.state_of(PACK, "rock") != "")
	await t.until(func(): return not t.dock.packs._is_looking)
	await t.frames(5)  # its coroutines end before the editor does


## What other programs write is noticed: nothing is pressed, and no window changes its focus.
func _follow(t: Object, packs: Control) -> void:
	DirAccess.make_dir_recursive_absolute("res://art/generated")
	DirAccess.copy_absolute("res://art/rock.png", "res://art/generated/new.png")
	_append("res://art/rock.png", "x")
	_replace("res://art/pack.yaml", "a tree", "an oak")
	await _becomes(t, packs, "rock", "edited", "a file painted by hand is reported")
	await _becomes(t, packs, "tree", "stale", "so is a changed prompt")
	var reasons: String = packs.table.reasons_of(PACK, "tree")
	t.check("prompt changed" in reasons, "and why", reasons)
	var is_here := func() -> bool: return ResourceLoader.exists("res://art/generated/new.png")
	t.check(await t.until(is_here), "a picture of another program is imported")


func _wrong(t: Object, dock: Control, packs: Control) -> void:
	_replace("res://art/pack.yaml", "preset: drawing", "preset: drawning")
	var is_shown := func() -> bool: return packs.table.place_of(PACK) != ""
	t.check(await t.until(is_shown), "a pack that is wrong is reported")
	t.check(
		packs.table.place_of(PACK) == "art/pack.yaml:3", "with its line", packs.table.place_of(PACK)
	)
	t.check(not await packs.check(PACK), "a pack that is wrong is no good pack")
	t.check(
		"drawning" in dock.notice.text(), "and the server's words are shown", dock.notice.text()
	)
	packs.table.select_pack(PACK)
	await packs.open()
	var editor := EditorInterface.get_script_editor().get_current_editor()
	var code := editor.get_base_editor() as CodeEdit if editor else null
	t.check(code and "drawning" in code.get_line(code.get_caret_line()), "it opens at its error")
	_replace("res://art/pack.yaml", "preset: drawning", "preset: drawing")


func _becomes(t: Object, packs: Control, asset: String, state: String, what: String) -> void:
	await t.until(func(): return packs.table.state_of(PACK, asset) == state)
	t.check(packs.table.state_of(PACK, asset) == state, what, packs.table.state_of(PACK, asset))


func _cancel(t: Object, packs: Control) -> void:
	var many := "pack: many\ntarget: many\nassets:\n"
	for number in 60:
		many += "  rock_%d: {preset: large, prompt: rock %d}\n" % [number, number]
	FileAccess.open("res://art/many.pack.yaml", FileAccess.WRITE).store_string(many)
	await packs.look()
	t.check(packs.table.packs().size() == 2, "a new pack is found")
	packs.table.select_pack("art/many.pack.yaml")
	var ended := []
	var build := func() -> void:
		await packs.build()
		ended.append(true)
	build.call()
	await t.until(func(): return packs.job.status() == "running")
	var building: RefCounted = packs.job
	await packs.cancel()
	await t.until(func(): return building.is_over())
	t.check(building.status() == "cancelled", "a build can be cancelled", building.status())
	await t.until(func(): return not ended.is_empty() and not packs._is_looking)
	await t.frames(5)


func _append(path: String, text: String) -> void:
	var file := FileAccess.open(path, FileAccess.READ_WRITE)
	file.seek_end()
	file.store_string(text)


func _replace(path: String, old: String, new: String) -> void:
	var text := FileAccess.get_file_as_string(path).replace(old, new)
	FileAccess.open(path, FileAccess.WRITE).store_string(text)

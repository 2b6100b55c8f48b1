extends RefCounted
## A pack of the project is listed, built, and each of its assets has a badge.

const PACK := "art/pack.yaml"


func run(t: Object) -> void:
	var dock: Control = await t.ready_dock()
	var packs: Control = dock.packs
	t.check(dock.generate.name == "Erzeugen", "the dock speaks the editor's language")
	await t.until(func(): return packs.table.state_of(PACK, "rock") != "")
	t.check(packs.table.packs() == PackedStringArray([PACK]), "listed", packs.table.packs())
	t.check(packs.table.state_of(PACK, "rock") == "new", "before a build all is new")
	await t.until(func(): return packs.job.is_over())
	t.check(packs.table.chosen() == PACK, "the first pack is selected")
	t.check(await packs.build(), "it builds", dock.notice.text())
	t.check(packs.table.state_of(PACK, "rock") == "ok", "then it is fresh", dock.notice.text())
	_append("res://art/rock.png", "x")
	_append("res://art/pack.yaml", "\n# nothing\n")
	_replace("res://art/pack.yaml", "a tree", "an oak")
	await packs.check(PACK)
	t.check(packs.table.state_of(PACK, "rock") == "edited", "a file painted by hand is reported")
	t.check(packs.table.state_of(PACK, "tree") == "stale", "so is a changed prompt")
	var reasons: String = packs.table.reasons_of(PACK, "tree")
	t.check("prompt changed" in reasons, "and why", reasons)
	_replace("res://art/pack.yaml", "preset: drawing", "preset: drawning")
	t.check(not await packs.check(PACK), "a pack that is wrong is no good pack")
	t.check(
		"drawning" in dock.notice.text(), "and the server's words are shown", dock.notice.text()
	)
	_replace("res://art/pack.yaml", "preset: drawning", "preset: drawing")
	await _cancel(t, packs)
	EditorInterface.set_plugin_enabled("assetgen", false)
	await t.frames(3)
	t.check(not is_instance_valid(dock), "the plugin can be switched off")
	EditorInterface.set_plugin_enabled("assetgen", true)
	t.find_dock()
	await t.ready_dock()
	await t.until(func(): return t.dock.packs.table.state_of(PACK, "rock") != "")
	await t.until(func(): return t.dock.packs.job.is_over())
	await t.frames(5)  # its coroutines end before the editor does


func _cancel(t: Object, packs: Control) -> void:
	var many := "pack: many\ntarget: many\nassets:\n"
	for number in 60:
		many += "  rock_%d: {preset: large, prompt: rock %d}\n" % [number, number]
	FileAccess.open("res://art/many.pack.yaml", FileAccess.WRITE).store_string(many)
	await packs.look()
	t.check(packs.table.packs().size() == 2, "a new pack is found")
	packs.table.select_pack("art/many.pack.yaml")
	packs.build()
	await t.until(func(): return packs.job.status() == "running")
	var building: RefCounted = packs.job
	await packs.cancel()
	await t.until(func(): return building.is_over())
	t.check(building.status() == "cancelled", "a build can be cancelled", building.status())
	await t.until(func(): return packs.job != building and packs.job.is_over())


func _append(path: String, text: String) -> void:
	var file := FileAccess.open(path, FileAccess.READ_WRITE)
	file.seek_end()
	file.store_string(text)


func _replace(path: String, old: String, new: String) -> void:
	var text := FileAccess.get_file_as_string(path).replace(old, new)
	FileAccess.open(path, FileAccess.WRITE).store_string(text)

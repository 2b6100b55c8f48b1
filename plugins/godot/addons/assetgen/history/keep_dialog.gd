@tool
extends ConfirmationDialog
## The name under which a picture is kept.

signal named(name: String)

const Names := preload("../keep/names.gd")
const Settings := preload("../settings.gd")
const Words := preload("../words.gd")

const WIDTH := 380

var field := LineEdit.new()
var note := Label.new()


func _init() -> void:
	title = Words.say("Keep as")
	ok_button_text = Words.say("Keep")
	cancel_button_text = Words.say("Cancel")
	note.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
	note.custom_minimum_size = Vector2(WIDTH, 0)
	var column := VBoxContainer.new()
	column.add_child(field)
	column.add_child(note)
	add_child(column)
	register_text_enter(field)
	field.text_changed.connect(_show_note)
	confirmed.connect(func() -> void: named.emit(Names.slug(field.text, "")))


## Enter a name; `suggested` is a prompt.
func enter(suggested: String) -> void:
	field.text = suggested.strip_edges().left(Names.LONGEST)
	_show_note(field.text)
	popup_centered()
	field.grab_focus()
	field.select_all()


func _show_note(text: String) -> void:
	var name := Names.slug(text, "")
	get_ok_button().disabled = name == ""
	var lines := PackedStringArray()
	if name:
		lines.append(Words.say("Becomes %s") % Settings.art_folder().path_join(name))
	if Names.loss(text):
		lines.append(Names.loss(text))
	note.text = "\n".join(lines)
	reset_size()

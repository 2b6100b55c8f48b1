@tool
extends RefCounted
## File names from prompts, without overwriting existing files.

const Letters := preload("letters.gd")
const Words := preload("../words.gd")

const LONGEST := 40
const USUAL := "asset"


## A prompt as a file name: "A red dragon!" → "a_red_dragon", "Müllers Höhle" → "muellers_hoehle".
## `otherwise` is for a text of which nothing can be written in ASCII letters and digits.
static func slug(text: String, otherwise := USUAL) -> String:
	var plain := RegEx.create_from_string("[^a-z0-9]+").sub(Letters.latin(text), "_", true)
	plain = plain.left(LONGEST).lstrip("_").rstrip("_")
	return plain if plain else otherwise


## What of a name cannot be written in a file name, as a sentence; "" if nothing is lost.
static func loss(text: String) -> String:
	if text.strip_edges() == "":
		return Words.say("Enter a name.")
	var lost := ""
	for letter in Letters.latin(text):
		if letter.unicode_at(0) > 127 and letter not in lost:
			lost += letter
	if lost == "":
		return Words.say("A name needs a letter or a digit.") if slug(text, "") == "" else ""
	if slug(text, "") == "":
		return Words.say("“%s” cannot be written in Latin letters. Enter another name.") % lost
	return Words.say("“%s” cannot be written in Latin letters and is left out.") % lost


## A name for which no file with these endings ("_normal.png", ".tres") exists in the folder.
static func unused(folder: String, wanted: String, endings: Array) -> String:
	var name := wanted
	var number := 1
	while endings.any(
		func(end: String) -> bool: return FileAccess.file_exists(folder.path_join(name + end))
	):
		number += 1
		name = "%s_%d" % [wanted, number]
	return name

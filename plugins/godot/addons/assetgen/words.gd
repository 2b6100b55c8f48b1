@tool
extends RefCounted
## The texts of the plugin in the editor's language.
##
## Editors before 4.4 have no translation domains, and later ones set a plugin's domain to the
## game's locale: so the translation of the editor's locale is used directly.

const FOLDER := "res://addons/assetgen/locale"

static var _locale := ""
static var _translation: Translation


## A text in the editor's language; in English where there is no translation.
static func say(text: String) -> String:
	var locale := TranslationServer.get_tool_locale()
	if locale != _locale:
		_locale = locale
		_translation = _load(locale)
	var translated := String(_translation.get_message(text)) if _translation else ""
	return translated if translated else text


static func _load(locale: String) -> Translation:
	for name: String in [locale, locale.get_slice("_", 0)]:
		var path := "%s/%s.po" % [FOLDER, name]
		if ResourceLoader.exists(path):
			return load(path)
	return null

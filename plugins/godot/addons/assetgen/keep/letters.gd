@tool
extends RefCounted
## Letters of other alphabets in Latin ones, for file names: ä → ae, é → e, ж → zh, λ → l.
##
## Godot cannot decompose Unicode, so these are lists. German spelling for ä, ö, ü and ß; Cyrillic
## after BGN/PCGN without apostrophes, Greek after ISO 843 without accents.

const PLAIN := {
	"a": "àáâãāăąǎ",
	"c": "çćĉċč",
	"d": "ðďđ",
	"e": "èéêëēĕėęě",
	"g": "ĝğġģ",
	"h": "ĥħ",
	"i": "ìíîïĩīĭįıǐ",
	"j": "ĵ",
	"k": "ķ",
	"l": "ĺļľŀł",
	"n": "ñńņňŋ",
	"o": "òóôõōŏőǒ",
	"r": "ŕŗř",
	"s": "śŝşšș",
	"t": "ţťŧț",
	"u": "ùúûũūŭůűųǔ",
	"w": "ŵẁẃẅ",
	"y": "ýÿŷỳ",
	"z": "źżž",
}
const LONGER := {
	"ä": "ae",
	"ö": "oe",
	"ü": "ue",
	"ß": "ss",
	"æ": "ae",
	"œ": "oe",
	"ø": "oe",
	"å": "aa",
	"þ": "th",
	"ĳ": "ij",
}
const CYRILLIC := {
	"а": "a",
	"б": "b",
	"в": "v",
	"г": "g",
	"ґ": "g",
	"д": "d",
	"е": "e",
	"ё": "yo",
	"є": "ye",
	"ж": "zh",
	"з": "z",
	"и": "i",
	"і": "i",
	"ї": "yi",
	"й": "y",
	"к": "k",
	"л": "l",
	"м": "m",
	"н": "n",
	"о": "o",
	"п": "p",
	"р": "r",
	"с": "s",
	"т": "t",
	"у": "u",
	"ў": "w",
	"ф": "f",
	"х": "kh",
	"ц": "ts",
	"ч": "ch",
	"ш": "sh",
	"щ": "shch",
	"ъ": "",
	"ы": "y",
	"ь": "",
	"э": "e",
	"ю": "yu",
	"я": "ya",
	"ђ": "dj",
	"ј": "j",
	"љ": "lj",
	"њ": "nj",
	"ћ": "c",
	"џ": "dz",
}
const GREEK := {
	"α": "a",
	"ά": "a",
	"β": "v",
	"γ": "g",
	"δ": "d",
	"ε": "e",
	"έ": "e",
	"ζ": "z",
	"η": "i",
	"ή": "i",
	"θ": "th",
	"ι": "i",
	"ί": "i",
	"ϊ": "i",
	"ΐ": "i",
	"κ": "k",
	"λ": "l",
	"μ": "m",
	"ν": "n",
	"ξ": "x",
	"ο": "o",
	"ό": "o",
	"π": "p",
	"ρ": "r",
	"σ": "s",
	"ς": "s",
	"τ": "t",
	"υ": "y",
	"ύ": "y",
	"ϋ": "y",
	"ΰ": "y",
	"φ": "f",
	"χ": "ch",
	"ψ": "ps",
	"ω": "o",
	"ώ": "o",
}
## Marks that follow their letter in decomposed text: "e" + U+0301.
const FIRST_MARK := 0x300
const LAST_MARK := 0x36F
const DIAERESIS := 0x308

static var _all := {}


## The text in small ASCII letters where that is possible; other characters stay.
static func latin(text: String) -> String:
	if _all.is_empty():
		_fill()
	var made := ""
	for letter in text.to_lower():
		var code := letter.unicode_at(0)
		if code == DIAERESIS and made and made[-1] in "aou":
			made += "e"
		elif code < FIRST_MARK or code > LAST_MARK:
			made += _all.get(letter, letter)
	return made


static func _fill() -> void:
	for plain: String in PLAIN:
		for letter: String in PLAIN[plain]:
			_all[letter] = plain
	for table: Dictionary in [LONGER, CYRILLIC, GREEK]:
		_all.merge(table)

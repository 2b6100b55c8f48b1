@tool
extends RefCounted
## Reads the JSON schema of an argument: the kind of control, its bounds, and
## its default.

const CHOICE := "choice"
const SWITCH := "switch"
const NUMBER := "number"
const NUMBERS := "numbers"
const TEXT := "text"
const FILE := "file"
## Types without a control; the preset's value stays.
const NONE := ""

const MOST := 1_000_000_000.0
const FINE := 0.01
## The step of a number whose default lies between two of those.
const FINER := 0.001


## The field of a schema: kind, optional, default, and data for the kind.
static func field(schema: Dictionary) -> Dictionary:
	var is_optional := false
	var inner := schema
	if schema.has("anyOf"):
		var choices: Array = schema.anyOf
		is_optional = choices.any(func(each: Dictionary) -> bool: return each.get("type") == "null")
		var usable := choices.filter(func(each: Dictionary) -> bool: return _kind(each) != NONE)
		inner = usable[0] if usable else {}
	var found := _described(inner)
	found.optional = is_optional
	found.default = schema.get("default", inner.get("default"))
	return found


static func _described(schema: Dictionary) -> Dictionary:
	var kind := _kind(schema)
	match kind:
		CHOICE:
			return {"kind": kind, "choices": schema.enum}
		NUMBER:
			return {"kind": kind, "bounds": _bounds(schema)}
		NUMBERS:
			return {"kind": kind, "each": (schema.prefixItems as Array).map(_bounds)}
	return {"kind": kind}


static func _kind(schema: Dictionary) -> String:
	if schema.has("enum"):
		return CHOICE
	match schema.get("type"):
		"boolean":
			return SWITCH
		"integer", "number":
			return NUMBER
		"array":
			var each: Array = schema.get("prefixItems", [])
			var are_numbers := each.all(
				func(item: Dictionary) -> bool: return _kind(item) == NUMBER
			)
			return NUMBERS if each and are_numbers else NONE
		"string":
			if schema.has("const"):
				return NONE
			return FILE if schema.get("format") == "upload" else TEXT
	return NONE


static func _bounds(schema: Dictionary) -> Dictionary:
	var is_whole: bool = schema.get("type") == "integer"
	var usual := float(schema.get("default") if schema.get("default") is float else 0.0)
	var fine := FINE if is_equal_approx(snappedf(usual, FINE), usual) else FINER
	var step := 1.0 if is_whole else fine
	var least: float = schema.get(
		"minimum", float(schema.get("exclusiveMinimum", -MOST - step)) + step
	)
	var most: float = schema.get(
		"maximum", float(schema.get("exclusiveMaximum", MOST + step)) - step
	)
	return {"whole": is_whole, "min": least, "max": most, "step": step}

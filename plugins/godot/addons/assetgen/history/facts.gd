@tool
extends RefCounted
## What the history knows about an entry, as text.

const Words := preload("../words.gd")


## The prompt and the seed.
static func line(entry: Dictionary) -> String:
	var name: String = entry.prompt if entry.prompt else entry.preset
	return name if entry.get("seed") == null else "%s · %d" % [name, int(entry.seed)]


## The prompt, then what made it, and when.
static func text(entry: Dictionary) -> String:
	var facts: Array[String] = [str(entry.preset)]
	if entry.get("model"):
		facts.append(str(entry.model))
	if entry.get("seed") != null:
		facts.append(Words.say("seed %d") % int(entry.seed))
	if entry.get("score") != null:
		facts.append(Words.say("score %.2f") % entry.score)
	facts.append("%d × %d" % [int(entry.width), int(entry.height)])
	if entry.get("seconds"):
		facts.append("%.1f s" % entry.seconds)
	var cost: Dictionary = entry.get("cost", {})
	if cost.get("usd"):
		facts.append("$%.4f" % cost.usd)
	if cost.get("watt_hours"):
		facts.append("%.3f Wh" % cost.watt_hours)
	facts.append(_time(entry.made))
	var lines := [str(entry.get("prompt", "")), " · ".join(facts)]
	if entry.get("negative"):
		lines.insert(1, Words.say("without: %s") % entry.negative)
	return "\n".join(lines.filter(func(line: String) -> bool: return line != "")).strip_edges()


## The local time of a moment.
static func _time(made: float) -> String:
	var bias: int = Time.get_time_zone_from_system().bias
	return Time.get_datetime_string_from_unix_time(int(made) + bias * 60, true).left(16)

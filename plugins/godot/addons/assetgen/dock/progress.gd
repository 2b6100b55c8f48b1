@tool
extends VBoxContainer
## The progress of a job, as text and as a bar.

const Job := preload("../client/job.gd")
const Words := preload("../words.gd")

const BAR_HEIGHT := 6
const LINES := 2
const MOST_TITLE := 40

var _bar := ProgressBar.new()
var _words := Label.new()


func _init() -> void:
	visible = false
	_bar.max_value = 1.0
	_bar.step = 0.001
	_bar.show_percentage = false
	_bar.custom_minimum_size.y = BAR_HEIGHT
	_words.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
	_words.max_lines_visible = LINES
	_words.custom_minimum_size.x = 1
	_words.text_overrun_behavior = TextServer.OVERRUN_TRIM_ELLIPSIS
	_words.mouse_filter = Control.MOUSE_FILTER_STOP
	_words.modulate.a = 0.75
	add_child(_bar)
	add_child(_words)


func show_job(job: Job) -> void:
	_show(_told(job))
	_bar.visible = not job.is_over()
	_bar.value = job.fraction()


func say(text: String) -> void:
	_show(text)
	_bar.visible = false


## The displayed text.
func text() -> String:
	return _words.text


func _show(text: String) -> void:
	visible = true
	_words.text = text
	_words.tooltip_text = text


func _told(job: Job) -> String:
	match job.status():
		"queued":
			return _waiting(job)
		"done":
			return _ended(job, Words.say("Done in %.1f s") % _seconds(job))
		"failed":
			return _ended(job, Words.say("Failed"))
		"cancelled":
			return _ended(job, Words.say("Cancelled"))
	return _doing(job)


## "3 of 4 made" where not all, but some were.
func _ended(job: Job, otherwise: String) -> String:
	var wanted := int(job.request().get("count", 1))
	if job.request().get("kind") != "make" or job.made() == 0 or job.made() >= wanted:
		return otherwise
	if job.status() == "cancelled":
		return Words.say("Cancelled, %d of %d made") % [job.made(), wanted]
	return Words.say("%d of %d made in %.1f s") % [job.made(), wanted, _seconds(job)]


func _seconds(job: Job) -> float:
	var began: Variant = job.state.get("started")
	return float(job.state.ended) - float(began if began != null else job.state.ended)


func _waiting(job: Job) -> String:
	var place := Words.say("Waiting, number %d in the queue") % int(job.state.position)
	if job.before.is_empty():
		return place
	return Words.say("%s, behind %s") % [place, described(job.before)]


## A job of the queue in words: "Blender, 'a red dragon'".
static func described(entry: Dictionary) -> String:
	var client := str(entry.get("client", "")).capitalize()
	var title := str(entry.get("title", "")) if entry.get("title") else str(entry.get("kind", ""))
	if title.length() > MOST_TITLE:
		title = title.left(MOST_TITLE - 1) + "…"
	return "%s, '%s'" % [client, title]


func _doing(job: Job) -> String:
	var progress: Dictionary = job.state.get("progress", {})
	var event: Dictionary = job.events[-1] if job.events else {}
	match event.get("event"):
		"loading":
			return Words.say("Loading the model %s") % event.get("model", "")
		"compiling":
			return Words.say("Compiling the model %s") % event.get("model", "")
		"waiting":
			return Words.say("Waiting for %s") % event.get("holder", "")
	if progress.get("total"):
		return Words.say("%d of %d finished") % [int(progress.done), int(progress.total)]
	return Words.say("Working")

@tool
extends VBoxContainer
## The progress of a job, as text and as a bar.

const Job := preload("../client/job.gd")
const Words := preload("../words.gd")

var _bar := ProgressBar.new()
var _words := Label.new()


func _init() -> void:
	visible = false
	_bar.max_value = 1.0
	_bar.step = 0.001
	_bar.show_percentage = false
	_bar.custom_minimum_size.y = 6
	_words.clip_text = true
	_words.text_overrun_behavior = TextServer.OVERRUN_TRIM_ELLIPSIS
	_words.modulate.a = 0.75
	add_child(_bar)
	add_child(_words)


func show_job(job: Job) -> void:
	visible = true
	_bar.visible = not job.is_over()
	_bar.value = job.fraction()
	_words.text = _told(job)


func say(text: String) -> void:
	visible = true
	_bar.visible = false
	_words.text = text
	_words.tooltip_text = text


## The displayed text.
func text() -> String:
	return _words.text


func _told(job: Job) -> String:
	match job.status():
		"queued":
			return Words.say("Waiting, number %d in the queue") % int(job.state.position)
		"done":
			return Words.say("Done in %.1f s") % (job.state.ended - job.state.started)
		"failed":
			return Words.say("Failed")
		"cancelled":
			return Words.say("Cancelled")
	return _doing(job)


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

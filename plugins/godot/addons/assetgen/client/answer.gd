@tool
extends RefCounted
## The response to a request, or an error with cause and cure.

const Words := preload("../words.gd")

## The HTTP status; 0 without a response.
var status := 0
## Parsed JSON, or raw bytes if bytes were requested.
var body: Variant
var what := ""
var cure := ""
## The file and line of the error, or "".
var where := ""
## No program listens at the address.
var is_refused := false
## The next response can succeed without a person.
var is_passing := false
## The program of the server was not found.
var is_missing := false


func is_ok() -> bool:
	return status >= 200 and status < 300 and what == ""


## The address or token may be outdated: the state file must be read again.
func is_stale() -> bool:
	return status in [0, 401, 403]


## A response to a request for JSON.
static func read(code: int, raw: PackedByteArray) -> RefCounted:
	var answer := new()
	answer.status = code
	var json := JSON.new()
	var is_json := json.parse(raw.get_string_from_utf8()) == OK
	answer.body = json.data if is_json else null
	if code >= 200 and code < 300:
		if not is_json:
			return unreadable()
		return answer
	var error: Variant = answer.body.get("error") if answer.body is Dictionary else null
	if error is Dictionary:
		answer.what = sentence(str(error.get("what", "")))
		answer.cure = sentence(str(error.get("cure", "")))
		answer.where = str(error.get("where", ""))
	if answer.what == "":
		answer.what = Words.say("The server refused (HTTP %d).") % code
	if code in [401, 403]:
		answer.what = Words.say("The server does not accept this token.")
		answer.cure = Words.say("Restart the server, so that it writes a new address and token.")
	return answer


## A successful response.
static func good(found: Variant) -> RefCounted:
	var answer := new()
	answer.status = 200
	answer.body = found
	return answer


## An error without a response.
static func none(problem: String, help := "", refused := false) -> RefCounted:
	var answer := new()
	answer.what = problem
	answer.cure = help
	answer.is_refused = refused
	return answer


## An invalid response.
static func unreadable() -> RefCounted:
	return none(Words.say("The server's answer cannot be read."), Words.say("Restart the server."))


## An error text of the server as a sentence.
static func sentence(text: String) -> String:
	if text == "":
		return ""
	var first := text if text[0] in "'\"`/" else text[0].to_upper() + text.substr(1)
	return first if first[-1] in ".!?" else first + "."

@tool
extends VBoxContainer
## One notice for the server, and one for each tab, which is shown with its tab. Each stays until
## the next one of its own replaces it, a person removes it, or the tab begins something new.

const Answer := preload("../client/answer.gd")
const Notice := preload("notice.gd")

## About the server.
var server := Notice.new()

var _of_tabs := {}
var _tab: Control


func _init() -> void:
	add_child(server)


## The notice of a tab.
func of(tab: Control) -> Notice:
	if not _of_tabs.has(tab):
		var holder := MarginContainer.new()
		_of_tabs[tab] = Notice.new()
		holder.add_child(_of_tabs[tab])
		holder.visible = tab == _tab
		add_child(holder)
	return _of_tabs[tab]


## Show the notice of this tab, if it has one.
func show_tab(tab: Control) -> void:
	_tab = tab
	for each: Control in _of_tabs:
		(_of_tabs[each] as Notice).get_parent().visible = each == tab


## All messages, whether or not their tab is in front.
func text() -> String:
	var texts := [server.text()]
	for tab: Control in _of_tabs:
		texts.append((_of_tabs[tab] as Notice).text())
	return " ".join(texts.filter(func(each: String) -> bool: return each != ""))

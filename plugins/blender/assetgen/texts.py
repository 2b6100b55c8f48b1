"""Texts in a panel: translated, and wrapped to its width."""

import re
from functools import cache

import blf
import bpy

from .client.trouble import Trouble
from .translations import TEMPLATES

BESIDE = 90
"""Width in pixels of everything beside a line of text: tabs, margins, icon."""


def translated(text: str) -> str:
    """A text in the language of the interface; numbers, names and paths in it stay as they are."""
    known = bpy.app.translations.pgettext_iface(text)
    if known != text or not bpy.context.preferences.view.use_translate_interface:
        return known
    for template, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found:
            return bpy.app.translations.pgettext_iface(template).format(*map(translated, found.groups()))
    return text


def say(layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str, most: int = 0) -> None:
    """Draw a text, wrapped to the width of the panel, in at most so many lines."""
    scale = context.preferences.system.ui_scale
    blf.size(0, context.preferences.ui_styles[0].widget.points * scale)
    room = context.region.width - BESIDE * scale
    lines: list[str] = []
    for word in translated(text).split():
        if lines and blf.dimensions(0, f"{lines[-1]} {word}")[0] < room:
            lines[-1] += f" {word}"
        else:
            lines += _broken(word, room)
    if most and len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1]} …"]
    column = layout.column(align=True)
    column.scale_y = 0.8
    for number, line in enumerate(lines):
        column.label(text=line, icon=icon if number == 0 else "BLANK1", translate=False)


def say_trouble(layout: bpy.types.UILayout, context: bpy.types.Context, trouble: Trouble) -> None:
    """Draw an error and its cure in a box."""
    box = layout.box()
    box.alert = True
    say(box, context, trouble.what, "ERROR")
    if trouble.cure:
        say(box, context, trouble.cure, "BLANK1")


def _broken(word: str, room: float) -> list[str]:
    """A long word, such as a path, in pieces that fit."""
    pieces = [""]
    for letter in word:
        if pieces[-1] and blf.dimensions(0, pieces[-1] + letter)[0] >= room:
            pieces.append("")
        pieces[-1] += letter
    return pieces


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [(each, re.compile("(.+?)".join(map(re.escape, each.split("{}"))), re.DOTALL)) for each in TEMPLATES]

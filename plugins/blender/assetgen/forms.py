"""The form of a preset: filled from its schema, and read for values that differ from the preset."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import bpy

from .client.form import Field, settings_of
from .client.trouble import Trouble

Pages = Mapping[str, Sequence[Field]]
"""The fields of each loaded preset."""
SLOT = {"INT": "whole", "FLOAT": "number", "BOOL": "yes", "CHOICE": "choice"}
"""The property that shows a field kind; all others use text."""


def fill_forms(pages: Pages) -> None:
    """Fill the form of each scene whose preset is loaded."""
    for scene in bpy.data.scenes:
        if not scene.assetgen.form:
            fill_form(scene.assetgen, pages)


def fill_form(settings: Any, pages: Pages) -> None:
    """The fields of the preset with defaults; empty until they are loaded."""
    settings.form.clear()
    for field in pages.get(settings.preset, ()):
        row = settings.form.add()
        row.name = f"{field.part}.{field.word}"
        row.part, row.word, row.label, row.kind = field.part, field.word, field.label, field.kind
        row.choices, row.low, row.high = json.dumps(field.choices), field.low, field.high
        if field.kind in SLOT:
            value = field.default if field.kind != "CHOICE" else str(field.default) or "-"
            setattr(row, SLOT[field.kind], value)


def placeholder_of(field: Field | None, native: Sequence[int] | None) -> str:
    """What an empty text field means: the preset's value, else that of the model."""
    if field is None:
        return ""
    return field.text_of(native) if native and field.word == "size" and field.default is None else field.placeholder


def form_settings(settings: Any, pages: Pages) -> dict[str, dict[str, Any]]:
    """The values that differ from the preset. Raises `Trouble` for an invalid text."""
    known = {f"{field.part}.{field.word}": field for field in pages.get(settings.preset, ())}
    try:
        return settings_of(_values(settings, known))
    except ValueError as error:
        raise Trouble(str(error), "Clear the field to use the preset's value.") from error


def _values(settings: Any, known: dict[str, Field]) -> Iterator[tuple[Field, Any]]:
    for row in settings.form:
        field = known.get(row.name)
        if field is None:
            continue
        if row.kind not in SLOT:
            yield field, field.value_of(row.text)
            continue
        value = getattr(row, SLOT[row.kind])
        if row.kind == "FLOAT":  # Blender's numbers are single precision: 0.6 comes back as 0.60000002
            value = field.default if abs(value - field.default) < 1e-6 * max(abs(value), 1) else round(value, 6)
        yield field, "" if value == "-" else value

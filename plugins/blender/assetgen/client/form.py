"""A preset's arguments as the fields of a form, read from their JSON schemas."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

CONTROL_WORDS = ("strength", "start", "end")
"""Arguments of a control that the form shows; image, camera and size come from the scene."""
REFERENCE_WORD = "strength"
"""Shown together with the reference image, not in the form."""
KINDS = {"integer": "INT", "number": "FLOAT", "boolean": "BOOL", "string": "TEXT"}
UNBOUNDED = 1e9
NONE = "none"
NUMBER = r"-?\d+(\.\d+)?"


@dataclass(frozen=True)
class Field:
    """One argument of one part. `kind` is INT, FLOAT, BOOL, CHOICE, TEXT; as text NUMBER (one or none) and NUMBERS."""

    part: str
    word: str
    kind: str
    default: Any
    choices: tuple[str, ...] = ()
    low: float = -UNBOUNDED
    high: float = UNBOUNDED
    may_be_none: bool = False

    @property
    def label(self) -> str:
        """`Roughness Contrast` for `roughness_contrast`."""
        return self.word.replace("_", " ").capitalize()

    def value_of(self, text: str) -> Any:
        """The value of a text field: the default for an empty one, None for `none`. Raises `ValueError`."""
        text = text.strip()
        if not text:
            return self.default
        if self.may_be_none and text.lower() == NONE:
            return None
        if self.kind == "TEXT":
            return text
        words = re.split(r"[\s,;x×]+", text)
        if not all(re.fullmatch(NUMBER, word) for word in words) or (self.kind == "NUMBER" and len(words) > 1):
            kind = "a number" if self.kind == "NUMBER" else "numbers, like 128, 128"
            raise ValueError(f"{self.label} ({self.part}) must be {kind}.")
        numbers = [float(word) if "." in word else int(word) for word in words]
        return numbers if self.kind == "NUMBERS" else numbers[0]

    @property
    def placeholder(self) -> str:
        """What an empty text field means."""
        if self.default not in (None, ""):
            return self.text_of(self.default)
        return NONE if self.kind == "TEXT" else "automatic"

    def text_of(self, value: Any) -> str:
        """A value as text for a text field."""
        if value is None:
            return ""
        return ", ".join(f"{number:g}" for number in value) if isinstance(value, list | tuple) else str(value)


def fields_of(page: Mapping[str, Any]) -> list[Field]:
    """The fields of a preset, in order, without arguments that a form cannot show (files, lists of objects)."""
    found = []
    for part in page["parts"]:
        for word, schema in part["schema"].get("properties", {}).items():
            if part["kind"] == "control" and word not in CONTROL_WORDS:
                continue
            if part["kind"] == "source" and word == REFERENCE_WORD:
                continue
            field = _field(str(part["name"]), word, schema)
            if field:
                found.append(field)
    return found


def settings_of(pairs: Iterable[tuple[Field, Any]]) -> dict[str, dict[str, Any]]:
    """The `settings` of a request: values that differ from the preset."""
    settings: dict[str, dict[str, Any]] = {}
    for field, value in pairs:
        if value != field.default:
            settings.setdefault(field.part, {})[field.word] = value
    return settings


def _choices_of(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]


def _field(part: str, word: str, schema: Mapping[str, Any]) -> Field | None:
    default = schema.get("default")
    each = [one for one in _choices_of(schema) if one.get("type") not in (None, "null")]
    if any(one.get("format") == "upload" for one in each) or not each:
        return None
    plain, may_be_empty = each[0], any(one.get("type") == "null" for one in _choices_of(schema))
    if "enum" in plain and not may_be_empty and len(each) == 1:
        return Field(part, word, "CHOICE", default, tuple(str(choice) for choice in plain["enum"]))
    if plain["type"] == "array":
        numbers = plain.get("prefixItems") or [plain.get("items", {})]
        is_flat = all(one.get("type") in ("integer", "number") for one in numbers)
        return Field(part, word, "NUMBERS", default, may_be_none=may_be_empty) if is_flat else None
    if plain["type"] not in KINDS:
        return None
    if may_be_empty or len(each) > 1 or default is None:
        is_number = plain["type"] in ("integer", "number") and len(each) == 1
        return Field(part, word, "NUMBER" if is_number else "TEXT", default, may_be_none=may_be_empty)
    low = plain.get("minimum", plain.get("exclusiveMinimum", -UNBOUNDED))
    high = plain.get("maximum", plain.get("exclusiveMaximum", UNBOUNDED))
    return Field(part, word, KINDS[plain["type"]], default, (), float(low), float(high))

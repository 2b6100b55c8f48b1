"""The arguments of parts in words: what each accepts, its default, and an example of the part in YAML."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from assetgen.parts import Part, PartKind

_NAMED = {
    "ModelCard": "the name of a model",
    "InputFile": "a file",
    "HubFile": "{hub, revision, file}",
    "LoraArgument": "{file, weight, licence}",
}
"""Types whose schemas are longer than what a person writes."""
_COLOR = "^#[0-9a-fA-F]{6}$"
_WRITTEN: dict[PartKind, str] = {
    "source": "source: {}",
    "control": "controls: [{}]",
    "step": "steps: [{}]",
    "check": "checks: [{}]",
    "exporter": "export: {}",
}
"""The key of a preset that names a part of a kind."""


@dataclass(frozen=True)
class Argument:
    """One argument of a part. `accepts` is like `integer, 1 to 64` or `x | y | xy`, `default` as YAML writes it."""

    name: str
    accepts: str
    default: str


def described_arguments(part: Part) -> tuple[Argument, ...]:
    """The arguments of a part, in order. An argument without a default has the default `required`."""
    return described_fields(part.params)


def described_fields(model: type[BaseModel]) -> tuple[Argument, ...]:
    """The keys of a schema, as `described_arguments` describes those of a part."""
    schema = model.model_json_schema()
    return tuple(
        Argument(
            name,
            _accepted(schema["properties"][name], schema.get("$defs", {})),
            "required" if field.is_required() else _written(field.default),
        )
        for name, field in model.model_fields.items()
    )


def example_of(part: Part) -> str:
    """A line of a preset that names the part; "" where its docstring has an example."""
    if "Example" in (inspect.getdoc(part.run) or ""):
        return ""
    simple = {
        name: field.default
        for name, field in part.params.model_fields.items()
        if name != "seed"
        and (isinstance(field.default, int | float) or (isinstance(field.default, str) and field.default))
    }
    first = next((f"{{{part.name}: {{{name}: {_written(value)}}}}}" for name, value in simple.items()), part.name)
    return _WRITTEN[part.kind].replace("{}", first)


def _accepted(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """What a JSON schema accepts."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _NAMED.get(name) or _accepted(definitions[name], definitions)
    choices = [each for each in schema.get("anyOf", schema.get("oneOf", ())) if each.get("type") != "null"]
    if choices:
        return " or ".join(_accepted(each, definitions) for each in choices)
    if "enum" in schema or "const" in schema:
        return " | ".join(map(_written, schema.get("enum", [schema.get("const")])))
    match schema.get("type"):
        case "integer" | "number" as name:
            return _ranged(name, schema)
        case "boolean":
            return "true | false"
        case "array" if "prefixItems" in schema:
            kinds = [_accepted(each, definitions) for each in schema["prefixItems"]]
            return f"{len(kinds)} numbers, each {kinds[0]}" if len(set(kinds)) == 1 else f"[{'; '.join(kinds)}]"
        case "array":
            return f"list of {_accepted(schema.get('items', {}), definitions)}"
        case "object":
            pairs = (f"{key}: {_accepted(each, definitions)}" for key, each in schema.get("properties", {}).items())
            return f"{{{'; '.join(pairs)}}}"
    if schema.get("format") == "model":
        return "the name of a model"
    return 'colour like "#ff8800"' if schema.get("pattern") == _COLOR else "text"


def _ranged(name: str, schema: Mapping[str, Any]) -> str:
    """`integer, 1 to 64`; limits that are not part of the range are `above` and `below`."""
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    parts = [f"above {above}"] if above is not None else []
    if low is not None:
        parts.append(f"{low} to {high}" if high is not None else f"at least {low}")
    elif high is not None:
        parts.append(f"at most {high}")
    if below is not None and below < 2**32:  # the limit of seeds is that of the number format
        parts.append(f"below {below}")
    return ", ".join([name, *parts])


def _written(value: object) -> str:
    """A default as YAML writes it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, BaseModel):
        return _written(value.model_dump(mode="json", exclude_none=True))
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_written(each)}' for key, each in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_written, value))}]"
    return '""' if value == "" else f'"{value}"' if str(value).startswith("#") else str(value)

"""YAML that strangers wrote: read safely, and remembering the line of every key.

Only plain data is accepted: no tags that build objects, no duplicate keys, no text that unfolds (by aliases or by
nesting) into more than `MAX_NODES` values.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from assetgen.errors import InputError
from assetgen.parts import did_you_mean

MAX_YAML_BYTES = 8_000_000
_MAX_NODES = 400_000
_MAX_DEPTH = 40
_PLAIN_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
TYPE_MESSAGES = {
    "string_type": "Input should be text",
    "int_type": "Input should be a whole number",
    "int_parsing": "Input should be a whole number",
    "int_from_float": "Input should be a whole number",
    "float_type": "Input should be a number",
    "float_parsing": "Input should be a number",
    "bool_type": "Input should be true or false",
    "bool_parsing": "Input should be true or false",
    "dict_type": "Input should be a mapping, KEY: VALUE",
    "model_type": "Input should be a mapping, KEY: VALUE",
    "mapping_type": "Input should be a mapping, KEY: VALUE",
    "tuple_type": "Input should be a list, [A, B]",
    "list_type": "Input should be a list, [A, B]",
}
"""Types by pydantic's names, in the words of who writes YAML."""
_UNION_MEMBERS = ("tuple[", "function-", "constrained-", "literal[")
"""How the names begin that pydantic gives the choices of a union, among the keys that lead to a value."""
KeyPath = tuple[str | int, ...]
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True)
class Document:
    """Plain data from a YAML file, and the line (counted from 1) where each of its values begins."""

    file: str
    data: Any
    lines: Mapping[KeyPath, int] = field(default_factory=dict)

    def where(self, *keys: str | int) -> str:
        """`pack.yaml:12` for the value at these keys, or for the nearest enclosing one that has a line.

        The entries of a list may be named by their `name`.
        """
        keys = self._numbered(keys)
        for end in range(len(keys), -1, -1):
            if keys[:end] in self.lines:
                return f"{self.file}:{self.lines[keys[:end]]}"
        return self.file

    def _numbered(self, keys: KeyPath) -> KeyPath:
        data, found = self.data, list(keys)
        for place, key in enumerate(keys):
            if isinstance(data, list) and isinstance(key, str):
                named = (n for n, entry in enumerate(data) if isinstance(entry, Mapping) and entry.get("name") == key)
                found[place] = key = next(named, key)
            try:
                data = data[key]
            except (LookupError, TypeError):
                break
        return tuple(found)


def read_yaml(path: Path) -> Document:
    """A YAML file as a `Document`. Raises `InputError` with file and line for whatever is wrong with it."""
    try:
        if path.stat().st_size > MAX_YAML_BYTES:
            raise InputError(f"is larger than {MAX_YAML_BYTES // 1_000_000} MB", where=str(path))
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"cannot read '{path}' ({why})") from error
    return parse_yaml(text, str(path))


def parse_yaml(text: str, file: str) -> Document:
    """Like `read_yaml`, from text; `file` is used in messages."""
    try:
        _check_depth(text, file)
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            raise InputError("is empty", where=file)
        reader = _Reader(loader, file)
        return Document(file, reader.value(node, ()), reader.lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{file}:{_line(mark)}" if mark else file
        raise InputError(f"is not plain YAML ({error.problem or error.context})", where=place) from error
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"is not plain YAML ({str(error).splitlines()[0]})", where=file) from error


def _check_depth(text: str, file: str) -> None:
    """Refuse deep nesting before the composer meets it: that recurses natively and would end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise InputError("is nested too deeply", where=f"{file}:{_line(event.start_mark)}")


def _line(mark: Any) -> int:
    return int(mark.line) + 1


class _Reader:
    """Turns YAML nodes into data, counting values and noting lines."""

    def __init__(self, loader: Any, file: str) -> None:
        self.loader, self.file = loader, file
        self.lines: dict[KeyPath, int] = {}

    def value(self, node: yaml.Node, keys: KeyPath) -> Any:
        line = _line(node.start_mark)
        self.lines.setdefault(keys, line)
        if len(self.lines) > _MAX_NODES or len(keys) > _MAX_DEPTH:
            raise InputError(
                "unfolds into too much data", where=f"{self.file}:{line}", cure="Write it with fewer aliases"
            )
        if isinstance(node, yaml.CollectionNode) and node.tag not in _PLAIN_TAGS:
            raise yaml.MarkedYAMLError(problem=f"the tag {node.tag} is not plain data", problem_mark=node.start_mark)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, keys)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*keys, index)) for index, item in enumerate(node.value)]
        return self.scalar(node)

    def scalar(self, node: yaml.Node) -> Any:
        try:
            return self.loader.construct_object(node)
        except ValueError as error:  # a date that no calendar has, a number of ten thousand digits
            text = str(getattr(node, "value", ""))
            problem = f"'{text:.20}{'…' * (len(text) > 20)}' is not a value; in quotes it is text"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark) from error

    def mapping(self, node: yaml.MappingNode, keys: KeyPath) -> dict[Any, Any]:
        own = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        repeated = next((key for key, count in own.items() if count > 1), None)
        self.loader.flatten_mapping(node)
        data = {}
        for key_node, value_node in node.value:
            key = self.scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            if key is None or key_node.value == repeated:
                problem = f"the key '{repeated}' is there twice" if repeated else "a key must be a word"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key_node.start_mark)
            self.lines[(*keys, key)] = _line(key_node.start_mark)
            data[key] = self.value(value_node, (*keys, key))
        return data


def validate(document: Document, model: type[_Model], context: Mapping[str, Any] | None = None) -> _Model:
    """A document as a spec. Raises `InputError` naming the line of the first thing that does not fit."""
    return validate_at(model, document.data, document, (), context)


def validate_at(
    model: type[_Model], data: Any, document: Document, keys: KeyPath, context: Mapping[str, Any] | None = None
) -> _Model:
    """Part of a document, the data at `keys`, as `model`."""
    try:
        return model.model_validate(data, context=dict(context or {}))
    except ValidationError as error:
        raise explain(error, model, document, keys) from error


def explain(error: ValidationError, model: type[BaseModel], document: Document, keys: KeyPath = ()) -> InputError:
    """A pydantic error in a person's words, with file and line; its context may tell the wrong `entry` of a list."""
    first = error.errors(include_url=False)[0]
    path = tuple(key for key in first["loc"] if isinstance(key, int) or not key.startswith(_UNION_MEMBERS))
    entry = first.get("ctx", {}).get("entry")
    where = document.where(*keys, *path, *(() if entry is None else (entry,)))
    name = ".".join(str(key) for key in path)
    if first["type"] == "extra_forbidden":
        known = model.model_fields if len(path) == 1 else ()
        return InputError(
            f"unknown key '{path[-1]}'", where=where, cure=did_you_mean(str(path[-1]), known) if known else ""
        )
    if first["type"] == "missing":
        return InputError(f"'{name}' is missing", where=where)
    message = TYPE_MESSAGES.get(first["type"], first["msg"].removeprefix("Value error, "))
    if path and path[-1] == "[key]":
        return InputError(f"the key {first['input']!r} is not a word", where=where, cure="Write it in quotes")
    if not name and first["type"] in TYPE_MESSAGES:
        message = f"the file {message.partition(' ')[2]}"
    if name and message.startswith(("Input should", "String should")):
        message = f"'{name}' {message.partition(' ')[2]}, not {first['input']!r:.60}"
    return InputError(message, where=where)

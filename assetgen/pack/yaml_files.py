"""Read untrusted YAML safely and record the line of every key.

Only plain data is accepted: no tags that construct objects, no duplicate keys, and at most `_MAX_NODES` values after
aliases are expanded.
"""

from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from assetgen.errors import InputError, did_you_mean
from assetgen.files import read_limited

MAX_YAML_BYTES = 8_000_000
_MAX_NODES = 400_000
_NUMBER_TAGS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_MAX_DEPTH = 40
_MAX_BITS = 4096
"""Of a whole number. Python prints none of more than 4,300 decimal digits, but reads hexadecimal ones of any length."""
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
"""Plain messages by pydantic error type."""
_UNION_MEMBERS = ("tuple[", "function-", "constrained-", "literal[")
"""Prefixes of the union member names that pydantic inserts into the location of an error."""
KeyPath = tuple[str | int, ...]
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SAME_WORD = 0.75
"""Likeness of a misspelt key to the one that is missing."""
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True)
class Document:
    """Plain data from a YAML file, and the 1-based line where each value begins."""

    file: str
    data: Any
    lines: Mapping[KeyPath, int] = field(default_factory=dict)

    def where(self, *keys: str | int) -> str:
        """`pack.yaml:12` for the value at these keys, or for the nearest enclosing value with a known line.

        A list entry may be addressed by its `name` instead of its index.
        """
        keys = self._numbered(keys)
        for end in range(len(keys), -1, -1):
            if keys[:end] in self.lines:
                return f"{self.file}:{self.lines[keys[:end]]}"
        return self.file

    def _numbered(self, keys: KeyPath) -> KeyPath:
        data, found = self.data, list(keys)
        for position, key in enumerate(keys):
            if isinstance(data, list) and isinstance(key, str):
                named = (n for n, entry in enumerate(data) if isinstance(entry, Mapping) and entry.get("name") == key)
                found[position] = key = next(named, key)
            try:
                data = data[key]
            except (LookupError, TypeError):
                break
        return tuple(found)


def read_yaml(path: Path) -> Document:
    """Read a YAML file. Raises `InputError` with file and line if it cannot be read or is not plain YAML."""
    try:
        text = read_limited(path, MAX_YAML_BYTES).decode("utf-8")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"cannot read '{path}' ({why})") from error
    return parse_yaml(text, str(path))


def parse_yaml(text: str, file: str) -> Document:
    """Parse YAML text; `file` names its origin in error messages. Raises `InputError` as `read_yaml` does."""
    try:
        _check_depth(text, file)
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            raise InputError("the YAML is empty", where=file)
        reader = _Reader(loader, file)
        return Document(file, reader.value(node, ()), reader.lines)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text, file) from error
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"this is not plain YAML ({str(error).splitlines()[0]})", where=file) from error


def _syntax_error(error: yaml.MarkedYAMLError, text: str, file: str) -> InputError:
    """What YAML's parser reports, at the line that must change: that of a bracket which is not closed."""
    mark, problem = error.problem_mark or error.context_mark, error.problem or error.context or ""
    if mark is None:
        return InputError(f"this is not plain YAML ({problem})", where=file, cure=_syntax_cure(problem))
    lines = text.split("\n")
    line, opened = _at(lines, mark), error.context_mark
    if "\t" in line[: _indent(line)]:
        return InputError(
            "this line is indented with a tab", where=f"{file}:{_line(mark)}", cure="Indent with spaces, not with tabs"
        )
    if "expected ',' or '" in problem and opened and opened.line < mark.line:
        before = _at(lines, opened)
        if not line.strip() or _indent(line) <= _indent(before):
            mark, problem = opened, f"the {before[opened.column : opened.column + 1]} is not closed"
    return InputError(f"this is not plain YAML ({problem})", where=f"{file}:{_line(mark)}", cure=_syntax_cure(problem))


def _at(lines: list[str], mark: Any) -> str:
    return lines[mark.line] if mark.line < len(lines) else ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _syntax_cure(problem: str) -> str:
    """What to change where YAML's parser reports this problem; "" where that is not known."""
    if problem.endswith("is not closed"):
        return "Close each { with } and each [ with ]"
    if any(each in problem for each in ("mapping values are not allowed", "did not find expected", "could not find")):
        return 'Quote text with `:`, `,` or `#`, as prompt: "a keep: at sunset", and close each { and ['
    return "Close the quote" if "end of stream" in problem else ""


def _check_depth(text: str, file: str) -> None:
    """Refuse deep nesting before composing: libyaml's composer recurses in C and would overflow the stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            what = f"the YAML is nested more than {_MAX_DEPTH} levels deep"
            raise InputError(what, where=f"{file}:{_line(event.start_mark)}")


def _line(mark: Any) -> int:
    return int(mark.line) + 1


class _Reader:
    """Converts YAML nodes to data, counts the values and records their lines."""

    def __init__(self, loader: Any, file: str) -> None:
        self.loader, self.file = loader, file
        self.lines: dict[KeyPath, int] = {}

    def value(self, node: yaml.Node, keys: KeyPath) -> Any:
        line = _line(node.start_mark)
        self.lines.setdefault(keys, line)
        if len(self.lines) > _MAX_NODES or len(keys) > _MAX_DEPTH:
            what = f"the YAML expands to more than {_MAX_NODES:,} values"
            raise InputError(what, where=f"{self.file}:{line}", cure="Use fewer aliases")
        if isinstance(node, yaml.CollectionNode) and node.tag not in _PLAIN_TAGS:
            raise yaml.MarkedYAMLError(problem=f"the tag {node.tag} is not plain data", problem_mark=node.start_mark)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, keys)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*keys, index)) for index, item in enumerate(node.value)]
        return self.scalar(node)

    def scalar(self, node: yaml.Node) -> Any:
        if node.tag in _NUMBER_TAGS and ":" in node.value:
            return node.value  # YAML 1.1 reads 1:30 as the sexagesimal number 90; YAML 1.2 as text
        try:
            value = self.loader.construct_object(node)
            if isinstance(value, int) and value.bit_length() > _MAX_BITS:
                raise ValueError("too many digits")
            return value
        except ValueError as error:  # an impossible date, a number of ten thousand digits
            text = str(getattr(node, "value", ""))
            problem = f"'{text:.20}{'…' * (len(text) > 20)}' is not a valid value; quote it if it is text"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark) from error

    def mapping(self, node: yaml.MappingNode, keys: KeyPath) -> dict[Any, Any]:
        own = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        repeated = next((key for key, count in own.items() if count > 1), None)
        self.loader.flatten_mapping(node)
        data = {}
        for key_node, value_node in node.value:
            key = self.scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            if key is None or key_node.value == repeated:
                problem = f"the key '{repeated}' appears twice" if repeated else "a key must be text"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key_node.start_mark)
            self.lines[(*keys, key)] = _line(key_node.start_mark)
            data[key] = self.value(value_node, (*keys, key))
        return data


def validate(document: Document, model: type[_Model], context: Mapping[str, Any] | None = None) -> _Model:
    """Validate a document. Raises `InputError` with the line of the first error."""
    return validate_at(model, document.data, document, (), context)


def validate_at(
    model: type[_Model], data: Any, document: Document, keys: KeyPath, context: Mapping[str, Any] | None = None
) -> _Model:
    """Validate the part of a document at `keys`; `data` is its content."""
    try:
        return model.model_validate(data, context=dict(context or {}))
    except ValidationError as error:
        raise explain(error, model, document, keys) from error


def explain(error: ValidationError, model: type[BaseModel], document: Document, keys: KeyPath = ()) -> InputError:
    """The first of pydantic's errors as a plain sentence with file and line.

    An error's context may hold `entry`, the index of the list entry that it belongs to.
    """
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
        return _missing(document, (*keys, *path), name, model.model_fields if len(path) == 1 else ())
    message = TYPE_MESSAGES.get(first["type"], first["msg"].removeprefix("Value error, "))
    if path and path[-1] == "[key]":
        return InputError(f"the key {first['input']!r} is not text", where=where, cure="Write it in quotes")
    if not name and first["type"] in TYPE_MESSAGES:
        message = f"the file {message.partition(' ')[2]}"
    if name and message.startswith(("Input should", "String should")):
        message = f"'{name}' {message.partition(' ')[2]}, not {first['input']!r:.60}"
    return InputError(message, where=where)


def _missing(document: Document, path: KeyPath, name: str, known: Container[str]) -> InputError:
    """The error of a missing key, with the key that it may be misspelt as; `known` are other keys of its mapping."""
    beside = document.data
    for key in path[:-1]:
        try:
            beside = beside[key]
        except (LookupError, TypeError):  # such as the name of a union's member
            beside = {}
    key = str(path[-1])
    others = [each for each in beside if isinstance(each, str)] if isinstance(beside, Mapping) else []
    unknown = [each for each in others if each not in known and not each.startswith(f"{key}_")]  # such as licence_url
    if near := get_close_matches(key, unknown, n=1, cutoff=_SAME_WORD):
        what = f"'{name}' is missing, and '{near[0]}' is unknown"
        return InputError(what, where=document.where(*path[:-1], near[0]), cure=f"Did you mean '{key}'?")
    return InputError(f"'{name}' is missing", where=document.where(*path))

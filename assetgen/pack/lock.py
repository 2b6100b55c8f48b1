"""The lock of a pack: the requests and the results of its last successful build, one entry per asset, sorted.

`pack.lock` lies beside `pack.yaml` (`NAME.pack.lock` beside `NAME.pack.yaml`) and belongs under version control. It is
a narrow subset of YAML: one value per line, each written as JSON. Branches therefore merge line by line, and a thousand
assets load in a few hundredths of a second. Every entry ends with a required field, so a truncated one is detected.
"""

import json
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_args

from pydantic import JsonValue

from assetgen.errors import InputError
from assetgen.files import read_limited
from assetgen.pack.entries import check_path
from assetgen.pack.library import PackFile
from assetgen.store.atomic import write_atomically

_LOCK_VERSION = 1
_MAX_BYTES = 512_000_000
VERSION_KEY = "assetgen lock"
"""It contains a space, so no asset can have this name."""
_VERSION_LINE = re.compile(rf"^{VERSION_KEY}: (\d{{1,9}})$", re.MULTILINE)
_HEAD = "# Written by assetgen: what the last good build of this pack made. Keep it under version control.\n"
_END = "\n..."  # YAML's end of document: shows that a file was not truncated between two entries
_MERGE_MARKS = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")
_PLAIN_KEY = re.compile(r"^[a-z][a-z0-9_.-]*[a-z0-9_/]$", re.IGNORECASE)
_YAML_WORDS = frozenset(("yes", "no", "on", "off", "true", "false", "null"))
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""Characters that JSON does not escape but YAML forbids or treats as line breaks."""
_CURE = "Restore it from version control, or remove it and build again"
StageRecord = Mapping[str, JsonValue]
"""One stage: `part` (`NAME@VERSION`) and its arguments, with files and model cards by digest."""
StageRecords = Mapping[str, StageRecord]
"""Stages by alias, in order."""


@dataclass(frozen=True, kw_only=True)
class LockEntry:
    """One asset in the lock. The field names are keys of the lock file."""

    preset: str
    keys: Mapping[str, str]
    """Cache keys: `sampled`, `images` and `files`; `files` is "" where a pick is not built yet."""
    source: StageRecord
    export: StageRecord
    attempt: int = 0
    """The accepted attempt, counted from 0."""
    seed_name: str = ""
    """The name that the seed is derived from: the asset's own or an earlier one; "" where the pack sets the seed."""
    pick: int | None = None
    """The attempt that a person chose."""
    controls: StageRecords = field(default_factory=dict)
    steps: StageRecords = field(default_factory=dict)
    checks: StageRecords = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)
    """`accepted` keys of an atlas's members by asset name."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """sha256 of input files by path."""
    weights: Mapping[str, str] = field(default_factory=dict)
    """Digest or hub revision of weights, by model and `MODEL/CONTROL`."""
    licences: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    """sha256 of published files by path in the target."""
    looks: Mapping[str, str] = field(default_factory=dict)
    """Fingerprints of published images (see `pixels/fingerprint.py`) by path in the target."""
    best_of: int | None = None
    """The number of attempts of which the best was kept; None for the first that the checks accept."""
    on_fail: str = ""
    """"best" where the best of the rejected attempts may be published."""
    cost: Mapping[str, JsonValue] = field(default_factory=dict)
    """Time, energy, price and device of sampling; empty where no model ran."""
    tries: int
    """The most attempts that checks may reject. The last field of every entry."""


Lock = Mapping[str, LockEntry]
"""Entries by asset name."""


def lock_path(file: PackFile) -> Path:
    """The path of a pack's lock, beside the pack."""
    return Path(file.document.file).with_suffix(".lock")


def read_lock(path: Path) -> dict[str, LockEntry] | None:
    """The entries of a lock; None if there is no file. Raises `InputError` for a damaged, truncated or newer lock."""
    try:
        text = read_limited(path, _MAX_BYTES).decode("utf-8").replace("\r\n", "\n")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"cannot read the lock '{path}' ({why})", cure=_CURE) from error
    version = _VERSION_LINE.search(text)
    if version and int(version[1]) > _LOCK_VERSION:
        raise InputError("the lock was written by a newer assetgen", where=str(path), cure="Update assetgen")
    whole = text.rstrip("\n").removesuffix(_END)
    data = _parse(whole, path)
    if data.pop(VERSION_KEY, None) != _LOCK_VERSION:
        what = f"this is not a lock of assetgen: the line '{VERSION_KEY}: {_LOCK_VERSION}' is missing"
        raise InputError(what, where=str(path), cure=_CURE)
    lock = {name: _entry(name, entry, path) for name, entry in data.items()}
    if whole == text.rstrip("\n"):
        raise InputError("the lock is truncated: its last line is not '...'", where=str(path), cure=_CURE)
    return lock


def write_lock(path: Path, lock: Lock) -> None:
    """Write a lock atomically if it changed. Raises `InputError` if it cannot be written."""
    entries = "".join(_entry_text(name, lock[name]) for name in sorted(lock))
    text = _HEAD + f"{VERSION_KEY}: {_LOCK_VERSION}\n" + entries + _END + "\n"
    try:
        before = path.read_bytes() if path.exists() else None
        if before == text.encode():
            return
        if before is not None and not path.stat().st_mode & stat.S_IWUSR:
            raise PermissionError(13, "it is read-only")
        write_atomically(path, text.encode())
    except OSError as error:
        cure = "The built files are in the game folder: get write access, then build again to record them"
        raise InputError(f"cannot write the lock '{path}' ({error.strerror})", cure=cure) from error


def _entry_text(name: str, entry: LockEntry) -> str:
    lines = [f"\n{_key(name)}:"]
    for each in fields(entry):
        value = getattr(entry, each.name)
        if isinstance(value, Mapping):
            lines += [f"  {each.name}:"] if value else []
            lines += [f"    {_key(key)}: {_json(item)}" for key, item in value.items()]
        elif value not in (None, ""):
            lines.append(f"  {each.name}: {_json(value)}")
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return name if _PLAIN_KEY.match(name) and name.lower() not in _YAML_WORDS else _json(name)


def _json(value: object) -> str:
    """JSON that YAML 1.1 parses to the same value."""
    match value:
        case str():
            return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
        case Mapping():
            return "{" + ", ".join(f"{_json(str(key))}: {_json(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_json, value)) + "]"
        case float() if "." not in (text := json.dumps(value)):
            return text.replace("e", ".0e")  # YAML parses 1e-05 as text
    return json.dumps(value)


def _parse(text: str, path: Path) -> dict[str, Any]:
    """Parse nested mappings; two spaces of indent are one level."""
    levels: list[dict[str, Any]] = [{}]
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line.startswith("#"):
            continue
        if line.startswith(_MERGE_MARKS):
            cure = "Keep one side of each conflict (or both, if they are different assets), then build"
            raise InputError("the lock has merge markers", where=f"{path}:{number}", cure=cure)
        depth = (len(line) - len(line.lstrip(" "))) // 2
        try:
            key, value = _line(line.strip())
            del levels[depth + 1 :]
            if key in levels[depth]:
                raise ValueError("duplicate key")
            levels[depth][key] = value
        except (ValueError, IndexError, TypeError, RecursionError) as error:
            what = "this line is not in the format that assetgen writes"
            raise InputError(what, where=f"{path}:{number}", cure=_CURE) from error
        if isinstance(value, dict):
            levels.append(value)
    return levels[0]


def _line(line: str) -> tuple[str, Any]:
    if line.startswith('"'):
        key, end = json.JSONDecoder().raw_decode(line)
        rest = line[end:].removeprefix(":")
    else:
        key, _, rest = line.partition(":")
    return key, json.loads(rest) if rest.strip() else {}


def _entry(name: str, data: Any, path: Path) -> LockEntry:
    try:
        entry = LockEntry(**data)
        if wrong := [each.name for each in fields(entry) if not _has_type(getattr(entry, each.name), each.type)]:
            raise TypeError(wrong[0])
        for output in entry.outputs:
            check_path(output)
    except TypeError as error:
        raise InputError(f"the entry of '{name}' is incomplete or damaged", where=str(path), cure=_CURE) from error
    except InputError as error:
        what = f"the entry of '{name}' lists a file outside the target"
        raise InputError(what, where=str(path), cure=_CURE) from error
    return entry


def _has_type(value: object, kind: Any) -> bool:
    """Whether a value read from a lock has the type of a `LockEntry` field."""
    if kind in (int, str):
        return type(value) is kind
    if kind == int | None:
        return value is None or type(value) is int
    if not isinstance(value, dict):
        return False
    item = get_args(kind)[1]
    return item is JsonValue or all(isinstance(each, str if item is str else dict) for each in value.values())

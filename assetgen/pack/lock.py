"""The lock of a pack: what its last good build was asked for and what came out, one block an asset, sorted.

`pack.lock` stands beside `pack.yaml` (`NAME.pack.lock` beside `NAME.pack.yaml`) and belongs under version control. It
is YAML of a narrow form: one fact a line, every value JSON. So two branches merge line by line, and a thousand assets
are read in a few hundredths of a second. A block ends with a fact that none can be without: a cut one is noticed.
"""

import json
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_args

from assetgen.errors import InputError
from assetgen.pack.entries import check_name
from assetgen.pack.library import PackFile
from assetgen.store.atomic import write_atomically

_LOCK_VERSION = 1
VERSION_KEY = "assetgen lock"
"""With a space, which no asset has in its name."""
_VERSION_LINE = re.compile(rf"^{VERSION_KEY}: (\d{{1,9}})$", re.MULTILINE)
_HEAD = "# Written by assetgen: what the last good build of this pack made. Keep it under version control.\n"
_END = "\n..."  # where YAML documents end: a file that was cut short at the end of a block is noticed, too
_MERGE_MARKS = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")
_PLAIN_KEY = re.compile(r"^[a-z][a-z0-9_.-]*[a-z0-9_/]$", re.IGNORECASE)
_YAML_WORDS = frozenset(("yes", "no", "on", "off", "true", "false", "null"))
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""What JSON leaves as it is and YAML does not allow, or takes for the end of a line."""
_CURE = "Bring it back from version control, or remove it and build again"


@dataclass(frozen=True, kw_only=True)
class LockEntry:
    """One asset in the lock.

    `keys` are those of its save points; `seed_name` is the name that its seed comes from (its own, or the one it had
    before it was renamed; "" where the pack names a seed); `pick` is the try that a person chose. `source` to `members`
    are the request, as it enters keys; `inputs` and `weights` are sha256 by file and by model. `outputs` are sha256 and
    `looks` small pictures of the published files (see `looks`); `cost` is what sampling took, where a model sampled.
    """

    preset: str
    keys: Mapping[str, str]
    source: Mapping[str, Any]
    export: Mapping[str, Any]
    attempt: int = 0
    seed_name: str = ""
    pick: int | None = None
    controls: Mapping[str, Any] = field(default_factory=dict)
    steps: Mapping[str, Any] = field(default_factory=dict)
    checks: Mapping[str, Any] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)
    licences: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    looks: Mapping[str, str] = field(default_factory=dict)
    cost: Mapping[str, Any] = field(default_factory=dict)
    tries: int


Lock = Mapping[str, LockEntry]
"""Blocks by asset name."""


def lock_path(file: PackFile) -> Path:
    """Where a pack's lock is."""
    return Path(file.document.file).with_suffix(".lock")


def read_lock(place: Path) -> dict[str, LockEntry] | None:
    """The blocks of a lock, or None where there is no file. Raises `InputError` for what is not a whole lock."""
    try:
        text = place.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"cannot read the lock '{place}' ({why})", cure=_CURE) from error
    version = _VERSION_LINE.search(text)
    if version and int(version[1]) > _LOCK_VERSION:
        raise InputError("was written by a newer assetgen", where=str(place), cure="Update assetgen")
    whole = text.rstrip("\n").removesuffix(_END)
    data = _parse(whole, place)
    if data.pop(VERSION_KEY, None) != _LOCK_VERSION:
        raise InputError(f"is no lock of assetgen: it lacks the line '{VERSION_KEY}'", where=str(place), cure=_CURE)
    lock = {name: _block(name, block, place) for name, block in data.items()}
    if whole == text.rstrip("\n"):
        raise InputError("was cut short: its last line is not '...'", where=str(place), cure=_CURE)
    return lock


def write_lock(place: Path, lock: Lock) -> None:
    """Write a lock whole, and only where it changed."""
    blocks = "".join(_block_text(name, lock[name]) for name in sorted(lock))
    text = _HEAD + f"{VERSION_KEY}: {_LOCK_VERSION}\n" + blocks + _END + "\n"
    try:
        stands = place.read_bytes() if place.exists() else None
        if stands == text.encode():
            return
        if stands is not None and not place.stat().st_mode & stat.S_IWUSR:
            raise PermissionError(13, "it is read-only")
        write_atomically(place, text.encode())
    except OSError as error:
        cure = "What was built stands in the game: get write access, and build again to lock it"
        raise InputError(f"cannot write the lock '{place}' ({error.strerror})", cure=cure) from error


def _block_text(name: str, block: LockEntry) -> str:
    lines = [f"\n{_key(name)}:"]
    for part in fields(block):
        value = getattr(block, part.name)
        if isinstance(value, Mapping):
            lines += [f"  {part.name}:"] if value else []
            lines += [f"    {_key(key)}: {_json(item)}" for key, item in value.items()]
        elif value not in (None, ""):
            lines.append(f"  {part.name}: {_json(value)}")
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return name if _PLAIN_KEY.match(name) and name.lower() not in _YAML_WORDS else _json(name)


def _json(value: Any) -> str:
    """JSON that YAML 1.1 reads alike."""
    match value:
        case str():
            return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
        case Mapping():
            return "{" + ", ".join(f"{_json(str(key))}: {_json(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_json, value)) + "]"
        case float() if "." not in (text := json.dumps(value)):
            return text.replace("e", ".0e")  # YAML takes 1e-05 for a word
    return json.dumps(value)


def _parse(text: str, place: Path) -> dict[str, Any]:
    """Nested mappings by indent: two spaces a level."""
    levels: list[dict[str, Any]] = [{}]
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line.startswith("#"):
            continue
        if line.startswith(_MERGE_MARKS):
            cure = "Keep either side of each block (or both, for different assets), then build"
            raise InputError("has merge markers", where=f"{place}:{number}", cure=cure)
        depth = (len(line) - len(line.lstrip(" "))) // 2
        try:
            key, value = _line(line.strip())
            del levels[depth + 1 :]
            if key in levels[depth]:
                raise ValueError("twice")
            levels[depth][key] = value
        except (ValueError, IndexError, TypeError, RecursionError) as error:
            raise InputError("is not as assetgen wrote it", where=f"{place}:{number}", cure=_CURE) from error
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


def _block(name: str, data: Any, place: Path) -> LockEntry:
    try:
        block = LockEntry(**data)
        if wrong := [part.name for part in fields(block) if not _fits(getattr(block, part.name), part.type)]:
            raise TypeError(wrong[0])
        for path in block.outputs:
            check_name(path)
    except TypeError as error:
        raise InputError(f"the block of '{name}' is not whole", where=str(place), cure=_CURE) from error
    except InputError as error:
        raise InputError(f"'{name}' has a file outside the target", where=str(place), cure=_CURE) from error
    return block


def _fits(value: Any, kind: Any) -> bool:
    """Whether a value is of a field's type: a number, a word, or a mapping, of words alone where it says so."""
    if kind in (int, str):
        return type(value) is kind
    if kind == int | None:
        return value is None or type(value) is int
    return isinstance(value, dict) and (get_args(kind)[1] is Any or all(type(each) is str for each in value.values()))

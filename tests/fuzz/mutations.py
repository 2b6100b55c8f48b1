"""Hypothesis strategies that turn valid data into nearly valid data.

Trees (the data of YAML and JSON files) get extreme values, other keys, deep nesting and copies of their own parts.
Bytes are cut, doubled and overwritten, and their numbers become extreme. A case is a set of files by path.
"""

import math
import re
import struct
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

import yaml
from hypothesis import strategies as st

Files = dict[str, bytes]
"""Contents by path. `LINK` in front of a path makes a symbolic link, `PIPE` a named pipe."""
LINK, PIPE = b"\0link to ", b"\0pipe"

TEXTS = (
    "",
    " ",
    "\n",
    "a\0b",
    "\x1b[31m",
    "\x7f\x85",
    "\u2028",
    "\u202eevil",
    "é",
    "²",
    "٣",
    "\ufeff",
    "~",
    "null",
    "yes",
    "nan",
    "1e999",
    "1:59",
    "0x10",
    "2020-13-45",
    "9" * 5000,
    "-1",
    "%s",
    "{}",
    "{a}",
    "{prompt}",
    "{a,b}",
    "{{",
    "*",
    "[!a]",
    "[",
    "**/*",
    ".",
    "..",
    "../x",
    "../../../../etc/passwd",
    "/etc/passwd",
    "/proc/self/mem",
    "/dev/zero",
    "C:\\x",
    "a//b",
    "con",
    "nul.png",
    "manifest",
    "manifest.json",
    ".assetgen-journal",
    "A",
    "a" * 300,
    "a" * 70_000,
    "a," * 30_000,
    "pixel_sprite",
    "mine",
    "mini",
    "fake",
    "!!python/name:os.system",
    "<<",
    "https://x/y",
)
NUMBERS: tuple[int | float, ...] = (
    0,
    -1,
    1,
    2,
    7,
    255,
    256,
    65_535,
    65_536,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**32,
    2**53,
    2**63 - 1,
    2**63,
    2**64,
    -(2**63),
    10**30,
    10**400,
    0.5,
    -0.0,
    1e-320,
    1e-30,
    1e30,
    1e308,
    -1e308,
    math.inf,
    -math.inf,
    math.nan,
)
NUMBER_WORDS = (
    b"0",
    b"-1",
    b"4294967295",
    b"2147483648",
    b"18446744073709551616",
    b"1e308",
    b"-1e39",
    b"1e-320",
    b"nan",
    b"inf",
    b"9" * 5000,
    b"0.1",
    b"\xc2\xb2",
    b"",
)
TOKENS = (
    b"\0",
    b"\xff",
    b"\xff" * 8,
    b"\0" * 64,
    b"\n",
    b"\r",
    b"\n" * 5000,
    b" " * 5000,
    b"\t",
    b"\\ud800",
    b"\xed\xa0\x80",
    b"\xe2\x80\xae",
    b"{",
    b"[",
    b"[" * 3000,
    b'{"a":' * 2000,
    b'"',
    b"'",
    b":",
    b": ",
    b"- ",
    b"&a ",
    b"*a",
    b"<<: *a\n",
    b"!!python/object/apply:os.system [id]",
    b"<<<<<<< ours\n",
    b"# x\n",
    b"---\n",
    b"...\n",
    b"%YAML 9.9\n",
    b",",
    b"/",
    b"../",
    b"e400",
    b"f 1 2 3\n",
    b"f -1 -9999999 1\n",
    b"v nan inf 1e308\n",
    b"usemtl x\n",
)
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
_WHOLE = 65_536
"""A place in a file is drawn as a fraction of this, so that it does not depend on the file's length."""
_place = st.integers(0, _WHOLE - 1)
_DEPTHS = (1, 2, 12, 39, 41, 200)
_REPEATS = (2, 3, 50, 2000)


def extreme_values() -> st.SearchStrategy[Any]:
    """Scalars and small containers that few fields expect."""
    containers = st.sampled_from(([], {}, [[]], {"": None}, [None], ["a", "a"], {"a": {"a": {"a": 1}}}, [0, 0, 0, 0]))
    return st.one_of(st.sampled_from(TEXTS), st.sampled_from(NUMBERS), st.none(), st.booleans(), containers, st.text())


@st.composite
def mutated_trees(draw: st.DrawFn, tree: Any, words: Sequence[str] = ()) -> Any:
    """A copy of nested data with up to four changes. `words` are keys and values that the format knows."""
    root = [deepcopy(tree)]
    for _ in range(draw(st.integers(0, 4))):
        places = list(_places(root))
        parent, key = places[draw(_place) * len(places) // _WHOLE]
        _change(draw, parent, key, [held[at] for held, at in places], words)
    return root[0]


def _places(root: Any) -> Iterator[tuple[Any, Any]]:
    """Every value in nested data as its container and its key or index."""
    waiting = [root]
    while waiting:
        held = waiting.pop()
        for key in held if isinstance(held, dict) else range(len(held)):
            yield held, key
            if isinstance(held[key], dict | list):
                waiting.append(held[key])


def _change(draw: st.DrawFn, parent: Any, key: Any, others: list[Any], words: Sequence[str]) -> None:
    names = st.sampled_from(words) if words else st.sampled_from(TEXTS)
    match draw(
        st.sampled_from(("value", "value", "word", "delete", "copy", "nest", "rename", "add", "repeat", "number"))
    ):
        case "value":
            parent[key] = draw(extreme_values())
        case "word":
            parent[key] = draw(names)
        case "delete" if len(parent) > 1 or isinstance(parent, dict):
            del parent[key]
        case "copy":
            parent[key] = deepcopy(others[draw(_place) * len(others) // _WHOLE])
        case "nest":
            for _ in range(draw(st.sampled_from(_DEPTHS))):
                parent[key] = draw(st.sampled_from(([parent[key]], {"a": parent[key]})))
        case "rename" if isinstance(parent, dict):
            parent[draw(st.one_of(names, st.sampled_from(TEXTS)))] = parent.pop(key)
        case "add" if isinstance(parent[key], dict):
            parent[key][draw(names)] = draw(extreme_values())
        case "repeat" if isinstance(parent[key], list | str) and len(parent[key]) < 100:
            parent[key] = parent[key] * draw(st.sampled_from(_REPEATS))
        case "number" if isinstance(parent[key], int | float):
            parent[key] = draw(st.sampled_from(NUMBERS))


@st.composite
def mutated_bytes(draw: st.DrawFn, data: bytes, most: int = 4) -> bytes:
    """A copy of a file's bytes with up to `most` changes."""
    for _ in range(draw(st.integers(0, most))):
        start = draw(_place) * (len(data) + 1) // _WHOLE
        stop = min(len(data), start + draw(st.sampled_from((1, 2, 4, 16, 256, 10**9))))
        match draw(st.sampled_from(("number", "number", "cut", "insert", "over", "twice", "bits", "integer"))):
            case "number" if found := list(_NUMBER.finditer(data)):
                place = found[draw(_place) * len(found) // _WHOLE]
                data = data[: place.start()] + draw(st.sampled_from(NUMBER_WORDS)) + data[place.end() :]
            case "cut":
                data = data[:start] + data[stop:]
            case "insert":
                data = data[:start] + draw(st.sampled_from(TOKENS)) + data[start:]
            case "over":
                token = draw(st.one_of(st.sampled_from(TOKENS), st.binary(min_size=1, max_size=8)))
                data = data[:start] + token + data[start + len(token) :]
            case "twice":
                data = data[:stop] + data[start:stop] * draw(st.sampled_from(_REPEATS[:2])) + data[stop:]
            case "bits" if start < len(data):
                data = data[:start] + bytes([data[start] ^ draw(st.integers(1, 255))]) + data[start + 1 :]
            case "integer":
                number = draw(
                    st.sampled_from((0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF))
                )
                packed = struct.pack(draw(st.sampled_from(("<I", ">I"))), number)
                data = data[:start] + packed + data[start + 4 :]
    return data


def yaml_bytes(tree: Any) -> bytes:
    """Nested data as YAML. What YAML cannot write, such as a lone surrogate, is replaced."""
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=10**6).encode("utf-8", "replace")


@st.composite
def with_special_files(draw: st.DrawFn, files: st.SearchStrategy[Files]) -> Files:
    """Files of which one, rarely, is a link, a named pipe or missing."""
    drawn = draw(files)
    if draw(st.integers(0, 15)) == 9:
        path = draw(st.sampled_from(sorted(drawn)))
        kinds = (PIPE, LINK + b"/dev/zero", LINK + b"/", LINK + b".", LINK + b"missing", LINK + b"/proc/self/mem")
        drawn = {**drawn, path: draw(st.sampled_from(kinds))}
    return drawn

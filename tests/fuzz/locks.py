"""Locks, manifests and journals of a built pack: plan, check and build again beside them."""

import json
import tempfile
from functools import cache
from pathlib import Path

from cases import family_errors, no_crash, write_files
from hypothesis import strategies as st
from mutations import LINK, PIPE, Files, mutated_bytes, mutated_trees

from assetgen.build.options import BuildOptions
from assetgen.build.publish import JOURNAL
from assetgen.build.run import build_pack
from assetgen.build.status import check_report, plan_report
from assetgen.machine import Machine
from assetgen.pack.project import Project
from assetgen.store.store import Store

_PACK = (
    b"pack: p\ntarget: art\nengine: godot\nassets:\n  a: {preset: tiny, prompt: x}\n"
    b"  sub/b: {preset: tiny, prompt: y}\n  c: {preset: maps, prompt: z}\n  all: {preset: atlas, members: [a, sub/b]}\n"
)
_PRESETS: Files = {
    "pack/tiny.yaml": b'preset: tiny\nuse: sprite\nsource: {fake: {prompt: "{prompt}", size: [8, 8]}}\n',
    "pack/maps.yaml": b"preset: maps\nuse: material\nsource: {fake: {size: [8, 8]}}\nsteps: [pbr_maps]\n",
}
_LOCK, _MANIFEST, _JOURNAL = "pack/pack.lock", "game/art/manifest.json", f"game/art/{JOURNAL}"
_WORDS = (
    "assetgen",
    "pack",
    "assets",
    "key",
    "files",
    "engine_owned",
    "attempt",
    "preset",
    "licences",
    "../x",
    "a.png",
    "A.png",
    "sub/b.png",
    "manifest.json",
    "pack.lock",
    ".assetgen-journal",
    "*",
    "**",
    "/etc/passwd",
    "0" * 64,
    "p",
    "q",
)
_LINES = (
    b"  pick: 3\n",
    b"  pick: -1\n",
    b"  pick: 99999999999999999999\n",
    b"  attempt: 1e3\n",
    b"  tries: 0\n",
    b"assetgen lock: 2\n",
    b"  keys: {}\n",
    b'    "../x": "y"\n',
    b'  seed_name: "sub/b"\n',
    b'"q":\n',
    b"<<<<<<< ours\n",
    b"          deep: 1\n",
    b"  outputs:\n",
    b'    "a.png": 1\n',
    b'  source: {"part": "fake@99"}\n',
    b'  looks:\n    "a.png": "zz"\n',
    b'  cost: {"seconds": "x"}\n',
    b'"\\ud800":\n',
    b'"' + b"n" * 70_000 + b'":\n',
    b"  members: [1]\n",
)


@cache
def _built() -> Files:
    """The files of a pack that was built, and of its store."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_files(root, {**_PRESETS, "pack/pack.yaml": _PACK})
        _build(root)
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _build(root: Path) -> None:
    machine = Machine(Store(root / "store"), root / "machine")
    build_pack(Project.load(root / "pack", root / "game"), machine, BuildOptions(), no_crash)


@st.composite
def _other_lock(draw: st.DrawFn) -> bytes:
    """A lock with lines removed, repeated, moved, replaced, or with other values."""
    lines = _built()[_LOCK].splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(("drop", "double", "swap", "new", "bytes", "value"))):
            case "drop" if len(lines) > 1:
                del lines[place]
            case "double":
                lines.insert(place, lines[place])
            case "swap":
                other = draw(st.integers(0, len(lines) - 1))
                lines[place], lines[other] = lines[other], lines[place]
            case "new":
                lines.insert(place, draw(st.sampled_from(_LINES)))
            case "bytes":
                lines[place] = draw(mutated_bytes(lines[place], most=2))
            case "value" if b": " in lines[place]:
                head = lines[place].partition(b": ")[0]
                value = json.dumps(draw(mutated_trees({"v": 1}, _WORDS))).encode()
                lines[place] = head + b": " + value + b"\n"
    return b"".join(lines)


@st.composite
def _other_journal(draw: st.DrawFn) -> bytes:
    files = [f"{digest} {path}" for path in (*_WORDS, "c_normal.png") for digest in ("0" * 64, "", "x")]
    return draw(mutated_bytes("\n".join(draw(st.lists(st.sampled_from(files), max_size=6))).encode(), most=2))


@st.composite
def cases(draw: st.DrawFn) -> Files:
    """A built pack whose records were changed, and perhaps some of its files."""
    files = dict(_built())
    changed = draw(st.sets(st.sampled_from((_LOCK, _LOCK, _MANIFEST, _JOURNAL)), min_size=1))
    if _LOCK in changed:
        files[_LOCK] = draw(_other_lock())
    if _MANIFEST in changed:
        tree = draw(mutated_trees(json.loads(files[_MANIFEST]), _WORDS))
        files[_MANIFEST] = draw(mutated_bytes(json.dumps(tree).encode(), most=draw(st.integers(0, 2))))
    if _JOURNAL in changed:
        files[_JOURNAL] = draw(_other_journal())
    for path in draw(st.sets(st.sampled_from(sorted(files)), max_size=3)) if draw(st.booleans()) else ():
        del files[path]
    if draw(st.integers(0, 9)) == 3:
        special = (PIPE, LINK + b"/dev/zero", LINK + b"../../elsewhere", LINK + b".", LINK + b"missing")
        files[draw(st.sampled_from((_LOCK, _MANIFEST, _JOURNAL, "game/art/a.png")))] = draw(st.sampled_from(special))
    return files


def known() -> list[Files]:
    """The pack as built, and cases that failed once."""
    whole = _built()
    entry = {"key": "k", "files": {"../../pack/pack.yaml": "0" * 64}, "engine_owned": ["*"]}
    manifest = json.dumps({"assetgen": 1, "pack": "p", "assets": {"old": entry}}).encode()
    return [
        whole,
        {**whole, _MANIFEST: manifest},
        {**whole, _LOCK: LINK + b"/dev/zero"},
        {**whole, _MANIFEST: LINK + b"/dev/zero"},
        {**whole, _JOURNAL: b"\xff\xfe\n\xed\xa0\x80 a.png\n"},
    ]


def check(root: Path) -> None:
    """Plan, check and build."""
    project = Project.load(root / "pack", root / "game")
    with family_errors():
        plan_report(project, Machine(Store(root / "store"), root / "machine"), "*")
    with family_errors():
        list(check_report(project))
    _build(root)

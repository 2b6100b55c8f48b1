"""Locks: writing, reading, merging, and refusing damaged ones."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from assetgen.errors import InputError
from assetgen.pack.library import load_pack
from assetgen.pack.lock import VERSION_KEY, LockEntry, lock_path, read_lock, write_lock

DIGEST = "0123456789abcdef" * 4
ENTRY = LockEntry(
    preset="sprite",
    keys={"sampled": DIGEST, "images": DIGEST, "files": DIGEST},
    source={"part": "fake@1", "prompt": "a thing", "scale": [1.0, 1.0], "seed": 7},
    export={"part": "plain@1", "use": "sprite"},
    outputs={"wall.png": DIGEST},
    tries=3,
)
FULL = replace(
    ENTRY,
    attempt=2,
    seed_name="dragon",
    controls={"depth": {"part": "depth@1", "strength": 0.5}},
    steps={"trim": {"part": "trim@1", "padding": 1, "words": None, "yes": True}},
    checks={"alpha": {"part": "alpha@1", "limit": 1e-05}},
    members={"one": DIGEST},
    inputs={"meshes/keep.glb": DIGEST, "no": DIGEST},
    weights={"mini": DIGEST, "mini/depth": DIGEST},
    licences={"mini": "Apache-2.0"},
    looks={"wall.png": "00ff"},
    cost={"seconds": 1.25, "watt_hours": 2e-06, "usd": 1e16, "device": "cpu, 2 cores", "batch": [4, 0]},
)
ODD_TEXTS = [
    "a: b # c",
    'say "hi"',
    "два\u2028строки",
    "\x7f\x85\ufeff",
    "line\nline\r\n",
    "<<<<<<< no",
    "",
    " ",
    "🐉",
    "\\",
]
ODD_NAMES = ["lock", "null", "on", "y", "1e5", "007", "props/red.barrel", "a-b_c.d", "Wall", "assetgen"]


def there_and_back(folder: Path, lock: dict[str, LockEntry]) -> dict[str, LockEntry] | None:
    write_lock(folder / "pack.lock", lock)
    return read_lock(folder / "pack.lock")


def text_of(folder: Path, lock: dict[str, LockEntry]) -> str:
    write_lock(folder / "pack.lock", lock)
    return (folder / "pack.lock").read_text()


def refused(folder: Path, text: str) -> str:
    (folder / "pack.lock").write_text(text)
    with pytest.raises(InputError) as error:
        read_lock(folder / "pack.lock")
    return str(error.value).replace(f"{folder}/", "")


def merged(folder: Path, *locks: dict[str, LockEntry]) -> int:
    """Merge the second and third lock, which both come from the first, as git does; gives the number of conflicts."""
    for name, lock in zip(("base", "ours", "theirs"), locks, strict=True):
        write_lock(folder / name, lock)
    words = ["git", "merge-file", "ours", "base", "theirs"]
    return subprocess.run(words, cwd=folder, capture_output=True).returncode


@pytest.mark.parametrize("entry", [ENTRY, FULL], ids=["little", "everything"])
def test_an_entry_is_read_as_it_was_written(tmp_path: Path, entry: LockEntry) -> None:
    assert there_and_back(tmp_path, {"wall": entry}) == {"wall": entry}


@pytest.mark.parametrize("text", ODD_TEXTS, ids=ascii)
def test_any_text_is_read_as_it_was_written(tmp_path: Path, text: str) -> None:
    lock = {"wall": replace(ENTRY, source={"prompt": text, "words": [text, {"deep": text}]})}
    assert there_and_back(tmp_path, lock) == lock


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_name_is_read_as_it_was_written(tmp_path: Path, name: str) -> None:
    lock = {name: replace(ENTRY, outputs={f"{name}.png": DIGEST}, inputs={f"bilder/ü {name}: #1.png": DIGEST})}
    assert there_and_back(tmp_path, lock) == lock


def test_a_yaml_parser_reads_the_same_values(tmp_path: Path) -> None:
    lock = {name: replace(FULL, source={"prompt": text}) for name, text in zip(ODD_NAMES, ODD_TEXTS, strict=False)}
    data = yaml.safe_load(text_of(tmp_path, lock))
    assert data.pop(VERSION_KEY) == 1
    assert {name: LockEntry(**{"attempt": 0, **entry}) for name, entry in data.items()} == lock


def test_assets_are_sorted_and_each_value_has_its_line(tmp_path: Path) -> None:
    text = text_of(tmp_path, {"b": ENTRY, "c/d": ENTRY, "a": ENTRY})
    assert [line for line in text.splitlines() if line and line[0] not in " #"] == [
        f"{VERSION_KEY}: 1", '"a":', '"b":', '"c/d":', "..."
    ]  # fmt: skip
    assert f'    sampled: "{DIGEST}"\n    images: "{DIGEST}"\n' in text


def test_an_unchanged_lock_is_not_written(tmp_path: Path) -> None:
    write_lock(tmp_path / "pack.lock", {"wall": ENTRY})
    before = (tmp_path / "pack.lock").stat().st_mtime_ns
    write_lock(tmp_path / "pack.lock", {"wall": ENTRY})
    assert (tmp_path / "pack.lock").stat().st_mtime_ns == before


def test_an_empty_lock_differs_from_a_missing_one(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "pack.lock") is None
    assert there_and_back(tmp_path, {}) == {}


def test_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    text = text_of(tmp_path, {"wall": FULL})
    (tmp_path / "pack.lock").write_bytes(text.replace("\n", "\r\n").encode())
    assert read_lock(tmp_path / "pack.lock") == {"wall": FULL}


@pytest.mark.parametrize(("pack", "lock"), [("pack.yaml", "pack.lock"), ("cave.pack.yaml", "cave.pack.lock")])
def test_a_lock_lies_beside_its_pack(tmp_path: Path, pack: str, lock: str) -> None:
    (tmp_path / pack).write_text("pack: p\nassets: {}")
    assert lock_path(load_pack(tmp_path / pack)) == tmp_path / lock


def test_two_branches_that_add_different_assets_merge(tmp_path: Path) -> None:
    base = {"b": ENTRY, "f": ENTRY}
    assert merged(tmp_path, base, {**base, "a": FULL}, {**base, "e": FULL}) == 0
    assert read_lock(tmp_path / "ours") == {**base, "a": FULL, "e": FULL}


def test_two_branches_that_change_neighbours_merge(tmp_path: Path) -> None:
    base, other = {"a": ENTRY, "b": ENTRY}, replace(FULL, preset="decal", tries=4)
    assert merged(tmp_path, base, {**base, "a": other}, {**base, "b": other}) == 0
    assert read_lock(tmp_path / "ours") == {"a": other, "b": other}


def test_a_branch_that_removes_an_asset_merges_with_one_that_changes_another(tmp_path: Path) -> None:
    base = {"a": ENTRY, "b": ENTRY, "c": ENTRY}
    assert merged(tmp_path, base, {"a": ENTRY, "c": ENTRY}, {**base, "c": FULL}) == 0
    assert read_lock(tmp_path / "ours") == {"a": ENTRY, "c": FULL}


def test_a_merge_conflict_is_reported_with_its_line(tmp_path: Path) -> None:
    ours, theirs = (replace(ENTRY, keys={"sampled": digit * 64}) for digit in "ab")
    assert merged(tmp_path, {"a": ENTRY}, {"a": ours}, {"a": theirs}) > 0
    message = refused(tmp_path, (tmp_path / "ours").read_text())
    assert message.startswith("pack.lock:")
    assert "the lock has merge markers. Keep one side of each conflict" in message


def test_a_newer_lock_is_refused_in_any_format(tmp_path: Path) -> None:
    text = f"{VERSION_KEY}: 2\nblocks:\n- [odd, form]\n"
    assert refused(tmp_path, text) == "pack.lock: the lock was written by a newer assetgen. Update assetgen."


def test_a_lock_that_is_truncated_inside_an_entry_is_refused(tmp_path: Path) -> None:
    text = text_of(tmp_path, {"a": ENTRY})
    lines = text.splitlines(keepends=True)
    for end in range(5, len(lines)):
        assert "pack.lock" in refused(tmp_path, "".join(lines[:end])), lines[end]
        assert "pack.lock" in refused(tmp_path, "".join(lines[:end])[:-3]), lines[end]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a lock of assetgen"),
        ("poetry: 1\n", "is not a lock of assetgen"),
        ("# yarn lockfile v1\n\nleft-pad@1.0:\n  version \"1.0\"\n", "pack.lock"),
        ("\x00\x01\x02", "is not a lock of assetgen"),
        (f"{VERSION_KEY}: 1\na: {'[' * 100_000}\n", "pack.lock:2: this line is not in the format that assetgen writes"),
        (f"{VERSION_KEY}: 1\na: 3\n", "the entry of 'a' is incomplete or damaged"),
        (f"{VERSION_KEY}: 1\na:\n      deep: 3\n", "pack.lock:3: this line is not in the format that assetgen writes"),
    ],
    ids=["empty", "foreign", "yarn", "binary", "nested", "number", "indent"],
)  # fmt: skip
def test_a_file_that_is_not_a_lock_is_refused(tmp_path: Path, text: str, message: str) -> None:
    assert message in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ('  preset: "sprite"', '  preset: "sprite"\n  colour: "red"'),
        ("  tries: 3", '  tries: "many"'),
        ("  outputs:", "  outputs: 3\n  cost:"),
        (f'    wall.png: "{DIGEST}"', "    wall.png: 3"),
        ("  outputs:", "  steps:\n    trim: 3\n  outputs:"),
    ],
    ids=["unknown", "text", "number", "value", "stage"],
)
def test_an_unknown_field_or_a_wrong_type_is_refused(tmp_path: Path, line: str, instead: str) -> None:
    text = text_of(tmp_path, {"wall": ENTRY})
    assert "the entry of 'wall' is incomplete or damaged" in refused(tmp_path, text.replace(line, instead))


def test_the_same_asset_twice_is_refused_with_the_line(tmp_path: Path) -> None:
    text = text_of(tmp_path, {"wall": ENTRY})
    count = text.count("\n")
    assert refused(tmp_path, text + text[text.index("wall:") :]).startswith(f"pack.lock:{count + 1}: this line is")


@pytest.mark.parametrize("path", ["../../secret", "/etc/passwd", "a/../../b"])
def test_a_file_outside_the_target_is_refused(tmp_path: Path, path: str) -> None:
    text = text_of(tmp_path, {"wall": replace(ENTRY, outputs={path: DIGEST})})
    assert "the entry of 'wall' lists a file outside the target" in refused(tmp_path, text)


def test_a_lock_that_cannot_be_read_or_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "pack.lock").mkdir()
    with pytest.raises(InputError, match="cannot read the lock"):
        read_lock(tmp_path / "pack.lock")
    with pytest.raises(InputError, match="cannot write the lock"):
        write_lock(tmp_path / "pack.lock", {})


def test_a_read_only_lock_is_kept_and_is_an_error_only_if_it_would_change(tmp_path: Path) -> None:
    before = text_of(tmp_path, {"wall": ENTRY})
    (tmp_path / "pack.lock").chmod(0o444)
    with pytest.raises(InputError, match=r"it is read-only.*get write access, then build again"):
        write_lock(tmp_path / "pack.lock", {})
    write_lock(tmp_path / "pack.lock", {"wall": ENTRY})
    assert (tmp_path / "pack.lock").read_text() == before

"""`assetgen store` as people type it."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import fsspec
import pytest

from assetgen.store.store import Store

Run = Callable[..., tuple[int, str, str]]
HOUR = 3600.0


def fill(folder: Path, **hours: float) -> Store:
    """A store with an entry of 1 MB for each name, last used that many hours ago."""
    store = Store(folder)
    for name, age in hours.items():
        store.write("images", name, {"a": b"x" * 1_000_000})
        used = time.time() - age * HOUR
        os.utime(place_of(folder, name), (used, used))
    return store


def place_of(folder: Path, name: str) -> Path:
    return folder / "images" / name[:2] / f"{name}.zip"


def names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.rglob("*.zip"))


def test_du_shows_each_level_and_the_total(assetgen: Run, tmp_path: Path) -> None:
    fill(tmp_path, one=0, two=0).write("files", "key", {})
    code, out, _ = assetgen("store", "du", "--store", tmp_path)
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines()}
    assert (code, rows["images"], rows["files"], rows["total"]) == (0, ["2", "2.0"], ["1", "0.0"], ["3", "2.0"])


def test_du_as_json_is_one_object(assetgen: Run, tmp_path: Path) -> None:
    fill(tmp_path, one=0)
    told = json.loads(assetgen("store", "du", "--json", "--store", tmp_path)[1])
    size = place_of(tmp_path, "one").stat().st_size
    assert told["levels"]["images"] == {"entries": 1, "bytes": size}
    assert (told["store"], told["entries"], told["bytes"]) == (str(tmp_path), 1, size)


def test_du_of_a_store_that_is_not_there_is_nothing(assetgen: Run, tmp_path: Path) -> None:
    code, out, _ = assetgen("store", "du", "--store", tmp_path / "none")
    assert (code, out.splitlines()[-1].split(), (tmp_path / "none").exists()) == (0, ["total", "0", "0.0"], False)


def test_gc_by_size_removes_what_was_not_used_for_longest(assetgen: Run, tmp_path: Path) -> None:
    fill(tmp_path, new=2, old=9, older=10, newer=1.5)
    code, out, _ = assetgen("store", "gc", "--keep", "2.5MB", "--store", tmp_path)
    assert (code, names(tmp_path)) == (0, ["new", "newer"])
    assert out == "freed 2 entries, 2.0 MB\n2 entries, 2.0 MB left\n"


def test_gc_by_age_keeps_what_was_used_since(assetgen: Run, tmp_path: Path) -> None:
    fill(tmp_path, day=23, week=24 * 7 + 1)
    assert assetgen("store", "gc", "--keep", "1w", "--store", tmp_path)[0] == 0
    assert names(tmp_path) == ["day"]
    assetgen("store", "gc", "--keep", "24h", "--store", tmp_path)
    assert names(tmp_path) == ["day"]
    assetgen("store", "gc", "--keep", "0.5d", "--store", tmp_path)
    assert names(tmp_path) == []


def test_an_entry_stays_while_every_limit_keeps_it(assetgen: Run, tmp_path: Path) -> None:
    fill(tmp_path, a=2, b=3, c=50)
    assetgen("store", "gc", "--keep", "1d", "--keep", "1.1mb", "--keep", "1TB", "--store", tmp_path)
    assert names(tmp_path) == ["a"]


def test_gc_keeps_what_was_read_lately(assetgen: Run, tmp_path: Path) -> None:
    fill(tmp_path, read=48, unread=48).read("images", "read")
    assetgen("store", "gc", "--keep", "1d", "--store", tmp_path)
    assert names(tmp_path) == ["read"]


def test_gc_by_size_keeps_entries_used_in_the_last_hour(assetgen: Run, tmp_path: Path) -> None:
    fill(tmp_path, old=2, fresh=0.9)
    out = assetgen("store", "gc", "--keep", "1KB", "--store", tmp_path)[1]
    assert names(tmp_path) == ["fresh"]
    assert "1 entry, 1.0 MB left; 1.0 MB above the limit were used in the last hour" in out


def test_gc_of_age_0h_empties_the_store(assetgen: Run, tmp_path: Path) -> None:
    fill(tmp_path, fresh=0)
    assetgen("store", "gc", "--keep", "0h", "--store", tmp_path)
    assert names(tmp_path) == []


def test_a_time_to_come_counts_as_used_now(assetgen: Run, tmp_path: Path) -> None:
    fill(tmp_path, skewed=-1000, old=5)
    assetgen("store", "gc", "--keep", "1KB", "--keep", "2h", "--store", tmp_path)
    assert names(tmp_path) == ["skewed"]


def test_a_dry_run_removes_nothing(assetgen: Run, tmp_path: Path) -> None:
    fill(tmp_path, a=2)
    out = assetgen("store", "gc", "--keep", "0h", "--dry-run", "--store", tmp_path)[1]
    assert (names(tmp_path), out.splitlines()[0]) == (["a"], "would free 1 entry, 1.0 MB")


def test_gc_removes_what_a_store_did_not_write_in_no_case(assetgen: Run, tmp_path: Path) -> None:
    for path in ("work.zip", "images/work.zip", "images/wo/holiday.zip", "images/wo/work.psd", "files/wo/x/work.zip"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"mine")
    assetgen("store", "gc", "--keep", "0h", "--store", tmp_path)
    assert assetgen("store", "verify", "--store", tmp_path)[0] == 0
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == 5


@pytest.mark.parametrize("words", [("gc", "--keep", "1TB"), ("verify",)])
def test_what_killed_builds_left_is_removed_and_what_is_being_written_is_not(
    assetgen: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    fill(tmp_path, a=0)
    for name, age in (("dead", 2 * HOUR), ("alive", 1)):
        (tmp_path / f"images/.assetgen-{name}.part").write_bytes(b"half")
        os.utime(tmp_path / f"images/.assetgen-{name}.part", (time.time() - age,) * 2)
    assert "removed 1 half-written file" in assetgen("store", *words, "--store", tmp_path)[1]
    assert [path.name for path in tmp_path.rglob("*.part")] == [".assetgen-alive.part"]


@pytest.mark.parametrize("keep", ["5", "GB", "5 gigs", "-5GB", "5GB 30d", "1e9GB", "٥GB", "30m", "", "nan h"])
def test_a_limit_that_is_none_is_one_sentence(assetgen: Run, tmp_path: Path, keep: str) -> None:
    code, out, err = assetgen("store", "gc", f"--keep={keep}", "--store", tmp_path)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "Write it like 5GB or 30d." in err


def test_verify_of_an_undamaged_store_exits_with_0(assetgen: Run, tmp_path: Path) -> None:
    fill(tmp_path, a=5, b=0)
    code, out, _ = assetgen("store", "verify", "--store", tmp_path)
    assert (code, out) == (0, "2 entries, 2.0 MB read, 0 damaged\n")


def test_verify_lists_and_removes_damaged_entries(assetgen: Run, tmp_path: Path) -> None:
    fill(tmp_path, good=0, bad=0)
    place_of(tmp_path, "bad").write_bytes(b"torn")
    code, out, _ = assetgen("store", "verify", "--store", tmp_path)
    assert (code, out.splitlines()[0], names(tmp_path)) == (1, "images/ba/bad.zip: damaged, removed", ["good"])
    assert assetgen("store", "verify", "--store", tmp_path)[0] == 0


def test_names_in_a_store_are_printed_with_escapes(assetgen: Run, tmp_path: Path) -> None:
    fill(tmp_path, good=0)
    (tmp_path / "images/go/go\x1b[31m.zip").write_bytes(b"torn")
    out = assetgen("store", "verify", "--store", tmp_path)[1]
    assert "\x1b" not in out and "\\x1b[31m.zip: damaged" in out


def test_verify_does_not_count_as_use(assetgen: Run, tmp_path: Path) -> None:
    fill(tmp_path, a=100)
    assetgen("store", "verify", "--store", tmp_path)
    assert time.time() - place_of(tmp_path, "a").stat().st_mtime > 99 * HOUR


def test_a_url_is_cared_for_like_a_folder(assetgen: Run) -> None:
    fsspec.filesystem("memory").store.clear()
    store = Store("memory://care")
    store.write("files", "good", {"a": b"1"})
    store.backend.write("files/ba/bad.zip", b"torn")
    assert "files/ba/bad.zip: damaged, removed" in assetgen("store", "verify", "--store", "memory://care")[1]
    assert json.loads(assetgen("store", "du", "--json", "--store", "memory://care")[1])["entries"] == 1
    assetgen("store", "gc", "--keep", "0h", "--store", "memory://care")
    assert list(store.backend.entries()) == []


@pytest.mark.parametrize("words", [("du",), ("verify",), ("gc", "--keep", "1GB")])
def test_a_store_that_cannot_be_opened_is_one_sentence(assetgen: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("")
    for place, said in (
        (tmp_path / "file", "cannot list the store"),
        ("s4://bucket", "is not a valid location for a store"),
    ):
        code, out, err = assetgen("store", *words, "--store", place)
        assert (code, out, err.count("\n"), said in err) == (2, "", 1, True), err


def test_an_empty_name_of_a_store_is_none(assetgen: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = assetgen("store", "du")[1]
    assert assetgen("store", "du", "--store", "")[1] == usual
    monkeypatch.setenv("ASSETGEN_STORE", "")
    assert assetgen("store", "du")[1] == usual

"""Folders and URLs that a store may lie at."""

import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from assetgen.errors import InputError, NotInstalledError
from assetgen.store.atomic import write_atomically
from assetgen.store.backends import Backend, FsspecBackend, LocalBackend, StoredFile, open_backend

KINDS = ("folder", "file://", "memory://")


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    yield open_backend(tmp_path / "s" if request.param == "folder" else f"{request.param}{tmp_path}/s")
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


def test_what_is_written_can_be_read(place: Backend) -> None:
    place.write("a/b.zip", b"bytes")
    assert (place.read("a/b.zip"), place.has("a/b.zip")) == (b"bytes", True)


def test_writing_again_replaces(place: Backend) -> None:
    place.write("a", b"one")
    place.write("a", b"2")
    assert place.read("a") == b"2"


def test_what_is_not_there_is_absent(place: Backend) -> None:
    place.write("a/b", b"")
    assert (place.read("a/c"), place.has("a/c"), place.has("a")) == (None, False, False)


def test_what_is_gone_already_may_be_removed(place: Backend) -> None:
    place.write("a/b", b"")
    place.remove("a/b")
    place.remove("a/b")
    assert list(place.entries()) == []


def test_entries_tell_path_size_and_time(place: Backend) -> None:
    place.write("a/b", b"123")
    place.write("c", b"")
    found = {entry.path: entry for entry in place.entries()}
    assert {path: entry.bytes for path, entry in found.items()} == {"a/b": 3, "c": 0}
    assert all(abs(entry.used - time.time()) < 60 for entry in found.values())


def test_a_place_that_nobody_wrote_to_is_empty(place: Backend) -> None:
    assert list(place.entries()) == []


def test_half_written_files_do_not_stay(place: Backend) -> None:
    place.write("a/b", b"x")
    assert [entry.path for entry in place.entries()] == ["a/b"]


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a/stuck").mkdir(parents=True)
    for place in (open_backend(tmp_path), open_backend(f"moving://{tmp_path}")):
        with pytest.raises(OSError):
            place.write("a/stuck", b"x")
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "stuck"]


def test_home_and_urls_are_told_apart(tmp_path: Path) -> None:
    assert open_backend("~/store") == LocalBackend(Path.home() / "store")
    assert open_backend(tmp_path) == LocalBackend(tmp_path)
    assert isinstance(open_backend("memory://x"), FsspecBackend)


def test_marking_as_used_shows_in_the_listing(tmp_path: Path) -> None:
    place = LocalBackend(tmp_path)
    place.write("a", b"")
    os.utime(tmp_path / "a", (0, 0))
    place.mark_used("a")
    [entry] = place.entries()
    assert time.time() - entry.used < 60


def test_marking_what_vanished_is_no_error(place: Backend) -> None:
    place.mark_used("a")


def test_a_place_that_cannot_be_written_still_reads(tmp_path: Path) -> None:
    LocalBackend(tmp_path / "s").write("a", b"x")
    shutil.make_archive(str(tmp_path / "s"), "zip", tmp_path / "s")
    place = open_backend(f"zip://::file://{tmp_path}/s.zip")
    assert (place.read("a"), place.has("b")) == (b"x", False)
    with pytest.raises(OSError):
        place.write("b", b"")


def test_an_unknown_protocol_is_one_sentence() -> None:
    with pytest.raises(InputError, match=r"'s4://bucket' is no place for a store.*Name a folder like"):
        open_backend("s4://bucket")


def test_a_host_that_does_not_answer_is_one_sentence_without_the_password() -> None:
    with pytest.raises(InputError, match=r"cannot reach the store 'ftp://me:…@127\.0\.0\.1:1/x'") as told:
        open_backend("ftp://me:secret@127.0.0.1:1/x")
    assert "secret" not in str(told.value)


@pytest.mark.skipif(find_spec("ossfs") is not None, reason="ossfs is installed")
def test_a_protocol_that_needs_a_package_names_it() -> None:
    with pytest.raises(NotInstalledError, match='pip install "ossfs"'):
        open_backend("oss://bucket/store")


def test_a_service_that_fails_is_not_absence() -> None:
    place = open_backend("failing://x")
    for action in (lambda: place.read("a"), lambda: place.has("a"), lambda: list(place.entries())):
        with pytest.raises(OSError, match=r"^503 Slow Down$"):
            action()


def test_a_file_grows_under_another_name_where_it_could_be_seen(tmp_path: Path) -> None:
    open_backend(f"moving://{tmp_path}").write("a/b", b"x")
    [(grown, goal)] = Moving.moved
    assert (Path(grown).parent, Path(grown).suffix, Path(goal)) == (tmp_path / "a", ".part", tmp_path / "a/b")


@pytest.mark.parametrize(
    ("stamp", "seconds"),
    [
        ({"mtime": 5.0}, 5.0),
        ({"LastModified": datetime(1970, 1, 2, tzinfo=UTC)}, 86400.0),
        ({"created": datetime(1970, 1, 2)}, 86400.0),
        ({"updated": "1970-01-02T00:00:00Z"}, 86400.0),
        ({"modify": "19700102000000.123"}, 86400.0),
    ],
)
def test_every_way_to_tell_a_time_is_understood(stamp: dict[str, object], seconds: float) -> None:
    Stamped.stamp = stamp
    assert list(open_backend("stamped://x").entries()) == [StoredFile("a", 1, seconds)]


@pytest.mark.parametrize("stamp", [{}, {"mtime": None}, {"modify": "yesterday"}])
def test_a_time_that_nobody_tells_counts_as_now(stamp: dict[str, object]) -> None:
    Stamped.stamp = stamp
    [entry] = open_backend("stamped://x").entries()
    assert time.time() - entry.used < 60


def test_a_file_appears_whole_whether_or_not_it_must_last(tmp_path: Path) -> None:
    for durable in (True, False):
        write_atomically(tmp_path / "a/b", b"x", durable=durable)
        assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]


class Failing(MemoryFileSystem):
    """A service that answers with an error page."""

    protocol = "failing"

    def _fail(self, *_: object, **__: object) -> None:
        raise RuntimeError("503 Slow Down\n<html>…")

    cat_file = info = ls = pipe_file = _fail


class Stamped(MemoryFileSystem):
    """A service with its own words for time."""

    protocol = "stamped"
    stamp: ClassVar[dict[str, object]] = {}

    def ls(self, path: str, **_: object) -> list[dict[str, object]]:
        return [{"name": f"{path}/a", "size": 1, "type": "file", **self.stamp}]


class Moving(LocalFileSystem):
    """A disk that notes what is moved, and on which one thing is stuck."""

    protocol = "moving"
    moved: ClassVar[list[tuple[str, str]]] = []

    def mv(self, path1: str, path2: str, **_: object) -> None:
        if path2.endswith("stuck"):
            raise PermissionError(path2)
        self.moved.append((path1, path2))


for implementation in (Failing, Stamped, Moving):
    fsspec.register_implementation(implementation.protocol, implementation, clobber=True)

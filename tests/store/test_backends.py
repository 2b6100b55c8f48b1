"""Storage backends."""

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
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    yield open_backend(tmp_path / "s" if request.param == "folder" else f"{request.param}{tmp_path}/s")
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


def test_a_written_file_can_be_read(backend: Backend) -> None:
    backend.write("a/b.zip", b"bytes")
    assert (backend.read("a/b.zip"), backend.has("a/b.zip")) == (b"bytes", True)


def test_writing_again_replaces_a_file(backend: Backend) -> None:
    backend.write("a", b"one")
    backend.write("a", b"2")
    assert backend.read("a") == b"2"


def test_a_missing_file_and_a_folder_are_absent(backend: Backend) -> None:
    backend.write("a/b", b"")
    assert (backend.read("a/c"), backend.has("a/c"), backend.has("a")) == (None, False, False)


def test_removing_a_missing_file_is_no_error(backend: Backend) -> None:
    backend.write("a/b", b"")
    backend.remove("a/b")
    backend.remove("a/b")
    assert list(backend.entries()) == []


def test_entries_have_path_size_and_time(backend: Backend) -> None:
    backend.write("a/b", b"123")
    backend.write("c", b"")
    found = {entry.path: entry for entry in backend.entries()}
    assert {path: entry.bytes for path, entry in found.items()} == {"a/b": 3, "c": 0}
    assert all(abs(entry.used - time.time()) < 60 for entry in found.values())


def test_a_new_backend_is_empty(backend: Backend) -> None:
    assert list(backend.entries()) == []


def test_no_temporary_file_stays(backend: Backend) -> None:
    backend.write("a/b", b"x")
    assert [entry.path for entry in backend.entries()] == ["a/b"]


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a/stuck").mkdir(parents=True)
    for backend in (open_backend(tmp_path), open_backend(f"moving://{tmp_path}")):
        with pytest.raises(OSError):
            backend.write("a/stuck", b"x")
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "stuck"]


def test_folders_and_urls_open_different_backends(tmp_path: Path) -> None:
    assert open_backend("~/store") == LocalBackend(Path.home() / "store")
    assert open_backend(tmp_path) == LocalBackend(tmp_path)
    assert isinstance(open_backend("memory://x"), FsspecBackend)


def test_marking_as_used_shows_in_the_listing(tmp_path: Path) -> None:
    backend = LocalBackend(tmp_path)
    backend.write("a", b"")
    os.utime(tmp_path / "a", (0, 0))
    backend.mark_used("a")
    [entry] = backend.entries()
    assert time.time() - entry.used < 60


def test_marking_a_missing_file_is_no_error(backend: Backend) -> None:
    backend.mark_used("a")


def test_a_read_only_backend_can_be_read(tmp_path: Path) -> None:
    LocalBackend(tmp_path / "s").write("a", b"x")
    shutil.make_archive(str(tmp_path / "s"), "zip", tmp_path / "s")
    backend = open_backend(f"zip://::file://{tmp_path}/s.zip")
    assert (backend.read("a"), backend.has("b")) == (b"x", False)
    with pytest.raises(OSError):
        backend.write("b", b"")


def test_an_unknown_protocol_is_refused() -> None:
    with pytest.raises(InputError, match=r"'s4://bucket' is not a valid location for a store.*Give a folder like"):
        open_backend("s4://bucket")


def test_the_error_of_an_unreachable_host_hides_the_password() -> None:
    with pytest.raises(InputError, match=r"cannot reach the store 'ftp://me:…@127\.0\.0\.1:1/x'") as error:
        open_backend("ftp://me:secret@127.0.0.1:1/x")
    assert "secret" not in str(error.value)


@pytest.mark.skipif(find_spec("ossfs") is not None, reason="ossfs is installed")
def test_a_protocol_that_needs_a_package_names_it() -> None:
    with pytest.raises(NotInstalledError, match='pip install "ossfs"'):
        open_backend("oss://bucket/store")


def test_a_failing_service_raises_instead_of_reporting_absence() -> None:
    backend = open_backend("failing://x")
    for action in (lambda: backend.read("a"), lambda: backend.has("a"), lambda: list(backend.entries())):
        with pytest.raises(OSError, match=r"^503 Slow Down$"):
            action()


def test_a_file_is_written_to_a_temporary_name_where_readers_could_see_it(tmp_path: Path) -> None:
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
def test_every_form_of_modification_time_is_read(stamp: dict[str, object], seconds: float) -> None:
    Stamped.stamp = stamp
    assert list(open_backend("stamped://x").entries()) == [StoredFile("a", 1, seconds)]


@pytest.mark.parametrize("stamp", [{}, {"mtime": None}, {"modify": "yesterday"}])
def test_a_missing_modification_time_counts_as_now(stamp: dict[str, object]) -> None:
    Stamped.stamp = stamp
    [entry] = open_backend("stamped://x").entries()
    assert time.time() - entry.used < 60


def test_a_file_is_written_atomically_with_and_without_flush(tmp_path: Path) -> None:
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

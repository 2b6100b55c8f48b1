"""Save points."""

import hashlib
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import fsspec
import numpy as np
import pytest

from assetgen.errors import BuildError, InputError
from assetgen.images import ImageSet, Meta, color_image
from assetgen.parts import Context
from assetgen.pixels.image_files import encode_png
from assetgen.sources.fake import fake
from assetgen.store.store import Store, files_from, pack_entry, unpack_entry

FILES = {"a.png": b"ab", "é/b": b""}


def only_entry(folder: Path) -> Path:
    [entry] = folder.rglob("*.zip")
    return entry


@pytest.fixture(params=["folder", "file://", "memory://"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return Store(tmp_path if request.param == "folder" else f"{request.param}{tmp_path}")


def test_images_come_back_bit_for_bit(store: Store) -> None:
    rng = np.random.default_rng(0)
    channels = {f"c{n}": rng.integers(0, 255, (3, 4, n), np.uint8, endpoint=True) for n in (1, 2, 3, 4)}
    channels |= {"height": rng.integers(0, 65535, (3, 4, 1), np.uint16), "depth": rng.random((3, 4, 1), np.float32)}
    store.write_images("images", "k", ImageSet(channels, Meta(tiles="xy")))
    back = store.read_images("images", "k")
    assert back is not None and back.meta == Meta(tiles="xy")
    assert all((back[name] == array).all() and back[name].dtype == array.dtype for name, array in channels.items())


def test_stored_images_use_fast_compression() -> None:
    color = fake(Context(), prompt="a dragon")["color"]
    assert files_from(color_image(color))["color.3.png"] == encode_png(color, quick=True) != encode_png(color)


def test_an_entry_is_found_by_another_store_object(store: Store) -> None:
    store.write("files", "key", FILES)
    other = Store(str(store))
    assert (other.read("files", "key"), other.has("files", "key"), other.read("images", "key")) == (FILES, True, None)


def test_a_damaged_entry_counts_as_missing_and_is_removed(store: Store) -> None:
    store.write("files", "key", {"a.png": b"x" * 100})
    path = "files/ke/key.zip"
    store.backend.write(path, (store.backend.read(path) or b"").replace(b"xxxx", b"yyyy", 1))
    assert (store.read("files", "key"), store.has("files", "key")) == (None, False)


@pytest.mark.parametrize("change", [lambda byte: byte ^ 1, lambda byte: byte ^ 128, lambda byte: 255 - byte])
def test_every_changed_byte_is_detected(tmp_path: Path, change: Callable[[int], int]) -> None:
    store = Store(tmp_path)
    store.write("files", "key", FILES)
    entry = only_entry(tmp_path)
    whole = entry.read_bytes()
    for position, byte in enumerate(whole):
        entry.write_bytes(whole[:position] + bytes([change(byte)]) + whole[position + 1 :])
        assert (store.read("files", "key"), entry.exists()) == (None, False)


def test_every_truncation_is_detected(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("files", "key", FILES)
    entry = only_entry(tmp_path)
    whole = entry.read_bytes()
    for length in range(len(whole)):
        entry.write_bytes(whole[:length])
        assert (store.read("files", "key"), entry.exists()) == (None, False)


def test_extra_bytes_are_detected() -> None:
    whole = pack_entry(FILES)
    assert unpack_entry(whole) == FILES
    assert [unpack_entry(whole + b"\0"), unpack_entry(b"\0" + whole), unpack_entry(whole + whole)] == [None] * 3


def test_a_valid_checksum_of_other_data_is_damage() -> None:
    assert unpack_entry(hashlib.sha256(b"").hexdigest().encode()) is None


def test_a_removed_entry_can_be_written_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("files", "key", FILES)
    only_entry(tmp_path).write_bytes(b"")
    assert store.read("files", "key") is None
    store.write("files", "key", FILES)
    assert store.read("files", "key") == FILES


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        Store(tmp_path).write("files", name, {"x": b"1", "y": b"2"})
    first, second = (path.read_bytes() for path in sorted(tmp_path.rglob("*.zip")))
    assert first == second


def test_reading_an_entry_marks_it_as_used(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("files", "key", FILES)
    os.utime(only_entry(tmp_path), (0, 0))
    store.read("files", "key")
    assert time.time() - only_entry(tmp_path).stat().st_mtime < 60


def test_two_processes_may_write_the_same_entry_at_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as builders:
        saved = [builders.submit(store.write, "files", "key", FILES) for _ in range(200)]
        while not all(one.done() for one in saved):
            assert store.read("files", "key") in (None, FILES)
    assert [one.exception() for one in saved] == [None] * 200
    assert [path.name for path in tmp_path.rglob("*.*")] == ["key.zip"]


def test_a_store_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for location in (tmp_path / "file", f"file://{tmp_path}/file"):
        with pytest.raises(BuildError, match=r"cannot save into the store .*file"):
            Store(location).write("files", "key", {"a": b""})
        with pytest.raises(InputError, match=r"cannot save into the store .* Use another with --store"):
            Store(location).check_writable()


def test_the_write_check_leaves_no_file(store: Store) -> None:
    store.check_writable()
    assert list(store.backend.entries()) == []


def test_a_deleted_store_is_created_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    store.write("files", "key", FILES)
    shutil.rmtree(tmp_path / "s")
    assert (store.read("files", "key"), store.has("files", "key")) == (None, False)
    store.write("files", "key", FILES)
    assert store.read("files", "key") == FILES


def test_an_unreadable_entry_is_an_error_not_a_missing_entry(tmp_path: Path) -> None:
    (tmp_path / "files/ke/key.zip").mkdir(parents=True)
    with pytest.raises(BuildError, match=r"cannot read from the store .* \(Is a directory\)\. Check the disk"):
        Store(tmp_path).read("files", "key")


def test_a_store_without_write_access_is_read_and_keeps_damaged_entries(tmp_path: Path) -> None:
    mine = Store(tmp_path / "s")
    mine.write("files", "good", FILES)
    mine.write("files", "bad", FILES)
    mine.backend.write("files/ba/bad.zip", b"torn")
    shutil.make_archive(str(tmp_path / "s"), "zip", tmp_path / "s")
    theirs = Store(f"zip://::file://{tmp_path}/s.zip")
    assert (theirs.read("files", "good"), theirs.read("files", "bad")) == (FILES, None)
    with pytest.raises(InputError, match="Use another with --store"):
        theirs.check_writable()


def test_a_read_only_folder_is_read_and_keeps_damaged_entries(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("files", "key", FILES)
    only_entry(tmp_path).write_bytes(b"torn")
    for folder in (tmp_path, *(path for path in tmp_path.rglob("*") if path.is_dir())):
        folder.chmod(0o555)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("this user may write everywhere: root, or Windows")
    assert (store.read("files", "key"), only_entry(tmp_path).read_bytes()) == (None, b"torn")
    with pytest.raises(InputError, match=r"\(Permission denied\)"):
        store.check_writable()


@pytest.fixture(autouse=True)
def _clear_memory_file_system() -> None:
    fsspec.filesystem("memory").store.clear()

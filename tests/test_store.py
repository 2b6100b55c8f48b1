"""Save points."""

from pathlib import Path

import numpy as np
import pytest

from assetgen.errors import BuildError
from assetgen.images import ImageSet
from assetgen.store import Store


def test_images_come_back_bit_for_bit(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    channels = {f"c{n}": rng.integers(0, 255, (3, 4, n), np.uint8, endpoint=True) for n in (1, 2, 3, 4)}
    channels |= {"height": rng.integers(0, 65535, (3, 4, 1), np.uint16), "depth": rng.random((3, 4, 1), np.float32)}
    store = Store(tmp_path)
    store.write_images("images", "k", ImageSet(channels, {"tiles": "xy"}))
    back = store.read_images("images", "k")
    assert back is not None and dict(back.meta) == {"tiles": "xy"}
    assert all((back[name] == array).all() and back[name].dtype == array.dtype for name, array in channels.items())


def test_a_damaged_entry_counts_as_absent(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("files", "key", {"a.png": b"x" * 100})
    [entry] = tmp_path.rglob("*.zip")
    entry.write_bytes(entry.read_bytes().replace(b"xxxx", b"yyyy", 1))
    assert store.read("files", "key") is None


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        Store(tmp_path).write("files", name, {"x": b"1", "y": b"2"})
    first, second = (path.read_bytes() for path in sorted(tmp_path.rglob("*.zip")))
    assert first == second


def test_a_store_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BuildError, match="cannot save into the store"):
        Store(tmp_path / "file").write("files", "key", {"a": b""})

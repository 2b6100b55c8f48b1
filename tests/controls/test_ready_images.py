"""The controls shuffle and picture."""

from pathlib import Path

import numpy as np
import pytest

from assetgen.controls.picture import picture
from assetgen.controls.shuffle import shuffle
from assetgen.parts import InputFile
from assetgen.pixels.image_files import encode_png


@pytest.fixture
def halves(tmp_path: Path) -> InputFile:
    """Red left, blue right, 64 × 64."""
    array = np.zeros((64, 64, 3), np.uint8)
    array[:, :32, 0] = array[:, 32:, 2] = 255
    (tmp_path / "halves.png").write_bytes(encode_png(array))
    return InputFile.model_validate(str(tmp_path / "halves.png"))


def test_a_shuffle_keeps_colours_and_moves_them(halves: InputFile) -> None:
    made = shuffle(image=halves, size=(128, 128))["color"]
    assert (made.shape, made[..., 1].max()) == ((128, 128, 3), 0)
    assert 0.1 < (made[..., 0] > 127).mean() < 0.9
    assert (made[:, :64, 2] > 127).mean() > 0.1


def test_a_shuffle_depends_on_its_seed_alone(halves: InputFile) -> None:
    first, again, other = (shuffle(image=halves, seed=seed)["color"] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_ready_control_image_is_used_as_it_is(halves: InputFile) -> None:
    made = picture(image=halves, kind="tile", size=(64, 64))["color"]
    assert made[5, 5].tolist() == [255, 0, 0]
    assert picture(image=halves, kind="tile", size=(64, 128), fit="contain")["color"][:30].max() == 0

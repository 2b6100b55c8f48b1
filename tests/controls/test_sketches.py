"""The controls canny and lineart."""

from pathlib import Path

import numpy as np
import pytest

from assetgen.controls.canny import canny
from assetgen.controls.lineart import lineart
from assetgen.errors import InputError
from assetgen.images import Array
from assetgen.parts import InputFile
from assetgen.pixels.image_files import encode_png


@pytest.fixture
def square(tmp_path: Path) -> InputFile:
    """A black frame on white, 64 × 64."""
    array = np.full((64, 64, 3), 255, np.uint8)
    array[16:48, 16:48] = 0
    array[19:45, 19:45] = 255
    return saved(tmp_path / "square.png", array)


def saved(path: Path, array: Array) -> InputFile:
    path.write_bytes(encode_png(array))
    return InputFile.model_validate(str(path))


@pytest.mark.parametrize("control", [canny, lineart])
def test_lines_are_white_where_the_drawing_has_them(square: InputFile, control: object) -> None:
    made = control(image=square, size=(64, 64))["color"]  # type: ignore[operator]
    assert made.shape == (64, 64, 3)
    assert made[14:22, 32].max() > 100
    assert made[:8].max() == made[28:36, 28:36].max() == 0


@pytest.mark.parametrize("control", [canny, lineart])
def test_a_plain_image_has_no_lines(tmp_path: Path, control: object) -> None:
    plain = saved(tmp_path / "plain.png", np.full((32, 48, 3), 90, np.uint8))
    made = control(image=plain, size=(64, 64))["color"]  # type: ignore[operator]
    assert made.max() == 0


def test_transparent_parts_count_as_white(tmp_path: Path) -> None:
    hidden = np.zeros((32, 32, 4), np.uint8)
    assert canny(image=saved(tmp_path / "a.png", hidden), size=(32, 32))["color"].max() == 0


def test_a_broken_image_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no")
    with pytest.raises(InputError, match="not a supported image"):
        canny(image=InputFile.model_validate(str(tmp_path / "a.png")))

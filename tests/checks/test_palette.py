import numpy as np
import pytest

from assetgen.checks.palette import palette
from assetgen.errors import InputError
from assetgen.images import ImageSet, color_image
from assetgen.parts import InputFile, load_part

THREE = np.array([[[255, 0, 0], [0, 255, 0], [0, 255, 0]], [[0, 0, 255], [255, 0, 0], [0, 255, 0]]], np.uint8)


def written(folder, *colors):
    path = folder / "own.hex"
    path.write_text("\n".join(colors))
    return InputFile.model_validate(path)


def test_colours_are_counted_against_the_limit():
    assert palette(color_image(THREE), colors=3).passed
    verdict = palette(color_image(THREE), colors=2)
    assert (verdict.score, verdict.passed, verdict.reason) == (3, False, "3 colours, 2 allowed")


def test_colours_outside_the_file_fail_and_the_commonest_are_named(tmp_path):
    assert palette(color_image(THREE), palette=written(tmp_path, "ff0000", "00ff00", "0000ff", "ffffff")).passed
    verdict = palette(color_image(THREE), palette=written(tmp_path, "ff0000"))
    assert not verdict.passed and verdict.reason == "2 colours are not in own.hex (#00ff00, #0000ff)"


def test_both_limits_are_reported(tmp_path):
    reason = palette(color_image(THREE), colors=1, palette=written(tmp_path, "ff0000")).reason
    assert "1 allowed" in reason and "not in own.hex" in reason


def test_hidden_pixels_do_not_count():
    seen = np.dstack([THREE, np.zeros((2, 3, 1), np.uint8)])
    seen[0, 0, 3] = 1
    assert palette(color_image(seen.copy()), colors=1).score == 1
    seen[0, 0, 3] = 0
    assert palette(color_image(seen), colors=1).score == 0


def test_16_bit_images_are_judged_with_8_bits():
    assert palette(color_image(THREE.astype(np.uint16) * 257), colors=3).passed


def test_bad_arguments_and_bad_images_are_refused():
    with pytest.raises(ValueError, match="colors"):
        load_part("check", "palette").params(colors=0)
    with pytest.raises(InputError, match="'color' channel"):
        palette(ImageSet({"height": THREE[..., :1]}), colors=3)

"""Existing image files as a source."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from assetgen.errors import InputError
from assetgen.images import ImageSet
from assetgen.parts import Context, load_part
from assetgen.pixels.image_files import encode_png


def taken(file: Path, **words: Any) -> ImageSet:
    source = load_part("source", "image_file")
    made: ImageSet = source.run(Context(), **dict(source.params.model_validate({"image": file, **words})))
    return made


@pytest.mark.parametrize("channels, kind", [(3, np.uint8), (4, np.uint8), (4, np.uint16)])
def test_pixels_are_unchanged(tmp_path: Path, channels: int, kind: type) -> None:
    pixels = np.random.default_rng(1).integers(0, np.iinfo(kind).max, (5, 7, channels)).astype(kind)
    (tmp_path / "a.png").write_bytes(encode_png(pixels))
    images = taken(tmp_path / "a.png", tiles="x")
    assert (images["color"] == pixels).all()
    assert images.meta.tiles == "x"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"there is no file '.*gone.png'"):
        taken(tmp_path / "gone.png")


def test_truncated_and_animated_images_are_refused(tmp_path: Path) -> None:
    (tmp_path / "short.png").write_bytes(encode_png(np.zeros((64, 64, 3), np.uint8))[:60])
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    for name, what in (("short.png", "damaged or truncated"), ("moving.gif", "several frames or pages")):
        with pytest.raises(InputError, match=what):
            taken(tmp_path / name)

"""Moving pictures for people."""

import io

import numpy as np
import pytest
from PIL import Image

from assetgen.exporters.preview import preview
from assetgen.images import Frames, color_image, sequence

STILLS = [color_image(np.full((10, 20, 3), shade, np.uint8)) for shade in (10, 90)]


@pytest.mark.parametrize(("pixel_art", "size"), [(True, (240, 120)), (None, (20, 10))])
def test_only_pixel_art_is_enlarged(pixel_art: bool | None, size: tuple[int, int]) -> None:
    images = sequence(STILLS, Frames((100, 50))).with_meta(pixel_art=pixel_art)
    made = Image.open(io.BytesIO(preview(images, "foes/imp")["foes/imp.gif"]))
    assert (made.size, made.n_frames) == (size, 2)


def test_a_still_is_a_single_frame() -> None:
    made = Image.open(io.BytesIO(preview(STILLS[0], "imp", format="apng")["imp.apng"]))
    assert (made.size, made.getpixel((3, 3))) == ((20, 10), (10, 10, 10, 255))

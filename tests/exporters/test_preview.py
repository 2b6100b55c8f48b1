"""Moving pictures for people."""

import io

import numpy as np
import pytest
from PIL import Image

from assetgen.errors import InputError
from assetgen.exporters.preview import preview
from assetgen.images import Frames, color_image, sequence
from assetgen.parts import Context
from assetgen.sources.tileset import tileset

STILLS = [color_image(np.full((10, 20, 3), shade, np.uint8)) for shade in (10, 90)]


@pytest.mark.parametrize(("pixel_art", "size"), [(True, (240, 120)), (None, (20, 10))])
def test_only_pixel_art_is_enlarged(pixel_art: bool | None, size: tuple[int, int]) -> None:
    images = sequence(STILLS, Frames((100, 50))).with_meta(pixel_art=pixel_art)
    made = Image.open(io.BytesIO(preview(images, "foes/imp")["foes/imp.gif"]))
    assert (made.size, made.n_frames) == (size, 2)


def test_a_still_is_a_single_frame() -> None:
    made = Image.open(io.BytesIO(preview(STILLS[0], "imp", format="apng")["imp.apng"]))
    assert (made.size, made.getpixel((3, 3))) == ((20, 10), (10, 10, 10, 255))


@pytest.mark.parametrize("level", ["noise", "wfc"])
def test_of_a_tileset_it_shows_a_level(level: str) -> None:
    images = tileset(Context(members={"imp": STILLS[1].map(lambda array: array[:, :10])}))
    made = [preview(images, "imp", level=level, seed=seed)["imp.gif"] for seed in (0, 1)]  # type: ignore[arg-type]
    assert Image.open(io.BytesIO(made[0])).size == (160, 100)
    assert made[0] != made[1]


def test_autotiles_of_rpg_maker_have_no_level_by_collapse() -> None:
    images = tileset(Context(members={"imp": STILLS[1].map(lambda array: array[:, :10])}), layout="rpgmaker_a2")
    with pytest.raises(InputError, match="have no level by `wfc`"):
        preview(images, "imp", level="wfc")

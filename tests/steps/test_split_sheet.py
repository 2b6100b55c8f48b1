"""Taking a sheet of frames apart."""

import numpy as np
import pytest

from assetgen.errors import InputError
from assetgen.images import ImageSet, Tag, color_image
from assetgen.steps.split_sheet import split_sheet


def sheet(width: int = 9, height: int = 8) -> ImageSet:
    """Every pixel has its column in red and its row in green."""
    color = np.zeros((height, width, 3), np.uint8)
    color[..., 0], color[..., 1] = np.arange(width), np.arange(height)[:, None]
    return color_image(color)


def test_frames_are_read_row_by_row_and_the_rest_is_cut_off() -> None:
    made = split_sheet(sheet(), rows=2, columns=4)
    assert [frame.size for frame in made.frames] == [(2, 4)] * 8
    assert [tuple(frame["color"][0, 0, :2]) for frame in made.frames[3:5]] == [(6, 0), (0, 4)]


def test_each_row_is_an_animation_where_rows_have_names() -> None:
    made = split_sheet(sheet(), rows=2, columns=3, names=("left", "right"))
    assert made.meta.frames is not None
    assert made.meta.frames.tags == (Tag("left", 0, 2), Tag("right", 3, 5))


@pytest.mark.parametrize(
    ("images", "arguments", "message"),
    [
        (sheet(), {"rows": 2, "names": ("a",)}, "1 names for 2 rows"),
        (sheet(3), {"columns": 4}, "a sheet of 3 × 8 pixels has no 4 × 1 frames"),
        (split_sheet(sheet()), {}, "the images are an animation already"),
    ],
)
def test_what_cannot_be_split_is_refused(images: ImageSet, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        split_sheet(images, **arguments)  # type: ignore[arg-type]

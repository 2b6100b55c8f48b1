"""Image sets and their pixel conventions."""

import numpy as np
import pytest

from assetgen.images import ImageSet, picture, split_alpha, to_float, to_uint8, to_uint16


def test_arrays_of_a_set_cannot_be_written() -> None:
    images = picture(np.zeros((2, 2, 3), np.uint8))
    with pytest.raises(ValueError, match="read-only"):
        images["color"][0, 0] = 1


@pytest.mark.parametrize("array", [np.zeros((2, 2)), np.zeros((2, 2, 3)), np.zeros((0, 2, 3), np.uint8)])
def test_a_channel_of_another_shape_or_type_is_refused(array: np.ndarray) -> None:
    with pytest.raises(ValueError, match="H×W×C"):
        ImageSet({"color": array})


def test_conversions_round_and_come_back() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    assert (to_uint8(to_float(ramp)) == ramp).all()
    assert (to_uint8(to_uint16(ramp)) == ramp).all()


def test_a_picture_without_alpha_is_opaque() -> None:
    assert split_alpha(np.zeros((1, 1, 3), np.uint16))[1].tolist() == [[[65535]]]

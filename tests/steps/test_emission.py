"""Glowing parts by colour."""

import numpy as np
import pytest

from assetgen.errors import InputError
from assetgen.images import ImageSet, color_image
from assetgen.steps.emission import emission


def lamp() -> ImageSet:
    """Yellow, blue, white, and transparent yellow."""
    colors = [(255, 208, 64, 255), (30, 30, 200, 255), (255, 255, 255, 255), (255, 208, 64, 0)]
    return color_image(np.array([colors], np.uint8))


def test_pixels_near_a_colour_glow_and_the_others_are_black() -> None:
    made = emission(lamp(), colors=("#f8d048",))["emission"]
    assert made.tolist() == [[[255, 208, 64], [0, 0, 0], [0, 0, 0], [0, 0, 0]]]


def test_bright_pixels_glow() -> None:
    assert emission(lamp(), brightness=0.95)["emission"][0, :, 0].tolist() == [0, 0, 255, 0]


def test_without_a_rule_it_is_refused() -> None:
    with pytest.raises(InputError, match="emission needs colors, brightness, or both"):
        emission(lamp())

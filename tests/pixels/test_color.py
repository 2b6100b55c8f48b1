"""Colour spaces against published values."""

import numpy as np

from assetgen.pixels.color import linear_from_srgb, oklab_from_srgb, srgb_from_linear, srgb_from_oklab

COLORS = np.array([[1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0.2, 0.4, 0.6]], np.float32)


def test_oklab_has_the_values_of_its_definition() -> None:
    published = [[1, 0, 0], [0.628, 0.225, 0.126], [0.866, -0.234, 0.179], [0.452, -0.032, -0.312]]
    assert np.allclose(oklab_from_srgb(COLORS[:4]), published, atol=1e-3)


def test_colour_conversions_are_reversible() -> None:
    assert np.allclose(srgb_from_oklab(oklab_from_srgb(COLORS)), COLORS, atol=1e-4)
    assert np.allclose(srgb_from_linear(linear_from_srgb(COLORS)), COLORS, atol=1e-6)


def test_half_grey_is_a_fifth_of_linear_light() -> None:
    assert np.allclose(linear_from_srgb(np.full(3, 0.5, np.float32)), 0.214, atol=1e-3)

"""The check `content`: garbage, clear pictures, and the pictures that were judged by eye."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.checks.alpha import alpha
from assetgen.checks.content import content, names_several
from assetgen.images import Array, ImageSet, color_image

MEASURE = Path(__file__).parents[1] / "bench/content/measure.py"


def balls(*places: tuple[int, int, int], size: int = 64) -> ImageSet:
    """Red balls with a dark outline, each by x, y and radius."""
    down, across = np.mgrid[:size, :size] + 0.5
    image: Array = np.zeros((size, size, 4), np.uint8)
    for x, y, radius in places:
        far = np.hypot(across - x, down - y)
        image[far <= radius] = (40, 10, 20, 255)
        image[far <= radius - 3] = (200, 60, 50, 255)
    return color_image(image)


def reason(images: ImageSet, **arguments: Any) -> str:
    verdict = content(images, **arguments)
    assert verdict.passed == (verdict.score <= 1)
    return verdict.reason


def test_one_clear_thing_passes() -> None:
    assert reason(balls((32, 32, 20))) == ""


def test_a_black_picture_and_one_of_one_colour_fail() -> None:
    assert "nearly black" in reason(color_image(np.tile(np.uint8([[[0], [9]]]), (16, 8, 3))))
    assert "nearly one colour" in reason(color_image(np.full((16, 16, 3), 120, np.uint8)))
    assert "at least 0.4" in reason(color_image(np.tile(np.uint8([[[90], [140]]]), (16, 8, 3))), contrast=0.4)


def test_an_invisible_picture_fails() -> None:
    assert reason(color_image(np.zeros((8, 8, 4), np.uint8))) == "nothing is visible"


@pytest.mark.parametrize(
    ("places", "found"),
    [
        ([(32, 32, 22), (6, 6, 5), (58, 6, 5), (6, 58, 5)], "4 separate pieces, at most 3"),
        ([(18, 32, 14), (50, 32, 11)], "several things: the second has"),
    ],
)
def test_several_things_fail_where_one_is_asked(places: list[tuple[int, int, int]], found: str) -> None:
    assert found in reason(balls(*places), prompt="a red ball")
    assert reason(balls(*places), prompt="red balls") == reason(balls(*places), one=False) == ""


def test_plurals_numbers_and_piles_name_several_things() -> None:
    several = ["leather boots", "two keys", "a pile of coins", "cherries"]
    one = ["a glass", "a cactus", "an iris", "a wizard's hat", "a princess", "moss"]
    assert [each for each in [*several, *one] if names_several(each)] == several


def test_a_third_of_the_judged_pictures_is_told_apart_without_rejecting_good_ones() -> None:
    measure = runpy.run_path(str(MEASURE))
    some = [each for each in measure["labelled"]() if each.kind == "sprite"][::3]
    verdicts = [each.verdict() for each in some]
    good, failed = np.array([each.good for each in some]), np.array([not verdict.passed for verdict in verdicts])
    quality = np.array([verdict.quality for verdict in verdicts])
    assert failed[good].mean() <= 0.03
    assert (failed & ~good).sum() >= 3
    assert measure["auc"](quality[good], quality[~good]) > 0.7


def test_the_shape_of_a_drawing_is_not_judged() -> None:
    dots = np.zeros((32, 32, 4), np.uint8)
    dots[2:30:8, 2:30:8] = dots[3:30:8, 2:30:8] = (200, 40, 40, 255)
    assert not content(color_image(dots)).passed
    assert content(color_image(dots, given_alpha=True)).passed
    assert not alpha(color_image(dots)).passed
    assert alpha(color_image(dots, given_alpha=True)).passed
    assert not alpha(color_image(np.zeros_like(dots), given_alpha=True)).passed

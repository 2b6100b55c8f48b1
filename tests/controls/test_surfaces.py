"""Surfaces drawn from the words of a prompt, which repeat."""

from collections import Counter

import numpy as np
import pytest

from assetgen.controls._naming import prompt_words, singular
from assetgen.controls._surfaces import named_surfaces, names_of_surfaces, surface_order
from assetgen.controls.surface import draws_surface, surface
from assetgen.errors import InputError
from assetgen.images import Array

NAMES = sorted({name for name, _ in named_surfaces()})


def drawn(prompt: str, seed: int = 0, size: tuple[int, int] = (128, 128)) -> Array:
    return surface(prompt=prompt, seed=seed, size=size)["color"]


def seams(picture: Array, axis: int) -> tuple[float, float]:
    """How much neighbours across the border differ, and the largest difference of two rows or columns inside."""
    steps = np.abs(np.roll(picture.astype(float), -1, axis) - picture).mean(axis=(1 - axis, 2))
    return float(steps[-1]), float(steps[:-1].max())


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_surface_is_drawn_and_repeats(name: str) -> None:
    for seed, size in enumerate([(128, 128), (96, 160)]):
        picture = drawn(name.replace("_", " "), seed, size)
        assert picture.shape == (size[1], size[0], 3)
        assert picture.std() > 2
        for axis in (0, 1):
            border, inside = seams(picture, axis)
            assert border <= 1.25 * inside + 1


@pytest.mark.parametrize("prompt", ["cobblestone", "grass", "wooden planks", "mossy roof tiles", "circuit board"])
def test_a_surface_is_the_same_for_one_seed_and_differs_for_another(prompt: str) -> None:
    first = drawn(prompt)
    assert np.array_equal(first, drawn(prompt))
    assert np.abs(first.astype(float) - drawn(prompt, 1)).mean() > 4


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("red bricks", "bricks"),
        ("a cobblestone street with moss", "cobblestone"),
        ("old wooden planks", "planks"),
        ("a stone floor", "flagstone"),
        ("grass tile", "grass"),
        ("an ice wall", "ice"),
        ("floor of white marble", "marble_tiles"),
        ("pile of gold coins", "gold_coins"),
        ("a knight", None),
        ("", None),
    ],
)
def test_the_last_words_of_a_name_choose_the_surface(prompt: str, name: str | None) -> None:
    found = names_of_surfaces().find(prompt)
    assert (found.entry if found else None) == name
    assert draws_surface(prompt) == (name is not None)


def test_no_words_name_two_surfaces() -> None:
    counts = Counter(" ".join(map(singular, prompt_words(words))) for _, words in named_surfaces())
    assert [words for words, count in counts.items() if count > 1] == []


def test_colours_and_adjectives_change_a_surface() -> None:
    red, blue = (drawn(f"{color} bricks").reshape(-1, 3).mean(axis=0) for color in ("red", "blue"))
    assert red[0] > 1.5 * red[2]
    assert blue[2] > 1.2 * blue[0]
    plain, mossy = drawn("cobblestone").astype(float), drawn("mossy cobblestone").astype(float)
    green = [(each[..., 1] > 1.3 * each[..., 2]).mean() for each in (plain, mossy)]
    assert green[0] < 0.05 < 0.15 < green[1]
    assert drawn("wet cobblestone").mean() < plain.mean()


def test_words_of_a_name_are_neither_colour_nor_adjective() -> None:
    for prompt in ("gold coins", "rusty metal", "mossy stone", "snow"):
        order = surface_order(prompt)
        assert order is not None
        assert (order.paint, order.touches) == (None, ())


def test_a_surface_that_is_not_known_is_an_error() -> None:
    with pytest.raises(InputError, match="a knight"):
        surface(prompt="a knight")

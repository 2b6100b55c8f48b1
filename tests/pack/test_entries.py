"""Matrices, braces and names."""

import pytest

from assetgen.errors import InputError
from assetgen.pack.entries import check_name, expand, variations
from assetgen.pack.schema import AssetSpec


def names(**assets: AssetSpec) -> list[str]:
    return [entry.name for entry in expand(assets, dict.fromkeys(assets, ("assets",)))]


def test_braces_expand_name_and_prompt_together() -> None:
    spec = AssetSpec(preset="p", prompt="a {red,blue} potion of {red,blue} glass")
    [red, blue] = expand({"{red,blue}_potion": spec}, {"{red,blue}_potion": ("assets",)})
    assert (red.name, red.spec.prompt) == ("red_potion", "a red potion of red glass")
    assert (blue.name, blue.spec.prompt) == ("blue_potion", "a blue potion of blue glass")


def test_a_matrix_makes_every_combination_and_fills_part_arguments() -> None:
    spec = AssetSpec(preset="p", matrix={"size": [8, 16], "kind": ["a", "b"]}, image_file={"image": "{kind}.png"})
    entries = list(expand({"x_{size}_{kind}": spec}, {"x_{size}_{kind}": ("assets",)}))
    assert [entry.name for entry in entries] == ["x_8_a", "x_8_b", "x_16_a", "x_16_b"]
    assert entries[1].spec.overrides == {"image_file": {"image": "b.png"}}


def test_an_axis_must_be_part_of_the_name() -> None:
    with pytest.raises(InputError, match=r"\{size\} is missing from the name"):
        names(potion=AssetSpec(preset="p", matrix={"size": [1]}))


def test_names_that_differ_only_in_case_are_refused() -> None:
    with pytest.raises(InputError, match="two assets are named"):
        names(Wall=AssetSpec(preset="p"), wall=AssetSpec(preset="p"))


@pytest.mark.parametrize(
    "name", ["../x", "a/../b", "/x", "a\0", "a\n", "con", "sub/NUL.png", "a.", "", "a//b", "ä", "a" * 121, "-x", "a:b"]
)
def test_names_that_are_unsafe_as_file_names_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="name"):
        check_name(name)


@pytest.mark.parametrize("name", ["a", "Props/key_2", "wall.old-1"])
def test_names_that_are_safe_as_file_names_are_accepted(name: str) -> None:
    check_name(name)


def test_variations_count_up_from_a_seed_of_their_prompt() -> None:
    first, second = variations("a red dragon", 2).values()
    assert (second, variations("a blue dragon", 1)["a_blue_dragon"] == first) == (first + 1, False)
    assert variations("a red dragon", 2, 5) == {"a_red_dragon_01": 5, "a_red_dragon_02": 6}


def test_long_prompts_that_begin_alike_have_names_of_their_own() -> None:
    long = "a red dragon on a pile of gold coins in a cave, "
    first, second, again = (next(iter(variations(long + end, 1))) for end in ("asleep", "awake", "asleep"))
    assert (first == again, first == second, first.startswith("a_red_dragon_on_a_pile_of_gold_")) == (True, False, True)
    assert len(first) <= 40

"""Prompts completed from the captions of their model: those of mini."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from assetgen.errors import InputError
from assetgen.pack.completion import CaptionFile, CompletedPrompt
from assetgen.pack.library import PackFile, library_for
from assetgen.pack.resolve import resolve_pack
from assetgen.pack.weights import BUNDLED_WEIGHTS

WritePack = Callable[[str], PackFile]
Run = Callable[..., tuple[int, str, str]]
COLORS = ("blue", "green", "grey", "white", "black", "yellow", "purple", "brown")


@pytest.fixture(scope="module")
def mini() -> CaptionFile:
    return CaptionFile(BUNDLED_WEIGHTS / "mini/captions.txt.gz")


def completed(captions: CaptionFile, prompt: str, style: str = "pixel art sprite") -> str:
    found = captions.complete(prompt, style)
    assert found is not None
    return found.prompt


@pytest.mark.parametrize(
    ("prompt", "whole"),
    [
        ("a red dragon", "a red dragon, monster"),
        ("a goblin thief", "a goblin thief, monster"),
        ("a loaf of bread", "a loaf of bread, food"),
        ("a barrel", "a wooden barrel, object"),
        ("a dragon, red", "a red dragon, monster"),
        ("a red dragon, monster", "a red dragon, monster"),
    ],
)
def test_a_prompt_becomes_a_caption_with_all_of_its_words(mini: CaptionFile, prompt: str, whole: str) -> None:
    assert completed(mini, prompt) == whole


@pytest.mark.parametrize(
    "prompt",
    [
        "a two-headed ogre holding a torch",
        "a wizard casting a spell",
        "an archer riding a spider",
        "a black and white cat wearing a hat",
        "a blue knight on a white horse",
    ],
)
def test_what_no_caption_has_in_this_order_stays_and_gets_a_class(mini: CaptionFile, prompt: str) -> None:
    found = completed(mini, prompt)
    assert found.startswith(f"{prompt}, ")
    assert found.removeprefix(f"{prompt}, ") in ("monster", "character", "animal")


@pytest.mark.parametrize("thing", ["knight", "knight with a sword", "slime", "potion", "goblin thief", "crown", "robe"])
def test_the_color_of_the_prompt_is_the_only_one(mini: CaptionFile, thing: str) -> None:
    found = completed(mini, f"a red {thing}")
    assert ("a red " in found, [color for color in COLORS if color in found]) == (True, [])
    assert not [color for color in (*COLORS, "red") if color in completed(mini, f"a {thing}").split()]


@pytest.mark.parametrize(
    ("prompt", "whole"),
    [
        ("a heart", "a red heart"),
        ("a frog", "a green frog, animal"),
        ("a bomb", "a black bomb"),  # that of most captions, also of other styles
        ("a blue frog", "a blue frog, animal"),  # has a colour
        ("a wizard", "a wizard, character"),  # a caption has it without a colour
        ("a frog with a hat", "a frog with a hat, animal"),  # has details
        ("a spider", "a spider, animal"),  # as many are brown, cyan and green
        ("a lute", "a lute"),
    ],
)
def test_a_card_can_add_the_color_that_most_captions_of_a_thing_have(
    mini: CaptionFile, prompt: str, whole: str
) -> None:
    found = mini.complete(prompt, "pixel art sprite", colors=True)
    assert found is not None
    assert found.prompt == whole


def test_a_color_stays_with_what_it_describes(mini: CaptionFile) -> None:
    assert "blue knight with a silver sword" in completed(mini, "a blue knight with a silver sword")


def test_prompts_are_compared_with_captions_of_their_own_kind(mini: CaptionFile) -> None:
    assert completed(mini, "a stone wall", "seamless texture").startswith("stone wall")
    assert mini.complete("a stone wall", "oil painting") is None


@pytest.mark.parametrize("prompt", ["a tax form", "a lute", "剣を持つ騎士", "?!", "the"])
def test_a_prompt_unlike_all_captions_is_unchanged_and_said_to_be(mini: CaptionFile, prompt: str) -> None:
    assert mini.complete(prompt, "pixel art sprite") == CompletedPrompt(prompt, near=False)


def prompts(file: PackFile) -> dict[str, object]:
    return {recipe.name: recipe.source.arguments["prompt"] for recipe in resolve_pack(file)}


def test_exact_prompts_are_for_a_pack_or_an_asset(write_pack: WritePack) -> None:
    wolf = "{preset: pixel_sprite, prompt: a wolf%s}"
    pack = f"pack: p\nassets:\n  a: {wolf % ''}\n  b: {wolf % ', exact_prompt: true'}\n"
    whole, exact = ("pixel art sprite of a wolf, animal", "pixel art sprite of a wolf")
    assert prompts(write_pack(pack)) == {"a": whole, "b": exact}
    assert prompts(write_pack(f"exact_prompt: true\n{pack}")) == {"a": exact, "b": exact}


def test_a_usual_colour_is_added_only_where_no_drawing_has_colours(write_pack: WritePack) -> None:
    noise, drawn = ("pixel art sprite of a grey wolf, animal", "pixel art sprite of a wolf, animal")
    wolf = "{preset: pixel_sprite, prompt: a wolf%s}"
    pack = f"pack: p\nassets:\n  a: {wolf % ', start: false'}\n  b: {wolf % ''}\n"
    assert prompts(write_pack(pack)) == {"a": noise, "b": drawn}


def test_style_words_of_the_pack_follow_the_caption(write_pack: WritePack) -> None:
    found = prompts(write_pack("pack: p\nstyle: ink\nassets: {a: {preset: pixel_sprite, prompt: a wolf}}\n"))
    assert found == {"a": "pixel art sprite of a wolf, animal, ink"}


def test_a_class_that_the_template_has_is_not_repeated(write_pack: WritePack) -> None:
    found = prompts(write_pack("pack: p\nassets: {a: {preset: character, prompt: a pirate captain}}\n"))
    assert found == {"a": "pixel art sprite of a pirate captain, character"}


def test_captions_change_no_key_of_their_card() -> None:
    card = library_for().card("mini")
    assert card.model_copy(update={"captions": None}).identity == card.identity


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe", b"not gzip", gzip.compress(b"a of b\n" * 99, mtime=0)[:-9], None],
    ids=["not UTF-8", "not gzip", "truncated", "missing"],
)
def test_captions_that_cannot_be_read_are_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "captions.gz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"cannot read the captions '.*captions\.gz'"):
        CaptionFile(path).complete("a wolf", "sprite")


def test_plan_shows_the_prompt_that_is_sampled(assetgen: Run, tmp_path: Path) -> None:
    assets = "{a: {preset: pixel_sprite, prompt: a wolf}, b: {preset: pixel_sprite, prompt: a wombat}}"
    (tmp_path / "pack.yaml").write_text(f"pack: p\nassets: {assets}\n")
    _, out, _ = assetgen("plan", tmp_path, "--game", tmp_path / "game", "--store", tmp_path / "store")
    assert "sampled as 'pixel art sprite of a wolf, animal', over a drawing" in out
    assert "mini_sprite has not seen anything like this: sampled as 'pixel art sprite of a wombat'" in out

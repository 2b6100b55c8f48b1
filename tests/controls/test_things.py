"""Single things that sampling starts from, drawn by the words of a prompt."""

import hashlib
from collections import Counter
from importlib.resources import files

import numpy as np
import pytest
import yaml

from assetgen.controls._naming import prompt_words, singular
from assetgen.controls._shapes import GRID, Piece
from assetgen.controls._things import load_thing, named_things, names_of_things, order_of
from assetgen.controls.thing import drawn, draws_thing, thing
from assetgen.errors import InputError
from assetgen.images import FloatArray

FOLDER = files("assetgen.controls") / "things"
NAMES = sorted({name for name, _ in named_things()})
DIGEST = "98a6bc012d1d1283"
"""Of the files of things, for the version of the part `thing`."""


def cells(prompt: str, seed: int = 0) -> FloatArray:
    order = order_of(prompt)
    assert order is not None
    return drawn(order, seed)


def visible(prompt: str, seed: int = 0) -> FloatArray:
    found = cells(prompt, seed)
    return found[found[..., 3] > 0][:, :3]


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("a blue potion", "potion"),
        ("The Red Dragon", "dragon"),
        ("a treasure chest of gold with a lock", "chest"),
        ("a loaf of bread", "bread"),
        ("a wizard casting a spell", "wizard"),
        ("a bow and arrow", "bow"),
        ("two torches", "torch"),
        ("a wooden fishing rod", "fishing_rod"),
        ("a ghost holding a lantern", "ghost"),
        ("a bag of gold coins", "coin_bag"),
        ("a skull icon", "skull"),
        ("a wolf howling at the moon", "wolf"),
        ("a knight covered in mud", "knight"),
        ("a giraffe parade", None),
        ("running icon " * 5000, None),
        ("a wombat", None),
        ("", None),
    ],
)
def test_the_last_words_before_details_name_the_thing(prompt: str, name: str | None) -> None:
    found = names_of_things().find(prompt)
    assert (found.entry if found else None) == name
    assert draws_thing(prompt) == (name is not None)


def test_no_name_is_given_to_two_things() -> None:
    names = {(" ".join(map(singular, prompt_words(words))), name) for name, words in named_things()}
    assert [words for words, count in Counter(words for words, _ in names).items() if count > 1] == []


def test_the_texts_that_are_searched_are_those_of_the_files() -> None:
    read = [yaml.safe_load(file.read_text("utf-8")) for file in FOLDER.iterdir()]
    things = {name: text for each in read for name, text in each.items() if isinstance(text, dict)}
    things = {name: text for name, text in things.items() if not name.startswith("_")}
    assert sorted(things) == NAMES
    listed = {(name, words) for name in things for words in [name.replace("_", " "), *things[name].get("words", ())]}
    assert listed == set(named_things())


@pytest.mark.parametrize("first", "abcdefghijklmnopqrstuvwxyz")
def test_each_thing_is_whole_and_fills_the_grid(first: str) -> None:
    for name in filter(lambda each: each.startswith(first), NAMES):
        found, order = load_thing(name), order_of(name.replace("_", " "))
        assert order is not None and order.name == name, name
        for piece in (*found.behind, *found.pieces):
            shapes = (piece.poly, piece.blob, piece.oval, piece.box, piece.line)
            assert sum(shape is not None for shape in shapes) == 1, (name, piece)
            assert piece.cut or piece.fill in order.materials, (name, piece)
            assert all(each < found.variants for each in piece.variant), (name, piece)
        alpha = drawn(order, seed=len(name))[..., 3]
        rows, columns = (np.flatnonzero(alpha.any(axis=axis)) for axis in (1, 0))
        assert set(np.unique(alpha)) == {0, 1}, name
        assert 0.06 < alpha.mean() < 0.95, name
        assert max(rows[-1] - rows[0], columns[-1] - columns[0]) >= 0.6 * GRID, name


def test_a_drawing_is_the_same_for_one_seed_and_differs_for_another() -> None:
    assert np.array_equal(cells("a sword"), cells("a sword"))
    assert not np.array_equal(cells("a sword"), cells("a sword", 1))


def test_colours_of_the_prompt_are_those_of_the_thing() -> None:
    blue, red = (visible(f"a {color} potion").mean(axis=0) for color in ("blue", "red"))
    assert blue[2] > red[2]
    assert red[0] > blue[0]


def test_a_colour_before_a_part_is_the_colour_of_this_part() -> None:
    red, blue = (order_of(f"a wizard in a {color} robe") for color in ("red", "blue"))
    assert red is not None
    assert blue is not None
    assert {name for name in red.materials if red.materials[name] != blue.materials[name]} == {"robe"}


def test_details_are_drawn_only_where_the_prompt_names_them() -> None:
    plain, armed = cells("a man"), cells("a man with a sword")
    assert not np.array_equal(plain, armed)


def test_a_drawing_is_centred_on_a_wide_canvas() -> None:
    small = thing(prompt="a red apple", seed=4)["color"]
    wide = thing(prompt="a red apple", seed=4, size=(48, 32))["color"]
    assert small.shape == (32, 32, 4)
    assert np.array_equal(wide[:, 8:40], small)
    assert not wide[:, :8].any()


def test_large_drawings_are_smooth_and_show_the_same() -> None:
    small, large = (thing(prompt="a red apple", seed=4, size=(side, side))["color"] for side in (32, 128))
    blocks = large.reshape(32, 4, 32, 4, 4).mean(axis=(1, 3))
    assert len(np.unique(large[..., 3])) > 10
    both = (small[..., 3] > 0) & (blocks[..., 3] > 250)
    assert both.sum() > 0.7 * (small[..., 3] > 0).sum()
    assert np.abs(blocks - small)[both].mean() < 30


def test_a_prompt_that_names_nothing_known_is_an_error() -> None:
    with pytest.raises(InputError, match="names nothing that can be drawn"):
        thing(prompt="a wombat")


def test_the_version_of_the_part_changes_with_its_drawings() -> None:
    """After a change of the files, raise the version of `thing` and write the new digest here."""
    data = b"".join(file.read_bytes() for file in sorted(FOLDER.iterdir(), key=lambda each: each.name))
    assert hashlib.sha256(data).hexdigest()[:16] == DIGEST


@pytest.mark.parametrize(
    ("piece", "area"),
    [
        (Piece(fill="red", box=(4, 4, 8, 6)), 48),
        (Piece(fill="red", poly="4,4 12,4 12,10 4,10"), 48),
        (Piece(fill="red", oval=(16, 16, 5, 5)), 78.5),
        (Piece(fill="red", line="8,16 24,16", width=2), 35.1),
        (Piece(fill="red", box=(4, 4, 8, 6), mirror=True), 96),
    ],
)
def test_a_piece_fills_its_area(piece: Piece, area: float) -> None:
    filled = sum(piece.mask(outline, 8).sum() for outline in piece.outlines()) / 64
    assert filled == pytest.approx(area, rel=0.05)

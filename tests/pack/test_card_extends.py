"""Model cards that extend others."""

from collections.abc import Callable
from pathlib import Path

import pytest

from assetgen.errors import InputError
from assetgen.pack.library import Library
from assetgen.pack.locations import Folder
from assetgen.pack.schema import ModelCard

Card = Callable[..., ModelCard]
BASE = """
model: base
family: sdxl
weights: {folder: weights}
digest: "00"
licence: Research
licence_url: https://example.org
commercial: false
native: [64, 32]
facts: {download: 7}
defaults: {steps: 30, negative: blurry}
prompts: {decal: "a flat {prompt}", pixel_sprite: "{prompt}, pixels"}
"""


@pytest.fixture
def card(tmp_path: Path) -> Card:
    """`card(text)`: the card `mine` in one folder, which may extend `base` in another."""

    def read(text: str) -> ModelCard:
        for folder, name, content in (("shipped", "base", BASE), ("own", "mine", f"model: mine\n{text}")):
            (tmp_path / folder / "models").mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / f"models/{name}.yaml").write_text(content)
        return Library((tmp_path / "own", tmp_path / "shipped")).card_as_written("mine")

    return read


def test_a_card_has_the_keys_of_the_one_it_extends_where_it_sets_none(card: Card, tmp_path: Path) -> None:
    found = card("extends: base\nnative: [8, 8]\ndefaults: {steps: 4}\nprompts: {decal: flat}\n")
    assert (found.model, found.family, found.native) == ("mine", "sdxl", (8, 8))
    assert found.weights == Folder(folder=tmp_path / "shipped/models/weights")
    assert (found.digest, found.licence, found.commercial, found.facts.download) == ("00", "Research", False, 7)
    assert found.defaults == {"steps": 4, "negative": "blurry"}
    assert found.prompts == {"decal": "flat", "pixel_sprite": "{prompt}, pixels"}


def test_a_card_with_its_own_weights_states_their_licence(card: Card) -> None:
    with pytest.raises(InputError, match=r"mine\.yaml:1: 'licence' is missing"):
        card("extends: base\nweights: {folder: other}\n")
    found = card("extends: base\nweights: {folder: other}\nlicence: MIT\n")
    assert (found.digest, found.licence_url, found.commercial, found.facts.download) == (None, "", True, None)


def test_the_keys_of_a_card_do_not_tell_whether_it_extends_another(card: Card) -> None:
    rest = BASE.partition("family:")
    assert card("extends: base\n").identity == card(f"{rest[1]}{rest[2]}").identity


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("extends: bsae\n", "mine.yaml:2: there is no model 'bsae'. Did you mean 'base'?"),
        ("extends: mine\n", "model cards extend each other in a circle: mine → mine"),
        ("extends: [base]\n", "mine.yaml:2: 'extends' should be text"),
        ("extends: base\nnative: wide\n", "mine.yaml:3: 'native' should be"),
        ("extends: base\nprompts: {decal: 3}\n", "mine.yaml:3: 'prompts.decal' should be text"),
    ],
)
def test_what_a_card_cannot_extend_is_one_sentence(card: Card, text: str, message: str) -> None:
    with pytest.raises(InputError) as refused:
        card(text)
    assert message in str(refused.value)


def test_a_long_chain_of_cards_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    for number in range(60):
        (tmp_path / f"models/m{number}.yaml").write_text(f"model: m{number}\nextends: m{number + 1}\n")
    with pytest.raises(InputError, match=r"model card 'm0' extends more than 49 others. Shorten"):
        Library((tmp_path,)).card_as_written("m0")

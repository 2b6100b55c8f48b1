"""Reference pictures of assets: how each model takes them, in packs and in builds."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assetgen.build.candidates import choosable, make_candidates
from assetgen.build.stages import render_control
from assetgen.build.status import plan_report
from assetgen.errors import InputError
from assetgen.events import Event, Failed, Warned
from assetgen.images import color_image
from assetgen.machine import Machine
from assetgen.pack.library import PackFile
from assetgen.pack.project import Project
from assetgen.pack.recipe import Recipe
from assetgen.pack.resolve import resolve_pack
from assetgen.pixels.image_files import encode_png, read_image
from assetgen.store.store import Store

Write = Callable[[str], PackFile]
CARD = "family: flux2\nweights: {bundled: mini}\nlicence: CC0-1.0\nnative: [64, 64]\n"
ADAPTER = "controls:\n  style: {weights: {bundled: mini}, type: ip_adapter, licence: CC0-1.0}\n"
HERO = "hero: {preset: painted_concept, prompt: a hero, diffusion: {steps: 2}}"


@pytest.fixture(autouse=True)
def _pictures_and_cards(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    for name, more in {"two": "references: 2\n", "adapted": ADAPTER}.items():
        (tmp_path / f"models/{name}.yaml").write_text(f"model: {name}\n{CARD}{more}")
    for name, value in {"red": 200, "blue": 90}.items():
        (tmp_path / f"{name}.png").write_bytes(encode_png(np.full((64, 64, 3), value, np.uint8)))


def recipe(file: PackFile, name: str = "a") -> Recipe:
    return next(each for each in resolve_pack(file) if each.name == name)


def asset(reference: str, model: str = "two", more: str = "") -> str:
    return (
        f"pack: p\nmodel: {model}\nassets:\n  a: {{preset: painted_concept, prompt: x, reference: {reference}}}\n{more}"
    )


def kinds(file: PackFile) -> list[str]:
    return [stage.control_kind for stage in recipe(file).controls]


def test_a_model_with_references_takes_several_as_they_are(write_pack: Write) -> None:
    assert kinds(write_pack(asset("[{image: red.png}, {image: blue.png}]"))) == ["reference", "reference"]


def test_another_model_takes_one_by_its_ip_adapter_or_starts_from_it(write_pack: Write) -> None:
    assert kinds(write_pack(asset("{image: red.png}", "adapted"))) == ["style"]
    assert kinds(write_pack(asset("{image: red.png}", "mini"))) == ["image_to_image"]


@pytest.mark.parametrize(
    ("reference", "model", "expected"),
    [
        ("[{image: red.png}, {image: red.png}, {image: red.png}]", "two", "takes 2 reference pictures here, not 3"),
        ("[{image: red.png}, {image: blue.png}]", "adapted", "takes 1 reference picture here, not 2"),
        ("[{image: red.png}, {image: blue.png}]", "mini", "takes 1 reference picture here, not 2"),
        ("{image: red.png}, diffusion: {image: blue.png}", "mini", "takes no reference pictures here, not 1"),
        ("{image: red.png, member: a}", "two", "Set either `image: FILE` or `member: ASSET`"),
        ("{}", "two", "Set either `image: FILE` or `member: ASSET`"),
        ("{member: her}", "two", "there is no asset 'her' to refer to"),
        ("{member: a}", "two", "a → a"),
        ("[{image: red.png}, {image: none.png}]", "two", r"pack.yaml:4: reference 2: there is no file .*none.png"),
        ("[red.png]", "two", "'reference' must be a mapping"),
    ],
)
def test_references_that_cannot_be_taken_are_errors(
    write_pack: Write, reference: str, model: str, expected: str
) -> None:
    with pytest.raises(InputError, match=expected):
        recipe(write_pack(asset(reference, model)))


def test_the_key_changes_with_the_picture_and_with_how_it_is_taken(write_pack: Write, tmp_path: Path) -> None:
    def key(reference: str, model: str = "two") -> str:
        return recipe(write_pack(asset(reference, model))).sampled_key()

    red = key("{image: red.png}")
    different = {red, key("{image: blue.png}"), key("[{image: red.png}, {image: blue.png}]")}
    assert len(different) == 3
    (tmp_path / "red.png").write_bytes((tmp_path / "blue.png").read_bytes())
    assert key("{image: red.png}") == key("{image: blue.png}") != red


def test_an_asset_depends_on_the_one_that_it_refers_to(write_pack: Write) -> None:
    before, after = (
        recipe(write_pack(asset("{member: hero}", more=f"  {HERO.replace('a hero', prompt)}\n")))
        for prompt in ("a knight", "a witch")
    )
    assert [member.name for member in before.members] == ["hero"]
    assert before.sampled_key() != after.sampled_key()


def test_the_transparent_part_of_an_asset_is_white_in_a_reference(write_pack: Write) -> None:
    [stage] = recipe(write_pack(asset("{member: hero}", more=f"  {HERO}\n"))).controls
    sprite = np.zeros((8, 8, 4), np.uint8)
    sprite[2:4, 2:4] = (10, 20, 30, 255)
    color = render_control(stage, members={"hero": lambda: color_image(sprite)}).images["color"]
    assert color.shape == (8, 8, 3)
    assert (color[0, 0] == 255).all()
    assert color[2, 2].tolist() == [10, 20, 30]


def test_candidates_of_an_asset_need_the_asset_that_it_refers_to(write_pack: Write, tmp_path: Path) -> None:
    recipes = resolve_pack(write_pack(asset("{member: hero}", "mini", f"  {HERO}\n")))
    [referring] = [each for each in choosable(recipes) if each.name == "a"]
    events: list[Event] = []
    assert list(make_candidates([referring], 1, Machine(Store(tmp_path / "store"), tmp_path), events.append)) == []
    assert [event.reason.partition(": ")[2] for event in events if isinstance(event, Failed)] == [
        "its member 'hero' is not built yet. Build it first."
    ]


def test_plan_and_build_state_that_a_model_starts_from_a_reference(write_pack: Write, tmp_path: Path) -> None:
    write_pack(asset("{image: red.png}", "mini"))
    report = plan_report(Project.load(tmp_path, tmp_path / "game"), Machine(Store(tmp_path / "store"), tmp_path))
    note = "model 'mini' takes no reference pictures: it starts from the reference picture (image-to-image, strength"
    assert any(reason.startswith(note) for reason in report.assets[0].reasons)


@pytest.mark.model
@pytest.mark.slow
def test_an_asset_is_drawn_from_the_finished_image_of_another(
    build_in: Callable[..., list[Event]], tmp_path: Path
) -> None:
    """With little strength it stays near that image."""
    (tmp_path / "pack").mkdir()
    near = "{preset: painted_concept, prompt: a hero, diffusion: {steps: 8, strength: 0.1}, reference: {member: hero}}"
    (tmp_path / "pack/pack.yaml").write_text(
        f"pack: p\nmodel: mini\nassets:\n  {HERO[:-1]}, start: false}}\n  near: {near}\n"
    )
    events = build_in(tmp_path)
    hero, made = (read_image(tmp_path / f"game/{name}.png").astype(int) for name in ("hero", "near"))
    assert 0 < np.abs(hero - made).mean() < 30
    assert any(isinstance(event, Warned) and "starts from the reference" in event.reason for event in events)

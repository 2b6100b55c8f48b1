"""Why an asset is stale, in words."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from assetgen.pack.changes import changes_between, request_entry
from assetgen.pack.library import PackFile
from assetgen.pack.lock import LockEntry, read_lock, write_lock
from assetgen.pack.recipe import seed_from
from assetgen.pack.resolve import resolve_pack

WritePack = Callable[[str], PackFile]
Ask = Callable[..., LockEntry]
SPRITE = "source: {fake: {prompt: '{prompt}'}}\nsteps: [cutout, {trim: {padding: 1}}]\nchecks: [alpha]\n"
PIXELS = "source: {fake: {prompt: '{prompt}'}}\nsteps: [palette]\n"
WALL = "pack: p\nassets: {wall: {preset: sprites, prompt: a wall}}"


@pytest.fixture
def ask(write_pack: WritePack, tmp_path: Path) -> Ask:
    """What a pack's text asks of the asset `wall`, whose preset `sprites` is as given."""

    def run(text: str = WALL, preset: str = SPRITE, engine: str = "") -> LockEntry:
        (tmp_path / "sprites.yaml").write_text(f"preset: sprites\n{preset}")
        recipes = resolve_pack(write_pack(text), engine=engine)
        return next(request_entry(recipe, tmp_path) for recipe in recipes if recipe.name == "wall")

    return run


def with_part(block: LockEntry, version: str) -> LockEntry:
    """The block as it was when a step of it had this version."""
    return replace(block, keys={}, steps={**block.steps, "trim": {**block.steps["trim"], "part": version}})


def test_the_same_request_has_no_reasons(ask: Ask) -> None:
    assert changes_between(ask(), ask()) == []


def test_a_request_is_the_same_after_it_was_in_a_lock(ask: Ask, tmp_path: Path) -> None:
    write_lock(tmp_path / "pack.lock", {"wall": ask()})
    assert read_lock(tmp_path / "pack.lock") == {"wall": ask()}


@pytest.mark.parametrize(
    ("old", "new", "reasons"),
    [
        ("a wall", "a gate", ["prompt changed"]),
        ("prompt:", "negative: fog, prompt:", ["negative added"]),
        ("prompt:", "seed: 7, prompt:", [f"seed {seed_from(0, 'wall')} → 7"]),
        ("prompt:", "tries: 5, prompt:", ["tries 3 → 5"]),
        ("prompt:", "trim: {padding: 4}, prompt:", ["step trim.padding 1 → 4"]),
        ("prompt:", "alpha: {touching: 0.2}, prompt:", ["check alpha.touching 0.4 → 0.2"]),
        ("prompt:", "fake: {size: [64, 32]}, prompt:", ["size [128, 128] → [64, 32]"]),
        ("prompt:", "fake: {tile: xy}, prompt:", ["tile changed"]),
        ("pack: p", "pack: q", ["what is written into its files changed"]),
        ("pack: p", "pack: p\nengine: godot", ["export plain → godot", "export.folder added"]),
    ],
)
def test_a_changed_word_is_named(ask: Ask, old: str, new: str, reasons: list[str]) -> None:
    before = ask()
    assert changes_between(ask(WALL.replace(old, new)), before) == reasons


@pytest.mark.parametrize(
    ("old", "new", "reasons"),
    [
        ("cutout, ", "", ["step cutout removed"]),
        ("cutout, ", "cutout, {resize: {width: 8, height: 8}}, ", ["step resize added"]),
        ("cutout, {trim: {padding: 1}}", "{trim: {padding: 1}}, cutout", ["steps in another order"]),
        ("checks: [alpha]", "", ["check alpha removed"]),
        ("checks", "export: {plain: {use: decal}}\nchecks", ["export.use sprite → decal"]),
        ("trim: {padding: 1}", "trim: {padding: 1, as: inner}", []),
        ("'{prompt}'", "'{prompt}, on a hill'", ["prompt changed"]),
    ],
)
def test_a_changed_preset_is_told_by_its_parts(ask: Ask, old: str, new: str, reasons: list[str]) -> None:
    before = ask()
    assert changes_between(ask(preset=SPRITE.replace(old, new)), before) == reasons


@pytest.mark.parametrize(
    ("version", "reason"), [("trim@0", "step trim 0 → 1"), ("crop@7", "step trim crop → trim")], ids=["new", "other"]
)
def test_a_part_of_another_version_is_told(ask: Ask, version: str, reason: str) -> None:
    assert changes_between(ask(), with_part(ask(), version)) == [reason]


def test_a_part_under_another_name_is_told_with_both(ask: Ask) -> None:
    now = ask(preset=SPRITE.replace("padding: 1", "padding: 1, as: inner"))
    before = replace(now, keys={}, steps={**now.steps, "inner": {**now.steps["inner"], "part": "trim@0"}})
    assert changes_between(now, before) == ["step inner trim 0 → 1"]


def test_other_weights_are_told_by_the_models_name_alone(ask: Ask) -> None:
    now = ask(preset=SPRITE.replace("fake", "diffusion"))
    model = {**now.source["model"], "digest": "0" * 64}
    before = replace(now, keys={}, source={**now.source, "model": model}, weights={"mini": "0" * 64})
    assert changes_between(now, before) == ["weights of mini differ"]


def test_another_model_is_told_with_its_licence(ask: Ask) -> None:
    now = ask(preset=SPRITE.replace("fake", "diffusion"))
    before = replace(now, keys={}, source={**now.source, "model": {"digest": "0"}}, licences={"sd15": "OpenRAIL-M"})
    assert changes_between(now, replace(before, weights={"sd15": "0" * 64})) == [
        "model changed",
        "licences changed",
    ]


def test_another_preset_is_told(ask: Ask) -> None:
    assert changes_between(ask(), replace(ask(), keys={}, preset="decal")) == ["preset decal → sprites"]


def picture(place: Path, colour: str) -> None:
    Image.new("RGB", (16, 16), colour).save(place)


def test_a_changed_input_file_is_told_by_its_name_alone(ask: Ask, tmp_path: Path) -> None:
    text = WALL.replace("prompt:", "fake: {image: sketch.png}, prompt:")
    picture(tmp_path / "sketch.png", "red")
    before = ask(text)
    picture(tmp_path / "sketch.png", "blue")
    assert changes_between(ask(text), before) == ["sketch.png changed"]


def test_a_changed_input_file_hides_no_other_one_that_was_put_in_its_place(ask: Ask, tmp_path: Path) -> None:
    text = WALL.replace("prompt:", "fake: {image: a.png, mask: a.png}, prompt:")
    picture(tmp_path / "a.png", "red")
    before = ask(text)
    picture(tmp_path / "a.png", "blue")
    picture(tmp_path / "b.png", "green")
    assert changes_between(ask(text.replace("mask: a.png", "mask: b.png")), before) == ["a.png changed", "mask changed"]


def test_a_lora_that_changed_is_told_by_its_name_alone(ask: Ask, tmp_path: Path) -> None:
    text = WALL.replace("prompt:", "fake: {loras: [{file: ink.safetensors}]}, prompt:")
    (tmp_path / "ink.safetensors").write_bytes(b"one")
    before = ask(text)
    (tmp_path / "ink.safetensors").write_bytes(b"two")
    assert changes_between(ask(text), before) == ["ink.safetensors changed"]


def test_an_input_file_that_only_moved_is_no_difference(ask: Ask, tmp_path: Path) -> None:
    text = WALL.replace("prompt:", "fake: {image: sketch.png}, prompt:")
    picture(tmp_path / "sketch.png", "red")
    before = ask(text)
    (tmp_path / "sketch.png").rename(tmp_path / "skizze ü.png")
    assert changes_between(ask(text.replace("sketch.png", "skizze ü.png")), before) == []


def test_an_input_file_goes_by_the_name_that_the_pack_has_for_it(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    picture(tmp_path / "sketch.png", "red")
    assert list(ask(WALL.replace("prompt:", "fake: {image: in/../sketch.png}, prompt:")).inputs) == ["in/../sketch.png"]


def test_an_input_file_of_a_preset_elsewhere_goes_by_its_name_alone(ask: Ask) -> None:
    assert list(ask(WALL.replace("pack: p", "pack: p\npalette: mono2"), PIXELS).inputs) == ["mono2.hex"]


@pytest.mark.parametrize(
    ("members", "prompt", "reasons"),
    [
        ("[one]", "another", ["member one changed"]),
        ("[one, two]", "one", ["member two added"]),
        ("[two]", "one", ["member one removed", "member two added"]),
    ],
)
def test_members_are_told_by_name(ask: Ask, members: str, prompt: str, reasons: list[str]) -> None:
    text = "pack: p\nassets:\n  one: {preset: sprites, prompt: %s}\n  two: {preset: sprites, prompt: two}\n"
    text += "  wall: {preset: atlas, members: %s}\n"
    before = ask(text % ("one", "[one]"))
    assert changes_between(ask(text % (prompt, members)), before) == reasons


def test_another_engine_is_told(ask: Ask) -> None:
    assert "export plain → godot" in changes_between(ask(engine="godot"), ask())


def test_several_reasons_are_all_told(ask: Ask) -> None:
    text = WALL.replace("a wall", "a gate, trim: {padding: 2}, alpha: {touching: 1}")
    now, before = ask(text), with_part(ask(), "trim@0")
    assert changes_between(now, before) == [
        "prompt changed", "step trim 0 → 1", "step trim.padding 1 → 2", "check alpha.touching 0.4 → 1.0"
    ]  # fmt: skip


def test_a_lock_of_an_assetgen_with_other_keys_is_told(ask: Ask) -> None:
    assert changes_between(ask(), replace(ask(), keys={})) == ["assetgen itself changed"]

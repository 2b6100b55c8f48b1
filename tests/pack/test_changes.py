"""Reasons why an asset is stale."""

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
MakeEntry = Callable[..., LockEntry]
SPRITE = "source: {fake: {prompt: '{prompt}'}}\nsteps: [cutout, {trim: {padding: 1}}]\nchecks: [alpha]\n"
PIXELS = "source: {fake: {prompt: '{prompt}'}}\nsteps: [palette]\n"
WALL = "pack: p\nassets: {wall: {preset: sprites, prompt: a wall}}"


@pytest.fixture
def entry(write_pack: WritePack, tmp_path: Path) -> MakeEntry:
    """The lock entry of the asset `wall` in a pack with this text and this preset `sprites`."""

    def run(text: str = WALL, preset: str = SPRITE, engine: str = "") -> LockEntry:
        (tmp_path / "sprites.yaml").write_text(f"preset: sprites\n{preset}")
        recipes = resolve_pack(write_pack(text), engine=engine)
        return next(request_entry(recipe, tmp_path) for recipe in recipes if recipe.name == "wall")

    return run


def with_part(before: LockEntry, version: str) -> LockEntry:
    """The entry with another version of its step `trim`."""
    return replace(before, keys={}, steps={**before.steps, "trim": {**before.steps["trim"], "part": version}})


def test_the_same_request_has_no_reasons(entry: MakeEntry) -> None:
    assert changes_between(entry(), entry()) == []


def test_a_request_read_from_a_lock_is_the_same(entry: MakeEntry, tmp_path: Path) -> None:
    write_lock(tmp_path / "pack.lock", {"wall": entry()})
    assert read_lock(tmp_path / "pack.lock") == {"wall": entry()}


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
def test_a_changed_setting_is_named(entry: MakeEntry, old: str, new: str, reasons: list[str]) -> None:
    before = entry()
    assert changes_between(entry(WALL.replace(old, new)), before) == reasons


def test_checks_that_repeat_the_prompt_are_no_reasons_of_their_own(entry: MakeEntry) -> None:
    preset = SPRITE.replace("[alpha]", "[alpha, content, prompt_match]")
    gate = WALL.replace("a wall", "a gate")
    assert changes_between(entry(gate, preset), entry(WALL, preset)) == ["prompt changed"]
    fixed = preset.replace("'{prompt}'", "a house")  # only the checks have the prompt
    reasons = ["check content.prompt changed", "check prompt_match.prompt changed"]
    assert changes_between(entry(gate, fixed), entry(WALL, fixed)) == reasons


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
def test_a_changed_preset_is_reported_by_its_parts(entry: MakeEntry, old: str, new: str, reasons: list[str]) -> None:
    before = entry()
    assert changes_between(entry(preset=SPRITE.replace(old, new)), before) == reasons


@pytest.mark.parametrize(
    ("version", "reason"), [("trim@0", "step trim 0 → 1"), ("crop@7", "step trim crop → trim")], ids=["new", "other"]
)
def test_a_new_part_version_is_reported(entry: MakeEntry, version: str, reason: str) -> None:
    assert changes_between(entry(), with_part(entry(), version)) == [reason]


def test_a_part_with_an_alias_is_reported_with_both_names(entry: MakeEntry) -> None:
    now = entry(preset=SPRITE.replace("padding: 1", "padding: 1, as: inner"))
    before = replace(now, keys={}, steps={**now.steps, "inner": {**now.steps["inner"], "part": "trim@0"}})
    assert changes_between(now, before) == ["step inner trim 0 → 1"]


def test_changed_weights_are_reported_once_by_model(entry: MakeEntry) -> None:
    now = entry(preset=SPRITE.replace("fake", "diffusion"))
    model = {**now.source["model"], "digest": "0" * 64}
    before = replace(now, keys={}, source={**now.source, "model": model}, weights={"mini": "0" * 64})
    assert changes_between(now, before) == ["weights of mini differ"]


def test_another_model_is_reported_with_its_licence(entry: MakeEntry) -> None:
    now = entry(preset=SPRITE.replace("fake", "diffusion"))
    before = replace(now, keys={}, source={**now.source, "model": {"digest": "0"}}, licences={"sd15": "OpenRAIL-M"})
    assert changes_between(now, replace(before, weights={"sd15": "0" * 64})) == [
        "model changed",
        "licences changed",
    ]


def test_another_preset_is_reported(entry: MakeEntry) -> None:
    assert changes_between(entry(), replace(entry(), keys={}, preset="decal")) == ["preset decal → sprites"]


def save_image(path: Path, color: str) -> None:
    Image.new("RGB", (16, 16), color).save(path)


def test_a_changed_input_file_is_reported_once_by_name(entry: MakeEntry, tmp_path: Path) -> None:
    text = WALL.replace("prompt:", "fake: {image: sketch.png}, prompt:")
    save_image(tmp_path / "sketch.png", "red")
    before = entry(text)
    save_image(tmp_path / "sketch.png", "blue")
    assert changes_between(entry(text), before) == ["sketch.png changed"]


def test_a_changed_input_file_does_not_hide_a_changed_argument(entry: MakeEntry, tmp_path: Path) -> None:
    text = WALL.replace("prompt:", "fake: {image: a.png, mask: a.png}, prompt:")
    save_image(tmp_path / "a.png", "red")
    before = entry(text)
    save_image(tmp_path / "a.png", "blue")
    save_image(tmp_path / "b.png", "green")
    assert changes_between(entry(text.replace("mask: a.png", "mask: b.png")), before) == [
        "a.png changed",
        "mask changed",
    ]


def test_a_changed_lora_is_reported_once_by_name(entry: MakeEntry, tmp_path: Path) -> None:
    text = WALL.replace("prompt:", "fake: {loras: [{file: ink.safetensors}]}, prompt:")
    (tmp_path / "ink.safetensors").write_bytes(b"one")
    before = entry(text)
    (tmp_path / "ink.safetensors").write_bytes(b"two")
    assert changes_between(entry(text), before) == ["ink.safetensors changed"]


def test_a_moved_input_file_is_no_change(entry: MakeEntry, tmp_path: Path) -> None:
    text = WALL.replace("prompt:", "fake: {image: sketch.png}, prompt:")
    save_image(tmp_path / "sketch.png", "red")
    before = entry(text)
    (tmp_path / "sketch.png").rename(tmp_path / "skizze ü.png")
    assert changes_between(entry(text.replace("sketch.png", "skizze ü.png")), before) == []


def test_an_input_file_is_listed_as_the_pack_writes_it(entry: MakeEntry, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    save_image(tmp_path / "sketch.png", "red")
    assert list(entry(WALL.replace("prompt:", "fake: {image: in/../sketch.png}, prompt:")).inputs) == [
        "in/../sketch.png"
    ]


def test_an_input_file_outside_the_pack_is_listed_by_name_only(entry: MakeEntry) -> None:
    assert list(entry(WALL.replace("pack: p", "pack: p\npalette: mono2"), PIXELS).inputs) == ["mono2.hex"]


@pytest.mark.parametrize(
    ("members", "prompt", "reasons"),
    [
        ("[one]", "another", ["member one changed"]),
        ("[one, two]", "one", ["member two added"]),
        ("[two]", "one", ["member one removed", "member two added"]),
    ],
)
def test_changed_members_are_reported_by_name(entry: MakeEntry, members: str, prompt: str, reasons: list[str]) -> None:
    text = "pack: p\nassets:\n  one: {preset: sprites, prompt: %s}\n  two: {preset: sprites, prompt: two}\n"
    text += "  wall: {preset: atlas, members: %s}\n"
    before = entry(text % ("one", "[one]"))
    assert changes_between(entry(text % (prompt, members)), before) == reasons


def test_another_order_of_members_is_reported_where_it_matters(entry: MakeEntry) -> None:
    text = "pack: p\nassets:\n  one: {preset: sprites, prompt: x}\n  two: {preset: sprites, prompt: y}\n"
    listed = [entry(f"{text}  wall: {{preset: tileset, members: [{names}]}}\n") for names in ("one, two", "two, one")]
    assert changes_between(*listed) == ["order of the members changed"]


def test_another_engine_is_reported(entry: MakeEntry) -> None:
    assert "export plain → godot" in changes_between(entry(engine="godot"), entry())


def test_all_reasons_are_reported(entry: MakeEntry) -> None:
    text = WALL.replace("a wall", "a gate, trim: {padding: 2}, alpha: {touching: 1}")
    now, before = entry(text), with_part(entry(), "trim@0")
    assert changes_between(now, before) == [
        "prompt changed", "step trim 0 → 1", "step trim.padding 1 → 2", "check alpha.touching 0.4 → 1.0"
    ]  # fmt: skip


def test_a_change_of_assetgen_itself_is_reported(entry: MakeEntry) -> None:
    assert changes_between(entry(), replace(entry(), keys={})) == ["assetgen itself changed"]


WRONG_FACTS = {
    "preset": "other",
    "source": {"part": "fake@1", "prompt": "another wall"},
    "export": {"part": "plain@9"},
    "steps": {},
    "checks": {"alpha": {"part": "alpha@1", "touching": 0.9}},
    "licences": {"mini": "CC0"},
    "seed_name": "gate",
    "tries": 9,
}


@pytest.mark.parametrize("field", WRONG_FACTS)
def test_an_edited_fact_does_not_fit_its_keys(entry: MakeEntry, field: str) -> None:
    locked = replace(entry(), **{field: WRONG_FACTS[field]})  # type: ignore[arg-type]
    assert changes_between(entry(), locked) == [f"its '{field}' in the lock does not fit its keys"]


def test_another_name_of_a_stage_or_an_input_file_fits_the_keys(entry: MakeEntry) -> None:
    locked = replace(entry(), steps=dict(zip("ab", entry().steps.values(), strict=True)), inputs={"a.png": "0"})
    assert changes_between(entry(), locked) == []

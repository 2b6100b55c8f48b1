"""Messages of the command line name the cure that a new user needs."""

from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]


def build(assetgen: Run, folder: Path, text: str, *more: str) -> tuple[int, str]:
    (folder / "pack.yaml").write_text(text)
    code, _, err = assetgen("build", folder, "--draft", "--game", folder / "g", "--store", folder / "s", *more)
    return code, " ".join(err.split())


@pytest.mark.parametrize(
    ("asset", "cure"),
    [
        ("{preset: painted_concept, prompt: a keep, at sunset}", 'Quote the prompt: prompt: "a keep, at sunset".'),
        ("{preset: pixel_sprite, prompt: a bow, pixelate}", 'Quote the prompt: prompt: "a bow, pixelate".'),
        ("{preset: painted_concept, prompt: a keep: red}", 'as prompt: "a keep: at sunset", and close each { and ['),
        ("{preset: pixel_sprite, prompt: x, loras: []}", "an argument of 'diffusion': write diffusion: {loras: …}."),
        ("{preset: pixel_sprite, prompt: x, colors: 8}", "an argument of 'pixelate': write pixelate: {colors: …}."),
        ("{preset: pixel_sprite, prompt: x, outlin: {}}", 'extends: pixel_sprite, steps: ["...", outline]}`.'),
        ("{preset: pixel_sprite, prompt: x, zzz: {}}", "Known: preset, prompt, seed, model, negative, "),
        ("{preset: pixel_sprite, prompt: x, promt: y}", "Did you mean 'prompt'?"),
    ],
)
def test_a_wrong_key_of_an_asset_has_its_cure(assetgen: Run, tmp_path: Path, asset: str, cure: str) -> None:
    code, err = build(assetgen, tmp_path, f"pack: p\nassets: {{a: {asset}}}\n")
    assert (code, cure in err) == (2, True), err


def test_a_list_of_known_names_begins_with_the_common_ones_and_ends(assetgen: Run, tmp_path: Path) -> None:
    _, err = build(assetgen, tmp_path, "pack: p\nassets: {a: {preset: qqq, prompt: x}}\n")
    assert "Known: pixel_sprite, item_icon, character, " in err
    assert err.endswith("(`assetgen presets list` shows all).")


def test_a_palette_of_another_format_is_suggested(assetgen: Run, tmp_path: Path) -> None:
    _, err = build(
        assetgen, tmp_path, "pack: p\npalette: dungeon16.gpl\nassets: {a: {preset: pixel_sprite, prompt: x}}"
    )
    assert "Did you mean 'dungeon16.hex'?" in err


def test_a_device_is_refused_before_anything_is_loaded(assetgen: Run, tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("pack: p\nassets: {a: {preset: pixel_sprite, prompt: x}}\n")
    words = ("build", tmp_path, "--game", tmp_path / "g", "--store", tmp_path / "s", "--device")
    assert "there is no device 'gpu'. Use auto, cpu, cuda, cuda:1 or mps." in assetgen(*words, "gpu")[2]
    code, _, err = assetgen(*words, "cuda:77")
    assert (code, "there is no device 'cuda:77' here" in err, "loading" in err) == (2, True, False), err


def test_a_state_file_that_is_a_folder_is_one_sentence(assetgen: Run, tmp_path: Path) -> None:
    code, out, err = assetgen("serve", "--state", tmp_path)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"is a folder. Name a file: --state {tmp_path / 'server.json'}." in err


def test_paths_in_messages_are_relative(assetgen: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _, err = build(assetgen, tmp_path, "pack: p\nsed: 1\nassets: {}\n")
    assert err.startswith("assetgen: pack.yaml:2: unknown key 'sed'")


def test_presets_that_need_a_file_of_each_asset_are_valid(assetgen: Run, tmp_path: Path) -> None:
    (tmp_path / "round.yaml").write_text("preset: round\nextends: turnaround\n")
    assert assetgen("presets", "validate", tmp_path / "round.yaml")[:2] == (0, "round: ok\n")

"""Packs of the project: their states in the dock, and exports, which fail while a pack is stale."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.godot
PACK = "pack: art\ntarget: art\nassets: {tree: {preset: drawing, prompt: a tree}, rock: {preset: drawing, prompt: r}}\n"
PRESET = 'preset: %s\nuse: sprite\nsource: {fake: {prompt: "{prompt}", size: [%d, %d]}}\n'
EXPORTS = """\
[preset.0]

name="game"
platform="Linux"
runnable=true
export_filter="all_resources"
include_filter=""
exclude_filter="addons/trial/*, trials/*"
export_path=""

[preset.0.options]

custom_template/debug=""
"""
OFF = "\n[assetgen]\n\ncheck_packs_before_export=false\n"


@pytest.fixture
def packed(game: Any) -> Any:
    """An exportable game with a pack of two drawings."""
    art = game.folder / "art"
    art.mkdir()
    (art / "pack.yaml").write_text(PACK)
    (art / "drawing.yaml").write_text(PRESET % ("drawing", 16, 16))
    (art / "large.yaml").write_text(PRESET % ("large", 1024, 1024))
    (game.folder / "export_presets.cfg").write_text(EXPORTS)
    return game


def test_the_dock_shows_the_state_of_each_asset_and_builds_in_the_language_of_the_editor(
    packed: Any, server: Path
) -> None:
    packed.trial("packs", server, LANG="de_DE.UTF-8")


def export(game: Any, state: Path) -> Any:
    return game.run("--export-pack", "game", str(game.folder.parent / "x.pck"), ASSETGEN_STATE_FILE=str(state))


def test_an_export_fails_while_a_pack_is_stale(packed: Any, server: Path) -> None:
    stale = export(packed, server)
    assert stale.code == 1
    assert "art/pack.yaml: rock: new (its pack has no lock)" in stale.said
    assert "art/pack.yaml: assets that differ from the pack: 2. Build it, then export again." in stale.said


def test_an_export_of_a_built_pack_passes(packed: Any, server: Path, program: Path) -> None:
    subprocess.run([program, "build", packed.folder / "art", "--game", packed.folder], check=True, capture_output=True)
    built = export(packed, server)
    assert built.code == 0
    assert "differ from the pack" not in built.said
    exported = (packed.folder.parent / "x.pck").read_bytes()
    assert b"art/rock.png" in exported and b"answer.gdc" not in exported


def test_an_export_without_a_server_fails_unless_the_project_allows_it(packed: Any, state: Path) -> None:
    unasked = export(packed, state)
    assert unasked.code == 1
    assert "Packs could not be checked: The program 'assetgen' was not found." in unasked.said
    project = packed.folder / "project.godot"
    project.write_text(project.read_text() + OFF)
    assert export(packed, state).code == 0

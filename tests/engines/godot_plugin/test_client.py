"""Tests without an editor: the recorded examples, the forms of all presets, the files of the addon."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assetgen.pack.library import library_for
from assetgen.server import catalog

ROOT = Path(__file__).parents[3]
ADDON = ROOT / "plugins" / "godot" / "addons" / "assetgen"
SCRIPTS = sorted(file for folder in (ADDON, Path(__file__).parent, ROOT / "examples") for file in folder.rglob("*.gd"))
SAID = re.compile(r'Words\.say\(\s*"((?:[^"\\]|\\.)*)"')
TRANSLATED = re.compile(r'^msgid "(.+)"\nmsgstr "(.+)"$', re.MULTILINE)
PLACE = re.compile(r"%[\d.]*[sdf]")


@pytest.mark.godot
def test_every_example_and_every_preset_is_parsed(game: Any) -> None:
    shutil.copytree(ROOT / "plugins" / "examples", game.folder / "examples")
    pages = game.folder / "pages"
    pages.mkdir()
    for summary in catalog.preset_summaries(library_for()):
        detail = catalog.preset_detail(library_for(), summary.name)
        (pages / f"{summary.name}.json").write_text(detail.model_dump_json(by_alias=True))
    game.script("examples")


@pytest.mark.parametrize("tool", [["gdparse"], ["gdlint"], ["gdformat", "--check"]])
def test_the_scripts_are_clean(tool: list[str]) -> None:
    command = [str(Path(sys.executable).with_name(tool[0])), *tool[1:], *map(str, SCRIPTS)]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_text_has_a_translation_with_the_same_placeholders_and_none_is_unused() -> None:
    said = {text for script in ADDON.rglob("*.gd") for text in SAID.findall(script.read_text())}
    translated = dict(TRANSLATED.findall((ADDON / "locale" / "de.po").read_text()))
    assert set(translated) == said
    assert [text for text in said if PLACE.findall(text) != PLACE.findall(translated[text])] == []


def test_every_script_ships_its_uid_and_no_file_is_too_long() -> None:
    for script in [*ADDON.rglob("*.gd"), *ADDON.rglob("*.gdshader")]:
        assert script.with_name(script.name + ".uid").is_file(), script
        assert len(script.read_text().splitlines()) <= 400, script


def test_the_addon_connects_to_no_other_host() -> None:
    urls = {url for script in ADDON.rglob("*.gd") for url in re.findall(r"https?://[^\s\"']*", script.read_text())}
    assert urls <= {"http://(127\\\\.0\\\\.0\\\\.1|localhost|\\\\[::1\\\\]):\\\\d{1,5}$", "http://"}

"""`assetgen plugin install godot`, checked in the Godot editor."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.godot
SECONDS = 120
WITNESS = """\
@tool
extends EditorPlugin

var seconds := 0.0

func _process(delta: float) -> void:
	seconds += delta
	if seconds > 2.0:
		print("ENABLED ", EditorInterface.is_plugin_enabled("assetgen"))
		get_tree().quit()
"""
SETTINGS = """\
config_version=5

[application]

config/name="A game"

[editor_plugins]

enabled=PackedStringArray("res://addons/witness/plugin.cfg")
"""


@pytest.fixture
def game(tmp_path: Path) -> Path:
    """A Godot project with another plugin, which prints whether ours is enabled."""
    witness = tmp_path / "game" / "addons" / "witness"
    witness.mkdir(parents=True)
    (witness / "plugin.cfg").write_text('[plugin]\nname="w"\ndescription=""\nauthor=""\nversion="1"\nscript="w.gd"\n')
    (witness / "w.gd").write_text(WITNESS)
    (tmp_path / "game" / "project.godot").write_text(SETTINGS)
    return tmp_path / "game"


def edit(program: str, game: Path, *words: str) -> str:
    """Open the project in Godot without a window and without a server; returns the output of Godot."""
    home = str(game.parent / "home")
    environment = {"HOME": home, "XDG_RUNTIME_DIR": home, "PATH": "/usr/bin:/bin"}
    command = [program, "--headless", "--path", str(game), *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_an_installed_plugin_is_enabled_in_the_editor_without_errors(
    godot_program: str, assetgen: Callable[..., tuple[int, str, str]], game: Path
) -> None:
    assert assetgen("plugin", "install", "godot", game)[0] == 0
    settings = (game / "project.godot").read_bytes()
    said = edit(godot_program, game, "--import") + edit(godot_program, game, "--editor")
    assert "ENABLED true" in said, said
    assert [line for line in said.splitlines() if re.search("ERROR|WARNING", line)] == []
    assert (game / "project.godot").read_bytes() == settings


def test_an_installation_after_godot_ran_changes_nothing(
    godot_program: str, assetgen: Callable[..., tuple[int, str, str]], game: Path
) -> None:
    assetgen("plugin", "install", "godot", game)
    edit(godot_program, game, "--import")
    assert "nothing to do" in assetgen("plugin", "install", "godot", game)[1]

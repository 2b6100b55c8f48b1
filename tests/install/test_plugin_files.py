"""Packing and installing the plugins: complete files, the version of assetgen, reproducible zips."""

import configparser
import io
import json
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from assetgen import __version__
from assetgen.install.blender_program import USUAL_PATHS
from assetgen.install.own_program import program_file
from assetgen.install.plugin_files import PREFIXES, Program, plugin_files, shipped_plugins, zip_name, zipped

Command = Callable[..., tuple[int, str, str]]
LEFTOVERS = (".pyc", ".import")
"""Files that programs running a plugin write into its folder."""
EACH = pytest.mark.parametrize("program", list(Program))


@EACH
def test_the_package_has_every_plugin_file_and_no_leftovers(program: Program) -> None:
    folder = shipped_plugins() / {Program.GODOT: "godot/addons/assetgen", Program.BLENDER: "blender/assetgen"}[program]
    stand = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    assert set(plugin_files(program)) == {path for path in stand if not path.endswith(LEFTOVERS)}


@EACH
def test_a_zip_is_reproducible_and_contains_the_plugin(program: Program) -> None:
    assert zipped(program, {}) == zipped(program, {})
    with zipfile.ZipFile(io.BytesIO(zipped(program, {}))) as archive:
        held = {entry.filename: archive.read(entry) for entry in archive.infolist()}
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert held == {PREFIXES[program] + path: data for path, data in plugin_files(program).items()}
    assert list(held) == sorted(held)


def test_the_plugins_have_the_version_of_assetgen() -> None:
    config = configparser.ConfigParser()
    config.read_string(plugin_files(Program.GODOT)["plugin.cfg"].decode())
    manifest = tomllib.loads(plugin_files(Program.BLENDER)["blender_manifest.toml"].decode())
    assert (config["plugin"]["version"], manifest["version"]) == (f'"{__version__}"', __version__)


def test_pack_writes_the_zip_and_prints_its_path(assetgen: Command, tmp_path: Path) -> None:
    zip_path = tmp_path / "new" / zip_name(Program.GODOT)
    assert assetgen("plugin", "pack", "godot", "-o", tmp_path / "new") == (0, f"{zip_path}\n", "")
    assert zip_path.read_bytes() == zipped(Program.GODOT, {})


def test_pack_refuses_unknown_programs_and_files_as_folders(assetgen: Command, tmp_path: Path) -> None:
    assert assetgen("plugin", "pack", "unity")[0] == 2
    (tmp_path / "file").touch()
    code, _, err = assetgen("plugin", "pack", "blender", "-o", tmp_path / "file")
    assert (code, "Name another folder with -o." in err) == (2, True)


def test_install_godot_prints_what_it_did(assetgen: Command, tmp_path: Path) -> None:
    (tmp_path / "project.godot").write_text("config_version=5\n")
    code, out, _ = assetgen("plugin", "install", "godot", tmp_path)
    assert (code, f"{len(plugin_files(Program.GODOT)) + 3} files changed; restart Godot if it is open" in out) == (
        0,
        True,
    )
    assert assetgen("plugin", "install", "godot", tmp_path)[1].endswith("addons/assetgen: nothing to do\n")
    assert assetgen("plugin", "install", "godot", tmp_path / "nowhere")[0] == 2


def test_a_plugin_records_a_program_that_runs_without_the_path(tmp_path: Path) -> None:
    """In a virtual environment with a broken script, and with one that works."""
    game, script = tmp_path / "game", tmp_path / "v e/bin/assetgen"
    venv.create(tmp_path / "v e", symlinks=True)
    [packages] = (tmp_path / "v e").glob("lib/*/site-packages")
    (packages / "all.pth").write_text("\n".join(each for each in sys.path if Path(each).is_dir()))
    game.mkdir()
    (game / "project.godot").write_text("config_version=5\n")
    python = str(script.with_name("python"))
    works = f'#!/bin/sh\nexec "{python}" -m assetgen.cli "$@"\n'
    for text, expected in (("#!/bin/sh\nexit 1", [python, "-m", "assetgen.cli"]), (works, [str(script)])):
        script.write_text(text)
        script.chmod(0o755)
        bare = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        subprocess.run([python, "-m", "assetgen.cli", "plugin", "install", "godot", game], env=bare, check=True)
        config = configparser.ConfigParser()
        config.read(game / "addons/assetgen/program.cfg")
        recorded = [json.loads(config["assetgen"]["program"]), *json.loads(config["assetgen"]["arguments"])]
        assert recorded == expected
        assert subprocess.run([*recorded, "--version"], env={}, capture_output=True).returncode == 0


def test_install_blender_without_a_blender_prints_the_path_of_the_zip_and_the_menu(
    assetgen: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(USUAL_PATHS, sys.platform, ())
    code, _, err = assetgen("plugin", "install", "blender")
    assert (code, err.startswith("assetgen: Blender was not found on this machine. In Blender 4.2 or newer")) == (
        3,
        True,
    )
    zip_path = Path(err.partition("and select '")[2].partition("', or")[0])
    assert zip_path.read_bytes() == zipped(Program.BLENDER, program_file(Program.BLENDER))
    assert assetgen("plugin", "install", "blender", "--blender", tmp_path / "nowhere")[0] == 2

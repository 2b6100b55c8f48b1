"""The README is true: its pack builds, its commands and options exist."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from assetgen.cli.commands import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def test_the_readmes_pack_builds(assetgen: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    [pack] = re.findall(r"```yaml\n(pack: .*?)```", README, re.DOTALL)
    (tmp_path / "pack.yaml").write_text(pack)
    shutil.copy(ROOT / "examples/dungeon/keep.glb", tmp_path)
    code, _, err = assetgen("build", tmp_path, "--draft", "--game", tmp_path / "game", "--store", tmp_path / "store")
    assert code == 0, err


def test_the_readme_lists_exactly_the_commands_that_exist() -> None:
    assert set(re.findall(r"`assetgen ([a-z]+)", README)) - set(COMMANDS) == set()
    table = README.partition("## Commands")[2].partition("##")[0]
    assert [name for name in COMMANDS if f"`{name}`" not in table and f"`assetgen {name}" not in table] == []


@pytest.mark.parametrize("option", sorted(set(re.findall(r"`[^`\n]*?(--[a-z][a-z-]*)", README))))
def test_an_option_in_the_readme_exists(option: str) -> None:
    known = {text for command in COMMANDS.values() for each in _all(command) for p in each.params for text in p.opts}
    assert option in known


def _all(command: object) -> list[typer.core.TyperCommand]:
    below = getattr(command, "commands", {}).values()
    return [each for child in below for each in _all(child)] if below else [command]  # type: ignore[list-item]

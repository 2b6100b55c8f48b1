"""The games of the examples, imported and played by Godot."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.godot
EXAMPLES = Path(__file__).parents[2] / "examples"
SECONDS = 120
COMPLAINT = re.compile("ERROR|WARNING")


def godot(program: str, game: Path, *words: str) -> str:
    """Run Godot in a game without a window; return what it wrote."""
    done = subprocess.run(
        [program, "--headless", "--path", game, *words], capture_output=True, text=True, timeout=SECONDS
    )
    said = done.stdout + done.stderr
    assert (done.returncode, [line for line in said.splitlines() if COMPLAINT.search(line)]) == (0, [])
    return said


def versioned(game: Path) -> dict[str, bytes]:
    files = (file for file in game.rglob("*") if file.is_file() and ".godot" not in file.parts)
    return {file.relative_to(game).as_posix(): file.read_bytes() for file in files}


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("platformer", r"stood true, jumped true, moved [1-9]\d\d+, coins [1-9]\d* of 12"),
        ("dungeon", r"walked 2 of 2, orbs 1, health [1-9]"),
    ],
)
def test_the_game_of_an_example_is_imported_without_a_change_and_played(
    godot_program: str, assetgen: Callable[..., tuple[int, str, str]], tmp_path: Path, name: str, result: str
) -> None:
    game = tmp_path / "game"
    shutil.copytree(EXAMPLES / name / "game", game, ignore=shutil.ignore_patterns(".godot", "art"))
    assert assetgen("build", EXAMPLES / name, "--draft", "--game", game, "--store", tmp_path / "store")[0] == 0
    shutil.copy(Path(__file__).with_name(f"play_{name}.gd"), game)
    before = versioned(game)
    godot(godot_program, game, "--import")
    assert {path for path, data in versioned(game).items() if before.get(path) != data} <= {f"play_{name}.gd.uid"}
    assert re.search(result, godot(godot_program, game, "--fixed-fps", "60", "--script", f"res://play_{name}.gd"))

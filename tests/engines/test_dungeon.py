"""The game of the example, imported by Godot."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.godot
DUNGEON = Path(__file__).parents[2] / "examples/dungeon"
SECONDS = 120


def test_godot_imports_the_dungeon_without_errors_and_changes_no_file(
    godot_program: str, assetgen: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    words = ("build", DUNGEON, "--draft", "--game", tmp_path / "game", "--store", tmp_path / "store")
    assert assetgen(*words)[0] == 0
    command = [godot_program, "--headless", "--path", str(tmp_path / "game"), "--import"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    problems = [line for line in (done.stdout + done.stderr).splitlines() if re.search("ERROR|WARNING", line)]
    assert (done.returncode, problems) == (0, [])
    code, _, err = assetgen(*words)
    assert (code, "published" in err, "edited" in err) == (0, False, False)

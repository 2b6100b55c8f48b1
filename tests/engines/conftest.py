"""Engines for the tests that need a real one."""

import os
import subprocess
from pathlib import Path

import pytest

GET_ENGINE = Path(__file__).with_name("get-engine.sh")
CURE = f"there is no Godot for the tests; get one with `{GET_ENGINE.relative_to(Path(__file__).parents[2])} godot`"


@pytest.fixture(scope="session")
def godot_program() -> str:
    """The path of a Godot 4 editor. Without one the test is skipped, or fails if ASSETGEN_REQUIRE_ENGINES is 1."""
    found = subprocess.run([GET_ENGINE, "--print", "godot"], capture_output=True, text=True, timeout=90)
    if found.returncode == 0:
        return found.stdout.splitlines()[-1]
    if os.environ.get("ASSETGEN_REQUIRE_ENGINES") == "1":
        pytest.fail(CURE)
    pytest.skip(CURE)

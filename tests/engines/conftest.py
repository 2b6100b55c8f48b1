"""Engines for the tests that need a real one."""

import os
import subprocess
from pathlib import Path

import pytest

GET_ENGINE = Path(__file__).with_name("get-engine.sh")


@pytest.fixture(scope="session")
def godot_program() -> str:
    """The path of a Godot 4 editor. Without one the test is skipped, or fails if ASSETGEN_REQUIRE_ENGINES is 1."""
    return _program("godot", "ASSETGEN_REQUIRE_ENGINES")


@pytest.fixture(scope="session")
def bpy_python() -> str:
    """A Python with Blender as a module. Without one the test is skipped, or fails if ASSETGEN_REQUIRE_BPY is 1."""
    return os.environ.get("ASSETGEN_TEST_BPY") or _program("bpy", "ASSETGEN_REQUIRE_BPY")


def _program(engine: str, required: str) -> str:
    found = subprocess.run([GET_ENGINE, "--print", engine], capture_output=True, text=True, timeout=90)
    if found.returncode == 0:
        return found.stdout.splitlines()[-1]
    cure = f"there is no {engine} for the tests; get it with `tests/engines/get-engine.sh {engine}`"
    if os.environ.get(required) == "1":
        pytest.fail(cure)
    pytest.skip(cure)

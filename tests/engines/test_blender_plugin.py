"""The extension in a real Blender: trials that run inside it, against a real `assetgen serve`."""

import ast
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

EXTENSION = Path(__file__).parents[2] / "plugins" / "blender" / "assetgen"
HERE = Path(__file__).with_name("blender_plugin")
PROGRAM = Path(sys.executable).with_name("assetgen")
PATIENCE = 420
"""Seconds for the trials of one file, on a busy machine."""
CRASHED, TURNS = -signal.SIGSEGV, 2
"""Without a window, Blender crashes during an undo once in about fifty runs; such a run is repeated once."""


def started(program: str) -> list[str]:
    """The command that runs a script: a Python with bpy, or Blender."""
    if "python" in Path(program).name:
        return [program]
    return [program, "--background", "--factory-startup", "--python-exit-code", "1", "--python"]


def trials() -> list[tuple[str, str]]:
    """File and name of each trial."""
    found = []
    for path in sorted(HERE.glob("trials_*.py")):
        names = [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
        found += [(path.stem, name) for name in names if name.startswith("trial_")]
    return found


@pytest.fixture(scope="session")
def tool(bpy_python: str) -> list[str]:
    """Blender's tool for extensions, which runs in any Python."""
    command = [*started(bpy_python), str(HERE / "where.py")]
    found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    [scripts] = [line.removeprefix("scripts: ") for line in found.splitlines() if line.startswith("scripts: ")]
    return [sys.executable, f"{scripts}/addons_core/bl_pkg/cli/blender_ext.py"]


@pytest.fixture(scope="session")
def archive(tool: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension as a zip."""
    folder = tmp_path_factory.mktemp("zip")
    command = [*tool, "build", "--source-dir", str(EXTENSION), "--output-dir", str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    [made] = folder.glob("*.zip")
    return made


@pytest.fixture(scope="session")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A server in its own process, and the environment in which the extension finds it."""
    folder = tmp_path_factory.mktemp("daemon")
    place = folder / "server.json"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ASSETGEN", "XDG"))}
    environment |= {f"XDG_{kind}_HOME": str(folder / kind) for kind in ("CACHE", "DATA", "CONFIG")}
    environment |= {"ASSETGEN_STATE_FILE": str(place), "ASSETGEN_STORE": str(folder / "s")}
    environment["ASSETGEN_PROGRAM"] = str(PROGRAM)
    process = subprocess.Popen([PROGRAM, "serve", "--state", place], env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr and "serving" in process.stderr.readline()
    yield environment
    process.terminate()
    process.communicate(timeout=60)


@pytest.fixture(scope="session")
def outcome(
    bpy_python: str, archive: Path, daemon: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], dict[str, str]]:
    """The results of the trials of a file; each file runs once, in a new Blender."""
    known: dict[str, dict[str, str]] = {}

    def run(file: str) -> dict[str, str]:
        if file not in known:
            for _ in range(TURNS):
                folder = tmp_path_factory.mktemp(file)
                words = [str(HERE / f"{file}.py"), str(archive), str(folder / "results.json")]
                command = [*started(bpy_python), str(HERE / "stage.py"), "--", *words]
                environment = {**daemon, "BLENDER_USER_RESOURCES": str(folder / "blender"), "TMPDIR": str(folder)}
                ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE)
                if ended.returncode != CRASHED:
                    break
            assert ended.returncode == 0, f"{ended.stdout[-3000:]}\n{ended.stderr[-3000:]}"
            known[file] = json.loads((folder / "results.json").read_text())["outcome"]
        return known[file]

    return run


@pytest.mark.timeout(PATIENCE + 60)
@pytest.mark.parametrize(("file", "trial"), trials(), ids=[trial.removeprefix("trial_") for _, trial in trials()])
def test_in_blender(outcome: Callable[[str], dict[str, str]], file: str, trial: str) -> None:
    assert not outcome(file)[trial], outcome(file)[trial]


def test_blenders_tool_validates_the_extension(tool: list[str], archive: Path) -> None:
    for path in (EXTENSION, archive):
        said = subprocess.run([*tool, "validate", str(path)], capture_output=True, text=True, timeout=60)
        assert said.returncode == 0 and "error" not in said.stdout.lower(), said.stdout


def test_the_extension_is_small_and_has_no_packages(archive: Path) -> None:
    assert archive.stat().st_size < 200_000


def test_the_extension_imports_only_the_standard_library_numpy_and_blender() -> None:
    allowed = {*sys.stdlib_module_names, "bpy", "blf", "bmesh", "mathutils", "bpy_extras", "numpy"}
    found = set()
    for place in EXTENSION.rglob("*.py"):
        for node in ast.walk(ast.parse(place.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                found.add(str(node.module).split(".")[0])
    assert found <= allowed, found - allowed


def test_the_client_does_not_import_blender() -> None:
    words = [place.read_text() for place in (EXTENSION / "client").glob("*.py")]
    assert not [text for text in words if "import bpy" in text]

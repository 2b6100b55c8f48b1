"""Fixtures that write packs and build them with the fake source instead of a model.

Tests run on the CPU. `ASSETGEN_TEST_GPU=1 pytest -n0 tests/diffusion/test_gpu.py` runs those that need a GPU.
"""

import gc
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from assetgen.build.execute import build_recipes
from assetgen.build.options import BuildOptions
from assetgen.build.publish import open_target
from assetgen.build.run import build_pack
from assetgen.events import Event
from assetgen.machine import Machine
from assetgen.pack.library import PackFile, load_pack
from assetgen.pack.project import Project
from assetgen.pack.resolve import resolve_pack
from assetgen.store.store import Store

if "ASSETGEN_TEST_GPU" not in os.environ:
    os.environ["CUDA_VISIBLE_DEVICES"] = ""  # before torch is imported
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # each worker has one core
DRAWN = {
    "pixels": 'use: pixel_sprite\nsource: {fake: {prompt: "{prompt}", size: [16, 16]}}\nsteps: [cutout]\n',
    "drawing": 'use: sprite\nsource: {fake: {prompt: "{prompt}", size: [16, 16]}}\n',
    "pattern": 'use: texture\nsource: {fake: {prompt: "{prompt}", size: [16, 16], tile: xy}}\nchecks: [seam]\n',
}

SLOW_FIXTURES = {"bpy_python", "browser", "cluster", "godot_program"}
"""Tests with one of these start Blender, Chromium, Ray or Godot."""
FROZEN, MANY = pytest.StashKey[int](), 100
"""How many modules were imported when garbage collection last set them aside, and how many new ones it takes."""


def pytest_configure(config: pytest.Config) -> None:
    """Let several workers take files in the order below: xdist would begin with those of the most tests."""
    config.option.loadscopereorder = False


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that start another program as slow. Begin with files of slow tests, so that no core is idle at the
    end while another runs a long file."""
    for item in items:
        if SLOW_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Set imported modules aside: to unload a model would search PyTorch for garbage, half a second each time."""
    if len(sys.modules) > item.config.stash.get(FROZEN, 0) + MANY:
        gc.freeze()
        item.config.stash[FROZEN] = len(sys.modules)


@pytest.fixture(autouse=True)
def _own_user_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test empty user folders: no store, history or price of the user or of another test."""
    for kind in ("cache", "config", "data"):
        monkeypatch.setenv(f"XDG_{kind.upper()}_HOME", str(tmp_path / f"user's {kind}"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    for name in ("ASSETGEN_STORE", "ASSETGEN_PRICE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def write_pack(tmp_path: Path) -> Callable[[str], PackFile]:
    """Write `pack.yaml` and load it."""

    def write(text: str) -> PackFile:
        (tmp_path / "pack.yaml").write_text(dedent(text))
        return load_pack(tmp_path)

    return write


@pytest.fixture
def build(tmp_path: Path, write_pack: Callable[[str], PackFile]) -> Callable[..., list[Event]]:
    """Build the text of a pack as a draft into `tmp_path/game`; return the events."""

    def run(text: str, **options: Any) -> list[Event]:
        file = write_pack(text)
        events: list[Event] = []
        recipes = resolve_pack(file, draft=True)
        target = open_target(tmp_path / "game", file.pack, recipes)
        machine = Machine(Store(tmp_path / "store"), tmp_path)
        build_recipes(recipes, target, machine, BuildOptions(**options), events.append)
        return events

    return run


@pytest.fixture
def rebuilt(tmp_path: Path, write_pack: Callable[[str], PackFile]) -> Callable[..., list[Event]]:
    """Build the text of a pack into `tmp_path/game` and write its lock; return the events.

    The presets in `DRAWN` use the fake source: building them needs no model, and writes a lock as drafts do not.
    """

    def run(text: str, *, price: float = 0.0, **options: Any) -> list[Event]:
        for name, preset in DRAWN.items():
            (tmp_path / f"{name}.yaml").write_text(f"preset: {name}\n{preset}")
        events: list[Event] = []
        machine = Machine(Store(tmp_path / "store"), tmp_path, price=price)
        build_pack(Project(write_pack(text), tmp_path / "game"), machine, BuildOptions(**options), events.append)
        return events

    return run


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[Path, int], None]]:
    """Mount a tmpfs of the given size in kilobytes, or resize a mounted one."""
    mounted: list[Path] = []

    def mount(folder: Path, kilobytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        size = f"{'remount,' if folder in mounted else ''}size={kilobytes}k"
        if subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], capture_output=True).returncode:
            pytest.skip("only root can mount a small disk")
        mounted.append(folder)

    if not shutil.which("mount"):
        pytest.skip("there is no `mount` here to make a small disk with")
    yield mount
    for folder in set(mounted):
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def assetgen(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command line in this process; return its exit code, stdout and stderr."""
    from assetgen.cli import main

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


@pytest.fixture(scope="session")
def build_in() -> Callable[..., list[Event]]:
    """Build `FOLDER/pack` into `FOLDER/game` with a lock; return the events. See `builder.py`."""
    found: Callable[..., list[Event]] = runpy.run_path(str(Path(__file__).with_name("builder.py")))["build"]
    return found

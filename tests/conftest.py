"""Packs written into a folder, and builds of them with drawings instead of a model.

Tests run on the CPU, also where there is a GPU; `ASSETGEN_TEST_GPU=1 pytest -n0 tests/diffusion/test_gpu.py` runs those
that want one.
"""

import os
import runpy
import shutil
import subprocess
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
    os.environ["CUDA_VISIBLE_DEVICES"] = ""  # before torch looks
DRAWN = {
    "pixels": 'use: pixel_sprite\nsource: {fake: {prompt: "{prompt}", size: [16, 16]}}\nsteps: [cutout]\n',
    "drawing": 'use: sprite\nsource: {fake: {prompt: "{prompt}", size: [16, 16]}}\n',
    "pattern": 'use: texture\nsource: {fake: {prompt: "{prompt}", size: [16, 16], tile: xy}}\nchecks: [seam]\n',
}


@pytest.fixture(autouse=True)
def _a_machine_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the user's store, past times or prices, nor those of another test."""
    for kind in ("cache", "data"):
        monkeypatch.setenv(f"XDG_{kind.upper()}_HOME", str(tmp_path / f"machine's {kind}"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    for name in ("ASSETGEN_STORE", "ASSETGEN_PRICE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def write_pack(tmp_path: Path) -> Callable[[str], PackFile]:
    """Writes `pack.yaml` and loads it."""

    def write(text: str) -> PackFile:
        (tmp_path / "pack.yaml").write_text(dedent(text))
        return load_pack(tmp_path)

    return write


@pytest.fixture
def build(tmp_path: Path, write_pack: Callable[[str], PackFile]) -> Callable[..., list[Event]]:
    """Builds a pack's text with the fake source into `tmp_path/game`; gives the events."""

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
    """Builds a pack's text into `tmp_path/game` and writes its lock; gives the events.

    The presets of `DRAWN` draw without a model: a build of them is no draft, and has a lock.
    """

    def run(text: str, *, price: float = 0.0, **options: Any) -> list[Event]:
        for name, words in DRAWN.items():
            (tmp_path / f"{name}.yaml").write_text(f"preset: {name}\n{words}")
        events: list[Event] = []
        machine = Machine(Store(tmp_path / "store"), tmp_path, price=price)
        build_pack(Project(write_pack(text), tmp_path / "game"), machine, BuildOptions(**options), events.append)
        return events

    return run


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[Path, int], None]]:
    """Mounts a disk of so many kilobytes in memory, or gives a mounted one another size."""
    mounted: list[Path] = []

    def mount(place: Path, kilobytes: int) -> None:
        place.mkdir(parents=True, exist_ok=True)
        size = f"{'remount,' if place in mounted else ''}size={kilobytes}k"
        if subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", place], capture_output=True).returncode:
            pytest.skip("only root can mount a small disk")
        mounted.append(place)

    if not shutil.which("mount"):
        pytest.skip("there is no `mount` here to make a small disk with")
    yield mount
    for place in set(mounted):
        subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def assetgen(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs the command line; gives its exit code, stdout and stderr."""
    from assetgen.cli import main

    def run(*words: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


@pytest.fixture(scope="session")
def build_in() -> Callable[..., list[Event]]:
    """Builds `FOLDER/pack` into `FOLDER/game` with a lock; gives the events. See `builder.py`."""
    found: Callable[..., list[Event]] = runpy.run_path(str(Path(__file__).with_name("builder.py")))["build"]
    return found

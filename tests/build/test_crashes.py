"""Killed builds: every file is whole, and the next build has the result of an undisturbed one."""

import itertools
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

BUILDER = Path(__file__).parents[1] / "builder.py"
MEMORY = Path("/dev/shm")
MOMENTS = 100
DRAWING = """
preset: drawing
use: sprite
source: {fake: {prompt: "{prompt}", size: [16, 16]}}
steps: [cutout]
"""
FIRST = """
pack: p
engine: godot
target: art
assets:
  hero: {preset: drawing, prompt: a hero}
  gem: {preset: drawing, prompt: a gem}
  wall: {preset: drawing, prompt: a wall}
  sheet: {preset: atlas, members: [hero, gem], atlas: {max_size: 64}}
"""
EDITED = FIRST.replace("a hero", "a heroine").replace("wall:", "bricks:") + "  key: {preset: drawing, prompt: a key}\n"
Tree = dict[str, bytes]


def tree(folder: Path) -> Tree:
    """Every file of game and pack."""
    files = (file for part in ("game", "pack") for file in (folder / part).rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def is_litter(path: str) -> bool:
    return Path(path).name.startswith(".assetgen-")


def saved(folder: Path) -> int:
    """The number of images that finished sampling."""
    return len(list((folder / "store/sampled").rglob("*.zip")))


class Builder:
    """The process that builds in forks of itself."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def build(self, folder: Path, **end: float) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({"folder": str(folder), **end}) + "\n")
        self.process.stdin.flush()
        reply: dict[str, Any] = json.loads(self.process.stdout.readline())
        return reply

    def sampled(self, folder: Path) -> int:
        """Build to the end; how many pictures were sampled for that."""
        return int(self.build(folder)["events"][-1]["sampled"])


@dataclass
class Case:
    """A folder before a build, its files before and after an undisturbed build, and the number of images sampled."""

    builder: Builder
    start: Path
    before: Tree
    after: Tree
    sampled: int

    def survives(self, **end: float) -> bool:
        """Build until killed, check the files, and build again. False where the build was not killed."""
        folder = self.start.with_name("killed")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.start, folder)
        if not self.builder.build(folder, **end)["killed"]:
            return False
        self.check_whole(tree(folder))
        left = self.sampled - (saved(folder) - saved(self.start))
        assert self.builder.sampled(folder) == left, "finished sampling is not repeated"
        assert tree(folder) == self.after
        return True

    def check_whole(self, stands: Tree) -> None:
        known = {path: (self.before.get(path), self.after.get(path)) for path in stands if not is_litter(path)}
        assert [path for path, wholes in known.items() if stands[path] not in wholes] == []
        assert self.before.keys() & self.after.keys() <= stands.keys(), (
            "a file is removed only after its replacement exists"
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in memory where the machine has one: flushing to a real disk takes most of the time."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def builder(folder: Path) -> Iterator[Builder]:
    write(folder / "warm", FIRST)
    words = [sys.executable, str(BUILDER), str(folder / "warm")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Builder(process)


@pytest.fixture(scope="module", params=["a first build", "a build after edits"])
def case(request: pytest.FixtureRequest, folder: Path, builder: Builder) -> Case:
    start, done = folder / request.param / "start", folder / request.param / "done"
    write(start, FIRST)
    if request.param != "a first build":
        builder.build(start)
        write(start, EDITED)
    shutil.copytree(start, done)
    sampled = builder.sampled(done)
    return Case(builder, start, tree(start), tree(done), sampled)


def write(folder: Path, pack: str) -> None:
    (folder / "pack").mkdir(parents=True, exist_ok=True)
    (folder / "pack/drawing.yaml").write_text(DRAWING)
    (folder / "pack/pack.yaml").write_text(pack)


@pytest.mark.slow
def test_a_build_continues_after_a_kill_before_any_file_operation(case: Case) -> None:
    numbers = itertools.takewhile(lambda number: case.survives(operation=number), itertools.count(1))
    assert len(list(numbers)) > 50


@pytest.mark.slow
def test_a_build_continues_after_a_kill_at_any_moment(case: Case) -> None:
    chance = random.Random(7)
    assert sum(case.survives(seconds=chance.uniform(0, 0.06)) for _ in range(MOMENTS)) > MOMENTS / 3


def test_a_build_continues_after_a_kill_during_a_write(case: Case) -> None:
    assert all(case.survives(bytes=size) for size in (0, 1, 50, 200, 800, 2000))

"""Packs written into a folder, and builds of them with drawings instead of a model."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from assetgen.build import Manner, build_pack
from assetgen.events import Event
from assetgen.game import open_target
from assetgen.load import PackFile, load_pack
from assetgen.resolve import plan
from assetgen.store import Store


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

    def run(text: str, **manner: Any) -> list[Event]:
        file = write_pack(text)
        events: list[Event] = []
        recipes = plan(file, draft=True)
        target = open_target(file.pack, tmp_path / "game", recipes)
        build_pack(recipes, Store(tmp_path / "store"), target, events.append, Manner(**manner))
        return events

    return run


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

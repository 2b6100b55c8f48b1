"""Asking, waiting, keeping and using, inside the real editor and with a real server."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.godot
SLOWEST_MS = 100  # of work on the main thread in one frame


def test_a_candidate_becomes_a_file_and_a_node_shows_it_and_another_import_changes_nothing(
    game: Any, server: Path
) -> None:
    said = game.trial("pick", server)
    slowest = re.search(r"slowest frame in a job of 12: ([\d.]+) ms", said)
    assert slowest and float(slowest[1]) < SLOWEST_MS
    before = game.versioned()
    shutil.rmtree(game.folder / ".godot")
    for _ in range(2):
        assert game.run("--import").code == 0
    assert game.versioned() == before


def test_the_plugin_adds_no_file_to_itself(game: Any, server: Path) -> None:
    addon = game.folder / "addons" / "assetgen"
    shipped = sorted(addon.rglob("*"))
    game.run("--import", ASSETGEN_STATE_FILE=str(server))
    assert sorted(addon.rglob("*")) == shipped

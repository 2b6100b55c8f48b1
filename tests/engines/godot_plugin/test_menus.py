"""Context menus: on files, meshes, tile layers and the 3D view."""

import shutil
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.godot


def test_menus_start_jobs_and_assign_their_results_to_nodes(game: Any, server: Path) -> None:
    game.trial("menus", server)


@pytest.mark.skipif(not shutil.which("xvfb-run"), reason="a window needs xvfb-run: apt-get install xvfb xauth")
def test_the_depth_of_the_3d_view_is_white_where_it_is_near(game: Any, server: Path, tmp_path: Path) -> None:
    game.trial("window", server, window=True, ASSETGEN_SHOTS=str(tmp_path))

"""The examples build, with drawings; the test command's first half builds them with the real model."""

from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").iterdir())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_builds(assetgen: Callable[..., tuple[int, str, str]], tmp_path: Path, example: Path) -> None:
    words = ("build", example, "--draft", "--game", tmp_path / "game", "--store", tmp_path / "store")
    code, _, err = assetgen(*words)
    assert code == 0, err
    code, _, err = assetgen(*words)
    assert "published" not in err and "up to date" in err

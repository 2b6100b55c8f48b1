"""A tileset on the review page: a level painted with it, and its sheet."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

PACK = """
pack: p
engine: plain
assets:
  a: {preset: pattern, prompt: grass}
  b: {preset: pattern, prompt: stone}
  meadow: {preset: tileset, members: [a, b]}
"""
PATTERN = 'preset: pattern\nuse: texture\nsource: {fake: {prompt: "{prompt}", size: [16, 16], tile: xy}}\n'


def test_candidates_of_a_tileset_are_levels_with_their_sheets(
    typed: Callable[..., tuple[int, str, str]], tmp_path: Path, facts: Callable[[str], dict[str, Any]]
) -> None:
    (tmp_path / "pack.yaml").write_text(PACK)
    (tmp_path / "pattern.yaml").write_text(PATTERN)
    assert typed("build", ".", "--game", "game")[0] == 0
    assert typed("review", ".", "-n", "2", "--game", "game", "-o", "page.html")[0] == 0
    [meadow] = [each for each in facts((tmp_path / "page.html").read_text())["assets"] if each["name"] == "meadow"]
    first, second = meadow["candidates"]
    assert (first["width"], first["height"], first["sheet"]["width"], meadow["now"]) == (256, 160, 64, None)
    assert first["src"] != second["src"]

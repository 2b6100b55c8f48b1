"""An asset whose name changes in case alone: on many disks the files of both names are one."""

from collections.abc import Callable
from pathlib import Path

from assetgen.events import Event, Failed

Rebuilt = Callable[..., list[Event]]
OLD = "pack: p\nassets: {Wall: {preset: drawing, prompt: x}, b: {preset: drawing, prompt: y}}"


def test_a_build_of_the_renamed_asset_alone_loses_no_file(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(OLD)
    [failed] = [each for each in rebuilt(OLD.replace("Wall", "wall"), only="wall") if isinstance(each, Failed)]
    assert "'Wall' already publishes 'wall.png'. Build without --only" in failed.reason
    assert {path.name for path in (tmp_path / "game").iterdir()} == {"Wall.png", "b.png", "index.html", "manifest.json"}
    rebuilt(OLD.replace("Wall", "wall"))
    assert {path.name for path in (tmp_path / "game").iterdir()} == {"wall.png", "b.png", "index.html", "manifest.json"}

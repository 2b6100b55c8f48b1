"""A file that was moved in the editor keeps its ID: it is not published a second time with the same ID."""

from collections.abc import Callable
from pathlib import Path

import pytest

DOT = "preset: dot\nuse: pixel_sprite\nsource: {fake: {prompt: x, size: [8, 8]}}\n"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def build(tmp_path: Path, assetgen: Run) -> Callable[..., Run]:
    """Write a pack for an engine and build it; returns a function that runs a command on it."""

    def start(engine: str) -> Run:
        (tmp_path / "dot.yaml").write_text(DOT)
        (tmp_path / "game").mkdir()
        assets = "assets: {a: {preset: dot}, b: {preset: dot}}"
        (tmp_path / "pack.yaml").write_text(f"pack: p\ngame: game\nengine: {engine}\ntarget: Assets/art\n{assets}\n")

        def run(command: str) -> tuple[int, str, str]:
            return assetgen(command, tmp_path, "--store", tmp_path / "store")

        assert run("build")[0] == 0
        return run

    return start


@pytest.mark.parametrize(
    ("engine", "moved", "name"),
    [("unity", "a.png.meta", "GUID"), ("godot", "a.png.import", "UID"), ("godot", "a.tres", "UID")],
)
def test_a_file_that_was_moved_is_not_published_again(
    build: Callable[..., Run], tmp_path: Path, engine: str, moved: str, name: str
) -> None:
    run, game = build(engine), tmp_path / "game/Assets"
    (game / "mine").mkdir()
    (game / "art" / moved).rename(game / "mine/hero.tscn" if moved == "a.tres" else game / "mine" / moved)
    before = sorted(game.rglob("*"))
    [(code, err)] = {(code, err) for code, _, err in (run("plan"), run("build"))}
    assert (code, sorted(game.rglob("*"))) == (2, before), err
    assert f"already has the {name} of 'Assets/art/{moved}', which asset 'a' writes. Move it back or delete it" in err


def test_files_that_only_refer_to_ours_and_hidden_copies_are_allowed(build: Callable[..., Run], tmp_path: Path) -> None:
    run, game = build("godot"), tmp_path / "game"
    resource = (game / "Assets/art/a.tres").read_text()
    (game / "level.tscn").write_text("[gd_scene format=3]\n\n" + resource.partition("\n\n")[2])
    for folder, note in ((".trash", ""), ("old", ".gdignore")):
        (game / folder / note).mkdir(parents=True)
        (game / folder / "a.tres").write_text(resource)
    (game / "Assets/art/a.tres").unlink()
    assert run("build")[0] == 0

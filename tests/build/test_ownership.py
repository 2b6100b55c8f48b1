"""Two packs of one name and one target do not replace or remove each other's art."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from assetgen.build.options import BuildOptions
from assetgen.build.run import build_pack
from assetgen.errors import PublishError
from assetgen.events import Event, Failed, Published
from assetgen.machine import Machine
from assetgen.pack.project import Project
from assetgen.store.store import Store

Build = Callable[..., list[Event]]


@pytest.fixture
def build_at(tmp_path: Path) -> Build:
    """Write a pack of these assets into a folder, build it into `tmp_path/game`, and return the events."""

    def run(folder: str, *assets: str, prompt: str = "x", draft: bool = False) -> list[Event]:
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "dot.yaml").write_text("preset: dot\nsource: {fake: {size: [8, 8]}}\n")
        if assets:
            entries = ", ".join(f"{name}: {{preset: dot, prompt: {prompt}}}" for name in assets)
            (tmp_path / folder / "pack.yaml").write_text(f"pack: p\ntarget: art\nassets: {{{entries}}}")
        events: list[Event] = []
        project = Project.load(tmp_path / folder, tmp_path / "game")
        machine = Machine(Store(tmp_path / "store"), tmp_path / "machine")
        build_pack(project, machine, BuildOptions(draft=draft), events.append)
        assert not [event for event in events if isinstance(event, Failed)]
        return events

    return run


def art(tmp_path: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (tmp_path / "game/art").iterdir()}


@pytest.mark.parametrize("draft", [False, True])
@pytest.mark.parametrize("theirs", ["tree", "stone", "stone tree"])
def test_another_pack_file_of_the_same_name_and_target_is_refused(
    build_at: Build, tmp_path: Path, theirs: str, draft: bool
) -> None:
    build_at("one", "stone", draft=draft)
    before = art(tmp_path)
    with pytest.raises(PublishError, match=r"art' belongs to the pack 'p' of '\S+/one/pack.yaml'. Give one of the two"):
        build_at("two", *theirs.split(), prompt="another", draft=draft)
    assert art(tmp_path) == before
    assert not [event for event in build_at("one", draft=draft) if isinstance(event, Published)]


def test_a_moved_pack_is_built_and_its_renamed_assets_leave(build_at: Build, tmp_path: Path) -> None:
    build_at("one", "stone", draft=True)
    (tmp_path / "one").rename(tmp_path / "moved")
    build_at("moved", "rock", draft=True)
    assert set(art(tmp_path)) == {"rock.png", "index.html", "manifest.json"}


def test_another_checkout_of_a_pack_is_built_and_its_renamed_assets_leave(build_at: Build, tmp_path: Path) -> None:
    build_at("one", "stone", "tree")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    build_at("two", "stone", "rock")
    assert set(art(tmp_path)) == {"stone.png", "rock.png", "index.html", "manifest.json"}


def test_a_checkout_with_another_game_folder_is_another_target(build_at: Build, tmp_path: Path) -> None:
    build_at("one", "stone")
    (tmp_path / "game").rename(tmp_path / "other game")
    build_at("two", "tree")
    assert set(art(tmp_path)) == {"tree.png", "index.html", "manifest.json"}


def test_a_pack_whose_owner_got_another_target_is_built(build_at: Build, tmp_path: Path) -> None:
    build_at("one", "stone")
    text = (tmp_path / "one/pack.yaml").read_text()
    (tmp_path / "one/pack.yaml").write_text(text.replace("target: art", "target: elsewhere"))
    build_at("one")
    build_at("two", "tree")
    assert set(art(tmp_path)) == {"tree.png", "index.html", "manifest.json"}


def test_without_a_record_of_this_machine_a_pack_is_built(build_at: Build, tmp_path: Path) -> None:
    build_at("one", "stone")
    shutil.rmtree(tmp_path / "machine")
    build_at("two", "tree")
    assert set(art(tmp_path)) == {"tree.png", "index.html", "manifest.json"}

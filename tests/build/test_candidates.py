"""Candidates, and the picked one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from assetgen.build.candidates import Candidate, build_picked, make_candidates, pick, stored_candidates
from assetgen.build.options import BuildOptions
from assetgen.build.status import check_report
from assetgen.errors import InputError
from assetgen.events import Event, Failed, Finished, ignore
from assetgen.machine import Machine
from assetgen.pack.library import load_pack
from assetgen.pack.lock import LockEntry, read_lock
from assetgen.pack.project import Project
from assetgen.pack.renames import resolve_with_lock
from assetgen.store.store import Store

Rebuilt = Callable[..., list[Event]]
Assetgen = Callable[..., tuple[int, str, str]]
DRAWING = 'preset: drawing\nuse: sprite\nsource: {fake: {prompt: "{prompt}", size: [16, 16]}}\n'
ONE = "pack: p\nassets:\n  a: {preset: drawing, prompt: x}\n"
TWO = ONE.replace("prompt: x", "prompt: y") + "  b: {preset: drawing, prompt: z}\n"
REJECTED = "pack: p\nassets:\n  bad: {preset: pattern, prompt: x, tries: 1, seam: {limit: %s}}\n"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(Store(tmp_path / "store"), tmp_path)


def block(folder: Path, name: str = "a") -> LockEntry:
    found = read_lock(folder / "pack.lock")
    assert found is not None
    return found[name]


def finished(events: list[Event]) -> Finished:
    [last] = [event for event in events if isinstance(event, Finished)]
    return last


def candidates(folder: Path, machine: Machine, count: int) -> list[Candidate]:
    return list(make_candidates(resolve_with_lock(load_pack(folder), {}), count, machine, ignore))


def test_candidates_differ_and_the_first_equals_a_build(rebuilt: Rebuilt, machine: Machine, tmp_path: Path) -> None:
    rebuilt(ONE)
    made = candidates(tmp_path, machine, 3)
    assert [each.number for each in made] == [1, 2, 3]
    assert len({each.images["color"].tobytes() for each in made}) == 3
    [recipe] = resolve_with_lock(load_pack(tmp_path), {})
    assert [each.number for each in stored_candidates(recipe, machine)] == [1, 2, 3]


def test_a_pick_is_built_without_sampling_it_again(rebuilt: Rebuilt, machine: Machine, tmp_path: Path) -> None:
    rebuilt(ONE)
    before = block(tmp_path)
    candidates(tmp_path, machine, 3)
    pick(Project.load(tmp_path, tmp_path / "game"), "a", 3, machine, ignore)
    done = finished(rebuilt(ONE))
    assert (done.sampled, done.published) == (0, 1)
    assert (block(tmp_path).pick, block(tmp_path).attempt) == (2, 2)
    assert block(tmp_path).outputs != before.outputs


def test_a_pick_is_built_again_from_the_lock_alone(rebuilt: Rebuilt, machine: Machine, tmp_path: Path) -> None:
    rebuilt(ONE)
    pick(Project.load(tmp_path, tmp_path / "game"), "a", 2, machine, ignore)
    rebuilt(ONE)
    picked = block(tmp_path).outputs
    (tmp_path / "store").rename(tmp_path / "elsewhere")
    (tmp_path / "game").rename(tmp_path / "old game")
    assert finished(rebuilt(ONE, update="")).sampled == 1
    assert block(tmp_path).outputs == picked


def test_an_undone_pick_builds_the_first_candidate_again(rebuilt: Rebuilt, machine: Machine, tmp_path: Path) -> None:
    rebuilt(ONE)
    first = block(tmp_path)
    for number in (2, None):
        pick(Project.load(tmp_path, tmp_path / "game"), "a", number, machine, ignore)
        rebuilt(ONE)
    assert block(tmp_path) == first


def test_a_pick_is_kept_when_steps_change_and_dropped_when_the_prompt_changes(
    rebuilt: Rebuilt, machine: Machine, tmp_path: Path
) -> None:
    text = "pack: p\nassets:\n  a: {preset: pixels, prompt: %s, cutout: {alpha: %s}}\n"
    rebuilt(text % ("x", "soft"))
    pick(Project.load(tmp_path, tmp_path / "game"), "a", 2, machine, ignore)
    rebuilt(text % ("x", "hard"))
    assert block(tmp_path).attempt == 1
    rebuilt(text % ("y", "hard"))
    assert (block(tmp_path).attempt, block(tmp_path).pick) == (0, None)


def test_a_picked_image_is_published_even_if_its_checks_fail(
    rebuilt: Rebuilt, machine: Machine, tmp_path: Path
) -> None:
    rebuilt(REJECTED % 2.0)
    pick(Project.load(tmp_path, tmp_path / "game"), "bad", 2, machine, ignore)
    events = rebuilt(REJECTED % 0.0001)
    assert [event for event in events if isinstance(event, Failed)] == []
    assert block(tmp_path, "bad").attempt == 1


@pytest.mark.parametrize(
    ("asset", "number", "message"),
    [("b", 1, "has no asset 'b'"), ("a", 0, "not from 1 to"), ("all", 1, "has no candidates")],
)
def test_an_invalid_pick_is_an_error(
    rebuilt: Rebuilt, machine: Machine, tmp_path: Path, asset: str, number: int, message: str
) -> None:
    rebuilt(ONE + "  all: {preset: atlas, members: [a]}\n")
    with pytest.raises(InputError, match=message):
        pick(Project.load(tmp_path, tmp_path / "game"), asset, number, machine, ignore)


def test_a_picked_asset_that_was_never_built_is_stale(rebuilt: Rebuilt, machine: Machine, tmp_path: Path) -> None:
    rebuilt(ONE)
    (tmp_path / "pack.yaml").write_text(TWO)
    for asset in ("a", "b"):
        pick(Project.load(tmp_path, tmp_path / "game"), asset, 2, machine, ignore)
    states = {each.asset: each.state for each in check_report(Project.load(tmp_path, tmp_path / "game"))}
    assert states == {"a": "stale", "b": "stale"}
    rebuilt(TWO)
    assert [(block(tmp_path, name).pick, block(tmp_path, name).attempt) for name in "ab"] == [(1, 1), (1, 1)]
    assert {each.state for each in check_report(Project.load(tmp_path, tmp_path / "game"))} == {"ok"}


def test_an_undone_pick_before_any_build_leaves_no_block(rebuilt: Rebuilt, machine: Machine, tmp_path: Path) -> None:
    rebuilt(ONE)
    (tmp_path / "pack.yaml").write_text(TWO)
    for number in (2, None):
        pick(Project.load(tmp_path, tmp_path / "game"), "b", number, machine, ignore)
    [found] = [each for each in check_report(Project.load(tmp_path, tmp_path / "game")) if each.asset == "b"]
    assert (found.state, found.reasons) == ("stale", ("it is not built yet",))


def test_a_pick_is_built_with_its_atlases_only(rebuilt: Rebuilt, machine: Machine, tmp_path: Path) -> None:
    text = ONE + "  c: {preset: drawing, prompt: c}\n  all: {preset: atlas, members: [a]}\n"
    rebuilt(text)
    before = {name: block(tmp_path, name).outputs for name in ("a", "c", "all")}
    (tmp_path / "pack.yaml").write_text(text.replace("prompt: c", "prompt: d"))
    pick(Project.load(tmp_path, tmp_path / "game"), "a", 2, machine, ignore)
    build_picked(Project.load(tmp_path, tmp_path / "game"), "a", machine, BuildOptions(), ignore)
    changed = {name: block(tmp_path, name).outputs != outputs for name, outputs in before.items()}
    assert changed == {"a": True, "c": False, "all": True}


def test_a_pick_in_a_game_records_the_exporter_of_its_engine(tmp_path: Path, assetgen: Assetgen) -> None:
    art = tmp_path / "art"
    art.mkdir()
    (tmp_path / "project.godot").write_text("config_version=5\n")
    (art / "drawing.yaml").write_text(DRAWING)
    (art / "pack.yaml").write_text(ONE.replace("pack: p", "pack: p\ngame: ..\ntarget: built"))
    where = ("--store", str(tmp_path / "store"))
    assert assetgen("build", art, *where)[0] == 0
    assert assetgen("pick", art, "a", "2", "--no-build", *where)[0] == 0
    assert block(art).export["part"].startswith("godot@")
    assert assetgen("build", art, *where)[0] == 0
    assert assetgen("build", art, "--locked", *where)[0] == 0
    assert assetgen("check", art)[0] == 0


def test_a_pick_before_any_build_records_the_exporter_of_the_engine(tmp_path: Path, assetgen: Assetgen) -> None:
    (tmp_path / "project.godot").write_text("config_version=5\n")
    (tmp_path / "drawing.yaml").write_text(DRAWING)
    (tmp_path / "pack.yaml").write_text(ONE.replace("pack: p", "pack: p\ngame: .\ntarget: built"))
    assert assetgen("pick", tmp_path, "a", "2", "--no-build", "--store", str(tmp_path / "store"))[0] == 0
    assert block(tmp_path).export["part"].startswith("godot@")

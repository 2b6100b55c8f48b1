"""Builds with a lock: what it records, and which builds may change it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from assetgen.errors import InputError
from assetgen.events import Differs, Event, Failed, Finished, Published, Reused
from assetgen.pack.lock import LockEntry, read_lock, write_lock

Rebuilt = Callable[..., list[Event]]
TWO = "pack: p\nassets:\n  a: {preset: drawing, prompt: x}\n  b: {preset: drawing, prompt: y}\n"
Z = TWO.replace("prompt: y", "prompt: z")
THREE = TWO + "  c: {preset: drawing, prompt: w}\n"
ONE = "pack: p\nassets:\n  a: {preset: drawing, prompt: x}\n"
BEST = "pack: p\nassets:\n  a: {preset: drawing, prompt: x, best_of: 3}\n"
REJECTED = "  bad: {preset: pattern, prompt: x, tries: 1, seam: {limit: 0.0001}}\n"


def lock(folder: Path) -> dict[str, LockEntry]:
    found = read_lock(folder / "pack.lock")
    assert found is not None
    return found


def change(folder: Path, name: str, **facts: object) -> dict[str, LockEntry]:
    """Change a block in the lock; returns the changed lock."""
    blocks = lock(folder)
    write_lock(folder / "pack.lock", blocks | {name: replace(blocks[name], **facts)})  # type: ignore[arg-type]
    return lock(folder)


def files(folder: Path) -> dict[str, bytes]:
    """The files of the game, and the lock."""
    found = [*(folder / "game").rglob("*.*"), folder / "pack.lock"]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in found}


def failures(events: list[Event]) -> dict[str, str]:
    return {event.asset: event.reason for event in events if isinstance(event, Failed)}


def finished(events: list[Event]) -> Finished:
    [last] = [event for event in events if isinstance(event, Finished)]
    return last


def test_a_build_records_the_request_and_the_result(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    block = lock(tmp_path)["a"]
    assert (block.source["prompt"], block.export["part"], block.seed_name, block.tries) == ("x", "plain@1", "a", 3)
    assert (list(block.outputs), list(block.looks), list(lock(tmp_path))) == (["a.png"], ["a.png"], ["a", "b"])


def test_a_second_build_does_not_write_the_lock(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    before = (tmp_path / "pack.lock").stat().st_mtime_ns
    assert [type(event) for event in rebuilt(TWO) if event.asset] == [Reused, Reused]
    assert (tmp_path / "pack.lock").stat().st_mtime_ns == before


def test_a_deleted_lock_is_written_again_by_a_build_with_nothing_else_to_do(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    before = files(tmp_path)
    (tmp_path / "pack.lock").unlink()
    rebuilt(TWO)
    assert files(tmp_path) == before


def test_a_build_without_game_and_store_writes_the_same_lock(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    before = files(tmp_path)
    for folder in ("game", "store"):
        shutil.rmtree(tmp_path / folder)
    assert finished(rebuilt(TWO)).sampled == 2
    assert files(tmp_path) == before


def test_assets_removed_from_the_pack_are_removed_from_the_lock(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    rebuilt(ONE)
    assert list(lock(tmp_path)) == ["a"]


@pytest.mark.parametrize("wish", [{"draft": True}, {"once": True}], ids=str)
def test_drafts_and_single_images_write_no_lock(rebuilt: Rebuilt, tmp_path: Path, wish: dict[str, bool]) -> None:
    rebuilt(TWO, **wish)
    assert (tmp_path / "game/a.png").is_file()
    assert not (tmp_path / "pack.lock").exists()


def test_a_draft_over_a_build_keeps_its_lock(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    before = lock(tmp_path)
    rebuilt(Z, draft=True)
    assert lock(tmp_path) == before


def test_a_build_of_named_assets_keeps_all_other_blocks(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(THREE)
    before = lock(tmp_path)
    rebuilt(Z, only="b")
    after = lock(tmp_path)
    assert (after["a"], after["c"], after["b"] == before["b"]) == (before["a"], before["c"], False)


def test_a_failed_asset_keeps_its_last_good_block_after_each_failure(rebuilt: Rebuilt, tmp_path: Path) -> None:
    good = REJECTED.replace("pattern, prompt: x, tries: 1, seam: {limit: 0.0001}", "drawing, prompt: x")
    rebuilt(TWO + good)
    before = lock(tmp_path)
    for _ in range(2):
        assert list(failures(rebuilt(Z + REJECTED))) == ["bad"]
    assert (lock(tmp_path)["bad"], lock(tmp_path)["b"].source["prompt"]) == (before["bad"], "z")


def test_an_asset_that_never_succeeded_has_no_block(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO + REJECTED)
    assert list(lock(tmp_path)) == ["a", "b"]


def test_a_re_roll_is_recorded(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt("pack: p\nassets: {t: {preset: pattern, prompt: p, tries: 64, seam: {limit: 1.18}}}")
    assert lock(tmp_path)["t"].attempt == 3


def test_a_renamed_asset_is_renamed_in_game_and_lock_without_sampling(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    assert finished(rebuilt(TWO.replace("  b:", "  c:"))).sampled == 0
    assert (sorted(lock(tmp_path)), lock(tmp_path)["c"].seed_name) == (["a", "c"], "b")
    assert sorted(path.name for path in (tmp_path / "game").iterdir()) == [
        "a.png",
        "c.png",
        "index.html",
        "manifest.json",
    ]


def test_the_cost_of_sampling_survives_a_rebuild_from_the_store(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    before = change(tmp_path, "a", cost={"seconds": 2.5, "usd": 0.001})
    shutil.rmtree(tmp_path / "game")
    rebuilt(TWO)
    assert lock(tmp_path) == before


def test_the_cost_of_sampling_survives_a_changed_step(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    change(tmp_path, "a", cost={"seconds": 2.5})
    rebuilt(TWO.replace("prompt: x", "prompt: x, tries: 9"))
    assert (lock(tmp_path)["a"].tries, lock(tmp_path)["a"].cost) == (9, {"seconds": 2.5})


def test_the_cost_of_another_image_is_not_kept(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    change(tmp_path, "b", cost={"seconds": 2.5})
    rebuilt(Z)
    assert lock(tmp_path)["b"].cost == {}


def test_a_locked_build_fills_a_deleted_game_from_the_store(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    before = files(tmp_path)
    shutil.rmtree(tmp_path / "game")
    done = finished(rebuilt(TWO, update=""))
    assert (done.sampled, done.failed, files(tmp_path) == before) == (0, 0, True)


def test_a_locked_build_samples_what_the_lock_describes(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    for folder in ("game", "store"):
        shutil.rmtree(tmp_path / folder)
    done = finished(rebuilt(TWO, update=""))
    assert (done.sampled, done.failed) == (2, 0)


@pytest.mark.parametrize(
    ("text", "asset", "why"),
    [
        (Z, "b", "the lock does not describe it (prompt changed)."),
        (THREE, "c", "the lock does not describe it (it is not in the lock)."),
        (ONE, "b", "it is in the lock and no longer in the pack."),
        (TWO.replace("prompt: y", "prompt: y, tries: 5"), "b", "the lock does not describe it (tries 3 → 5)."),
        (TWO.replace("  b:", "  c:"), "c", "the lock does not describe it (it is not in the lock)."),
    ],
    ids=["prompt", "new", "gone", "tries", "renamed"],
)
def test_a_locked_build_refuses_changed_assets_and_keeps_their_files(
    rebuilt: Rebuilt, tmp_path: Path, text: str, asset: str, why: str
) -> None:
    rebuilt(TWO)
    before = files(tmp_path)
    events = rebuilt(text, update="")
    assert failures(events)[asset] == f"{why} `assetgen build PACK --update {asset}` lets it change."
    assert files(tmp_path) == before
    assert finished(events).failed == len(failures(events))


def test_a_locked_build_refuses_an_atlas_of_a_refused_member(rebuilt: Rebuilt) -> None:
    atlas = "  all: {preset: atlas, members: [a, b]}\n"
    rebuilt(TWO + atlas)
    assert sorted(failures(rebuilt(Z + atlas, update=""))) == ["all", "b"]


def test_a_locked_build_without_a_lock_is_an_error(rebuilt: Rebuilt, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"pack 'p' has no lock\. `assetgen build PACK` without --locked writes it"):
        rebuilt(TWO, update="")
    assert not (tmp_path / "game/a.png").exists()


def test_update_changes_files_and_lock_of_named_assets_only(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    before = files(tmp_path), lock(tmp_path)
    events = rebuilt(Z.replace("prompt: x", "prompt: v"), update="b")
    assert list(failures(events)) == ["a"]
    assert (files(tmp_path)["game/a.png"], lock(tmp_path)["a"]) == (before[0]["game/a.png"], before[1]["a"])
    assert (files(tmp_path)["game/b.png"] != before[0]["game/b.png"], lock(tmp_path)["b"].source["prompt"]) == (
        True,
        "z",
    )


def test_update_removes_named_assets_only(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(THREE)
    events = rebuilt(ONE, update="c")
    assert list(failures(events)) == ["b"]
    assert (sorted(lock(tmp_path)), (tmp_path / "game/c.png").exists()) == (["a", "b"], False)
    assert (tmp_path / "game/b.png").exists()


def test_update_of_everything_equals_a_build(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO, update="*")
    rebuilt(Z.replace("  a:", "  c:"), update="*")
    assert sorted(lock(tmp_path)) == ["b", "c"]


def test_a_changed_asset_that_update_does_not_name_is_refused(rebuilt: Rebuilt) -> None:
    rebuilt(TWO)
    assert list(failures(rebuilt(Z.replace("prompt: x", "prompt: v"), only="a", update="b"))) == ["a"]


def otherwise(folder: Path, look: str) -> dict[str, LockEntry]:
    """The lock as another machine would write it: other bytes and this fingerprint. The game is deleted."""
    shutil.rmtree(folder / "game")
    return change(folder, "a", outputs={"a.png": "0" * 64}, looks={"a.png": look})


def test_slightly_different_images_are_reported_and_the_lock_is_kept(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    look = lock(tmp_path)["a"].looks["a.png"]
    before = otherwise(tmp_path, f"{int(look[:2], 16) ^ 4:02x}{look[2:]}")
    for wish in ({"update": ""}, {}):
        shutil.rmtree(tmp_path / "game", ignore_errors=True)
        events = rebuilt(TWO, **wish)
        [news] = [event for event in events if isinstance(event, Differs)]
        assert (news.asset, news.files, news.difference < 12, failures(events)) == ("a", ("a.png",), True, {})
    assert lock(tmp_path) == before


def test_very_different_images_fail_a_locked_build(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    before = otherwise(tmp_path, "ff" * 64)
    assert "a.png does not look as the lock records it" in failures(rebuilt(TWO, update=""))["a"]
    assert lock(tmp_path) == before


@pytest.mark.parametrize("wish", [{}, {"update": "a"}], ids=["build", "update"])
def test_very_different_images_change_the_lock_where_allowed(
    rebuilt: Rebuilt, tmp_path: Path, wish: dict[str, str]
) -> None:
    rebuilt(TWO)
    before = lock(tmp_path)
    otherwise(tmp_path, "ff" * 64)
    assert failures(rebuilt(TWO, **wish)) == {}
    assert lock(tmp_path) == before


def test_a_locked_build_publishes_no_other_look_and_fails_again(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    otherwise(tmp_path, "ff" * 64)
    for _ in range(2):
        events = rebuilt(TWO, update="")
        assert (list(failures(events)), finished(events).failed) == (["a"], 1)
    assert sorted(path.name for path in (tmp_path / "game").glob("*.png")) == ["b.png"]


def test_a_locked_build_compares_files_of_earlier_builds(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    change(tmp_path, "a", outputs={"a.png": "0" * 64}, looks={"a.png": "ff" * 64})
    assert "a.png does not look as the lock records it" in failures(rebuilt(TWO, update=""))["a"]


@pytest.mark.parametrize("wish", [{}, {"update": ""}], ids=["build", "locked"])
def test_the_attempt_of_the_lock_is_made_alone(rebuilt: Rebuilt, tmp_path: Path, wish: dict[str, str]) -> None:
    rebuilt(BEST)
    assert lock(tmp_path)["a"].attempt == 0
    change(tmp_path, "a", attempt=2)
    for folder in ("game", "store"):
        shutil.rmtree(tmp_path / folder)
    rebuilt(BEST)
    chosen = lock(tmp_path)
    assert chosen["a"].attempt == 2
    for folder in ("game", "store"):
        shutil.rmtree(tmp_path / folder)
    events = rebuilt(BEST, **wish)
    assert (finished(events).sampled, failures(events), lock(tmp_path)) == (1, {}, chosen)


def test_where_checks_reject_the_attempt_of_the_lock_all_are_made(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rejected = "pack: p\nassets:\n  a: {preset: pattern, prompt: x, on_fail: best, seam: {limit: 0.0001}}\n"
    rebuilt(rejected)
    before = lock(tmp_path)
    for folder in ("game", "store"):
        shutil.rmtree(tmp_path / folder)
    assert finished(rebuilt(rejected, update="")).sampled == before["a"].tries == 3
    assert lock(tmp_path) == before


def test_a_locked_build_makes_the_attempt_of_the_lock_where_the_game_has_another(
    rebuilt: Rebuilt, tmp_path: Path
) -> None:
    rebuilt(BEST)
    first = lock(tmp_path)["a"]
    change(tmp_path, "a", attempt=1)
    for folder in ("game", "store"):
        shutil.rmtree(tmp_path / folder)
    rebuilt(BEST)
    second = lock(tmp_path)["a"]
    change(tmp_path, "a", attempt=first.attempt, outputs=first.outputs, looks=first.looks)
    events = rebuilt(BEST, update="")
    assert (finished(events).published, failures(events), first.outputs != second.outputs) == (1, {}, True)
    assert lock(tmp_path)["a"] == first


def test_files_that_are_no_longer_made_fail_a_locked_build(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    outputs = lock(tmp_path)["a"].outputs
    shutil.rmtree(tmp_path / "game")
    change(tmp_path, "a", outputs={**outputs, "a_normal.png": "0" * 64})
    assert "a_normal.png does not look" in failures(rebuilt(TWO, update=""))["a"]


def test_a_lock_that_cannot_be_written_is_reported_after_publishing(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    (tmp_path / "pack.lock").chmod(0o444)
    with pytest.raises(InputError, match="it is read-only"):
        rebuilt(Z)
    (tmp_path / "pack.lock").chmod(0o644)
    assert [type(event) for event in rebuilt(Z) if event.asset] == [Reused, Reused]
    assert lock(tmp_path)["b"].source["prompt"] == "z"


def test_a_hand_edited_file_is_kept_and_the_lock_records_the_published_one(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    before = lock(tmp_path)
    (tmp_path / "game/a.png").write_bytes(b"mine")
    [kept] = [event for event in rebuilt(TWO) if isinstance(event, Published)]
    assert (kept.kept, (tmp_path / "game/a.png").read_bytes(), lock(tmp_path)) == (("a.png",), b"mine", before)


def test_a_member_added_later_moves_no_other_and_the_next_build_has_nothing_to_do(
    rebuilt: Rebuilt, tmp_path: Path
) -> None:
    def frames() -> dict[str, object]:
        return dict(json.loads((tmp_path / "game/all.json").read_text())["frames"])

    pack = "pack: p\nassets:\n  all: {preset: atlas, members: ['?']}\n  b: {preset: drawing, prompt: x}\n"
    rebuilt(pack + "  c: {preset: drawing, prompt: y}\n")
    before = frames()
    grown = pack + "  c: {preset: drawing, prompt: y}\n  a: {preset: drawing, prompt: z}\n"
    rebuilt(grown)
    lock = (tmp_path / "pack.lock").read_bytes()
    assert (frames() | before, 'added: [["a"]]' in lock.decode()) == (frames(), True)
    assert failures(rebuilt(grown, update="")) == {}
    assert (tmp_path / "pack.lock").read_bytes() == lock

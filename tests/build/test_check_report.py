"""`assetgen check`: published files against pack and lock."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from assetgen.build.comparison import CompareBy
from assetgen.build.status import check_report, count_states
from assetgen.errors import InputError, PublishError
from assetgen.events import Audited, Event, Failed
from assetgen.pack.lock import read_lock, write_lock
from assetgen.pack.project import Project

Rebuilt = Callable[..., list[Event]]
Audit = Callable[..., dict[str, tuple[str, ...]]]
TWO = "pack: p\nassets:\n  a: {preset: drawing, prompt: x}\n  b: {preset: drawing, prompt: y}\n"
GODOT = TWO.replace("pack: p", "pack: p\nengine: godot")
OK = ("ok",)
HERE = "cpu Intel AVX512, 2 cores, float32"


@pytest.fixture
def audited(tmp_path: Path) -> Audit:
    """State and reasons of each asset, for the pack file or for another text."""

    def run(text: str = "", by: CompareBy = "machine") -> dict[str, tuple[str, ...]]:
        if text:
            (tmp_path / "pack.yaml").write_text(text)
        verdicts = check_report(Project.load(tmp_path, tmp_path / "game"), by)
        return {each.asset: (each.state, *each.reasons) for each in verdicts}

    return run


def change(folder: Path, **facts: object) -> None:
    """Change the block of `a` in the lock."""
    lock = read_lock(folder / "pack.lock") or {}
    write_lock(folder / "pack.lock", lock | {"a": replace(lock["a"], **facts)})  # type: ignore[arg-type]


def test_a_fresh_build_is_ok(rebuilt: Rebuilt, audited: Audit) -> None:
    rebuilt(TWO)
    assert audited() == {"a": OK, "b": OK}


def test_a_missing_lock_is_reported(rebuilt: Rebuilt, audited: Audit, tmp_path: Path) -> None:
    rebuilt(TWO)
    (tmp_path / "pack.lock").unlink()
    assert audited() == dict.fromkeys("ab", ("new", "its pack has no lock"))


def test_a_draft_does_not_count_as_a_build(rebuilt: Rebuilt, audited: Audit) -> None:
    rebuilt(TWO, draft=True)
    assert audited()["a"] == ("new", "its pack has no lock")


def test_a_changed_pack_is_stale_with_the_reason(rebuilt: Rebuilt, audited: Audit) -> None:
    rebuilt(TWO)
    assert audited(TWO.replace("prompt: y", "prompt: z")) == {"a": OK, "b": ("stale", "prompt changed")}


def test_a_removed_file_is_missing(rebuilt: Rebuilt, audited: Audit, tmp_path: Path) -> None:
    rebuilt(TWO)
    (tmp_path / "game/a.png").unlink()
    assert audited() == {"a": ("missing", "a.png is missing"), "b": OK}


@pytest.mark.parametrize("stands", ["folder", "link"])
def test_a_folder_or_dead_link_counts_as_missing(rebuilt: Rebuilt, audited: Audit, tmp_path: Path, stands: str) -> None:
    rebuilt(TWO)
    (tmp_path / "game/a.png").rename(tmp_path / "elsewhere.png")
    place = tmp_path / "game/a.png"
    place.mkdir() if stands == "folder" else place.symlink_to(tmp_path / "elsewhere.png")
    assert audited()["a"] == ("missing", "a.png is missing")


def test_in_a_deleted_game_every_file_is_missing(rebuilt: Rebuilt, audited: Audit, tmp_path: Path) -> None:
    rebuilt(TWO)
    shutil.rmtree(tmp_path / "game")
    assert audited() == {"a": ("missing", "a.png is missing"), "b": ("missing", "b.png is missing")}


def test_an_image_changed_by_hand_is_edited(rebuilt: Rebuilt, audited: Audit, tmp_path: Path) -> None:
    rebuilt(TWO)
    (tmp_path / "game/a.png").write_bytes(b"mine")
    assert audited() == {"a": ("edited", "a.png was edited by hand"), "b": OK}
    assert audited(by="looks")["a"] == ("edited", "a.png was edited by hand")


def test_an_asset_removed_from_the_pack_is_gone_and_its_files_are_listed(
    rebuilt: Rebuilt, audited: Audit, tmp_path: Path
) -> None:
    rebuilt(TWO)
    assert audited(TWO.replace("  b:", "  c:"))["b"] == (
        "gone", "it is no longer in the pack", "b.png is left in the game"
    )  # fmt: skip
    (tmp_path / "game/b.png").unlink()
    assert audited()["b"] == ("gone", "it is no longer in the pack", "only its lock entry is left")


def test_an_added_asset_is_new(rebuilt: Rebuilt, audited: Audit) -> None:
    rebuilt(TWO)
    assert audited(TWO + "  c: {preset: drawing, prompt: z}")["c"] == ("new", "it is not in the lock")


def test_all_reasons_are_reported_and_stale_comes_first(rebuilt: Rebuilt, audited: Audit, tmp_path: Path) -> None:
    rebuilt(GODOT.replace("drawing", "pixels"))
    (tmp_path / "game/a.png").unlink()
    (tmp_path / "game/a.tres").write_bytes(b"mine")
    assert audited(GODOT.replace("drawing", "pixels").replace("prompt: x", "prompt: z"))["a"] == (
        "stale", "prompt changed", "a.png is missing", "a.tres was edited by hand"
    )  # fmt: skip


def test_files_owned_by_the_engine_may_change_but_not_be_missing(
    rebuilt: Rebuilt, audited: Audit, tmp_path: Path
) -> None:
    rebuilt(GODOT)
    (tmp_path / "game/a.png.import").write_text("[remap]\nuid=1\n")
    (tmp_path / "game/b.png.import").unlink()
    assert audited() == {"a": OK, "b": ("missing", "b.png.import is missing")}


def test_a_draft_over_a_build_is_not_reported_as_a_hand_edit(rebuilt: Rebuilt, audited: Audit) -> None:
    rebuilt(GODOT.replace("drawing", "pixels"))
    rebuilt(GODOT.replace("drawing", "pixels").replace("prompt: x", "prompt: zz"), draft=True)
    assert audited(GODOT.replace("drawing", "pixels"))["a"] == ("stale", "a.png is a draft")


def test_after_a_failed_rebuild_the_old_files_are_stale(rebuilt: Rebuilt, audited: Audit) -> None:
    rebuilt("pack: p\nassets: {a: {preset: pattern, prompt: x}}")
    bad = "pack: p\nassets: {a: {preset: pattern, prompt: x, tries: 1, seam: {limit: 0.0001}}}"
    for _ in range(2):
        rebuilt(bad)
    assert audited()["a"] == ("stale", "check seam.limit 1.35 → 0.0001", "tries 3 → 1")


def on_machine(folder: Path, name: str) -> None:
    """Record in the manifest that a machine of this class sampled `a`."""
    manifest = folder / "game/manifest.json"
    data = json.loads(manifest.read_text())
    data["assets"]["a"]["machine"] = name
    manifest.write_text(json.dumps(data))


@pytest.mark.parametrize("machine", ["", "cpu AMD AVX2, 4 cores, float32"])
def test_the_same_look_is_fine_on_another_or_an_unknown_class_of_machine(
    rebuilt: Rebuilt, audited: Audit, tmp_path: Path, machine: str
) -> None:
    rebuilt(TWO)
    change(tmp_path, outputs={"a.png": "0" * 64}, cost={"device": HERE})
    on_machine(tmp_path, machine)
    assert audited() == {"a": ("ok (other hardware)",), "b": OK}


def test_bytes_are_compared_on_the_class_of_machine_that_the_lock_names(
    rebuilt: Rebuilt, audited: Audit, tmp_path: Path
) -> None:
    rebuilt(TWO)
    change(tmp_path, outputs={"a.png": "0" * 64}, cost={"device": HERE})
    on_machine(tmp_path, HERE)
    assert audited()["a"] == ("differs", "a.png has other bytes than the lock records for the same class of machine")
    assert audited(by="looks")["a"] == ("ok (other hardware)",)


def test_a_lock_without_a_class_of_machine_is_compared_by_looks(
    rebuilt: Rebuilt, audited: Audit, tmp_path: Path
) -> None:
    rebuilt(TWO)
    change(tmp_path, outputs={"a.png": "0" * 64})
    on_machine(tmp_path, HERE)
    assert audited()["a"] == ("ok (other hardware)",)
    assert audited(by="bytes")["a"] == ("differs", "a.png has other bytes than the lock records")


def test_another_look_differs_on_every_machine_and_is_not_stale(
    rebuilt: Rebuilt, audited: Audit, tmp_path: Path
) -> None:
    rebuilt(TWO)
    change(tmp_path, outputs={"a.png": "0" * 64}, looks={"a.png": "40" * 64})
    state, reason = audited()["a"]
    assert (state, reason[:47]) == ("differs", "a.png does not look as the lock records it (it ")


def test_files_without_a_look_follow_from_the_images(rebuilt: Rebuilt, audited: Audit, tmp_path: Path) -> None:
    rebuilt(GODOT.replace("drawing", "pixels"))
    outputs = (read_lock(tmp_path / "pack.lock") or {})["a"].outputs
    change(tmp_path, outputs=dict.fromkeys(outputs, "0" * 64))
    assert audited()["a"] == ("ok (other hardware)",)


def test_a_foreign_image_is_edited_even_if_it_looks_the_same(rebuilt: Rebuilt, audited: Audit, tmp_path: Path) -> None:
    rebuilt(TWO)
    with Image.open(tmp_path / "game/a.png") as image:
        image.save(tmp_path / "game/a.png", compress_level=0)
    assert audited()["a"] == ("edited", "a.png was edited by hand")


def test_a_renamed_asset_is_one_gone_and_one_new_until_it_is_built(rebuilt: Rebuilt, audited: Audit) -> None:
    rebuilt(TWO)
    assert {name: verdict[0] for name, verdict in audited(TWO.replace("  b:", "  c:")).items()} == {
        "a": "ok", "b": "gone", "c": "new"
    }  # fmt: skip
    rebuilt(TWO.replace("  b:", "  c:"))
    assert audited() == {"a": OK, "c": OK}


def test_a_changed_input_file_is_reported_by_name(rebuilt: Rebuilt, audited: Audit, tmp_path: Path) -> None:
    text = "pack: p\nassets: {a: {preset: drawing, prompt: x, fake: {image: ü.png}}}"
    Image.new("RGB", (8, 8), "red").save(tmp_path / "ü.png")
    rebuilt(text)
    Image.new("RGB", (8, 8), "blue").save(tmp_path / "ü.png")
    assert audited()["a"] == ("stale", "ü.png changed")


def test_a_changed_member_makes_its_atlas_stale(rebuilt: Rebuilt, audited: Audit) -> None:
    text = TWO + "  all: {preset: atlas, members: [a, b]}\n"
    rebuilt(text)
    verdicts = audited(text.replace("prompt: y", "prompt: z"))
    assert (verdicts["all"], verdicts["b"]) == (("stale", "member b changed"), ("stale", "prompt changed"))


@pytest.mark.parametrize("text", ["<<<<<<< ours\n", "assetgen lock: 99\n"], ids=["merge", "newer"])
def test_an_unreadable_lock_is_refused(rebuilt: Rebuilt, audited: Audit, tmp_path: Path, text: str) -> None:
    rebuilt(TWO)
    (tmp_path / "pack.lock").write_text(text)
    with pytest.raises(InputError, match=r"pack\.lock"):
        audited()


def test_a_folder_of_another_pack_is_refused(rebuilt: Rebuilt, audited: Audit) -> None:
    rebuilt(TWO)
    with pytest.raises(PublishError, match="belongs to the pack 'p'"):
        audited(TWO.replace("pack: p", "pack: q"))


def test_nothing_is_written(rebuilt: Rebuilt, audited: Audit, tmp_path: Path) -> None:
    rebuilt(TWO)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    audited()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_verdicts_are_counted_by_state() -> None:
    verdicts = [Audited(asset=name, pack="p", state="ok" if name == "a" else "new") for name in "abc"]
    assert count_states(verdicts) == {"ok": 1, "new": 2}


def test_an_edited_fact_in_the_lock_is_found_and_the_next_build_repairs_it(
    rebuilt: Rebuilt, audited: Audit, tmp_path: Path
) -> None:
    rebuilt(TWO)
    before = (tmp_path / "pack.lock").read_bytes()
    change(tmp_path, licences={"mini": "CC0-1.0"}, tries=9)
    wrong = ("its 'licences' in the lock does not fit its keys", "its 'tries' in the lock does not fit its keys")
    assert audited()["a"] == ("stale", *wrong)
    [failed] = [event for event in rebuilt(TWO, update="") if isinstance(event, Failed)]
    assert wrong[0] in failed.reason
    rebuilt(TWO)
    assert (tmp_path / "pack.lock").read_bytes() == before


def test_a_file_that_is_left_out_of_the_lock_is_found(rebuilt: Rebuilt, audited: Audit, tmp_path: Path) -> None:
    rebuilt(TWO)
    change(tmp_path, outputs={}, looks={})
    assert audited()["a"] == ("stale", "a.png is not in the lock")

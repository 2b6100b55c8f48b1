"""`assetgen plan`: a build then does what the plan lists."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from assetgen.build.history import FINISHING, Measurement, record
from assetgen.build.status import PlanReport, plan_report, total_work
from assetgen.events import Event, Failed, Finished, Published, Reused, StepRan
from assetgen.machine import Machine
from assetgen.pack.project import Project
from assetgen.store.store import Store

Rebuilt = Callable[..., list[Event]]
TWO = "pack: p\nassets:\n  a: {preset: pixels, prompt: x}\n  b: {preset: pixels, prompt: y}\n"
ATLAS = TWO + "  all: {preset: atlas, members: [a, b]}\n"
PAINTED = "pack: p\nassets:\n  a: {preset: painted_concept, prompt: x}\n  b: {preset: painted_concept, prompt: y}\n"


def surveyed(folder: Path, text: str = "", only: str = "*") -> PlanReport:
    """What a build would do for the pack file or for another text."""
    if text:
        (folder / "pack.yaml").write_text(text)
    return plan_report(Project.load(folder, folder / "game"), Machine(Store(folder / "store"), folder), only)


def work(folder: Path, text: str = "") -> dict[str, str]:
    return {each.asset: each.work for each in surveyed(folder, text).assets}


def reasons(folder: Path, text: str = "") -> dict[str, tuple[str, ...]]:
    return {each.asset: each.reasons for each in surveyed(folder, text).assets if each.reasons}


def lose(folder: Path, *levels: str) -> None:
    """Remove these save points from the store; `game` is the game."""
    for level in levels:
        shutil.rmtree(folder / ("game" if level == "game" else f"store/{level}"))


def test_before_any_build_everything_is_sampled(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    lose(tmp_path, "game", ".")
    (tmp_path / "pack.lock").unlink()
    assert work(tmp_path) == {"a": "sample", "b": "sample"}
    assert reasons(tmp_path) == dict.fromkeys("ab", ("it is not in the lock",))


def test_after_a_build_everything_is_reused_and_has_no_reason(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(ATLAS)
    assert (work(tmp_path), reasons(tmp_path)) == (dict.fromkeys(("a", "b", "all"), "reuse"), {})


@pytest.mark.parametrize(
    ("old", "new", "lost", "wanted", "reason"),
    [
        ("prompt: y", "prompt: z", [], "sample", "prompt changed"),
        ("prompt: y", "prompt: y, cutout: {alpha: hard}", [], "finish", "step cutout.alpha soft → hard"),
        ("prompt: y", "prompt: y, plain: {use: decal}", [], "export", "export.use pixel_sprite → decal"),
        ("prompt: y", "prompt: y", ["game"], "publish", "its files are not in the game"),
        ("prompt: y", "prompt: y", ["game", "files"], "export", "its files are not in the game"),
        ("prompt: y", "prompt: y", ["game", "files", "images"], "finish", "its files are not in the game"),
        ("prompt: y", "prompt: y", ["game", "."], "sample", "its files are not in the game"),
        ("prompt: y", "prompt: y", ["."], "reuse", None),
        ("  b:", "  c:", [], "remove", "it is no longer in the pack"),
    ],
    ids=["prompt", "step", "export", "game", "files", "images", "store", "current", "gone"],
)
def test_a_build_does_what_the_plan_lists(
    rebuilt: Rebuilt, tmp_path: Path, old: str, new: str, lost: list[str], wanted: str, reason: str | None
) -> None:
    rebuilt(TWO)
    lose(tmp_path, *lost)
    text = TWO.replace(old, new)
    work_of, why = work(tmp_path, text), reasons(tmp_path).get("b")
    assert (work_of["b"], why) == (wanted, (reason,) if reason else None)
    assert done(rebuilt(text)) == {name: SEEN[each] for name, each in work_of.items()}


SEEN = {
    "sample": ("finished", "published"),
    "finish": ("finished", "published"),
    "export": ("published",),
    "publish": ("published",),
    "reuse": ("reused",),
    "remove": ("removed",),
}
"""How each kind of work appears in the events of a build; for sampling, only the count."""


def done(events: list[Event]) -> dict[str, tuple[str, ...]]:
    """What a build did for each asset."""
    found: dict[str, tuple[str, ...]] = {}
    for event in events:
        if isinstance(event, Published) and event.removed and not event.asset:
            found |= {path.removesuffix(".png"): ("removed",) for path in event.removed}
        elif what := {StepRan: "finished", Published: "published", Reused: "reused"}.get(type(event)):
            found[event.asset] = (*found.get(event.asset, ()), what)
    return found


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("prompt: y", "prompt: z", []),
        ("prompt: y", "prompt: y, cutout: {alpha: hard}", []),
        ("members: [a, b]", "members: [a]", ["images"]),
        ("members: [a, b]", "members: [a]", ["images", "sampled"]),
        ("members: [a, b]", "members: [a]", ["accepted"]),
        ("members: [a, b]", "members: [a, b]", ["game", "files"]),
        ("members: [a, b]", "members: [a, b]", ["game", "."]),
        ("members: [a, b]", "members: [a, b]", ["images", "sampled"]),
    ],
)
def test_a_plan_counts_the_images_that_a_build_samples(
    rebuilt: Rebuilt, tmp_path: Path, old: str, new: str, lost: list[str]
) -> None:
    rebuilt(ATLAS)
    lose(tmp_path, *lost)
    text = ATLAS.replace(old, new)
    planned = total_work(surveyed(tmp_path, text))
    [finished] = [event for event in rebuilt(text) if isinstance(event, Finished)]
    assert planned.get("sample", 0) == finished.sampled


def test_a_member_with_deleted_images_is_made_again_for_its_atlas(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(ATLAS)
    lose(tmp_path, "images", "sampled")
    text = ATLAS.replace("members: [a, b]", "members: [a]")
    assert work(tmp_path, text) == {"a": "sample", "b": "reuse", "all": "sample"}
    assert reasons(tmp_path)["a"] == ("'all' needs its images",)


def test_the_members_of_a_lost_member_are_made_again(rebuilt: Rebuilt, tmp_path: Path) -> None:
    text = TWO + "  loop: {preset: animation, members: [a]}\n  all: {preset: atlas, members: [loop]}\n"
    rebuilt(text)
    lose(tmp_path, "images", "sampled")
    text = text.replace("members: [loop]", "members: [loop], atlas: {padding: 4}")
    assert work(tmp_path, text) == {"a": "sample", "b": "reuse", "loop": "sample", "all": "sample"}
    assert not any(isinstance(event, Failed) for event in rebuilt(text))


def test_a_draft_in_the_game_is_reported(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    rebuilt(TWO.replace("pixels", "drawing"), draft=True)
    assert reasons(tmp_path, TWO)["a"] == ("the game has another build of it",)


def test_a_hand_edited_file_is_reported_where_a_build_would_keep_it(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    (tmp_path / "game/b.png").write_bytes(b"mine")
    assert reasons(tmp_path) == {}
    told = reasons(tmp_path, TWO.replace("prompt: y", "prompt: z"))["b"]
    assert told == ("prompt changed", "b.png was edited by hand, so that only --overwrite replaces it")


def test_only_named_assets_are_planned(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    found = surveyed(tmp_path, TWO.replace("  b:", "  c:"), only="c").assets
    assert [(each.asset, each.work) for each in found] == [("c", "export")]


def test_a_renamed_asset_is_only_exported(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    assert work(tmp_path, TWO.replace("  b:", "  c:")) == {"a": "reuse", "c": "export", "b": "remove"}


def test_nothing_is_written(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    text = TWO.replace("prompt: y", "prompt: z")
    (tmp_path / "pack.yaml").write_text(text)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if "accepted" not in path.parts}
    surveyed(tmp_path)
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if "accepted" not in path.parts}
    assert after == before


def test_a_plan_on_a_new_machine_has_no_forecast_and_writes_nothing(tmp_path: Path) -> None:
    forecast = surveyed(tmp_path, PAINTED).forecast
    assert (forecast.seconds, forecast.unknown) == (0, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["pack.yaml"]


def test_a_forecast_uses_measured_finishing_times(rebuilt: Rebuilt, tmp_path: Path) -> None:
    rebuilt(TWO)
    record(tmp_path / "other.json", [(FINISHING, Measurement(2.0))])
    (tmp_path / "other.json").replace(tmp_path / "history.json")
    assert surveyed(tmp_path, TWO.replace("prompt: y", "prompt: z")).forecast.seconds == 2.0


@pytest.mark.model
def test_a_forecast_uses_measured_sampling_times(rebuilt: Rebuilt, tmp_path: Path) -> None:
    text = "pack: p\nassets: {a: {preset: painted_concept, prompt: %s, diffusion: {steps: 1, size: [64, 64]}}}"
    [finished] = [event for event in rebuilt(text % "x", price=2.5) if isinstance(event, Finished)]
    forecast = surveyed(tmp_path, text % "y").forecast
    assert (forecast.unknown, forecast.watt_hours) == (0, pytest.approx(finished.cost.get("watt_hours", 0), abs=1e-5))
    assert finished.cost["seconds"] <= forecast.seconds <= finished.seconds + 0.1
    assert finished.cost["usd"] == pytest.approx(finished.cost["seconds"] * 2.5 / 3600, abs=1e-6)

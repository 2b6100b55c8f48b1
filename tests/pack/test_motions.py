"""How a model draws a figure in motion: on a sheet, by words, or by a control network for poses."""

from collections.abc import Callable
from pathlib import Path

import pytest

from assetgen.build.status import plan_report
from assetgen.errors import InputError
from assetgen.events import Event, Failed
from assetgen.machine import Machine
from assetgen.pack.library import PackFile
from assetgen.pack.project import Project
from assetgen.pack.recipe import Recipe
from assetgen.pack.resolve import resolve_pack
from assetgen.store.store import Store

Write = Callable[[str], PackFile]
CARD = "family: flux2\nweights: {bundled: mini}\nlicence: CC0-1.0\nnative: [64, 64]\n"
SHEET = 'sheet: {rows: 2, columns: 4, prompt: "a sheet of {prompt}", names: [left, right], motions: [walk]}\n'
POSE = "controls:\n  openpose: {weights: {bundled: mini}, licence: CC0-1.0}\n"


@pytest.fixture(autouse=True)
def _cards(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    for name, more in {"sheets": SHEET + POSE, "words": "references: 2\n", "poses": POSE}.items():
        (tmp_path / f"models/{name}.yaml").write_text(f"model: {name}\n{CARD}{more}")


def pack(preset: str, model: str = "sheets", more: str = "") -> str:
    return f"pack: p\nmodel: {model}\nassets: {{a: {{preset: {preset}, prompt: a knight{more}}}}}"


def recipe(file: PackFile) -> Recipe:
    return resolve_pack(file)[0]


def test_a_sheet_replaces_the_poses_and_has_its_own_prompt(write_pack: Write) -> None:
    found = recipe(write_pack(pack("walk_cycle")))
    assert (found.controls, found.source.arguments["prompt"]) == ((), "a sheet of a knight")


@pytest.mark.parametrize(("preset", "more"), [("attack", ""), ("walk_cycle", ", sequence: {frames: [a, b]}")])
def test_a_sheet_is_not_used_for_other_motions_and_frames(write_pack: Write, preset: str, more: str) -> None:
    found = recipe(write_pack(pack(preset, more=more)))
    assert [stage.name for stage in found.controls] == ["poses"]
    assert found.source.arguments["prompt"] != "a sheet of a knight"


def test_the_layout_of_a_sheet_is_that_of_the_card_where_nothing_else_sets_it(write_pack: Write) -> None:
    split = [recipe(write_pack(pack("sheet", more=more))).steps[0] for more in ("", ", split_sheet: {columns: 3}")]
    layouts = [[each.arguments[key] for key in ("rows", "columns", "names")] for each in split]
    assert layouts == [[2, 4, ("left", "right")], [2, 3, ("left", "right")]]


def test_a_card_with_a_sheet_draws_other_assets_as_before(write_pack: Write) -> None:
    assert "a sheet" not in recipe(write_pack(pack("character"))).source.arguments["prompt"]


@pytest.mark.parametrize(
    ("preset", "model", "note"),
    [
        ("walk_cycle", "sheets", "model 'sheets' draws all frames on one sheet of 4 × 2"),
        ("sheet", "sheets", "model 'sheets' draws all frames on one sheet of 4 × 2"),
        ("attack", "sheets", "model 'sheets' follows the poses by its control 'openpose'"),
        ("walk_cycle", "poses", "model 'poses' follows the poses by its control 'openpose'"),
        ("walk_cycle", "words", "model 'words' follows the words of each pose, since it has no control 'openpose'"),
    ],
)
def test_the_plan_states_how_a_model_draws_motion(
    write_pack: Write, tmp_path: Path, preset: str, model: str, note: str
) -> None:
    write_pack(pack(preset, model))
    [asset] = plan_report(Project.load(tmp_path), Machine(Store(tmp_path / "store"), tmp_path / "cache")).assets
    assert note in asset.reasons


def test_a_sheet_with_too_few_names_is_refused(write_pack: Write, tmp_path: Path) -> None:
    (tmp_path / "models/sheets.yaml").write_text(f"model: sheets\n{CARD}sheet: {{rows: 2, columns: 4, names: [left]}}")
    with pytest.raises(InputError, match="the sheet has 1 names for 2 rows"):
        recipe(write_pack(pack("walk_cycle")))


def test_placeholders_of_animations_are_not_judged(build: Callable[..., list[Event]], tmp_path: Path) -> None:
    for preset in ("walk_cycle", "sheet"):
        assert [event for event in build(pack(preset)) if isinstance(event, Failed)] == []

"""`check`, `plan`, and builds with a lock, as people and CI type them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from assetgen.build.history import Forecast
from assetgen.cli.plan import forecast_line

Run = Callable[..., tuple[int, str, str]]
Type = Callable[..., tuple[int, str, str]]
TWO = "pack: p\ngame: game\nassets:\n  a: {preset: drawing, prompt: x}\n  b: {preset: drawing, prompt: y}\n"
Z = TWO.replace("prompt: y", "prompt: z")
DRAWING = 'preset: drawing\nuse: sprite\nsource: {fake: {prompt: "{prompt}", size: [16, 16]}}\n'


@pytest.fixture
def typed(assetgen: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Types a command about `tmp_path` (told as `.`), for whose pack a text may be given first."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "drawing.yaml").write_text(DRAWING)
    (tmp_path / "game").mkdir()

    def run(command: str, *words: str | Path, pack: str = "") -> tuple[int, str, str]:
        if pack:
            (tmp_path / "pack.yaml").write_text(pack)
        return assetgen(command, ".", *words)

    return run


def events(out: str, kind: str) -> list[dict[str, Any]]:
    return [event for event in map(json.loads, out.splitlines()) if event["event"] == kind]


def cases(report: Path) -> dict[str, list[str]]:
    """Messages of failures by test case."""
    root = ElementTree.parse(report).getroot()
    return {
        case.attrib["name"]: [each.attrib["message"] for each in case.iter("failure")] for case in root.iter("testcase")
    }


def test_check_of_a_fresh_build_exits_with_0(typed: Type) -> None:
    typed("build", pack=TWO)
    assert typed("check") == (0, "", "2 assets: 2 ok\n")


def test_check_lists_differences_and_exits_with_1(typed: Type, tmp_path: Path) -> None:
    typed("build", pack=TWO)
    (tmp_path / "game/a.png").unlink()
    said = "a: missing (a.png is missing)\nb: stale (prompt changed)\n"
    assert typed("check", pack=Z) == (1, said, "2 assets: 1 stale, 1 missing\n")


def test_check_of_a_pack_that_was_never_built_ends_with_1(typed: Type) -> None:
    code, out, err = typed("check", pack=TWO)
    assert (code, out.splitlines()[0], err) == (1, "a: new (its pack has no lock)", "2 assets: 2 new\n")


def test_check_json_lists_every_asset(typed: Type) -> None:
    typed("build", pack=TWO)
    code, out, _ = typed("check", "--json", pack=Z)
    assert code == 1
    assert [(each["pack"], each["asset"], each["state"], each["reasons"]) for each in events(out, "audited")] == [
        ("p", "a", "ok", []), ("p", "b", "stale", ["prompt changed"])
    ]  # fmt: skip


def test_check_reports_to_ci(typed: Type, tmp_path: Path) -> None:
    typed("build", pack=TWO)
    typed("check", "--junit", tmp_path / "report.xml", pack=Z)
    assert cases(tmp_path / "report.xml") == {"a": [], "b": ["stale: prompt changed"]}


def test_check_of_several_packs_says_which_and_reports_each(typed: Type, tmp_path: Path) -> None:
    (tmp_path / "cave.pack.yaml").write_text(Z.replace("pack: p", "pack: cave\ntarget: cave"))
    typed("build", pack=TWO)
    code, out, err = typed("check", "cave.pack.yaml", "--junit", tmp_path / "report.xml")
    assert (code, out.splitlines()[0], err) == (1, "cave: a: new (its pack has no lock)", "4 assets: 2 ok, 2 new\n")
    suites = ElementTree.parse(tmp_path / "report.xml").getroot()
    assert [(suite.attrib["name"], suite.attrib["failures"]) for suite in suites] == [("p", "0"), ("cave", "2")]


def test_a_pack_that_cannot_be_checked_is_a_failure_in_the_report_too(typed: Type, tmp_path: Path) -> None:
    typed("build", pack=TWO)
    code, _, err = typed("check", "nowhere", "--junit", tmp_path / "report.xml")
    assert (code, "there is no pack 'nowhere'" in err) == (2, True)
    assert list(cases(tmp_path / "report.xml")) == ["a", "b", "nowhere"]


def test_two_packs_in_one_folder_are_checked_by_their_own_locks(typed: Type, tmp_path: Path, assetgen: Run) -> None:
    (tmp_path / "cave.pack.yaml").write_text(Z.replace("pack: p", "pack: cave\ntarget: cave"))
    typed("build", pack=TWO)
    assert assetgen("build", "cave.pack.yaml")[0] == 0
    assert sorted(path.name for path in tmp_path.glob("*.lock")) == ["cave.pack.lock", "pack.lock"]
    assert typed("check", "cave.pack.yaml")[0] == 0


@pytest.mark.parametrize("command", ["build", "check", "plan"])
def test_a_lock_with_merge_markers_is_one_sentence_and_2(typed: Type, tmp_path: Path, command: str) -> None:
    typed("build", pack=TWO)
    lock = (tmp_path / "pack.lock").read_text()
    (tmp_path / "pack.lock").write_text(lock.replace("\nb", "\n<<<<<<< ours\nb").replace('\n"b', '\n<<<<<<< ours\n"b'))
    code, out, err = typed(command)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "pack.lock:" in err and "the lock has merge markers. Keep one side" in err


def test_plan_lists_the_work_with_reasons(typed: Type) -> None:
    typed("build", pack=TWO)
    code, out, err = typed("plan", pack=Z.replace("  a:", "  c:"))
    assert (code, err) == (0, "")
    assert out.splitlines()[:4] == [
        "export   c: it has the picture of 'a', renamed",
        "sample   b: prompt changed",
        "remove   a: it is no longer in the pack",
        "1 to sample, 1 to export, 1 to remove",
    ]


def test_plan_of_a_current_pack_reuses_everything(typed: Type) -> None:
    typed("build", pack=TWO)
    assert typed("plan")[1] == "2 to reuse\n"


def test_a_forecast_without_the_time_of_a_model_begins_with_that() -> None:
    line = forecast_line(Forecast(seconds=0.8, watt_hours=0.0, memory=0, unknown=3), price=0)
    assert line == (
        "time unknown: 3 images of a kind (model, size, steps) that was never sampled here; known once one is built. "
        "All else: about 0.8 s"
    )


def test_plan_on_an_empty_machine_says_that_it_knows_nothing(typed: Type, tmp_path: Path) -> None:
    code, out, _ = typed("plan", pack="pack: p\ngame: game\nassets: {a: {preset: painted_concept, prompt: x}}")
    assert code == 0
    assert out.splitlines()[-1] == (
        "time unknown: 1 image of a kind (model, size, steps) that was never sampled here; known once one is built"
    )
    assert not (tmp_path / "cache").exists() and not any((tmp_path / "game").iterdir())


def test_plan_json_lists_every_asset_and_the_forecast(typed: Type) -> None:
    typed("build", pack=TWO)
    _, out, _ = typed("plan", "--json", "--price", "3.60/h", pack=Z)
    assert [(each["asset"], each["work"]) for each in events(out, "surveyed")] == [("a", "reuse"), ("b", "sample")]
    [forecast] = events(out, "forecast")
    assert forecast["usd"] == pytest.approx(forecast["seconds"] / 1000, abs=1e-4)


def test_a_locked_build_refuses_with_1_and_says_how_to_go_on(typed: Type, tmp_path: Path) -> None:
    typed("build", pack=TWO)
    before = (tmp_path / "game/b.png").read_bytes()
    code, out, err = typed("build", "--locked", pack=Z)
    assert (code, out, (tmp_path / "game/b.png").read_bytes() == before) == (1, "", True)
    told = "FAILED b: the lock does not describe it (prompt changed). `assetgen build PACK --update b` lets it change."
    assert told in err.splitlines()


def test_a_locked_build_of_what_the_lock_describes_is_0(typed: Type) -> None:
    typed("build", pack=TWO)
    code, _, err = typed("build", "--locked")
    assert (code, "2 up to date" in err) == (0, True)


def test_a_locked_build_without_a_lock_is_one_sentence_and_2(typed: Type) -> None:
    code, _, err = typed("build", "--locked", pack=TWO)
    assert (code, err) == (2, "assetgen: pack 'p' has no lock. `assetgen build PACK` without --locked writes it.\n")


def test_update_lets_what_it_names_change(typed: Type) -> None:
    typed("build", pack=TWO)
    assert typed("build", "--update", "b", pack=Z)[0] == 0
    assert typed("check")[0] == 0


def test_a_build_reports_to_ci(typed: Type, tmp_path: Path) -> None:
    typed("build", pack=TWO)
    code, out, _ = typed("build", "--locked", "--json", "--junit", tmp_path / "report.xml", pack=Z)
    assert (code, len(events(out, "failed")), events(out, "finished")[0]["failed"]) == (1, 1, 1)
    assert {name: len(failures) for name, failures in cases(tmp_path / "report.xml").items()} == {"a": 0, "b": 1}


def test_a_build_that_stops_is_a_failure_in_the_report(typed: Type, tmp_path: Path) -> None:
    code, _, _ = typed("build", "--locked", "--junit", tmp_path / "report.xml", pack=TWO)
    assert (code, cases(tmp_path / "report.xml")["p"]) == (
        2, ["pack 'p' has no lock. `assetgen build PACK` without --locked writes it."]
    )  # fmt: skip


def test_a_report_that_cannot_be_written_is_one_sentence_and_2(typed: Type, tmp_path: Path) -> None:
    (tmp_path / "ci").write_text("in the way")
    code, _, err = typed("build", "--junit", "ci/report.xml", pack=TWO)
    assert (code, "cannot write the report 'ci/report.xml'" in err, "Traceback" in err) == (2, True, False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--draft", "--locked"], "a draft has no lock"),
        (["--draft", "--update", "a"], "a draft has no lock"),
        (["--locked", "--update", "a"], "--locked and --update exclude each other"),
        (["--price", "cheap"], "--price 'cheap' is not a price an hour. Write it like 2.50/h."),
        (["--price", "-1"], "--price '-1' is not a price an hour"),
        (["--price", "nan"], "--price 'nan' is not a price an hour"),
        (["--price", "inf/h"], "--price 'inf/h' is not a price an hour"),
        (["--price", "2,50/h"], "--price '2,50/h' is not a price an hour"),
    ],
)
def test_invalid_options_are_one_sentence_and_2(typed: Type, words: list[str], said: str) -> None:
    code, out, err = typed("build", *words, pack=TWO)
    assert (code, out, err.count("\n"), said in err) == (2, "", 1, True), err


@pytest.mark.parametrize("price", ["2.50/h", "2.50", "$2.50/h", "2.50 /h", "0", ""])
def test_a_price_may_be_written_in_several_ways(typed: Type, price: str) -> None:
    assert typed("build", "--price", price, pack=TWO)[0] == 0


def test_a_lock_that_is_read_only_is_one_sentence_and_2_and_the_game_is_built(typed: Type, tmp_path: Path) -> None:
    typed("build", pack=TWO)
    before = (tmp_path / "game/b.png").read_bytes()
    (tmp_path / "pack.lock").chmod(0o444)
    code, _, err = typed("build", pack=Z)
    assert (code, err.splitlines()[-1].startswith("assetgen: cannot write the lock 'pack.lock' (it is read-only)")) == (
        2, True
    )  # fmt: skip
    assert (tmp_path / "game/b.png").read_bytes() != before


def test_names_and_files_of_any_script_are_checked_like_others(typed: Type, tmp_path: Path) -> None:
    text = TWO.replace("prompt: y", 'prompt: "ein grüner Drache 🐉\\u2028 \\x7f"').replace(
        "game: game", "game: jeu d'été"
    )
    assert typed("build", "--new-game", pack=text)[0] == 0
    assert typed("check")[0] == 0
    assert (tmp_path / "jeu d'été/b.png").is_file()


def as_on_other_hardware(folder: Path, look: str = "") -> None:
    """Change the lock as if another machine had written it, with this look of `a`."""
    lock = folder / "pack.lock"
    text = re.sub(r'a\.png: "[0-9a-f]{64}"', f'a.png: "{"0" * 64}"', lock.read_text())
    lock.write_text(re.sub(r'a\.png: "[0-9a-f]{128}"', f'a.png: "{look}"', text) if look else text)


def test_images_from_other_hardware_are_counted_and_not_listed(typed: Type, tmp_path: Path) -> None:
    typed("build", pack=TWO)
    as_on_other_hardware(tmp_path)
    assert typed("check") == (0, "", "2 assets: 1 ok, 1 ok (other hardware)\n")
    code, out, err = typed("check", "--exact")
    assert (code, out) == (1, "a: differs (a.png has other bytes than the lock records)\n")
    assert "assetgen lock adopt" in err


def test_build_says_nothing_of_images_from_other_hardware(typed: Type, tmp_path: Path) -> None:
    typed("build", pack=TWO)
    as_on_other_hardware(tmp_path)
    (tmp_path / "game/a.png").unlink()
    for words in ((), ("--locked",)):
        code, _, err = typed("build", *words)
        assert (code, "bytes" in err, "other" in err) == (0, False, False)


def test_lock_adopt_records_what_this_machine_built(typed: Type, tmp_path: Path, assetgen: Run) -> None:
    typed("build", pack=TWO)
    built = (tmp_path / "pack.lock").read_bytes()
    as_on_other_hardware(tmp_path, "40" * 64)
    assert typed("check")[0] == 1
    assert assetgen("lock", "adopt", ".")[:2] == (0, "the lock now records the files of 1 asset\n")
    assert ((tmp_path / "pack.lock").read_bytes(), typed("check", "--exact")[0]) == (built, 0)


def test_lock_adopt_leaves_changed_assets_and_edited_files(typed: Type, tmp_path: Path, assetgen: Run) -> None:
    typed("build", pack=TWO)
    (tmp_path / "game/a.png").write_bytes(b"mine")
    (tmp_path / "pack.yaml").write_text(Z)
    before = (tmp_path / "pack.lock").read_bytes()
    code, out, _ = assetgen("lock", "adopt", ".")
    assert (code, out.splitlines()[1:]) == (1, ["a: edited (a.png was edited by hand)", "b: stale (prompt changed)"])
    assert (tmp_path / "pack.lock").read_bytes() == before

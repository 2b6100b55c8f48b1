"""JUnit XML reports, read back as CI services read them."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from assetgen.build.junit import report, write_report
from assetgen.errors import InputError
from assetgen.events import Audited, Event, Failed, Finished, Published, Reused, Sampling

BUILT = [
    Sampling(done=1, total=2, batch=("wall",)),
    Published(asset="wall", files=("wall.png",)),
    Reused(asset="door"),
    Failed(asset="dragon", reason="the source broke."),
    Published(removed=("old.png",)),
    Finished(seconds=1.5, published=1, reused=1, failed=1, sampled=1),
]


def read(*events: Event) -> ElementTree.Element:
    """The only suite of a report on one pack."""
    [suite] = ElementTree.fromstring(report([("dungeon", events)]))
    return suite


def failures(element: ElementTree.Element) -> list[str]:
    return [failure.attrib["message"] for failure in element.iter("failure")]


def test_every_asset_is_a_test_case() -> None:
    suite = read(*BUILT)
    assert [case.attrib["name"] for case in suite] == ["door", "dragon", "wall"]
    assert {case.attrib["classname"] for case in suite} == {"assetgen.dungeon"}


def test_cases_failures_and_seconds_are_summed_up() -> None:
    wanted = {"tests": "3", "failures": "1", "time": "1.500", "name": "dungeon"}
    assert read(*BUILT).attrib == wanted


def test_a_failure_has_its_reason_as_message_and_as_text() -> None:
    [failure] = read(*BUILT).iter("failure")
    assert (failure.attrib["message"], failure.text) == ("the source broke.",) * 2


def test_an_asset_that_fails_after_it_was_published_fails() -> None:
    suite = read(Published(asset="wall"), Failed(asset="wall", reason="it looks other"))
    assert (len(suite), failures(suite)) == (1, ["it looks other"])


def test_a_verdict_that_is_not_ok_is_a_failure_with_all_its_reasons() -> None:
    stale = Audited(asset="wall", pack="dungeon", state="stale", reasons=("prompt changed", "wall.png is missing"))
    suite = read(stale, Audited(asset="door", pack="dungeon", state="ok"))
    assert (len(suite), failures(suite)) == (2, ["stale: prompt changed, wall.png is missing"])


def test_an_error_of_the_whole_build_is_a_failed_case_named_after_the_pack() -> None:
    [case] = read(Failed(reason="pack.lock:3: has merge markers.", exit_code=2))
    assert (case.attrib["name"], failures(case)) == ("dungeon", ["pack.lock:3: has merge markers."])


def test_several_packs_are_several_suites_with_one_sum() -> None:
    root = ElementTree.fromstring(report([("cave", BUILT), ("dungeon", BUILT), ("empty", [])]))
    assert [suite.attrib["name"] for suite in root] == ["cave", "dungeon", "empty"]
    assert (root.attrib["tests"], root.attrib["failures"]) == ("6", "2")


@pytest.mark.parametrize("reason", ['<a & "b">', "zwei\nZeilen", "größer → 🐉", "]]>"])
def test_any_text_is_read_back(reason: str) -> None:
    assert failures(read(Failed(asset="a", reason=reason))) == [reason]


@pytest.mark.parametrize("letter", ["\x00", "\x1b", "\x0b", "\ufffe", "\ud800"], ids=ascii)
def test_characters_that_xml_forbids_are_replaced(letter: str) -> None:
    assert failures(read(Failed(asset="a", reason=f"x{letter}y"))) == ["x�y"]


def test_a_report_is_written_into_a_new_folder(tmp_path: Path) -> None:
    write_report(tmp_path / "ci/report.xml", [("dungeon", BUILT)])
    assert ElementTree.parse(tmp_path / "ci/report.xml").getroot().tag == "testsuites"


def test_a_report_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "ci").write_text("in the way")
    with pytest.raises(InputError, match="cannot write the report"):
        write_report(tmp_path / "ci/report.xml", [])

"""The review page as a file, and the command `pick`."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assetgen.pack.lock import read_lock

Run = Callable[..., tuple[int, str, str]]
Facts = Callable[[str], dict[str, Any]]
EVIL = "</script><img src=x onerror=alert(1)> {script}"


def test_the_page_has_every_candidate_with_its_seed_and_check_results(page: str, facts: Facts) -> None:
    assets = {asset["name"]: asset for asset in facts(page)["assets"]}
    assert list(assets) == ["hero", "wall", "evil", "all"]
    assert [each["number"] for each in assets["hero"]["candidates"]] == [1, 2, 3]
    assert len({each["seed"] for each in assets["hero"]["candidates"]}) == 3
    assert assets["hero"]["candidates"][0]["checks"][0]["name"] == "alpha"
    assert (assets["wall"]["tiles"], assets["wall"]["built"], assets["wall"]["picked"]) == ("xy", 1, None)
    assert [each["name"] for each in assets["wall"]["candidates"][0]["maps"]] == ["height", "normal", "orm"]


def test_the_page_has_the_published_image(page: str, facts: Facts) -> None:
    now = facts(page)["assets"][1]["now"]
    assert (now["width"], now["height"], now["src"][:22]) == (16, 16, "data:image/png;base64,")


def test_the_page_loads_nothing(page: str) -> None:
    source = page.partition('id="facts"')[0]
    assert re.findall(r"https?://|@import|\b(?:src|href)=\"(?!data:)", source) == []
    assert re.findall(r"content=\"(default-src 'none'; img-src data:; [^\"]*)\"", page) != []
    assert "connect-src" not in page and "fetch(" not in page


def test_html_in_a_prompt_stays_text(page: str, facts: Facts) -> None:
    assert facts(page)["assets"][2]["prompt"] == EVIL
    assert "<img src=x" not in page


def test_count_zero_shows_the_stored_candidates(typed: Run, page: str, tmp_path: Path, facts: Facts) -> None:
    code, _, _ = typed("review", ".", "-n", "0", "--only", "hero", "-o", "stored.html")
    assert (code, len(facts((tmp_path / "stored.html").read_text())["assets"][0]["candidates"])) == (0, 3)


def test_a_smaller_count_shows_all_stored_candidates(typed: Run, page: str, tmp_path: Path, facts: Facts) -> None:
    typed("review", ".", "-n", "1")
    assert len(facts((tmp_path / "out/p.html").read_text())["assets"][0]["candidates"]) == 3


def test_the_commands_of_a_page_name_its_game(page: str, facts: Facts) -> None:
    assert (facts(page)["place"], facts(page)["options"]) == (".", ["--game", "game"])


def test_a_pick_is_built_and_can_be_taken_back(typed: Run, page: str, tmp_path: Path) -> None:
    before = (tmp_path / "game/wall.png").read_bytes(), (tmp_path / "game/all.png").read_bytes()
    code, out, _ = typed("pick", ".", "wall", "2", "--game", "game")
    assert (code, out) == (0, "wall: candidate 2 is picked\n")
    after = (tmp_path / "game/wall.png").read_bytes(), (tmp_path / "game/all.png").read_bytes()
    assert (after[0] != before[0], after[1] != before[1]) == (True, True), "the atlas that holds it follows"
    typed("pick", ".", "wall", "--undo", "--game", "game")
    assert (tmp_path / "game/wall.png").read_bytes() == before[0]
    lock = read_lock(tmp_path / "pack.lock")
    assert lock is not None and lock["wall"].pick is None


def test_a_draft_in_the_game_is_no_missing_file(typed: Run, tmp_path: Path, facts: Facts) -> None:
    def outdated() -> list[str]:
        typed("review", ".", "-n", "0", "--game", "game")
        return [each["name"] for each in facts((tmp_path / "out/p.html").read_text())["assets"] if each["outdated"]]

    assert outdated() == []
    typed("build", ".", "--game", "game", "--draft")
    assert outdated() == ["wall", "evil", "all"]  # the draft of hero fails its check
    typed("build", ".", "--game", "game")
    assert outdated() == []


@pytest.mark.parametrize("file", ["project.godot", "package.json"])
def test_a_new_folder_of_the_page_is_no_folder_of_a_godot_game(typed: Run, tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text("")
    typed("review", ".", "-n", "0")
    assert (tmp_path / "out/p.html").is_file()
    assert (tmp_path / "out/.gdignore").exists() is (file == "project.godot")


def test_a_pick_may_wait_for_the_next_build(typed: Run, page: str, tmp_path: Path) -> None:
    before = (tmp_path / "game/wall.png").read_bytes()
    code, out, _ = typed("pick", ".", "wall", "2", "--no-build")
    assert (code, out) == (0, "wall: candidate 2 is picked; now run `assetgen build .`\n")
    assert (tmp_path / "game/wall.png").read_bytes() == before
    typed("build", ".", "--game", "game")
    assert (tmp_path / "game/wall.png").read_bytes() != before


def test_a_pick_prints_its_build_as_json(typed: Run, page: str) -> None:
    _, out, err = typed("pick", ".", "wall", "2", "--game", "game", "--json")
    assert [json.loads(line)["event"] for line in out.splitlines()].count("finished") == 1
    assert err == "wall: candidate 2 is picked\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pick", ".", "wall"), "pick needs a number or --undo"),
        (("pick", ".", "wal", "1"), "Did you mean 'wall'?"),
        (("pick", ".", "wall", "99"), "candidate 99 is not from 1 to 64"),
        (("review", ".", "--only", "al"), "no asset of pack 'p' matches 'al'"),
        (("review", ".", "--serve", "-o", "page.html"), "--serve and -o exclude each other"),
        (("review", ".", "-n", "0", "-o", "pack.yaml/page.html"), "cannot write 'pack.yaml/page.html'"),
    ],
)
def test_wrong_arguments_are_reported_in_one_line(
    typed: Run, page: str, arguments: tuple[str, ...], message: str
) -> None:
    code, _, err = typed(*arguments)
    assert (code, message in err, err.count("\n")) == (2, True, 1)

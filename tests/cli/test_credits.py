"""`assetgen credits` writes three files, and replaces none that a person wrote."""

from collections.abc import Callable
from pathlib import Path

Run = Callable[..., tuple[int, str, str]]
EXAMPLE = Path(__file__).parents[2] / "examples/dungeon"


def test_credits_are_written_and_a_file_of_a_person_is_kept(assetgen: Run, tmp_path: Path) -> None:
    for _ in range(2):
        assert assetgen("credits", EXAMPLE, "-o", tmp_path)[0] == 0
    assert {path.name for path in tmp_path.iterdir()} == {"CREDITS.md", "dungeon.cdx.json", "AI_DISCLOSURE.md"}
    (tmp_path / "CREDITS.md").write_text("Thanks to my cat")
    code, _, err = assetgen("credits", EXAMPLE, "-o", tmp_path)
    assert (code, "this command did not write it" in err) == (2, True)
    assert (tmp_path / "CREDITS.md").read_text() == "Thanks to my cat"
    assert assetgen("credits", EXAMPLE, "-o", tmp_path, "--overwrite")[0] == 0

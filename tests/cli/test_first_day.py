"""What a new user types first: `assetgen` alone, `--version`, commands in the folder of a pack, parts described."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from assetgen import __version__
from assetgen.pack.arguments import described_arguments, example_of
from assetgen.pack.yaml_files import parse_yaml
from assetgen.parts import PART_KINDS, load_part, part_names
from assetgen.pixels.image_files import read_image

Run = Callable[..., tuple[int, str, str]]
PACK = "pack: p\nassets: {a: {preset: painted_concept, prompt: x}}\n"
PARTS = [(kind, name) for kind in PART_KINDS for name in part_names(kind)]


def test_assetgen_alone_shows_five_commands(assetgen: Run) -> None:
    code, out, _ = assetgen()
    assert (code, re.findall(r"^  assetgen (\w+)", out, re.MULTILINE)) == (
        0,
        ["make", "init", "build", "review", "doctor"],
    )


@pytest.mark.parametrize("words", [["--version"], ["build", "--version"], ["models", "get", "--version"]])
def test_every_command_shows_the_version(assetgen: Run, words: list[str]) -> None:
    assert assetgen(*words) == (0, f"assetgen {__version__}\n", "")


def test_the_pack_of_this_folder_needs_no_name(assetgen: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pack.yaml").write_text(PACK)
    monkeypatch.chdir(tmp_path)
    assert assetgen("build", "--draft", "--store", "store")[0] == 0
    assert (tmp_path / "out/p/a.png").is_file()
    assert "1 asset: " in assetgen("check")[2]
    assert "candidate 7 is picked" in assetgen("pick", "a", "7", "--no-build", "--store", "store")[1]
    assert "'c' is not the number of a candidate" in assetgen("pick", "a", "b", "c")[2]


def test_a_pack_inside_a_game_is_found_by_the_game(assetgen: Run, tmp_path: Path) -> None:
    (tmp_path / "assetgen").mkdir()
    (tmp_path / "assetgen/pack.yaml").write_text(f"game: ..\n{PACK}")
    assert assetgen("build", tmp_path, "--draft", "--store", tmp_path / "store")[0] == 0
    assert (tmp_path / "a.png").is_file()


def test_make_takes_size_and_steps(assetgen: Run, tmp_path: Path) -> None:
    words = ("--draft", "--size", "64x48", "--steps", "2", "-o", tmp_path / "o", "--store", tmp_path / "s")
    assert assetgen("make", "painted_concept", "a keep", *words)[0] == 0
    assert read_image(tmp_path / "o/a_keep_draft.png").shape[:2] == (48, 64)
    code, _, err = assetgen("make", "pixel_sprite", "a keep", *words)
    assert (code, "32 × 32 cells only. Leave out the size" in err) == (2, True), err
    code, _, err = assetgen("make", "idle", "--image", "hero.png", "--steps", "2")
    assert (code, "does not sample with 'steps'. Leave out --steps" in err) == (2, True)


@pytest.mark.parametrize(("kind", "name"), PARTS, ids=lambda each: each)
def test_every_argument_of_a_part_is_described(kind: str, name: str) -> None:
    part = load_part(kind, name)  # type: ignore[arg-type]
    described = described_arguments(part)
    assert [each.name for each in described] == list(part.params.model_fields)
    assert all(each.accepts and each.default for each in described)
    assert parse_yaml(example_of(part) or "{}", "example").data is not None


def test_steps_show_has_choices_defaults_and_an_example(assetgen: Run) -> None:
    out = assetgen("steps", "show", "outline")[1]
    assert "- outline: {width: 2" in out
    assert re.search(r"^side +outside \| inside +outside$", out, re.MULTILINE)
    assert re.search(r"^width +integer, 1 to 64 +1$", out, re.MULTILINE)

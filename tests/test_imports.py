"""Commands import heavy packages only where they need them."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "torch", "diffusers", "transformers", "trimesh", "cv2", "scipy", "peft", "pymatting", "fsspec", "watchfiles",
    "fastapi", "uvicorn",
)  # fmt: skip
PROBE = """
import sys
from assetgen.cli import main
try:
    main({words!r})
except SystemExit as ended:
    code = ended.code or 0
print("LOADED", *sorted(name for name in {heavy!r} if name in sys.modules), "CODE", code)
"""


def loaded(*words: str) -> str:
    """The heavy packages that a command loads, and its exit code."""
    code = PROBE.format(words=list(words), heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["build", "--help"],
        ["pick", "--help"],
        ["review", "--help"],
        ["serve", "--help"],
        ["watch", "--help"],
        ["presets", "list"],
        ["models", "list"],
    ],
)
def test_help_and_lists_import_no_heavy_package(words: list[str]) -> None:
    assert loaded(*words) == "LOADED CODE 0"


def test_a_bad_pack_is_refused_without_importing_torch(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("pack: p\nassets:\n  a: {preset: pixel_sprit, prompt: x}\n")
    assert loaded("build", str(tmp_path)) == "LOADED CODE 2"


def test_an_up_to_date_pack_is_checked_without_importing_torch(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("pack: p\nassets:\n  a: {preset: painted_concept, prompt: x}\n")
    words = ("build", str(tmp_path), "--draft", "--game", str(tmp_path / "game"), "--store", str(tmp_path / "store"))
    loaded(*words)
    assert loaded(*words) == "LOADED CODE 0"


@pytest.mark.parametrize("command", ["check", "plan"])
@pytest.mark.parametrize("built", [True, False], ids=["built", "new"])
def test_check_and_plan_import_no_heavy_package(tmp_path: Path, command: str, built: bool) -> None:
    pack = "pack: p\ngame: game\nassets: {a: {preset: pixel_sprite, prompt: x}, b: {preset: drawing, prompt: y}}"
    (tmp_path / "pack.yaml").write_text(pack)
    (tmp_path / "game").mkdir()
    (tmp_path / "drawing.yaml").write_text("preset: drawing\nuse: sprite\nsource: {fake: {prompt: '{prompt}'}}\n")
    if built:
        loaded("build", str(tmp_path), "--only", "b", "--store", str(tmp_path / "store"))
    words = ("--store", str(tmp_path / "store")) if command == "plan" else ()
    assert loaded(command, str(tmp_path), *words) == f"LOADED CODE {0 if command == 'plan' else 1}"


def test_review_of_stored_images_and_pick_without_build_import_no_heavy_package(tmp_path: Path) -> None:
    pack = "pack: p\ngame: game\nassets: {a: {preset: drawing, prompt: x}, b: {preset: pixel_sprite, prompt: y}}"
    (tmp_path / "pack.yaml").write_text(pack)
    (tmp_path / "game").mkdir()
    (tmp_path / "drawing.yaml").write_text("preset: drawing\nuse: sprite\nsource: {fake: {prompt: '{prompt}'}}\n")
    store = ("--store", str(tmp_path / "store"))
    loaded("build", str(tmp_path), "--only", "a", *store)
    page = str(tmp_path / "page.html")
    assert loaded("review", str(tmp_path), "-n", "0", "-o", page, *store) == "LOADED CODE 0"
    assert loaded("pick", str(tmp_path), "b", "2", "--no-build", *store) == "LOADED CODE 0"

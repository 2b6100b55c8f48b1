"""The examples of CONTRIBUTING.md form a package with one part of each kind; here it is installed and used."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from assetgen.pixels.image_files import read_image

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
EXAMPLES = dict(re.findall(r"```\w+\n# (\S+)\n(.*?)```", TEXT, re.DOTALL))
"""Text of each example by its path."""
FAMILIES = "assetgen/diffusion/families"
DUSK = """
pack: skies
engine: webp
assets:
  dawn: {preset: dusk, gradient: {seed: 3}}
"""
PLAIN = """
pack: plains
model: my_model
assets:
  plain: {preset: painted_concept, prompt: a plain, ground: {horizon: 0.5}, tries: 1}
"""
RUN = f"""
import sys
import assetgen.diffusion.families as families
from assetgen.cli import main
families.__path__.append({FAMILIES!r})
main(sys.argv[1:])
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The examples as files, and the metadata that pip would write for their package."""
    for name, text in EXAMPLES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    project = tomllib.loads(EXAMPLES["pyproject.toml"])["project"]
    metadata = tmp_path / "my_parts-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 1.0\n")
    groups = project["entry-points"].items()
    lines = [f"[{group}]\n" + "".join(f"{name} = {at}\n" for name, at in points.items()) for group, points in groups]
    (metadata / "entry_points.txt").write_text("\n".join(lines))
    return tmp_path


def run(package: Path, *arguments: str) -> str:
    """The command line with the package installed; returns its stdout."""
    path = os.pathsep.join([str(package), str(ROOT)])
    command = [sys.executable, "-c", RUN, *arguments]
    done = subprocess.run(command, cwd=package, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def build(package: Path, pack: str) -> Path:
    """Build a pack beside the examples; returns its target."""
    (package / "pack.yaml").write_text(pack)
    run(package, "build", ".", "--game", "game", "--store", "store")
    return package / "game"


def test_parts_of_an_installed_package_build_an_asset(package: Path) -> None:
    image = read_image(build(package, DUSK) / "dawn.webp")
    assert image.shape == (64, 256, 3)
    assert np.abs(image[[0, -1]].mean((1, 2)) - (125, 50)).max() < 10  # half of the gradient's 250 and 100
    assert "darken" in run(package, "steps", "list")


@pytest.mark.slow
@pytest.mark.model
def test_the_example_card_family_and_control_sample_an_image(package: Path) -> None:
    assert read_image(build(package, PLAIN) / "plain.png").shape == (128, 128, 3)
    assert "family: my_family" in run(package, "models", "show", "my_model", "--pack", ".")


def test_every_kind_of_part_has_an_example() -> None:
    groups = tomllib.loads(EXAMPLES["pyproject.toml"])["project"]["entry-points"]
    assert sorted(groups) == [f"assetgen.{kind}s" for kind in ("check", "control", "exporter", "source", "step")]
    assert {Path(name).suffix for name in EXAMPLES} == {".py", ".toml", ".yaml"}


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:assetgen|tests|presets|plugins)/[a-z0-9_/.-]+)`", TEXT))))
def test_a_path_in_contributing_exists(path: str) -> None:
    assert (ROOT / path).exists()

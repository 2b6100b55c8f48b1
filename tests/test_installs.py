"""No text proposes to install assetgen from an index: the name on PyPI belongs to another project."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
INSTALL = re.compile(r"\b(?:pip3? (?:install|download|wheel)|uv (?:add|tool install)|uvx|pipx install)( [^\n`]+)")
OURS = re.compile(r"(?<![\w/.-])assetgen(?P<extra>\\?\[[\w,{}]+\\?\])?(?P<rest>[^\s\"',;]*)(?P<url> @ )?")
WITH_ASSETGEN = ("assetgen/", "docs/", "README.md", "CHANGELOG.md", "presets/", "tests/")
"""Texts for somebody who has assetgen: pip adds the packages of an extra, and keeps the installed assetgen."""


def from_index(line: str, path: str) -> list[str]:
    """The install commands of a line that may take assetgen from an index."""
    found = []
    for command in INSTALL.finditer(line):
        if "--no-index" in command[1]:
            continue
        for name in OURS.finditer(re.split(r"&&|;|, then|#", command[1])[0]):
            adds_extra = name["extra"] and not name["rest"] and path.startswith(WITH_ASSETGEN)
            if not name["url"] and not adds_extra and not name["rest"].startswith(("/", ".")):
                found.append(command[0])
    return found


def test_no_text_installs_the_name_from_an_index() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    wrong = []
    for path in listed.stdout.splitlines():
        if path == Path(__file__).relative_to(ROOT).as_posix() or not (ROOT / path).is_file():
            continue
        text = (ROOT / path).read_bytes().decode("utf-8", errors="ignore")
        wrong += [f"{path}: {found}" for line in text.splitlines() for found in from_index(line, path)]
    assert wrong == []


@pytest.mark.parametrize(
    "line",
    [
        "Run `pip install assetgen` first",
        "pip install --upgrade assetgen",
        "pip install -U 'assetgen'",
        "pip install --force-reinstall assetgen",
        'pip install "torch==2.13.0" "assetgen[gen,ray]==0.1.0" s3fs',
        "pipx install assetgen",
        "uv tool install assetgen",
    ],
)
def test_an_install_from_an_index_is_found(line: str) -> None:
    assert from_index(line, "docs/install.md")


@pytest.mark.parametrize(
    "line",
    [
        'pip install -e ".[gen]"',
        'pip install "dist/assetgen-0.1.0-py3-none-any.whl[gen]"',
        'pip install --no-index --find-links wheels "assetgen[gen]"',
        'pip install "assetgen[gen] @ git+https://YOUR-GIT-HOST/assetgen@COMMIT"',
        'pip install "assetgen[quant]"',
    ],
)
def test_other_installs_are_allowed(line: str) -> None:
    assert from_index(line, "docs/install.md") == []


def test_a_plugin_names_no_extra_since_its_reader_may_not_have_assetgen() -> None:
    assert from_index('pip install "assetgen[gen]"', "plugins/godot/README.md")

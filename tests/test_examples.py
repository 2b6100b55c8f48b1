"""The examples build as drafts (CI also builds them with the model), and CI workflows use existing commands."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
import yaml

from assetgen.build.status import check_report
from assetgen.cli.commands import app
from assetgen.pack.project import Project

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/pack.yaml"))
WORKFLOWS = [*sorted((ROOT / "examples/ci").glob("*.yml")), ROOT / ".pre-commit-hooks.yaml"]
COMMAND = re.compile(r"(?:- |run: |entry: )assetgen (.+)")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_builds(assetgen: Callable[..., tuple[int, str, str]], tmp_path: Path, example: Path) -> None:
    words = ("build", example, "--draft", "--game", tmp_path / "game", "--store", tmp_path / "store")
    code, _, err = assetgen(*words)
    assert code == 0, err
    code, _, err = assetgen(*words)
    assert "published" not in err and "up to date" in err


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_uses_existing_commands_and_options(workflow: Path) -> None:
    yaml.safe_load(workflow.read_text())
    commands = [shlex.split(line) for line in COMMAND.findall(workflow.read_text())]
    assert commands
    for name, *words in commands:
        command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
        command.make_context(name, words or ["art"])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_lock_of_an_example_describes_it(tmp_path: Path, example: Path) -> None:
    verdicts = check_report(Project.load(example, tmp_path))
    stale = {verdict.asset: verdict.reasons for verdict in verdicts if verdict.state != "missing"}
    assert stale == {}, "build the example, look at the pictures, and commit its lock"

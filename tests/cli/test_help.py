"""Help texts: complete sentences at 80 columns, and examples that parse."""

import re
import shlex
from collections.abc import Callable, Iterator

import pytest
import typer.main
from click import Command, Context, Group

from assetgen.cli.commands import app

Run = Callable[..., tuple[int, str, str]]
CUT_OFF = re.compile(r"…|[a-z,;:]\.\.\.")
EXAMPLE = re.compile(r"^ +assetgen (.*)$", re.MULTILINE)


def commands(command: Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Command]]:
    yield path, command
    if isinstance(command, Group):
        for name, each in command.commands.items():
            yield from commands(each, (*path, name))


ROOT = typer.main.get_command(app)
COMMANDS = dict(commands(ROOT))
LEAVES = [path for path, command in COMMANDS.items() if not isinstance(command, Group)]


def name(path: tuple[str, ...]) -> str:
    return " ".join(path)


@pytest.fixture
def columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.parametrize("path", COMMANDS, ids=name)
def test_no_help_text_is_cut_off(assetgen: Run, columns: None, path: tuple[str, ...]) -> None:
    code, out, _ = assetgen(*path, "--help")
    assert (code, CUT_OFF.findall(out)) == (0, [])
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("path", COMMANDS, ids=name)
def test_every_help_text_fits_on_a_screen(assetgen: Run, columns: None, path: tuple[str, ...]) -> None:
    assert len(assetgen(*path, "--help")[1].splitlines()) <= 40


@pytest.mark.parametrize("path", LEAVES, ids=name)
def test_the_first_paragraph_of_a_help_text_is_one_sentence(path: tuple[str, ...]) -> None:
    first = " ".join((COMMANDS[path].help or "").partition("\n\n")[0].split())
    assert first[0].isupper() and first.endswith(".")


@pytest.mark.parametrize("path", LEAVES, ids=name)
def test_a_command_has_two_examples_that_parse(assetgen: Run, columns: None, path: tuple[str, ...]) -> None:
    examples = EXAMPLE.findall(assetgen(*path, "--help")[1])
    assert len(examples) == 2
    for example in examples:
        words = shlex.split(re.split(r" [|>] ", example)[0])
        assert tuple(words[: len(path)]) == path
        COMMANDS[path].make_context(name(path), words[len(path) :], parent=Context(ROOT))

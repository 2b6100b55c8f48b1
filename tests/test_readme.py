"""The README and docs/ are true: links lead somewhere, packs and presets are valid, commands and options exist."""

import importlib.util
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import typer
import yaml

from assetgen.cli.commands import app
from assetgen.pack.library import PackFile, library_for
from assetgen.pack.resolve import resolve_pack
from assetgen.pack.schema import ModelCard, Pack
from assetgen.pack.yaml_files import Document, validate

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
REFERENCE = ROOT / "docs/reference"
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES = [*GUIDES, *sorted(REFERENCE.glob("*.md"))]
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
OTHER_PROGRAMS = {
    *("--no-deps", "--no-index", "--force-reinstall", "--dist", "--head", "--runtime-env-agent-port"),
    *("--help", "--debug", "--install-completion"),
}
"""Options of pip, pytest and Ray, and those of `assetgen` itself."""
MOST_BYTES = 2_000_000
"""Of all pictures of docs/."""


def test_the_readmes_pack_builds(assetgen: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    [pack] = re.findall(r"```yaml\n(pack: .*?)```", README, re.DOTALL)
    (tmp_path / "pack.yaml").write_text(pack)
    shutil.copy(ROOT / "examples/dungeon/keep.glb", tmp_path)
    code, _, err = assetgen("build", tmp_path, "--draft", "--game", tmp_path / "game", "--store", tmp_path / "store")
    assert code == 0, err


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 150


def test_the_reference_is_that_of_the_code() -> None:
    specification = importlib.util.spec_from_file_location("make_reference", ROOT / "docs/make_reference.py")
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    pages: dict[str, str] = module.pages()
    written = {path.name: path.read_text(encoding="utf-8") for path in REFERENCE.glob("*.md")}
    old = sorted(name for name in pages.keys() | written.keys() if pages.get(name) != written.get(name))
    assert old == [], "run: python docs/make_reference.py"


def test_every_step_has_a_picture_and_no_picture_is_left_over() -> None:
    from assetgen.parts import part_names

    drawn = {path.stem for path in (ROOT / "docs/pictures/steps").glob("*.png")}
    assert drawn == set(part_names("step")), "run: python docs/make_pictures.py parts"


def test_the_pictures_are_small() -> None:
    pictures = list((ROOT / "docs/pictures").rglob("*.png"))
    assert sum(path.stat().st_size for path in pictures) < MOST_BYTES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_and_pictures_of_a_page_exist(page: Path) -> None:
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = unquote(link).partition("#")
        target = page if not path else page.parent / path
        if link.startswith(("https://", "http://")):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def blocks() -> Iterator[Any]:
    """The YAML blocks of the guides. One after `<!-- fragment -->` is no whole pack, asset, preset or card."""
    for page in GUIDES:
        found = re.findall(r"(<!-- fragment -->\n)?```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        for number, (fragment, text) in enumerate(found, 1):
            if not fragment:
                yield pytest.param(text, id=f"{page.name}-{number}")


@pytest.mark.parametrize("text", list(blocks()))
def test_a_yaml_block_is_valid(assetgen: Callable[..., tuple[int, str, str]], text: str, tmp_path: Path) -> None:
    for name in re.findall(r"[\w/]+\.(?:glb|png|safetensors)", text):
        sample = {"glb": "examples/dungeon/keep.glb", "png": "presets/thumbnails/sprite.png"}.get(name.split(".")[1])
        (tmp_path / name).write_bytes((ROOT / sample).read_bytes() if sample else b"")
    data = yaml.safe_load(text)
    if "preset" in data:
        path = tmp_path / f"{data['preset']}.yaml"
        path.write_text(text)
        assert assetgen("presets", "validate", path)[::2] == (0, "")
    elif "family" in data:
        validate(Document("card.yaml", data), ModelCard)
    else:
        pack = {"assets": {"a": {"preset": "sprite", "prompt": "a thing"}}, **data}
        document = Document("pack.yaml", pack if "pack" in data else {"pack": "block", "assets": data})
        resolve_pack(PackFile(validate(document, Pack), document, tmp_path, library_for(tmp_path)), draft=True)


def command_lines() -> Iterator[tuple[str, str]]:
    """Every `assetgen …` of the guides, in a span or a block of code, with its page."""
    for page in GUIDES:
        text = page.read_text(encoding="utf-8")
        code = [
            line.partition("#")[0]
            for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
            for line in block.splitlines()
        ]
        spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
        for each in (*code, *spans):
            for piece in re.split(r"&&|;", each):
                if words := re.match(r"\s*(?:\.venv/bin/)?assetgen ((?!\.)[a-z-].*)", piece):
                    yield page.name, words[1]


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_commands_and_their_options_exist(page: Path) -> None:
    wrong = []
    for name, line in command_lines():
        words = [word for word in line.split() if word not in OTHER_PROGRAMS]
        if name == page.name and (command := find(words)) is not None:
            known = {text for each in command.params for text in (*each.opts, *each.secondary_opts)}
            wrong += [line for word in words if word.startswith("-") and word.partition("=")[0] not in known]
        elif name == page.name and words and words[0] not in COMMANDS:
            wrong.append(line)
    assert wrong == []


def find(words: list[str]) -> Any:
    """The command of a line; None for a group without a command, or a word that is no command."""
    command = COMMANDS.get(words[0]) if words else None
    for word in words[1:]:
        command = getattr(command, "commands", {}).get(word, command)
    return None if getattr(command, "commands", None) else command


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_options_exist(page: Path) -> None:
    known = {
        text
        for command in COMMANDS.values()
        for each in _all(command)
        for p in each.params
        for text in (*p.opts, *p.secondary_opts)
    }
    named = set(re.findall(r"`[^`\n]*?(--[a-z][a-z-]*)", page.read_text(encoding="utf-8")))
    assert named - known - OTHER_PROGRAMS == set()


def _all(command: object) -> list[Any]:
    below = getattr(command, "commands", {}).values()
    return [each for child in below for each in _all(child)] if below else [command]

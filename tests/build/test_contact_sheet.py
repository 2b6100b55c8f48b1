"""`index.html` beside the files of engines without an editor."""

import json
from collections.abc import Callable
from pathlib import Path

from assetgen.build.contact_sheet import is_ours
from assetgen.events import Event

Build = Callable[..., list[Event]]
PACK = "pack: p\nengine: {}\nassets: {{a: {{preset: sprite, prompt: '{}'}}}}"


def test_a_page_shows_every_picture_and_escapes_prompts(build: Build, tmp_path: Path) -> None:
    build(PACK.format("plain", "a <b>bold</b> rock"))
    page = (tmp_path / "game/index.html").read_text()
    assert '<img src="./a.png"' in page and "a &lt;b&gt;bold&lt;/b&gt; rock" in page and "<script" not in page
    assert json.loads((tmp_path / "game/manifest.json").read_text())["page"] == "index.html"


def test_the_same_pack_gives_the_same_page(build: Build, tmp_path: Path) -> None:
    build(PACK.format("plain", "a rock"))
    page = tmp_path / "game/index.html"
    before = page.read_bytes()
    page.unlink()
    build(PACK.format("plain", "a rock"))
    assert page.read_bytes() == before


def test_a_page_of_another_program_or_an_edited_one_is_kept(build: Build, tmp_path: Path) -> None:
    page = tmp_path / "game/index.html"
    page.parent.mkdir()
    for text in ("<h1>The game</h1>", ""):
        page.write_text(text)
        build(PACK.format("plain", f"a rock {len(text)}"))
        assert page.read_text() == text
    assert not is_ours(page)


def test_a_game_with_an_editor_has_no_page(build: Build, tmp_path: Path) -> None:
    build(PACK.format("plain", "a rock"))
    build(PACK.format("godot", "a rock"))
    assert not (tmp_path / "game/index.html").exists()
    assert "page" not in json.loads((tmp_path / "game/manifest.json").read_text())

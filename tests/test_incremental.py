"""Incremental builds give the same bytes as a clean build."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from assetgen.events import Event, Failed, Finished, Published, Reused
from assetgen.pixels.image_files import read_image

Build = Callable[..., list[Event]]
MEMORY = Path("/dev/shm")
PRESETS = {
    "drawing": 'use: sprite\nsource: {fake: {prompt: "{prompt}", size: [16, 16]}}\nsteps: [{palette: {colors: 4}}]',
    "tiles": 'use: texture\nsource: {fake: {prompt: "{prompt}", size: [9, 9], tile: x}}\nsteps: [palette: {colors: 3}]',
}
GAME = "a: {preset: drawing, prompt: x}\nb: {preset: drawing, prompt: y}\nall: {preset: atlas, members: [a, b]}"
NAMES = ("ann", "Ann", "bob", "sub/ann", "sub/cid", "Sub/dora")
WORDS = ("x", "y", "z")
COLORS = ("red", "green", "blue")


def write(folder: Path, pack: dict[str, Any], color: str = "red") -> None:
    (folder / "pack").mkdir(parents=True, exist_ok=True)
    for name, text in PRESETS.items():
        (folder / f"pack/{name}.yaml").write_text(f"preset: {name}\n{text}\n")
    Image.new("RGB", (4, 4), color).save(folder / "pack/in.png")
    (folder / "pack/pack.yaml").write_text(yaml.safe_dump({"pack": "p", "target": "art", **pack}, sort_keys=False))


def assets(text: str) -> dict[str, Any]:
    return {"assets": yaml.safe_load(text)}


def finished(events: list[Event]) -> Finished:
    last = events[-1]
    assert isinstance(last, Finished) and last.failed == 0
    return last


def published(events: list[Event]) -> list[str]:
    return sorted(event.asset for event in events if isinstance(event, Published) and event.files)


def result(folder: Path) -> dict[str, bytes]:
    """The target and the lock."""
    files = [*(folder / "game/art").rglob("*"), folder / "pack/pack.lock"]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files if file.is_file()}


def test_a_changed_step_samples_nothing(build_in: Build, tmp_path: Path) -> None:
    write(tmp_path, assets("a: {preset: drawing, prompt: x}\nb: {preset: drawing, prompt: y}"))
    build_in(tmp_path)
    write(tmp_path, assets("a: {preset: drawing, prompt: x, palette: {colors: 2}}\nb: {preset: drawing, prompt: y}"))
    events = build_in(tmp_path)
    assert (finished(events).sampled, published(events)) == (0, ["a"])


def test_a_changed_prompt_samples_one_asset(build_in: Build, tmp_path: Path) -> None:
    write(tmp_path, assets("a: {preset: drawing, prompt: x}\nb: {preset: drawing, prompt: y}"))
    build_in(tmp_path)
    write(tmp_path, assets("a: {preset: drawing, prompt: x}\nb: {preset: drawing, prompt: z}"))
    events = build_in(tmp_path)
    assert (finished(events).sampled, published(events)) == (1, ["b"])


def test_a_renamed_asset_moves_its_files_and_keeps_its_picture(build_in: Build, tmp_path: Path) -> None:
    write(tmp_path, assets(GAME.partition("all")[0]))
    build_in(tmp_path)
    before = read_image(tmp_path / "game/art/a.png")
    write(tmp_path, assets(GAME.partition("all")[0].replace("a:", "sub/hero:")))
    assert finished(build_in(tmp_path)).sampled == 0
    assert (read_image(tmp_path / "game/art/sub/hero.png") == before).all()
    assert sorted(result(tmp_path)) == [
        "game/art/b.png", "game/art/index.html", "game/art/manifest.json", "game/art/sub/hero.png", "pack/pack.lock"
    ]  # fmt: skip


def test_a_deleted_asset_takes_its_files_with_it_and_no_other(build_in: Build, tmp_path: Path) -> None:
    write(tmp_path, assets(GAME))
    build_in(tmp_path)
    (tmp_path / "game/art/mine.txt").write_text("mine")
    before = result(tmp_path)
    write(tmp_path, assets(GAME.partition("all")[0]))
    build_in(tmp_path)
    assert before.keys() - result(tmp_path).keys() == {"game/art/all.png", "game/art/all.json"}
    assert result(tmp_path)["game/art/b.png"] == before["game/art/b.png"]


def test_a_changed_input_rebuilds_what_it_conditions_and_nothing_else(build_in: Build, tmp_path: Path) -> None:
    pack = assets(GAME.replace("prompt: y", "prompt: y, fake: {image: in.png}"))
    write(tmp_path, pack)
    build_in(tmp_path)
    write(tmp_path, pack, "green")
    events = build_in(tmp_path)
    assert (finished(events).sampled, published(events)) == (2, ["all", "b"])
    assert [event.asset for event in events if isinstance(event, Reused)] == ["a"]


@pytest.mark.parametrize("order", [[1, 0, 2], [2, 1, 0], [2, 0, 1]])
def test_the_order_of_a_pack_does_not_matter(build_in: Build, tmp_path: Path, order: list[int]) -> None:
    lines = GAME.replace("[a, b]", "['*']").split("\n")
    write(tmp_path / "one", assets("\n".join(lines)))
    write(tmp_path / "other", assets("\n".join(lines[index] for index in order)))
    build_in(tmp_path / "one")
    build_in(tmp_path / "other")
    assert result(tmp_path / "one") == result(tmp_path / "other")


def test_an_asset_is_the_same_with_and_without_others(build_in: Build, tmp_path: Path) -> None:
    write(tmp_path / "alone", assets(GAME.split("\n")[0]))
    write(tmp_path / "among", assets(GAME))
    build_in(tmp_path / "alone")
    build_in(tmp_path / "among")
    assert result(tmp_path / "alone")["game/art/a.png"] == result(tmp_path / "among")["game/art/a.png"]


@dataclass
class Pack:
    """A pack that is edited; every edit that makes no sense is none."""

    assets: dict[str, dict[str, Any]] = field(default_factory=lambda: {"ann": {"preset": "drawing", "prompt": "x"}})
    shared: dict[str, Any] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    color: str = "red"

    def nth(self, number: int) -> str:
        return sorted(self.assets)[number % len(self.assets)]

    def is_free(self, name: str, but: str = "") -> bool:
        return name.casefold() not in {other.casefold() for other in self.assets if other != but}

    def edit(self, what: str, number: int, other: int) -> None:
        getattr(self, what)(self.nth(number), other)

    def prompt(self, name: str, other: int) -> None:
        self.assets[name]["prompt"] = WORDS[other % len(WORDS)]

    def seed(self, name: str, other: int) -> None:
        self.assets[name] |= {"seed": other}
        if other == 0:
            del self.assets[name]["seed"]

    def step(self, name: str, other: int) -> None:
        self.assets[name]["palette"] = {"colors": 2 + other}

    def preset(self, name: str, other: int) -> None:
        self.assets[name]["preset"] = sorted(PRESETS)[other % len(PRESETS)]

    def picture(self, name: str, other: int) -> None:
        self.assets[name]["fake"] = {"image": "in.png"} if other % 2 else {}

    def repaint(self, _: str, other: int) -> None:
        self.color = COLORS[other % len(COLORS)]

    def add(self, _: str, other: int) -> None:
        name = NAMES[other % len(NAMES)]
        if self.is_free(name):
            self.assets[name] = {"preset": "drawing", "prompt": WORDS[other % len(WORDS)]}

    def delete(self, name: str, _: int) -> None:
        if len(self.assets) > 1:
            del self.assets[name]

    def rename(self, name: str, other: int) -> None:
        new = NAMES[other % len(NAMES)]
        if self.is_free(new, but=name):
            self.assets[new] = self.assets.pop(name)

    def swap(self, name: str, other: int) -> None:
        partner = self.nth(other)
        self.assets[name], self.assets[partner] = self.assets[partner], self.assets[name]

    def shuffle(self, name: str, _: int) -> None:
        self.assets[name] = self.assets.pop(name)

    def sheet(self, name: str, _: int) -> None:
        self.members ^= {name}

    def colors(self, _: str, other: int) -> None:
        self.shared["palette"] = ("dungeon16", "handheld4")[other % 2]

    def engine(self, _: str, other: int) -> None:
        self.shared["engine"] = ("plain", "godot")[other % 2]

    def write(self, folder: Path) -> None:
        members = [name for name in self.assets if name in self.members]
        sheets = {"sheet": {"preset": "atlas", "members": members, "atlas": {"max_size": 128}}} if members else {}
        write(folder, {**self.shared, "assets": {**sheets, **self.assets}}, self.color)


EDITS = [name for name in vars(Pack) if name not in ("nth", "is_free", "edit", "write") and name[0] != "_"]
EDITS = [name for name in EDITS if callable(getattr(Pack, name))]
Edit = st.tuples(st.sampled_from(EDITS), st.integers(0, 5), st.integers(0, 5))
Round = st.tuples(st.lists(Edit, min_size=1, max_size=4), st.none() | st.integers(0, 5))


@pytest.mark.slow
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rounds=st.lists(Round, min_size=1, max_size=6))
def test_edits_built_one_by_one_equal_a_clean_build(
    build_in: Build, rounds: list[tuple[list[tuple[str, int, int]], int | None]]
) -> None:
    pack = Pack()
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as place:
        edited, clean = Path(place, "edited"), Path(place, "clean")
        for edits, only in rounds:
            for edit in edits:
                pack.edit(*edit)
            pack.write(edited)
            build_in(edited, only="*" if only is None else pack.nth(only))
        assert [event for event in build_in(edited) if isinstance(event, Failed)] == []
        shutil.copytree(edited / "pack", clean / "pack")
        build_in(clean)
        assert result(edited) == result(clean)
        assert {type(event) for event in build_in(edited) if event.asset} == {Reused}

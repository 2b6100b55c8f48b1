"""Builds without a lock, with drawings instead of a model."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assetgen.errors import BuildError
from assetgen.events import Checked, Event, Failed, Finished, Published, Reused
from assetgen.pixels.image_files import read_image, read_text

Build = Callable[..., list[Event]]
TWO = "pack: p\nassets:\n  a: {preset: painted_concept, prompt: x}\n  b: {preset: painted_concept, prompt: y}\n"


def finished(events: list[Event]) -> Finished:
    [last] = [event for event in events if isinstance(event, Finished)]
    return last


def test_a_second_build_changes_nothing(build: Build, tmp_path: Path) -> None:
    build(TWO)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "game").rglob("*")}
    events = build(TWO)
    assert [type(event) for event in events if event.asset] == [Reused, Reused]
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "game").rglob("*")} == before


def test_one_changed_prompt_samples_one_asset(build: Build) -> None:
    build(TWO)
    assert finished(build(TWO.replace("prompt: y", "prompt: z"))).sampled == 1


def test_a_changed_step_samples_nothing(build: Build) -> None:
    text = "pack: p\nassets: {a: {preset: pixel_sprite, prompt: x, pixelate: {colors: %d}}}"
    build(text % 16)
    done = finished(build(text % 4))
    assert (done.sampled, done.published) == (0, 1)


def test_a_deleted_game_folder_is_filled_from_the_store(build: Build, tmp_path: Path) -> None:
    build(TWO)
    (tmp_path / "game/a.png").unlink()
    done = finished(build(TWO))
    assert (done.sampled, done.published) == (0, 1)
    assert (tmp_path / "game/a.png").is_file()


def test_damaged_store_entries_are_made_again(build: Build, tmp_path: Path) -> None:
    build(TWO)
    for entry in (tmp_path / "store").rglob("*.zip"):
        entry.write_bytes(b"broken")
    (tmp_path / "game/a.png").unlink()
    assert finished(build(TWO)).failed == 0
    assert (tmp_path / "game/a.png").is_file()


def test_assets_removed_from_the_pack_are_removed_from_the_game(build: Build, tmp_path: Path) -> None:
    build(TWO)
    build("pack: p\nassets:\n  a: {preset: painted_concept, prompt: x}\n")
    assert sorted(path.name for path in (tmp_path / "game").iterdir()) == ["a.png", "index.html", "manifest.json"]


def test_one_failed_asset_stops_no_other(build: Build, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"not a picture")
    images = "  bad: {preset: sprite, prompt: x, diffusion: {image: bad.png}}\n"
    events = build(TWO + images)
    [failure] = [event for event in events if isinstance(event, Failed)]
    assert (failure.asset, failure.exit_code, finished(events).published) == ("bad", 2, 2)
    assert "is not a supported image" in failure.reason


def test_a_rejected_image_is_sampled_with_other_seeds_and_then_reported(build: Build) -> None:
    text = "pack: p\nassets: {a: {preset: tile_texture, prompt: x, tries: 3, seam: {limit: 0.0001}}}"
    events = build(text)
    attempts = [event.attempt for event in events if isinstance(event, Checked) and event.check == "seam"]
    [failure] = [event for event in events if isinstance(event, Failed)]
    assert attempts == [0, 1, 2]
    assert "its checks rejected all 3 attempts (seam" in failure.reason


def test_an_atlas_is_rebuilt_when_a_member_changes(build: Build, tmp_path: Path) -> None:
    text = "pack: p\nassets:\n  one: {preset: sprite, prompt: x}\n  two: {preset: sprite, prompt: %s}\n"
    text += "  all: {preset: atlas, members: [one, two]}\n"
    build(text % "y")
    before = (tmp_path / "game/all.png").read_bytes()
    events = build(text % "z")
    assert (tmp_path / "game/all.png").read_bytes() != before
    assert [event.asset for event in events if isinstance(event, Published)] == ["two", "all"]


def test_an_atlas_with_a_failed_member_fails_and_names_it(build: Build) -> None:
    text = "pack: p\nassets:\n  one: {preset: tile_texture, prompt: x, tries: 1, seam: {limit: 0.0001}}\n"
    text += "  all: {preset: atlas, members: [one]}\n"
    failures = [event for event in build(text) if isinstance(event, Failed)]
    assert [failure.asset for failure in failures] == ["one", "all"]
    assert "pack.yaml:4: its member 'one' failed" in failures[1].reason


def test_every_image_records_its_origin(build: Build, tmp_path: Path) -> None:
    build(TWO)
    metadata = read_text((tmp_path / "game/a.png").read_bytes())
    assert '"preset": "painted_concept"' in metadata["assetgen"]
    assert "trainedAlgorithmicMedia" not in str(metadata), "a drawing without a model is not generated media"


def test_a_tiling_texture_has_no_seam(build: Build, tmp_path: Path) -> None:
    build("pack: p\nassets: {a: {preset: tile_texture, prompt: x}}")
    pixels = read_image(tmp_path / "game/a.png").mean(axis=2)
    inside = np.abs(np.diff(pixels, axis=1)).mean()
    assert np.abs(pixels[:, 0] - pixels[:, -1]).mean() < 2 * inside


def test_an_unreachable_store_stops_the_build_before_sampling(build: Build, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("in the way")
    with pytest.raises(BuildError, match="cannot read from the store"):
        build(TWO)

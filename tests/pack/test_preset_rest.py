"""Steps of a preset that extends another: `...` stands for the parent's, and parts named again keep their arguments."""

from pathlib import Path

import pytest

from assetgen.errors import InputError
from assetgen.pack.library import library_for

PARENT = "preset: parent\nsource: diffusion\nsteps: [cutout, {trim: {padding: 3}}, {pixelate: {colors: 8, grid: 16}}]\n"


def steps(folder: Path, written: str) -> list[tuple[str, dict[str, object]]]:
    (folder / "parent.yaml").write_text(PARENT)
    (folder / "child.yaml").write_text(f"preset: child\nextends: parent\nsteps: {written}\n")
    found = library_for(folder).preset("child").preset.steps or ()
    return [(step.part, dict(step.arguments)) for step in found]


def test_three_dots_stand_for_the_steps_of_the_parent(tmp_path: Path) -> None:
    assert [name for name, _ in steps(tmp_path, "[..., outline]")] == ["cutout", "trim", "pixelate", "outline"]
    assert [name for name, _ in steps(tmp_path, "[outline, ...]")] == ["outline", "cutout", "trim", "pixelate"]


def test_a_step_named_again_keeps_the_arguments_of_the_parent(tmp_path: Path) -> None:
    found = steps(tmp_path, "[trim, {pixelate: {grid: 32}}]")
    assert found == [("trim", {"padding": 3}), ("pixelate", {"colors": 8, "grid": 32})]


def test_a_step_named_beside_the_dots_stands_where_it_is_named(tmp_path: Path) -> None:
    found = steps(tmp_path, "[..., {trim: {square: true}}]")
    assert [name for name, _ in found] == ["cutout", "pixelate", "trim"]
    assert found[-1] == ("trim", {"padding": 3, "square": True})


def test_dots_without_a_parent_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "lone.yaml").write_text("preset: lone\nsource: diffusion\nsteps: [..., trim]\n")
    with pytest.raises(InputError, match=r"`\.\.\.` stands for the parts of another preset"):
        library_for(tmp_path).preset("lone")

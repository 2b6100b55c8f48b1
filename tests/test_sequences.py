"""Sequences: the frames of an animation in one image set."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assetgen.build.stages import run_part
from assetgen.errors import AssetgenError, InputError
from assetgen.images import Frames, ImageSet, Meta, Tag, color_image, sequence
from assetgen.parts import Context, InputFile, load_part
from assetgen.sources.animation import animation
from assetgen.sources.member import member
from assetgen.steps.palette import palette
from assetgen.steps.trim import trim


def still(x: int = 0, size: int = 12, **meta: object) -> ImageSet:
    """A red square of 4 × 4 pixels, `x` pixels from the left, on a transparent image."""
    color = np.zeros((size, size, 4), np.uint8)
    color[4:8, x : x + 4] = (200, 20 * x, 30, 255)
    return color_image(color, **meta)


def moving(*places: int, name: str = "run") -> ImageSet:
    """A square that stands at each of `places`, for 100 ms."""
    timing = Frames((100,) * len(places), (Tag(name, 0, len(places) - 1),))
    return sequence([still(x) for x in places], timing)


def test_a_sequence_is_stacked_and_taken_apart_again() -> None:
    made = moving(0, 3, 6)
    assert made.size == (12, 36)
    assert [frame.meta.frames for frame in made.frames] == [None] * 3
    assert all(np.array_equal(made.frames[at]["color"], still(3 * at)["color"]) for at in range(3))


def test_the_frames_are_part_of_the_stored_facts() -> None:
    meta = moving(0, 3).meta
    assert Meta.from_json(meta.to_json()) == meta


def test_frames_of_two_sizes_are_refused() -> None:
    with pytest.raises(InputError, match=r"frame 1 differs from frame 0 \(color 16 × 16 × 4 uint8 and color 12"):
        sequence([still(), still(size=16)], Frames((1, 1)))


def test_a_step_runs_on_each_frame() -> None:
    made = run_part(load_part("step", "resize"), "resize", moving(0, 3), scale=2)
    alone = run_part(load_part("step", "resize"), "resize", still(3), scale=2)
    assert made.meta.frames == moving(0, 3).meta.frames
    assert np.array_equal(made.frames[1]["color"], alone["color"])


def test_trim_cuts_all_frames_to_what_any_frame_shows() -> None:
    made = run_part(load_part("step", "trim"), "trim", moving(1, 3))
    assert [frame.size for frame in made.frames] == [(6, 4)] * 2
    assert made.frames[0]["color"][0, :, 3].tolist() == [255] * 4 + [0] * 2
    assert made.meta.trim is not None
    assert (made.meta.trim.offset, made.meta.trim.source_size) == ((1, 4), (12, 12))


def test_an_outline_enlarges_all_frames_alike() -> None:
    made = run_part(load_part("step", "outline"), "outline", moving(0, 3))
    assert [frame.size for frame in made.frames] == [(14, 14)] * 2
    assert made.meta.outline == "#000000"


@pytest.mark.parametrize("step", ["palette", "pixelate"])
def test_all_frames_get_the_same_colours(step: str) -> None:
    made = run_part(load_part("step", step), step, moving(0, 3, 6), colors=1)
    visible = made["color"][made["color"][..., 3] > 0]
    assert len(np.unique(visible, axis=0)) == 1


def test_a_dither_pattern_is_the_same_in_every_frame() -> None:
    grey = color_image(np.full((12, 12, 3), 100, np.uint8))
    file = InputFile(path=Path(__file__).parent.parent / "presets/palettes/mono2.hex", sha256="")
    one, other = palette(sequence([grey, grey], Frames((1, 1))), palette=file, dither=1.0).frames
    assert len(np.unique(one["color"].reshape(-1, 3), axis=0)) == 2
    assert np.array_equal(one["color"], other["color"])


def test_a_check_fails_with_the_frame_that_fails() -> None:
    verdict = run_part(load_part("check", "alpha"), "alpha", moving(4, 12))
    assert (verdict.passed, verdict.reason[:33]) == (False, "frame 1: almost nothing is visibl")


def test_members_are_joined_in_the_order_of_the_pack() -> None:
    walk, idle = moving(0, 3, name="walk"), moving(1, 2, 3, name="idle")
    made = animation(Context(members={"hero_walk": walk, "hero_idle": idle}))
    assert made.meta.frames == Frames((100,) * 5, (Tag("walk", 0, 1), Tag("idle", 2, 4)))
    assert np.array_equal(made.frames[4]["color"], still(3)["color"])


def test_equal_names_of_animations_are_preceded_by_the_asset() -> None:
    made = animation(Context(members={"orc": moving(0, 3), "elf": moving(1)}))
    assert made.meta.frames is not None
    assert [tag.name for tag in made.meta.frames.tags] == ["orc_run", "elf_run"]


def test_animations_can_be_named_anew() -> None:
    members = {"orc_idle": moving(0, 3), "orc_bob": moving(1)}
    made = animation(Context(members=members), tags=("idle", "run"))
    assert [tag.name for tag in made.meta.frames.tags] == ["idle", "run"]  # type: ignore[union-attr]
    with pytest.raises(InputError, match="tags must be 2 different names"):
        animation(Context(members=members), tags=("idle", "idle"))


def test_stills_alone_are_one_animation() -> None:
    made = animation(Context(members={"a": still(0), "b": still(3)}), duration=50)
    assert made.meta.frames == Frames((50, 50), (Tag("default", 0, 1),))


def test_a_still_beside_animations_is_named_after_its_asset() -> None:
    made = animation(Context(members={"walk": moving(0, 3), "hurt": still(1)}))
    assert made.meta.frames is not None
    assert made.meta.frames.tags[1] == Tag("hurt", 2, 2)


def test_members_of_two_sizes_are_refused() -> None:
    with pytest.raises(InputError, match=r"the frames of 'a' and 'b' differ in size \(12 × 12 and 16 × 16 pixels\)"):
        animation(Context(members={"a": still(), "b": still(size=16)}))


def test_members_with_pivots_are_aligned_by_them() -> None:
    low, high = trim(still(3), pivot="bottom"), trim(still(3), pivot="bottom", padding=2)
    made = animation(Context(members={"a": low, "b": high}))
    assert [frame.size for frame in made.frames] == [(8, 8)] * 2
    assert np.array_equal(made.frames[0]["color"][..., 3], made.frames[1]["color"][..., 3])


def test_one_pixel_art_member_beside_a_painted_one_is_refused() -> None:
    with pytest.raises(InputError, match="only one of 'a' and 'b' is pixel art"):
        animation(Context(members={"a": still(), "b": still(pixel_art=True)}))


@pytest.mark.parametrize(("colors", "pixel_art"), [(200, True), (300, False)])
def test_a_picture_of_few_colours_is_pixel_art(tmp_path: Path, colors: int, pixel_art: bool) -> None:
    tones = np.arange(300) % colors
    rows = np.stack([tones % 256, tones // 256, tones * 0], 1).reshape(15, 20, 3).astype(np.uint8)
    Image.fromarray(rows).save(tmp_path / "a.png")
    made = member(Context(), image=InputFile(path=tmp_path / "a.png", sha256=""))
    assert made.meta.pixel_art == pixel_art


@pytest.mark.parametrize("members", [{}, {"a": still(), "b": still()}])
def test_the_source_member_takes_exactly_one(members: dict[str, ImageSet]) -> None:
    with pytest.raises(AssetgenError, match=f"it has {len(members)} members, not one"):
        member(Context(members=members))

"""Atlases, from tiny members."""

import hashlib
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from assetgen.errors import InputError
from assetgen.images import Array, Frames, ImageSet, Region, Trim, color_image, page_channel, sequence
from assetgen.parts import Context, load_part
from assetgen.pixels.sheets import member_animation
from assetgen.sources.atlas import atlas


def block(width: int, height: int, value: int = 200) -> ImageSet:
    return color_image(np.full((height, width, 4), value, np.uint8))


def noise(width: int, height: int) -> ImageSet:
    return color_image(
        np.random.default_rng(width * 100 + height).integers(0, 256, (height, width, 4)).astype(np.uint8)
    )


def cut(images: ImageSet, name: str, channel: str = "color") -> Array:
    x, y, width, height = images.meta.regions[name].rect
    return images[channel][y : y + height, x : x + width]


sizes = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=25)


@settings(max_examples=40, deadline=None)
@given(sizes, st.integers(0, 4), st.integers(0, 3), st.booleans(), st.booleans())
def test_members_are_complete_and_do_not_overlap(
    given_sizes: list[tuple[int, int]], padding: int, extrude: int, power_of_two: bool, square: bool
) -> None:
    members = {f"m{index}": noise(*size) for index, size in enumerate(given_sizes)}
    packed = atlas(Context(members=members), padding=padding, extrude=extrude, power_of_two=power_of_two, square=square)
    assert all((cut(packed, name) == images["color"]).all() for name, images in members.items())
    gap = padding + 2 * extrude
    for (x, y, w, h), (left, top, wide, high) in combinations(
        [region.rect for region in packed.meta.regions.values()], 2
    ):
        assert x + w + gap <= left or left + wide + gap <= x or y + h + gap <= top or top + high + gap <= y
    width, height = packed.size
    assert width == height or not square
    assert not power_of_two or (width & (width - 1) == 0 and height & (height - 1) == 0)


def test_the_order_of_the_members_changes_nothing() -> None:
    members = {f"m{index}": noise(3 + index, 9 - index) for index in range(6)}
    there, back = atlas(Context(members=members)), atlas(Context(members=dict(reversed(members.items()))))
    assert there.meta == back.meta
    assert (there["color"] == back["color"]).all()


def test_edge_pixels_reach_outwards_and_the_gap_stays_empty() -> None:
    packed = atlas(Context(members={"a": block(2, 2), "b": block(2, 2)}), extrude=2, padding=1)["color"]
    assert packed.shape in ((6, 13, 4), (13, 6, 4))
    assert sorted(np.unique(packed)) == [0, 200]
    assert (packed == 200).sum() == 2 * 6 * 6 * 4


def test_a_single_member_without_margins_is_the_atlas() -> None:
    packed = atlas(Context(members={"a": noise(5, 3)}), padding=0, extrude=0)
    assert (packed["color"] == noise(5, 3)["color"]).all()


def test_a_sheet_of_equal_members_is_well_filled() -> None:
    packed = atlas(Context(members={f"m{index:03}": block(16, 16) for index in range(100)}), padding=0, extrude=0)
    width, height = packed.size
    assert 100 * 16 * 16 / (width * height) > 0.8


def test_members_of_all_sizes_fill_most_of_the_sheet() -> None:
    random = np.random.default_rng(0)
    members = {f"m{index:03}": block(*random.integers(8, 64, 2)) for index in range(150)}
    width, height = atlas(Context(members=members), padding=0, extrude=0).size
    assert sum(images.size[0] * images.size[1] for images in members.values()) / (width * height) > 0.8


def test_opaque_and_transparent_members_share_a_sheet() -> None:
    packed = atlas(Context(members={"a": block(4, 4), "b": color_image(np.full((4, 4, 3), 9, np.uint8))}))
    assert (cut(packed, "b") == (9, 9, 9, 255)).all()


def test_normal_maps_are_packed_beside_and_flat_between() -> None:
    bumpy = block(4, 4).replace(normal=np.full((4, 4, 3), 50, np.uint8))
    packed = atlas(Context(members={"a": bumpy, "b": bumpy}), padding=3)
    assert (cut(packed, "a", "normal") == 50).all()
    assert packed["normal"][packed["color"][..., 3] == 0].max(axis=0).tolist() == [128, 128, 255]


@pytest.mark.parametrize("others", [True, None])
def test_a_sheet_is_pixel_art_only_if_all_of_it_is(others: bool | None) -> None:
    packed = atlas(
        Context(members={"a": block(4, 4).with_meta(pixel_art=True), "b": block(4, 4).with_meta(pixel_art=others)})
    )
    assert packed.meta.pixel_art is others


def test_trimming_and_pivot_are_passed_on() -> None:
    trim, pivot = Trim((1, 1), (9, 9)), (0.5, 1.0)
    packed = atlas(Context(members={"a": block(4, 4).with_meta(trim=trim, pivot=pivot)}))
    assert packed.meta.regions == {"a": Region((1, 1, 4, 4), trim, pivot)}


def test_members_that_are_added_move_no_other() -> None:
    members = {f"m{index:02}": noise(5 + index % 7, 4 + index % 11) for index in range(30)}
    before = atlas(Context(members=members)).meta.regions
    after = atlas(Context(members=members | {"m00_new": noise(9, 30), "z": noise(3, 3)}), added=(("m00_new", "z"),))
    assert {name: after.meta.regions[name] for name in before} == before
    assert (cut(after, "m00_new") == noise(9, 30)["color"]).all()


def test_what_does_not_fit_goes_to_the_next_page() -> None:
    members = {f"m{index}": noise(20 + index, 30).replace(normal=noise(20 + index, 30)["color"]) for index in range(7)}
    packed = atlas(Context(members=members), max_size=64, pages=4)
    assert sorted(packed.channels)[:4] == ["color", "normal", "normal_page1", "normal_page2"]
    for name, region in packed.meta.regions.items():
        x, y, width, height = region.rect
        sheet = packed[page_channel("normal", region.page or 0)]
        assert (sheet[y : y + height, x : x + width] == members[name]["normal"]).all()


def test_a_member_added_to_a_full_page_moves_none_and_lies_on_the_next() -> None:
    members = {f"m{index}": noise(30, 30) for index in range(3)}
    before = atlas(Context(members=members), max_size=64, pages=2, padding=0).meta.regions
    after = atlas(
        Context(members=members | {"a": noise(40, 40)}), max_size=64, pages=2, padding=0, added=(("a",),)
    ).meta.regions
    assert after == before | {"a": Region((1, 1, 40, 40), page=1)}


def test_trimming_leaves_out_the_border_and_keeps_the_origin() -> None:
    color = np.zeros((10, 8, 4), np.uint8)
    color[2:5, 1:7] = 200
    packed = atlas(Context(members={"a": color_image(color, pivot=(0.5, 0.5))}), trim=True)
    assert packed.meta.regions == {"a": Region((1, 1, 6, 3), Trim((1, 2), (8, 10)), (0.5, 1.0))}
    assert (cut(packed, "a") == 200).all()


def test_the_result_is_the_same_on_every_machine() -> None:
    members = {f"m{index}": noise(7 + index * 5 % 23, 9 + index * 7 % 31) for index in range(25)}
    packed = atlas(Context(members=members), added=(("m3", "m7"), ("m1",)))
    rects = {name: region.rect for name, region in packed.meta.regions.items()}
    assert (packed.size, hashlib.sha256(repr(rects).encode()).hexdigest()[:16]) == ((139, 136), "a12a5e9762b1174e")


def test_a_thousand_members_are_packed_at_once() -> None:
    members = {f"m{index}": block(4 + index % 13, 4 + index % 17) for index in range(1000)}
    width, height = atlas(Context(members=members), padding=0, extrude=0).size
    assert sum(images.size[0] * images.size[1] for images in members.values()) / (width * height) > 0.95


def test_without_members_there_is_nothing_to_pack() -> None:
    with pytest.raises(InputError, match="needs members"):
        atlas(Context())


def test_members_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="2 members do not fit on 16 × 16 pixels"):
        atlas(Context(members={"a": block(12, 12), "b": block(12, 12)}), max_size=16)


def test_a_member_larger_than_the_sheet_is_refused() -> None:
    with pytest.raises(InputError, match="the largest is 'long'"):
        atlas(Context(members={"long": block(40, 2), "b": block(2, 2)}), max_size=32)


def test_members_of_different_pixel_types_are_refused() -> None:
    soft = color_image(np.zeros((4, 4, 4), np.float32))
    with pytest.raises(InputError, match="'a' and 'b' differ in their channels"):
        atlas(Context(members={"a": block(4, 4), "b": soft}))


def test_a_negative_padding_is_refused() -> None:
    with pytest.raises(ValidationError, match="padding"):
        load_part("source", "atlas").params(padding=-1)


@pytest.mark.parametrize("words", [{"square": True}, {"power_of_two": True}, {}])
def test_an_atlas_above_the_pixel_limit_is_refused(words: dict[str, bool]) -> None:
    large, small = (color_image(np.broadcast_to(np.uint8(0), (height, 8100, 3))) for height in (7000, 2000))
    with pytest.raises(InputError, match="2 members do not fit on 16384 × 16384 and 67,108,864 pixels each"):
        atlas(Context(members={"large": large, "small": small}), max_size=16384, **words)  # type: ignore[arg-type]


def test_a_page_may_be_16384_pixels_wide() -> None:
    wide = color_image(np.broadcast_to(np.uint8(9), (2, 16382, 3)))
    assert atlas(Context(members={"a": wide}), max_size=16384).size == (16384, 4)


def test_the_frames_of_an_animation_are_packed_one_by_one() -> None:
    blink = sequence([block(6, 4, value) for value in (10, 20, 30)], Frames((100,) * 3))
    made = atlas(Context(members={"blink": blink, "rock": block(8, 8)}))
    assert list(made.meta.regions or ()) == ["blink_0", "blink_1", "blink_2", "rock"]
    assert [int(cut(made, f"blink_{number}")[0, 0, 0]) for number in range(3)] == [10, 20, 30]


def test_an_animation_that_is_added_moves_no_other_member() -> None:
    rock, blink = block(8, 8), sequence([block(20, 20)] * 2, Frames((100, 100)))
    before, after = (
        atlas(Context(members={"rock": rock})),
        atlas(Context(members={"blink": blink, "rock": rock}), added=(("blink",),)),
    )
    assert (before.meta.regions or {})["rock"] == (after.meta.regions or {})["rock"]


def test_a_member_with_the_name_of_a_frame_is_refused() -> None:
    blink = sequence([block(6, 4)] * 2, Frames((100, 100)))
    with pytest.raises(InputError, match="a frame and another member are both named 'blink_1'"):
        atlas(Context(members={"blink": blink, "blink_1": block(2, 2)}))


def test_an_atlas_is_no_member_of_an_atlas() -> None:
    inner = atlas(Context(members={"rock": block(8, 8)}))
    with pytest.raises(InputError, match="the member 'items' is an atlas itself"):
        atlas(Context(members={"items": inner}))


def test_frames_are_restored_where_they_lay_before_they_were_trimmed() -> None:
    stills = [
        color_image(np.roll(np.pad(noise(3, 3)["color"] | 1, ((2, 4), (1, 5), (0, 0))), at, axis=1)) for at in range(3)
    ]
    imp = sequence(stills, Frames((9, 9, 9)))
    packed = atlas(Context(members={"imp": imp}), trim=True)
    restored = member_animation(packed, "imp", packed.meta.animations["imp"])
    assert [
        (one["color"] == still["color"][2:5, 1:6]).all() for one, still in zip(restored.frames, stills, strict=True)
    ] == [True] * 3

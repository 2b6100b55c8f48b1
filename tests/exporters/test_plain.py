"""Images for any engine."""

import json

import numpy as np
import pytest
from pydantic import ValidationError

from assetgen.errors import InputError
from assetgen.exporters.plain import plain
from assetgen.images import Array, Frames, ImageSet, Tag, Trim, color_image, sequence
from assetgen.parts import Context, load_part
from assetgen.pixels.image_files import decode_image
from assetgen.pixels.texture_files import Textures
from assetgen.sources.atlas import atlas


def ramp(width: int, height: int, channels: int = 4) -> Array:
    return np.arange(height * width * channels, dtype=np.uint8).reshape(height, width, channels)


def test_the_image_is_exported_pixel_for_pixel() -> None:
    files = plain(color_image(ramp(5, 3)), "props/key")
    assert list(files) == ["props/key.png"]
    assert (decode_image(files["props/key.png"]) == ramp(5, 3)).all()


def test_every_channel_has_a_file_named_after_it() -> None:
    images = color_image(ramp(4, 4, 3)).replace(normal=ramp(4, 4, 3), orm=ramp(4, 4, 3), ao=ramp(4, 4, 1))
    files = plain(images, "wall", use="material")
    assert sorted(files) == ["wall.png", "wall_ao.png", "wall_normal.png", "wall_orm.png"]


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_heights_keep_more_than_eight_bits(kind: type) -> None:
    height = np.array([[[0], [1], [2]]], np.uint16)
    given = height if kind is np.uint16 else (height / 65535).astype(np.float32)
    files = plain(color_image(ramp(3, 1)).replace(height=given), "dune")
    assert decode_image(files["dune_height.png"])[..., :1].tolist() == height.tolist()


def test_float_colour_is_written_with_eight_bits() -> None:
    files = plain(color_image(np.full((1, 1, 3), 0.5, np.float32)), "grey")
    assert decode_image(files["grey.png"]).tolist() == [[[128, 128, 128]]]


def test_equal_images_give_equal_bytes() -> None:
    assert plain(color_image(ramp(9, 9)), "a") == plain(color_image(ramp(9, 9)), "a")


def test_an_atlas_comes_with_frames_that_cut_out_its_members() -> None:
    members = {"imp": color_image(ramp(6, 4)), "owl": color_image(ramp(3, 7))}
    files = plain(atlas(Context(members=members)), "foes/all")
    data = json.loads(files["foes/all.json"])
    frame = data["frames"]["owl"]["frame"]
    cut = decode_image(files["foes/all.png"])[frame["y"] : frame["y"] + 7, frame["x"] : frame["x"] + 3]
    assert (cut == ramp(3, 7)).all()
    assert data["meta"]["image"] == "all.png"
    assert data["frames"]["imp"]["trimmed"] is False


def test_each_page_of_an_atlas_has_its_own_json() -> None:
    members = {"imp": color_image(ramp(14, 10)), "owl": color_image(ramp(12, 9))}
    files = plain(atlas(Context(members=members), max_size=16, pages=2), "foes/all")
    assert sorted(files) == ["foes/all.json", "foes/all.png", "foes/all_page1.json", "foes/all_page1.png"]
    second = json.loads(files["foes/all_page1.json"])
    assert (list(second["frames"]), second["meta"]["image"]) == (["owl"], "all_page1.png")
    assert second["meta"]["related_multi_packs"] == ["all.json"]


def test_nine_slice_margins_are_written_as_json_and_css() -> None:
    panel = color_image(ramp(9, 7), borders=(1, 2, 3, 4), middle="tile").replace(hover=ramp(9, 7))
    files = plain(panel, "ui/2nd.panel")
    frame = json.loads(files["ui/2nd.panel.json"])["frames"]["2nd.panel"]
    assert frame["borders"] == {"left": 1, "top": 2, "right": 3, "bottom": 4}
    css = files["ui/2nd.panel.css"].decode()
    assert 'border-image: url("2nd.panel.png") 2 3 4 1 fill round;' in css
    assert '._2nd_panel:hover {\n  border-image-source: url("2nd.panel_hover.png");' in css


def test_a_cursor_has_its_hotspot_in_css() -> None:
    files = plain(color_image(ramp(10, 10), pivot=(0.15, 0.25)), "sword", use="cursor")
    assert files["sword.css"].decode() == '.sword {\n  cursor: url("sword.png") 1 2, auto;\n}\n'
    assert json.loads(files["sword.json"])["frames"]["sword"]["pivot"] == {"x": 0.15, "y": 0.25}


def test_trimmed_members_record_offset_and_pivot_in_the_whole_image() -> None:
    trimmed = color_image(ramp(4, 4), trim=Trim((2, 6), (8, 10)), pivot=(0.5, 1.0))
    data = json.loads(plain(atlas(Context(members={"imp": trimmed})), "all")["all.json"])["frames"]["imp"]
    assert data["trimmed"] is True
    assert data["spriteSourceSize"] == {"x": 2, "y": 6, "w": 4, "h": 4}
    assert data["sourceSize"] == {"w": 8, "h": 10}
    assert data["pivot"] == {"x": 0.5, "y": 1.0}


def hop(count: int, *tags: Tag, width: int = 3, height: int = 2) -> ImageSet:
    """A sequence of frames with different pixels; frame N is shown for N + 1 tenths of a second."""
    stills = [color_image(ramp(width, height) + number, pivot=(0.5, 1.0)) for number in range(count)]
    return sequence(stills, Frames(tuple(100 * number for number in range(1, count + 1)), tags))


def test_the_frames_of_an_animation_lie_in_rows_on_one_sheet() -> None:
    files = plain(hop(7), "foes/imp")
    data = json.loads(files["foes/imp.json"])
    sheet = decode_image(files["foes/imp.png"])
    assert list(data["frames"]) == ["0", "1", "2", "3", "4", "5", "6"]
    assert sheet.shape == (8, 6, 4) and not sheet[6:, 3:].any()
    for number, still in enumerate(hop(7).frames):
        place = data["frames"][str(number)]["frame"]
        cut = sheet[place["y"] : place["y"] + place["h"], place["x"] : place["x"] + place["w"]]
        assert (cut == still["color"]).all()


def test_an_animation_has_its_durations_tags_and_pivot() -> None:
    data = json.loads(plain(hop(3, Tag("run", 0, 1), Tag("die", 2, 2, loop=False)), "imp")["imp.json"])
    assert [frame["duration"] for frame in data["frames"].values()] == [100, 200, 300]
    run, die = data["meta"]["frameTags"]
    assert (run["name"], run["from"], run["to"], run["direction"]) == ("run", 0, 1, "forward")
    assert ("repeat" in run, die["repeat"]) == (False, "1")
    assert data["animations"] == {"run": ["0", "1"], "die": ["2"]}
    assert data["frames"]["2"]["pivot"] == data["frames"]["2"]["anchor"] == {"x": 0.5, "y": 1.0}


def test_frames_without_tags_are_one_animation() -> None:
    data = json.loads(plain(hop(2), "imp")["imp.json"])
    assert data["animations"] == {"default": ["0", "1"]}


def test_other_channels_lie_on_the_same_places() -> None:
    normals = [still.replace(normal=still["color"][..., :3]) for still in hop(4).frames]
    files = plain(sequence(normals, hop(4).meta.frames), "imp")
    assert (decode_image(files["imp_normal.png"]) == decode_image(files["imp.png"])[..., :3]).all()


def test_a_sheet_larger_than_a_texture_is_refused() -> None:
    with pytest.raises(InputError, match="2 frames of 20000 × 1 pixels do not fit on a sheet of 16384 × 16384"):
        plain(hop(2, width=20000, height=1), "imp")


def test_an_unknown_use_is_refused() -> None:
    with pytest.raises(ValidationError, match="use"):
        load_part("exporter", "plain").params(use="wallpaper")


def test_an_atlas_has_the_times_of_its_animations_and_their_names_for_pixi_and_phaser() -> None:
    tagged = hop(2, Tag("run", 0, 0), Tag("die", 1, 1, loop=False))
    data = json.loads(
        plain(atlas(Context(members={"imp": hop(11), "elf": tagged, "imp_01b": color_image(ramp(2, 2))})), "all")[
            "all.json"
        ]
    )
    assert data["animations"]["imp"] == [f"imp_{number:02}" for number in range(11)]
    assert (data["animations"]["elf_die"], data["frames"]["imp_10"]["duration"]) == (["elf_1"], 1100)
    assert [(tag["name"], tag["from"], tag["to"]) for tag in data["meta"]["frameTags"]] == [
        ("elf_run", 0, 0),
        ("elf_die", 1, 1),
    ]


def test_a_member_of_an_atlas_has_an_anchor_where_it_has_a_pivot() -> None:
    members = {"imp": color_image(ramp(4, 4), pivot=(0.5, 1.0)), "gem": color_image(ramp(4, 4))}
    frames = json.loads(plain(atlas(Context(members=members)), "all")["all.json"])["frames"]
    assert (frames["imp"]["anchor"], "anchor" in frames["gem"]) == ({"x": 0.5, "y": 1.0}, False)


def test_textures_are_written_in_the_chosen_format_and_named_in_every_file() -> None:
    webp = Textures[str](format="webp")
    files = plain(hop(2), "imp", textures=webp)
    assert (sorted(files), json.loads(files["imp.json"])["meta"]["image"]) == (["imp.json", "imp.webp"], "imp.webp")
    panel = plain(color_image(ramp(9, 7), borders=(1, 1, 1, 1)), "panel", textures=webp)
    assert b'url("panel.webp")' in panel["panel.css"]


def test_channels_that_a_format_would_damage_stay_png() -> None:
    images = color_image(ramp(4, 4)).replace(normal=ramp(4, 4, 3), height=ramp(4, 4, 1), emission=ramp(4, 4, 3))
    files = plain(images, "a", textures=Textures[str](format="avif"))
    assert sorted(files) == ["a.avif", "a_emission.avif", "a_height.png", "a_normal.png"]
    lossy = plain(images, "a", textures=Textures[str](format="webp", quality=1))
    assert (decode_image(lossy["a_normal.webp"]) == ramp(4, 4, 3)).all()


def test_pixel_art_is_refused_in_a_format_that_changes_pixels() -> None:
    with pytest.raises(InputError, match="the format avif changes the pixels of pixel art"):
        plain(color_image(ramp(4, 4)), "a", use="pixel_sprite", textures=Textures[str](format="avif"))


def test_a_frame_has_the_mesh_of_what_it_shows() -> None:
    dot = color_image(np.pad(ramp(2, 1) | 1, ((1, 2), (1, 2), (0, 0))), trim=Trim((3, 4), (9, 9)))
    packed = atlas(Context(members={"dot": dot}), extrude=0)
    [frame] = json.loads(plain(packed, "all", trim_mode="polygon")["all.json"])["frames"].values()
    assert sorted(frame["vertices"]) == [[4, 5], [4, 6], [6, 5], [6, 6]]
    assert sorted(frame["verticesUV"]) == [[1, 1], [1, 2], [3, 1], [3, 2]]
    assert sorted({*frame["triangles"][0], *frame["triangles"][1]}) == [0, 1, 2, 3]

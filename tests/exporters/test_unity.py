"""Files of Unity: read by a parser for Unity's YAML, with the fields that files of the editor have."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from assetgen.errors import InputError
from assetgen.exporters.unity import unity
from assetgen.images import Array, Frames, ImageSet, Region, Tag, Trim, color_image, sequence
from assetgen.parts import Context, Files
from assetgen.pixels.image_files import decode_image
from assetgen.sources.atlas import atlas
from assetgen.sources.tileset import tileset

# without its dependencies: it pins an older PyYAML
unityparser = pytest.importorskip("unityparser", reason="pip install --no-deps unityparser==4.0.0")

# Fields of .meta files with `serializedVersion: 12` of a 2022.3 editor, read in public projects.
TEXTURE_FIELDS = """
internalIDToNameTable externalObjects serializedVersion mipmaps bumpmap isReadable streamingMipmaps
streamingMipmapsPriority vTOnly ignoreMipmapLimit grayScaleToAlpha generateCubemap cubemapConvolution seamlessCubemap
textureFormat maxTextureSize textureSettings nPOTScale lightmap compressionQuality spriteMode spriteExtrude
spriteMeshType alignment spritePivot spritePixelsToUnits spriteBorder spriteGenerateFallbackPhysicsShape alphaUsage
alphaIsTransparency spriteTessellationDetail textureType textureShape singleChannelComponent flipbookRows
flipbookColumns maxTextureSizeSet compressionQualitySet textureFormatSet ignorePngGamma applyGammaDecoding swizzle
cookieLightType platformSettings spriteSheet mipmapLimitGroupName pSDRemoveMatte userData assetBundleName
assetBundleVariant
"""
NESTED_FIELDS = {
    "mipmaps": "mipMapMode enableMipMap sRGBTexture linearTexture fadeOut borderMipMap mipMapsPreserveCoverage "
    "alphaTestReferenceValue mipMapFadeDistanceStart mipMapFadeDistanceEnd",
    "bumpmap": "convertToNormalMap externalNormalMap heightScale normalMapFilter flipGreenChannel",
    "textureSettings": "serializedVersion filterMode aniso mipBias wrapU wrapV wrapW",
    "spriteSheet": "serializedVersion sprites outline physicsShape bones spriteID internalID vertices indices edges "
    "weights secondaryTextures nameFileIdTable",
}
PLATFORM_FIELDS = """
serializedVersion buildTarget maxTextureSize resizeAlgorithm textureFormat textureCompression compressionQuality
crunchedCompression allowsAlphaSplitting overridden ignorePlatformSupport androidETC2FallbackOverride
forceMaximumCompressionQuality_BC6H_BC7
"""
SPRITE_FIELDS = """
serializedVersion name rect alignment pivot border outline physicsShape tessellationDetail bones spriteID internalID
vertices indices edges weights
"""
CLIP_FIELDS = """
m_ObjectHideFlags m_CorrespondingSourceObject m_PrefabInstance m_PrefabAsset m_Name serializedVersion m_Legacy
m_Compressed m_UseHighQualityCurve m_RotationCurves m_CompressedRotationCurves m_EulerCurves m_PositionCurves
m_ScaleCurves m_FloatCurves m_PPtrCurves m_SampleRate m_WrapMode m_Bounds m_ClipBindingConstant
m_AnimationClipSettings m_EditorCurves m_EulerEditorCurves m_HasGenericRootTransform m_HasMotionFloatCurves m_Events
"""
FOLDER = "Assets/art"
TEXTURES = {"grass": np.full((16, 16, 3), 90, np.uint8), "dirt": np.full((16, 16, 3), 40, np.uint8)}


def ramp(width: int, height: int, channels: int = 4) -> Array:
    return np.arange(height * width * channels, dtype=np.uint8).reshape(height, width, channels)


def meta_of(files: Files, path: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(files[f"{path}.meta"], yaml.BaseLoader)  # texts only, as Unity's parser
    return found


def importer(files: Files, path: str) -> dict[str, Any]:
    found: dict[str, Any] = meta_of(files, path)["TextureImporter"]
    return found


def walk(*durations: int, tags: tuple[Tag, ...] = (), height: int = 4) -> ImageSet:
    frames = [
        color_image(ramp(4, height) + number, pixel_art=True, pivot=(0.5, 1.0)) for number in range(len(durations))
    ]
    return sequence(frames, Frames(durations, tags))


def atlas_of_three() -> ImageSet:
    members = {"imp": color_image(ramp(6, 4)), "foes/owl": color_image(ramp(3, 7)), "1": color_image(ramp(5, 5))}
    return atlas(Context(members=members))


SETS = {
    "sprite": color_image(ramp(8, 6), pivot=(0.25, 1.0), borders=(1, 2, 3, 1)).replace(normal=ramp(8, 6, 3)),
    "atlas": atlas_of_three(),
    "animation": walk(100, 150, 80, tags=(Tag("idle", 0, 1), Tag("hit", 2, 2, False))),
}


@pytest.mark.parametrize("kind", SETS)
def test_a_parser_of_unity_reads_every_file_and_each_has_its_own_guid(kind: str, tmp_path: Path) -> None:
    files = unity(SETS[kind], "hero", folder=FOLDER)
    for path, data in files.items():
        (tmp_path / path).write_bytes(data)
    texts = [path for path in files if not path.endswith(".png")]
    read = {path: unityparser.UnityDocument.load_yaml(tmp_path / path).entry for path in texts}
    guids = [meta["guid"] for path, meta in read.items() if path.endswith(".meta")]
    assert {path for path in files if not path.endswith(".meta")} == {
        path[:-5] for path in files if path.endswith(".meta")
    }
    assert len(set(guids)) == len(guids) and all(re.fullmatch("[0-9a-f]{32}", each) for each in guids)


@pytest.mark.parametrize("kind", SETS)
def test_textures_have_the_fields_of_the_editor_in_its_order(kind: str) -> None:
    fields = importer(unity(SETS[kind], "hero"), "hero.png")
    assert list(fields) == TEXTURE_FIELDS.split()
    assert {name: list(fields[name]) for name in NESTED_FIELDS} == {k: v.split() for k, v in NESTED_FIELDS.items()}
    assert [list(each) for each in fields["platformSettings"]] == [PLATFORM_FIELDS.split()]
    assert all(list(sprite) == SPRITE_FIELDS.split() for sprite in fields["spriteSheet"]["sprites"])


def test_guids_depend_on_the_path_alone() -> None:
    first, other = (unity(color_image(ramp(4, 4) + add), "key", folder=FOLDER) for add in (0, 9))
    assert meta_of(first, "key.png")["guid"] == meta_of(other, "key.png")["guid"]
    assert (
        meta_of(first, "key.png")["guid"]
        == meta_of(unity(color_image(ramp(4, 4)), "art/key", folder="Assets"), "art/key.png")["guid"]
    )
    assert meta_of(first, "key.png")["guid"] != meta_of(unity(color_image(ramp(4, 4)), "key"), "key.png")["guid"]


def test_sprites_of_an_atlas_are_cut_from_the_bottom() -> None:
    files, pixels = unity(atlas_of_three(), "all"), {"imp": ramp(6, 4), "foes_owl": ramp(3, 7), "1": ramp(5, 5)}
    sheet = decode_image(files["all.png"])[::-1]
    fields = importer(files, "all.png")["spriteSheet"]
    for sprite in fields["sprites"]:
        x, y, width, height = (int(sprite["rect"][key]) for key in ("x", "y", "width", "height"))
        assert (sheet[y : y + height, x : x + width][::-1] == pixels.pop(sprite["name"])).all()
        assert fields["nameFileIdTable"][sprite["name"]] == sprite["internalID"]
    assert not pixels


def test_names_and_ids_stand_in_both_tables() -> None:
    fields = importer(unity(atlas_of_three(), "all"), "all.png")
    table = {each["second"]: each["first"]["213"] for each in fields["internalIDToNameTable"]}
    assert table == fields["spriteSheet"]["nameFileIdTable"] and len(set(table.values())) == 3
    assert set(table) == {"imp", "foes_owl", "1"}


def test_a_sprite_keeps_its_id_when_others_join() -> None:
    one, more = (atlas(Context(members={name: color_image(ramp(6, 4)) for name in names})) for names in ("b", "abc"))
    ids = [importer(unity(each, "all"), "all.png")["spriteSheet"]["nameFileIdTable"]["b"] for each in (one, more)]
    assert ids[0] == ids[1]


def test_pages_of_an_atlas_have_their_own_sprites_and_normal_maps() -> None:
    images = color_image(ramp(4, 4)).replace(page1=ramp(4, 4), normal=ramp(4, 4, 3), normal_page1=ramp(4, 4, 3))
    files = unity(images.with_meta(regions={"a": Region((0, 0, 4, 2)), "b": Region((0, 0, 2, 4), page=1)}), "all")
    sheets = {file: importer(files, file)["spriteSheet"] for file in ("all.png", "all_page1.png")}
    assert [[each["name"] for each in sheet["sprites"]] for sheet in sheets.values()] == [["a"], ["b"]]
    [lit] = sheets["all_page1.png"]["secondaryTextures"]
    assert lit["texture"]["guid"] == meta_of(files, "all_normal_page1.png")["guid"]
    assert importer(files, "all_normal_page1.png")["spriteSheet"]["sprites"] == []


def test_a_sprite_has_pivot_border_and_normal_map() -> None:
    files = unity(SETS["sprite"], "key")
    fields = importer(files, "key.png")
    assert (fields["textureType"], fields["spriteMode"], fields["alignment"]) == ("8", "1", "9")
    assert fields["spritePivot"] == {"x": "0.25", "y": "0"}
    assert fields["spriteBorder"] == {"x": "1", "y": "1", "z": "3", "w": "2"}
    [lit] = fields["spriteSheet"]["secondaryTextures"]
    assert (lit["name"], lit["texture"]["guid"]) == ("_NormalMap", meta_of(files, "key_normal.png")["guid"])


def test_a_sprite_without_pivot_has_it_in_the_centre() -> None:
    fields = importer(unity(color_image(ramp(4, 4)), "key"), "key.png")
    assert (fields["alignment"], fields["spritePivot"]) == ("0", {"x": "0.5", "y": "0.5"})


def test_members_that_were_cut_have_their_pivot_where_the_centre_was() -> None:
    region = Region((0, 0, 4, 4), Trim((6, 2), (20, 20)))
    fields = importer(unity(color_image(ramp(4, 4), regions={"a": region}), "all"), "all.png")
    assert fields["spriteSheet"]["sprites"][0]["pivot"] == {"x": "1", "y": "-1"}


def settings(images: ImageSet, use: Any, channel: str = "") -> dict[str, int]:
    fields = importer(unity(images, "a", use=use), f"a{channel}.png")
    flat = {**fields, **fields["mipmaps"], **fields["textureSettings"], **fields["platformSettings"][0]}
    keys = ("textureType", "sRGBTexture", "enableMipMap", "filterMode", "wrapU", "textureCompression")
    return {key: int(flat[key]) for key in keys}


@pytest.mark.parametrize(
    ("use", "channel", "expected"),
    [
        ("sprite", "", (8, 1, 0, 1, 1, 1)),
        ("pixel_sprite", "", (8, 1, 0, 0, 1, 0)),
        ("pixel_texture", "", (0, 1, 0, 0, 0, 0)),
        ("material", "", (0, 1, 1, 1, 0, 1)),
        ("material", "_normal", (1, 0, 1, 1, 0, 1)),
        ("material", "_roughness", (0, 0, 1, 1, 0, 1)),
        ("material", "_height", (0, 0, 1, 1, 0, 0)),
        ("material", "_emission", (0, 1, 1, 1, 0, 1)),
        ("picture", "", (8, 1, 0, 1, 1, 1)),
        ("sky", "", (0, 1, 0, 1, 1, 1)),
        ("decal", "", (0, 1, 1, 1, 1, 1)),
        ("cursor", "", (7, 1, 0, 1, 1, 0)),
    ],
)
def test_import_settings_follow_the_use(use: Any, channel: str, expected: tuple[int, ...]) -> None:
    gray, rgb = ramp(4, 4, 1), ramp(4, 4, 3)
    images = color_image(ramp(4, 4)).replace(normal=rgb, roughness=gray, height=gray, emission=rgb)
    assert tuple(settings(images, use, channel).values()) == expected


def test_what_tiles_along_one_axis_repeats_along_it() -> None:
    fields = importer(unity(color_image(ramp(4, 4), tiles="x"), "sky", use="sky"), "sky.png")["textureSettings"]
    assert (fields["wrapU"], fields["wrapV"]) == ("0", "1")


def test_a_cursor_is_readable_and_names_its_hotspot() -> None:
    fields = importer(unity(color_image(ramp(4, 4), pivot=(0.5, 0.3)), "hand", use="cursor"), "hand.png")
    assert (fields["isReadable"], fields["alphaIsTransparency"], fields["userData"]) == ("1", "1", "hotspot 2 1")


def test_tiles_are_sprites_of_one_unit() -> None:
    images = tileset(Context(members={name: color_image(each, pixel_art=True) for name, each in TEXTURES.items()}))
    fields = importer(unity(images, "art/meadow"), "art/meadow.png")
    assert (fields["spritePixelsToUnits"], fields["spriteMode"], fields["spriteMeshType"]) == ("16", "2", "0")
    assert images.meta.tileset is not None
    assert [each["name"] for each in fields["spriteSheet"]["sprites"]] == [
        f"meadow_{number}" for number in range(len(images.meta.tileset.tiles))
    ]


def test_pixels_per_unit_can_be_chosen() -> None:
    files = unity(color_image(ramp(4, 4)), "key", pixels_per_unit=32)
    assert importer(files, "key.png")["spritePixelsToUnits"] == "32"


def test_large_sheets_are_not_shrunk_and_larger_ones_refused() -> None:
    files = unity(color_image(np.zeros((1, 2049, 3), np.uint8)), "wide")
    assert importer(files, "wide.png")["platformSettings"][0]["maxTextureSize"] == "4096"
    with pytest.raises(InputError, match="at most 16384 a side"):
        unity(color_image(np.zeros((1, 16385, 3), np.uint8)), "wide")


def clip(files: Files, path: str, tmp_path: Path) -> Any:
    (tmp_path / "a.anim").write_bytes(files[path])
    return unityparser.UnityDocument.load_yaml(tmp_path / "a.anim").entry


def played(files: Files, sheet: str, entry: Any) -> Iterator[tuple[str, float]]:
    """Each sprite and until when it is shown, in seconds; Unity adds one sample after the last key."""
    table = importer(files, sheet)["spriteSheet"]["nameFileIdTable"]
    names = {number: name for name, number in table.items()}
    keys = entry.m_PPtrCurves[0]["curve"]
    ends = [*(float(key["time"]) for key in keys[1:]), float(keys[-1]["time"]) + 1 / float(entry.m_SampleRate)]
    yield from ((names[key["value"]["fileID"]], round(end, 6)) for key, end in zip(keys, ends, strict=True))


def test_clips_show_the_frames_for_their_time(tmp_path: Path) -> None:
    files = unity(SETS["animation"], "foes/hero", folder=FOLDER)
    idle = clip(files, "foes/hero_idle.anim", tmp_path)
    assert dict(played(files, "foes/hero.png", idle)) == {"hero_0": 0.1, "hero_1": 0.25}
    assert float(idle.m_AnimationClipSettings["m_StopTime"]) == 0.25
    assert {key["value"]["guid"] for key in idle.m_PPtrCurves[0]["curve"]} == {meta_of(files, "foes/hero.png")["guid"]}


def test_a_clip_has_the_fields_of_the_editor_and_its_name(tmp_path: Path) -> None:
    files = unity(SETS["animation"], "foes/hero")
    entry = clip(files, "foes/hero_hit.anim", tmp_path)
    assert [name for name in vars(entry) if name in CLIP_FIELDS.split()] == CLIP_FIELDS.split()
    assert (entry.m_Name, entry.m_AnimationClipSettings["m_LoopTime"]) == ("hero_hit", "0")
    assert meta_of(files, "foes/hero_hit.anim")["NativeFormatImporter"]["mainObjectFileID"] == "7400000"


def test_odd_durations_are_kept_to_the_millisecond(tmp_path: Path) -> None:
    files = unity(walk(67, 33, 101), "coin")
    entry = clip(files, "coin_default.anim", tmp_path)
    assert dict(played(files, "coin.png", entry)) == {"coin_0": 0.067, "coin_1": 0.1, "coin_2": 0.201}


def test_two_animations_whose_files_would_be_equal_are_refused() -> None:
    with pytest.raises(InputError, match="two animations have the same name in Unity: look/up, look_up"):
        unity(walk(50, 50, tags=(Tag("look/up", 0, 0), Tag("look_up", 1, 1))), "hero")


def test_a_unity_project_is_recognised_and_keeps_what_unity_rewrites(assetgen: Any, tmp_path: Path) -> None:
    (tmp_path / "ProjectSettings").mkdir()
    assert assetgen("init", tmp_path)[0] == 0
    build = ("build", tmp_path / "assetgen", "--draft", "--store", tmp_path / "store")
    assert assetgen(*build)[0] == 0
    target = tmp_path / "Assets/art/generated"
    published = json.loads((target / "manifest.json").read_text())["assets"]["wizard"]["files"]
    assert set(published) == {"wizard.png", "wizard.png.meta"}
    meta = target / "wizard.png.meta"
    meta.write_text(rewritten := meta.read_text().replace("serializedVersion: 12", "serializedVersion: 13"))
    assert assetgen(*build)[0] == 0 and meta.read_text() == rewritten
    pack = tmp_path / "assetgen/pack.yaml"
    pack.write_text(pack.read_text() + "defaults: {unity: {pixels_per_unit: 16}}\n")
    assert assetgen(*build)[0] == 0 and "spritePixelsToUnits: 16" in meta.read_text()


def test_a_meta_file_that_unity_made_is_not_replaced(assetgen: Any, tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("pack: p\ngame: .\nassets: {a: {preset: tile_texture, prompt: stone}}\n")
    build = ("build", tmp_path, "--draft", "--store", tmp_path / "store")
    assert assetgen(*build)[0] == 0
    (tmp_path / "a.png.meta").write_text("fileFormatVersion: 2\nguid: 0\n")
    (tmp_path / "ProjectSettings").mkdir()
    code, _, err = assetgen(*build)
    assert (code, "a.png.meta' is not from this pack" in err, "--overwrite" in err) == (2, True, True), err
    assert (tmp_path / "a.png.meta").read_text().endswith("guid: 0\n")
    assert assetgen(*build, "--overwrite")[0] == 0

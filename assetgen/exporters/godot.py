"""Godot 4: images with import settings for their use, and resources for scenes.

Every `.import` is what Godot 4.6 itself writes, so that importing changes no file under version control. Pixel art gets
a `CanvasTexture`, whose filter overrides the project's default.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from assetgen.exporters._channels import (
    MIPMAPPED,
    PACKED_IN_ORM,
    SURFACES,
    hotspot,
    is_pixel_art,
    kind,
    texture_files,
    texture_name,
    tileset_of,
    transparency,
)
from assetgen.exporters._godot_files import (
    NOT_IMPORTED,
    VRAM_COMPRESSED,
    import_file,
    internal,
    resource_file,
    uid,
)
from assetgen.exporters._godot_scenes import animated_sprite, glowing_sprite
from assetgen.exporters._godot_sprite_frames import sprite_frames
from assetgen.exporters._godot_tileset import tileset_resource
from assetgen.exporters._godot_ui import ui_resources
from assetgen.exporters._sprites import check_texture_sizes
from assetgen.files import FileIds
from assetgen.images import Frames, ImageSet, Region, page_channel
from assetgen.parts import Files, Use, gained, part
from assetgen.pixels.sheets import on_sheet
from assetgen.pixels.texture_files import Textures

_BLOCK = 4  # pixels: VRAM compression needs sides that are multiples of 4
_ROUGHNESS_CHANNELS = {"orm": "3", "roughness": "2"}  # roughness/mode: the roughness is in green, in red
_MATERIAL_CHANNELS = ("normal", "orm", "ao", "roughness", "metallic", "emission")

# BaseMaterial3D, CanvasItem (class reference of Godot 4.6)
_MATERIAL_TRANSPARENCY = {"opaque": {}, "cut": {"transparency": "2"}, "soft": {"transparency": "1"}}
_MATERIAL_NEAREST = "0"
_CANVAS_TEXTURES = {"color": "diffuse_texture", "normal": "normal_texture"}
_CANVAS_NEAREST = "1"
_CANVAS_REPEAT = "2"
_TEXTURE_PROPERTIES: Mapping[str, Mapping[str, str]] = {
    "color": {"albedo_texture": "{}"},
    "orm": {"ao_enabled": "true", "orm_texture": "{}"},
    "metallic": {"metallic": "1.0", "metallic_texture": "{}"},
    "roughness": {"roughness_texture": "{}"},
    "normal": {"normal_enabled": "true", "normal_texture": "{}"},
    "ao": {"ao_enabled": "true", "ao_texture": "{}"},
    "emission": {"emission_enabled": "true", "emission_texture": "{}"},
}


def new_project(pack: str) -> Files:
    """The files of an empty Godot project named after the pack."""
    template = Path(__file__).parent / "_godot_game"
    texts = {"project.godot": "project.godot", "gitignore": ".gitignore", "icon.svg": "icon.svg"}
    files = {path: (template / file).read_text(encoding="utf-8") for file, path in texts.items()}
    files["project.godot"] = files["project.godot"].replace("{name}", pack)
    icon_keys = "svg/scale=1.0\neditor/scale_with_editor_scale=false\neditor/convert_colors_with_editor_theme=false\n"
    icon_import = import_file("res://icon.svg", {}) + icon_keys.encode()
    return {**{path: text.encode() for path, text in files.items()}, "icon.svg.import": icon_import}


_UIDS = FileIds(
    "UID",
    (".import", ".tres", ".tscn"),
    re.compile(rb'^(?:\[gd_(?:resource|scene)[^\n]* )?uid="(uid://\w+)"', re.MULTILINE),
    of=lambda path: uid(f"res://{path.removesuffix('.import')}"),
    ignored_by=".gdignore",
)


@gained("textures")
@part(version=1, new_project=new_project, engine_owned=("*.import",), file_ids=_UIDS)
def godot(
    images: ImageSet,
    name: str,
    *,
    use: Use = "sprite",
    folder: str = "",
    textures: Textures[Literal["png", "webp", "ktx2"]] | None = None,
) -> Files:
    """Write each channel as PNG with its `.import`, and Godot resources as `.tres`.

    Resources: a material for surfaces with material maps, a `Sky` for a sky, an `AtlasTexture` at `NAME/MEMBER.tres`
    for every member of an atlas, a `TileSet` for a tileset, a `StyleBoxTexture` for nine-slice margins (with a `Theme`
    at `NAME_theme.tres` where there are other states), a `CanvasTexture` for pixel art, for sprites with a normal map,
    and for cursors, whose metadata `hotspot` is in pixels. An animation is a sheet, its `SpriteFrames` at `NAME.tres`,
    and a scene at `NAME.tscn` with an `AnimatedSprite2D` that plays it. With a channel `emission` materials emit light,
    and `NAME.tscn` is a sprite whose child `Emission` glows in the dark; of an atlas, `NAME_emission/MEMBER.tres` are
    textures of it. An `orm` channel replaces ao, roughness and metallic. `use` decides the import settings. `folder` is
    the target folder relative to the Godot project, without `res://`.

    - `textures`: the file format, as of `plain`. WebP is imported like PNG. Godot 4.4 and later load KTX2 as it
      is, with mipmaps but without import settings.

    Example:
        engine: godot
    """
    root = "res://" + "".join(f"{segment}/" for segment in folder.split("/") if segment)
    frames = images.meta.frames
    images = on_sheet(images) if frames else images
    check_texture_sizes(images, "Godot")
    left_out = PACKED_IN_ORM if "orm" in images else ()
    # Godot darkens KTX2 files marked as sRGB when it loads them
    data = texture_files(images, textures, use, leave_out=left_out, ignores_srgb=True)
    paths = {channel: root + texture_name(name, channel, textures) for channel in data}
    files: dict[str, bytes] = {}
    for channel, each in data.items():
        file = texture_name(name, channel, textures)
        files[file] = each
        if not file.endswith(NOT_IMPORTED):
            files[f"{file}.import"] = import_file(paths[channel], _params(images, channel, use, paths))
    if frames:
        return files | dict(_animation(images, frames, name, use, root, paths))
    return files | dict(_resources(images, name, use, root, paths))


def _params(images: ImageSet, channel: str, use: Use, paths: Mapping[str, str]) -> dict[str, str]:
    """Import parameters. `detect_3d` is off, since Godot would change them when a texture is first used in 3D."""
    params = {"detect_3d/compress_to": "0"}
    normal, channel = paths.get(channel.replace(kind(channel), "normal", 1)), kind(channel)
    if is_pixel_art(images, use):
        return params | ({"compress/normal_map": "1"} if channel == "normal" else {})
    if use in MIPMAPPED:
        params["mipmaps/generate"] = "true"
    if use == "material" and channel != "height" and not any(side % _BLOCK for side in images.size):
        params["compress/mode"] = VRAM_COMPRESSED
    if channel == "normal":
        params["compress/normal_map"] = "1"
    elif channel in _ROUGHNESS_CHANNELS and normal:
        params |= {"roughness/mode": _ROUGHNESS_CHANNELS[channel], "roughness/src_normal": f'"{normal}"'}
    return params


def _resources(
    images: ImageSet, name: str, use: Use, root: str, paths: Mapping[str, str]
) -> Iterator[tuple[str, bytes]]:
    file = f"{name}.tres"
    if tileset := tileset_of(images):
        used = _canvas_channels(paths)
        yield file, tileset_resource(root + file, tileset, used, _needed_canvas(images, use, used))
    elif images.meta.regions is not None:
        for member, region in sorted(images.meta.regions.items()):
            texture = paths[page_channel("color", region.page or 0)]
            yield f"{name}/{member}.tres", _atlas_texture(f"{root}{name}/{member}.tres", region, texture)
            if glow := paths.get(page_channel("emission", region.page or 0)):
                member_file = f"{name}_emission/{member}.tres"
                yield member_file, _atlas_texture(root + member_file, region, glow)
    elif images.meta.borders is not None:
        yield from ui_resources(images, name, images.meta.borders, root, paths)
    elif use == "sky":
        yield file, _sky(root + file, paths["color"])
    elif use == "material" or (use in SURFACES and any(channel in images for channel in _MATERIAL_CHANNELS)):
        yield file, _material(images, root + file, use, paths)
    else:
        yield from _sprite(images, name, use, root, paths)


def _sprite(images: ImageSet, name: str, use: Use, root: str, paths: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    texture, pixel_art = f"{name}.tres", is_pixel_art(images, use)
    has_canvas = pixel_art or "normal" in images or use == "cursor"
    if has_canvas:
        yield texture, _canvas_texture(images, root + texture, use, paths)
    if "emission" in paths and "color" in paths and use not in (*SURFACES, "decal", "cursor"):
        scene, shown = f"{name}.tscn", root + texture if has_canvas else paths["color"]
        yield scene, glowing_sprite(root + scene, images, shown, paths["emission"], pixel_art=pixel_art)


def _animation(
    sheet: ImageSet, frames: Frames, name: str, use: Use, root: str, paths: Mapping[str, str]
) -> Iterator[tuple[str, bytes]]:
    used = _canvas_channels(paths)
    canvas = _needed_canvas(sheet, use, used)
    resource, scene = f"{name}.tres", f"{name}.tscn"
    yield resource, sprite_frames(root + resource, sheet, frames, used, canvas)
    glow, pixel_art = "", is_pixel_art(sheet, use)
    if "emission" in paths:
        glow = f"{root}{name}_emission.tres"
        yield f"{name}_emission.tres", sprite_frames(glow, sheet, frames, {"color": paths["emission"]}, {})
    yield scene, animated_sprite(root + scene, root + resource, sheet, frames, emission=glow, pixel_art=pixel_art)


def _atlas_texture(path: str, region: Region, atlas: str) -> bytes:
    """The `AtlasTexture` of a member; its margin restores the trimmed border."""
    x, y, width, height = region.rect
    properties = {"atlas": 'ExtResource("atlas")', "region": f"Rect2({x}, {y}, {width}, {height})"}
    if trim := region.trim:
        (left, top), (full_width, full_height) = trim.offset, trim.source_size
        properties["margin"] = f"Rect2({left}, {top}, {full_width - width}, {full_height - height})"
    return resource_file(path, "AtlasTexture", {**properties, "filter_clip": "true"}, {"atlas": atlas})


def _sky(path: str, panorama: str) -> bytes:
    inner = internal("PanoramaSkyMaterial", "panorama", {"panorama": 'ExtResource("color")'})
    return resource_file(path, "Sky", {"sky_material": 'SubResource("panorama")'}, {"color": panorama}, inner)


def _material(images: ImageSet, path: str, use: Use, paths: Mapping[str, str]) -> bytes:
    used = {channel: paths[channel] for channel in _TEXTURE_PROPERTIES if channel in paths}
    properties = dict(_MATERIAL_TRANSPARENCY[transparency(images["color"])]) if "color" in images else {}
    for channel in used:
        for key, value in _TEXTURE_PROPERTIES[channel].items():
            properties[key] = value.replace("{}", f'ExtResource("{channel}")')
    if is_pixel_art(images, use):
        properties["texture_filter"] = _MATERIAL_NEAREST
    return resource_file(path, "ORMMaterial3D" if "orm" in used else "StandardMaterial3D", properties, used)


def _canvas_texture(images: ImageSet, path: str, use: Use, paths: Mapping[str, str]) -> bytes:
    used = _canvas_channels(paths)
    return resource_file(path, "CanvasTexture", _canvas_properties(images, use, used), used)


def _canvas_channels(paths: Mapping[str, str]) -> dict[str, str]:
    return {channel: paths[channel] for channel in _CANVAS_TEXTURES if channel in paths}


def _needed_canvas(images: ImageSet, use: Use, used: Mapping[str, str]) -> dict[str, str]:
    """The properties of a `CanvasTexture` inside another resource; none where the image itself will do."""
    return _canvas_properties(images, use, used) if is_pixel_art(images, use) or "normal" in used else {}


def _canvas_properties(images: ImageSet, use: Use, used: Mapping[str, str]) -> dict[str, str]:
    properties = {_CANVAS_TEXTURES[channel]: f'ExtResource("{channel}")' for channel in used}
    if is_pixel_art(images, use):
        properties["texture_filter"] = _CANVAS_NEAREST
    if use in SURFACES:
        properties["texture_repeat"] = _CANVAS_REPEAT
    if use == "cursor":
        properties["metadata/hotspot"] = "Vector2({}, {})".format(*hotspot(images))
    return properties

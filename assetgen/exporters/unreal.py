"""Unreal Engine 5: images, a JSON file that describes their assets, and the editor script that imports them."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from math import gcd
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import Field

from assetgen.exporters._channels import (
    MIPMAPPED,
    PACKED_IN_ORM,
    SURFACES,
    TEXTURES,
    hotspot,
    is_pixel_art,
    is_sheet,
    kind,
    png_name,
    pngs,
    repeated_axes,
    tileset_of,
    transparency,
    with_orm,
)
from assetgen.exporters._sprites import Sprite, check_texture_sizes, engine_names, page_of, sprites_on
from assetgen.images import Frames, ImageSet, is_colored, page_channel
from assetgen.parts import Files, Use, part
from assetgen.pixels.sheets import animations, on_sheet

_SCRIPT = "import_assetgen.py"
_PIXELS_PER_UNIT = 2.56  # PixelsPerUnrealUnit of a new UPaperSprite
_SECOND = 1000  # milliseconds
_UNSAFE = re.compile(r"[^\w-]+", re.ASCII)  # INVALID_OBJECTNAME_CHARACTERS has the dot, too
_CONTENT = "Content/"  # the folder of a project that is /Game
_GREY = ("height", "depth")
_MATERIAL_CHANNELS = ("normal", *PACKED_IN_ORM, "orm")
_SPRITE_MATERIALS = {
    "opaque": "/Paper2D/OpaqueUnlitSpriteMaterial",
    "cut": "/Paper2D/MaskedUnlitSpriteMaterial",
    "soft": "/Paper2D/TranslucentUnlitSpriteMaterial",
}
_BLEND_MODES = {"opaque": "BLEND_OPAQUE", "cut": "BLEND_MASKED", "soft": "BLEND_TRANSLUCENT"}
_OPACITY = {"opaque": [], "cut": [["A", "MP_OPACITY_MASK"]], "soft": [["A", "MP_OPACITY"]]}
_SAMPLES: Mapping[str, tuple[str, list[list[str]]]] = {
    "color": ("SAMPLERTYPE_COLOR", [["RGB", "MP_BASE_COLOR"]]),
    "normal": ("SAMPLERTYPE_NORMAL", [["RGB", "MP_NORMAL"]]),
    "orm": ("SAMPLERTYPE_MASKS", [["R", "MP_AMBIENT_OCCLUSION"], ["G", "MP_ROUGHNESS"], ["B", "MP_METALLIC"]]),
    "emission": ("SAMPLERTYPE_COLOR", [["RGB", "MP_EMISSIVE_COLOR"]]),
}


@part(version=1, shared=(_SCRIPT,))
def unreal(
    images: ImageSet,
    name: str,
    *,
    use: Use = "sprite",
    folder: str = "",
    pixels_per_unit: Annotated[float, Field(gt=0, le=10_000)] = _PIXELS_PER_UNIT,
    normal: Literal["gl", "dx"] = "gl",
) -> Files:
    """Write each channel as PNG, `NAME.json`, and `import_assetgen.py` for all assets of the target.

    Run the script in the editor after each build: it makes or updates textures (`T_NAME`), Paper2D sprites
    (`SPR_NAME`) and flipbooks (`PFB_NAME_ANIMATION`), tile sets (`TS_NAME`) and materials (`M_NAME`, of surfaces with
    maps) in the folder `/Game/TARGET/NAME`; a target below `Content` is not repeated. It was written from Epic's
    reference of the Python API (5.1 to 5.7) and has not been run in an editor. An `orm` channel replaces ao, roughness
    and metallic. The JSON also has what Unreal has no asset for: durations and loops, the terrains and collision
    polygons of tiles, nine-slice borders, and the hotspot of a cursor. Skies and decals are textures only.

    - `pixels_per_unit`: pixels per Unreal unit (a centimetre).
    - `normal`: direction of green in normal maps. `gl` is up, and flipped on import; `dx` for `pbr_maps: {normal: dx}`.
    - `folder`: the target folder relative to the Unreal project.

    Example:
        export: {unreal: {pixels_per_unit: 1}}
    """
    frames, base = images.meta.frames, _UNSAFE.sub("_", PurePosixPath(name).name)
    sheet = on_sheet(images) if frames else with_orm(images)
    check_texture_sizes(sheet, "Unreal")
    files = pngs(sheet, leave_out=PACKED_IN_ORM if "orm" in sheet else ())
    regions = sheet.meta.regions or {}
    names = {key: f"{base}_{key}" for key in regions} if frames else _safe(sorted(regions), "members")
    document: dict[str, Any] = {
        "assetgen": {"exporter": "unreal", "version": 1},
        "content": _content(folder, name),
        "textures": [_texture(sheet, channel, name, use, flipped=normal == "gl") for channel in files],
        "sprites": [
            _sprite(sheet, channel, sprite, base, pixels_per_unit)
            for channel in files
            for sprite in _sprites(sheet, channel, use, base, names)
        ],
        "flipbooks": list(_flipbooks(frames, sheet, base)) if frames else [],
        "tile_sets": list(_tile_sets(sheet, base)),
        "materials": [_material(sheet, base)] if _is_material(sheet, use) else [],
        **({"hotspot": hotspot(images.frames[0])} if use == "cursor" else {}),
    }
    data = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    pictures = {png_name(name, channel): data for channel, data in files.items()}
    return pictures | {f"{name}.json": data.encode(), _SCRIPT: _script()}


def _script() -> bytes:
    return (Path(__file__).parent / "_unreal" / _SCRIPT).read_bytes()


def _content(folder: str, name: str) -> str:
    """The content folder of an asset."""
    path = f"{folder}/{name}".strip("/")
    inside = path[len(_CONTENT) :] if path.lower().startswith(_CONTENT.lower()) else path
    return "/".join(["/Game", *(_UNSAFE.sub("_", segment) for segment in inside.split("/") if segment)])


def _safe(names: Collection[str], what: str) -> dict[str, str]:
    return engine_names(names, what, "Unreal", _UNSAFE)


def _texture_name(base: str, channel: str) -> str:
    return f"T_{base}" if channel == "color" else f"T_{base}_{channel}"


def _is_sprite(images: ImageSet, channel: str, use: Use) -> bool:
    return is_colored(channel) and (is_sheet(images) or use not in TEXTURES)


def _texture(images: ImageSet, channel: str, name: str, use: Use, *, flipped: bool) -> dict[str, Any]:
    """A texture and the properties of its `Texture2D`; `flipped` is the green of normal maps."""
    holds, pixel_art, sprite = kind(channel), is_pixel_art(images, use), _is_sprite(images, channel, use)
    colored, repeated = is_colored(channel), repeated_axes(images, use)
    mipmapped = use in MIPMAPPED and not (is_sheet(images) or pixel_art)
    base = _UNSAFE.sub("_", PurePosixPath(name).name)
    settings = {
        "srgb": colored or holds == "emission",
        "compression_settings": _compression(holds, colored=colored, exact=pixel_art or sprite),
        "lod_group": "TEXTUREGROUP_PIXELS2D" if pixel_art else _group(holds, use, sprite=sprite),
        "mip_gen_settings": "TMGS_FROM_TEXTURE_GROUP" if mipmapped else "TMGS_NO_MIPMAPS",
        "filter": "TF_NEAREST" if pixel_art else "TF_DEFAULT",
        "address_x": "TA_WRAP" if "x" in repeated else "TA_CLAMP",
        "address_y": "TA_WRAP" if "y" in repeated else "TA_CLAMP",
        "flip_green_channel": flipped and holds == "normal",
        "virtual_texture_streaming": False,
    }
    file = PurePosixPath(png_name(name, channel)).name
    return {"name": _texture_name(base, channel), "file": file, "settings": settings}


def _compression(holds: str, *, colored: bool, exact: bool) -> str:
    """`TextureCompressionSettings`; TC_EDITOR_ICON is shown as UserInterface2D (RGBA)."""
    if holds == "normal":
        return "TC_NORMALMAP"
    if colored and exact:
        return "TC_EDITOR_ICON"
    if colored or holds == "emission":
        return "TC_DEFAULT"
    return "TC_GRAYSCALE" if holds in _GREY else "TC_MASKS"


def _group(holds: str, use: Use, *, sprite: bool) -> str:
    if sprite:
        return "TEXTUREGROUP_UI"
    if holds == "normal":
        return "TEXTUREGROUP_WORLD_NORMAL_MAP"
    return "TEXTUREGROUP_SKYBOX" if use == "sky" else "TEXTUREGROUP_WORLD"


def _sprites(images: ImageSet, channel: str, use: Use, base: str, names: Mapping[str, str]) -> list[Sprite]:
    if not _is_sprite(images, channel, use) or images.meta.tileset:
        return []
    if images.meta.regions is not None:
        return sprites_on(images, channel, base, names)
    height, width = images[channel].shape[:2]
    name = base if channel == "color" else f"{base}_{channel}"
    return [Sprite(name, (0, 0, width, height), images.meta.pivot, images.meta.borders)]


def _sprite(images: ImageSet, channel: str, sprite: Sprite, base: str, pixels_per_unit: float) -> dict[str, Any]:
    """Properties of a `PaperSprite`; its pivot is in pixels of the texture."""
    x, y, width, height = sprite.rect
    across, down = sprite.pivot or (0.5, 0.5)
    normal = page_channel("normal", page_of(channel))
    is_lit = normal in images and channel == page_channel("color", page_of(channel))
    entry = {
        "name": f"SPR_{sprite.name}",
        "texture": _texture_name(base, channel),
        "source_texture_dimension": [images[channel].shape[1], images[channel].shape[0]],
        "source_uv": [x, y],
        "source_dimension": [width, height],
        "custom_pivot_point": [x + across * width, y + down * height],
        "pixels_per_unreal_unit": pixels_per_unit,
        "additional_textures": [_texture_name(base, normal)] if is_lit else [],
        "default_material": _SPRITE_MATERIALS[transparency(images[channel])],
    }
    return entry | ({"borders": sprite.borders} if sprite.borders else {})


def _flipbooks(frames: Frames, sheet: ImageSet, base: str) -> Iterator[dict[str, Any]]:
    """Properties of a `PaperFlipbook` for each animation: the rate at which all durations are whole frames."""
    tags = {tag.name: tag for tag in animations(frames)}
    for key, safe in _safe(list(tags), "animations").items():
        tag = tags[key]
        durations = frames.durations[tag.first : tag.last + 1]
        step = gcd(*durations)
        yield {
            "name": f"PFB_{base}_{safe}",
            "frames_per_second": _SECOND / step,
            "key_frames": [
                {"sprite": f"SPR_{base}_{tag.first + number}", "frame_run": duration // step}
                for number, duration in enumerate(durations)
            ],
            "default_material": _SPRITE_MATERIALS[transparency(sheet["color"])],
            "tag": tag.name,
            "durations": durations,
            "loop": tag.loop,
        }


def _tile_sets(images: ImageSet, base: str) -> Iterator[dict[str, Any]]:
    if tileset := tileset_of(images):
        yield {"name": f"TS_{base}", "texture": _texture_name(base, "color"), **asdict(tileset)}


def _is_material(images: ImageSet, use: Use) -> bool:
    surface = use in SURFACES and any(channel in images for channel in _MATERIAL_CHANNELS)
    return "color" in images and (use == "material" or surface) and not is_sheet(images)


def _material(images: ImageSet, base: str) -> dict[str, Any]:
    mode = transparency(images["color"])
    samples = [
        {
            "texture": _texture_name(base, channel),
            "sampler_type": sampler,
            "outputs": outputs + (_OPACITY[mode] if channel == "color" else []),
        }
        for channel, (sampler, outputs) in _SAMPLES.items()
        if channel in images
    ]
    return {
        "name": f"M_{base}",
        "blend_mode": _BLEND_MODES[mode],
        "two_sided": mode != "opaque",
        "samples": samples,
    }

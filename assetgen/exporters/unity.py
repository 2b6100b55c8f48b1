"""Unity 2022.3 and later: images with import settings for their use, and animation clips."""

import re
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import Field

from assetgen.exporters._channels import (
    MIPMAPPED,
    TEXTURES,
    hotspot,
    is_pixel_art,
    is_sheet,
    kind,
    png_name,
    pngs,
    repeated_axes,
)
from assetgen.exporters._sprites import check_texture_sizes, engine_names, page_of, sprites_on
from assetgen.exporters._unity_files import (
    CURSOR,
    DEFAULT,
    MULTIPLE,
    NORMAL_MAP,
    SINGLE,
    SPRITE,
    animation_clip,
    clip_meta,
    guid,
    placement,
    platform,
    texture_meta,
)
from assetgen.files import FileIds
from assetgen.images import Frames, ImageSet, is_colored, page_channel
from assetgen.parts import Files, Use, part
from assetgen.pixels.sheets import MAX_SIDE, animations, on_sheet

_EXACT_CHANNELS = ("height", "depth")  # block compression would show as steps
_SMALLEST_LIMIT = 2048  # pixels: maxTextureSize of the editor
_PIXELS_PER_UNIT = 100
_UNSAFE = re.compile(r"[^\w.-]+", re.ASCII)


_GUIDS = FileIds(
    "GUID",
    (".meta",),
    re.compile(rb"^guid: ([0-9a-f]{32})", re.MULTILINE),
    of=lambda path: guid(path.removesuffix(".meta")),
    folders=("Assets", "Packages"),
)


@part(version=1, engine_owned=("*.meta",), file_ids=_GUIDS)
def unity(
    images: ImageSet,
    name: str,
    *,
    use: Use = "sprite",
    folder: str = "",
    pixels_per_unit: Annotated[int, Field(ge=1, le=MAX_SIDE)] | None = None,
) -> Files:
    """Write each channel as PNG with its `.meta`, and each animation as clip `NAME_ANIMATION.anim`.

    Sprites have their pivot and nine-slice border, and a normal map as secondary texture `_NormalMap`. Members of an
    atlas, frames (`NAME_0`, …) and tiles of a tileset are sprites of one texture. Normal maps are imported as such;
    materials, their mipmaps and data channels without sRGB as textures, not as a `.mat`. The `userData` of a cursor
    holds its hotspot. A clip belongs to an object with `SpriteRenderer`; there is no `AnimatorController`.

    - `pixels_per_unit`: `spritePixelsToUnits`; default 100, of a tileset the width of a tile.
    - `folder`: the target folder relative to the Unity project, below `Assets`.

    GUIDs are digests of the path, so each build has the same. A file that was moved in Unity keeps its GUID, and the
    next build states so: move or rename its asset in the pack, too.
    Folders have no `.meta` files; Unity makes them, and nothing refers to them.

    Example:
        export: {unity: {pixels_per_unit: 16}}
    """
    sheet, base = on_sheet(images) if images.meta.frames else images, PurePosixPath(name).name
    check_texture_sizes(sheet, "Unity")
    root = "".join(f"{segment}/" for segment in folder.split("/") if segment)
    regions, is_animation = sheet.meta.regions or {}, images.meta.frames is not None
    names = {key: f"{base}_{key}" for key in regions} if is_animation else _safe(sorted(regions), "members")
    files: dict[str, bytes] = {}
    for channel, data in pngs(sheet).items():
        file, normal = png_name(name, channel), page_channel("normal", page_of(channel))
        sprites = sprites_on(sheet, channel, base, names)
        settings = _settings(sheet, channel, use, pixels_per_unit)
        is_lit = channel == page_channel("color", page_of(channel)) and normal in sheet
        normal_map = root + png_name(name, normal) if is_lit and settings["textureType"] == SPRITE else ""
        files[file] = data
        files[f"{file}.meta"] = texture_meta(root + file, settings, sprites, normal_map, len(sheet[channel]))
    return files | (dict(_clips(images.meta.frames, name, root, base)) if images.meta.frames else {})


def _settings(images: ImageSet, channel: str, use: Use, pixels_per_unit: int | None) -> dict[str, Any]:
    """Fields of the texture importer that differ from the editor's defaults."""
    sheet, repeated = is_sheet(images), repeated_axes(images, use)
    colored, pixel_art, holds = is_colored(channel), is_pixel_art(images, use), kind(channel)
    mipmapped = use in MIPMAPPED and not (sheet or pixel_art)
    exact = pixel_art or use == "cursor" or holds in _EXACT_CHANNELS
    limit = max(_SMALLEST_LIMIT, 1 << (max(images[channel].shape[:2]) - 1).bit_length())
    settings: dict[str, Any] = {
        "mipmaps": {"enableMipMap": int(mipmapped), "sRGBTexture": int(colored or holds == "emission")},
        "textureSettings": {
            "filterMode": int(not pixel_art),
            "wrapU": int("x" not in repeated),
            "wrapV": int("y" not in repeated),
        },
        "alphaIsTransparency": int(colored and images[channel].shape[2] == 4),
        "platformSettings": platform(limit, compressed=not exact),
        "textureType": NORMAL_MAP if holds == "normal" else DEFAULT,
    }
    if colored and use == "cursor" and not sheet:
        x, y = hotspot(images)
        settings |= {"textureType": CURSOR, "isReadable": 1, "userData": f"hotspot {x} {y}"}
    elif colored and (sheet or use not in TEXTURES):
        settings |= _sprite_settings(images, pixels_per_unit, full_rect=pixel_art)
    return settings


def _sprite_settings(images: ImageSet, pixels_per_unit: int | None, *, full_rect: bool) -> dict[str, Any]:
    meta, sheet = images.meta, is_sheet(images)
    units = meta.tileset.tile_size[0] if meta.tileset else _PIXELS_PER_UNIT
    full_rect = full_rect or meta.tileset is not None or meta.borders is not None
    return {
        "textureType": SPRITE,
        "spriteMode": MULTIPLE if sheet else SINGLE,
        "spriteMeshType": int(not full_rect),
        "spritePixelsToUnits": pixels_per_unit or units,
        **placement(*(None, None) if sheet else (meta.pivot, meta.borders), prefix="sprite"),
    }


def _clips(frames: Frames, name: str, root: str, base: str) -> Iterator[tuple[str, bytes]]:
    tags = {tag.name: tag for tag in animations(frames)}
    for key, safe in _safe([tag.name for tag in animations(frames)], "animations").items():
        tag, file = tags[key], f"{name}_{safe}.anim"
        shown = slice(tag.first, tag.last + 1)
        sprites = [f"{base}_{number}" for number in range(tag.first, tag.last + 1)]
        sheet = root + png_name(name, "color")
        yield file, animation_clip(f"{base}_{safe}", sheet, sprites, frames.durations[shown], loop=tag.loop)
        yield f"{file}.meta", clip_meta(root + file)


def _safe(names: Collection[str], what: str) -> dict[str, str]:
    return engine_names(names, what, "Unity", _UNSAFE)

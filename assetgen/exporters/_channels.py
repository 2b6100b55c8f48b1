"""What the exporters share: channels as texture files, file names, transparency."""

from collections.abc import Collection
from typing import Literal

import numpy as np

from assetgen.errors import InputError
from assetgen.images import Array, ImageSet, is_colored, split_alpha, to_uint8, to_uint16
from assetgen.parts import Use
from assetgen.pixels.image_files import encode_png
from assetgen.pixels.texture_files import LOSSY_FORMATS, Textures, encode_texture
from assetgen.pixels.tilesets import Tileset

_DEEP_CHANNELS = ("height", "depth")
"""Published with 16 bits per sample: 8 would show steps on slopes."""
PACKED_IN_ORM = ("ao", "roughness", "metallic")
_ORM_WHERE_MISSING = {"ao": 255, "roughness": 255, "metallic": 0}
SURFACES: tuple[Use, ...] = ("texture", "pixel_texture", "material")
"""Uses that repeat an image over floors and walls."""


TEXTURES: tuple[Use, ...] = (*SURFACES, "sky", "decal")
"""Uses of images that are no sprites."""
MIPMAPPED: tuple[Use, ...] = ("texture", "material", "decal")
"""Uses that are seen from different distances."""


def png_name(name: str, channel: str) -> str:
    """`NAME.png` for the colour, `NAME_CHANNEL.png` for the rest."""
    return f"{name}.png" if channel == "color" else f"{name}_{channel}.png"


def texture_name(name: str, channel: str, textures: Textures[str] | None) -> str:
    """`png_name` with the suffix of the format that the channel is written in."""
    stem = png_name(name, channel).removesuffix(".png")
    return f"{stem}.{textures.format if textures and _may_compress(channel, textures) else 'png'}"


def _may_compress(channel: str, textures: Textures[str]) -> bool:
    """Heights need 16 bits, and AVIF is for colours: normals and roughness would change."""
    return kind(channel) not in _DEEP_CHANNELS and (textures.format != "avif" or _is_color(channel))


def _is_color(channel: str) -> bool:
    return is_colored(channel) or kind(channel) == "emission"


def kind(channel: str) -> str:
    """What a channel holds, whichever page of an atlas it is on: "normal" for `normal_page1`."""
    return channel.partition("_page")[0]


def pngs(images: ImageSet, *, leave_out: Collection[str] = ()) -> dict[str, bytes]:
    """PNG bytes by channel, colour first: 16 bits per sample for height and depth, 8 for the others."""
    return {channel: _png(images, channel) for channel in _in_order(images, leave_out)}


def texture_files(
    images: ImageSet,
    textures: Textures[str] | None,
    use: Use,
    *,
    leave_out: Collection[str] = (),
    ignores_srgb: bool = False,
) -> dict[str, bytes]:
    """The bytes of each channel, as `texture_name` names them. Raises `InputError` for pixel art in a lossy format.

    `ignores_srgb`: KTX2 files say that colours are linear, for an engine that decides by their use.
    """
    if textures is None:
        return pngs(images, leave_out=leave_out)
    if textures.format in LOSSY_FORMATS and is_pixel_art(images, use):
        what = f"the format {textures.format} changes the pixels of pixel art"
        raise InputError(what, cure="Choose `textures: {format: webp}`, which is lossless")
    mipmaps = use in MIPMAPPED and not images.meta.regions
    made = {}
    for channel in _in_order(images, leave_out):
        exact, linear = textures.model_copy(update={"quality": None}), ignores_srgb or not _is_color(channel)
        used = textures if _is_color(channel) else exact
        made[channel] = (
            encode_texture(images[channel], used, linear=linear, mipmaps=mipmaps)
            if _may_compress(channel, textures)
            else _png(images, channel)
        )
    return made


def _in_order(images: ImageSet, leave_out: Collection[str]) -> list[str]:
    return sorted(set(images.channels) - set(leave_out), key=lambda channel: (channel != "color", channel))


def _png(images: ImageSet, channel: str) -> bytes:
    return encode_png((to_uint16 if kind(channel) in _DEEP_CHANNELS else to_uint8)(images[channel]))


def transparency(color: Array) -> Literal["opaque", "cut", "soft"]:
    """ "cut" if every pixel is opaque or transparent (in 8 bits), "soft" if some are in between."""
    alpha = to_uint8(split_alpha(color)[1])
    if (alpha == 255).all():
        return "opaque"
    return "cut" if ((alpha == 0) | (alpha == 255)).all() else "soft"


def hotspot(images: ImageSet) -> tuple[int, int]:
    """Column and row of the pixel that contains the pivot; without a pivot, the first one."""
    width, height = images.size
    x, y = images.meta.pivot or (0.0, 0.0)
    return min(max(int(x * width), 0), width - 1), min(max(int(y * height), 0), height - 1)


def tileset_of(images: ImageSet) -> Tileset | None:
    """What the metadata say about the tiles of a sheet. Raises `InputError` where a step has changed its size."""
    tileset = images.meta.tileset
    if tileset is None:
        return None
    (width, height), rows = tileset.tile_size, -(-len(tileset.tiles) // tileset.columns)
    if images.size != (tileset.columns * width, rows * height):
        what = f"a step changed the size of the tileset, whose tiles have {width} × {height} pixels"
        raise InputError(what, cure="Apply it to the members instead")
    return tileset


def is_pixel_art(images: ImageSet, use: Use) -> bool:
    """True if the engine must use nearest-neighbour filtering."""
    return use.startswith("pixel_") or bool(images.meta.pixel_art)


def with_orm(images: ImageSet) -> ImageSet:
    """Ao, roughness and metallic packed into `orm` (red, green, blue), where there is any of them and no `orm`."""
    if "orm" in images or not any(channel in images for channel in PACKED_IN_ORM):
        return images
    width, height = images.size
    planes = [_plane_of(images, channel, (height, width, 1)) for channel in PACKED_IN_ORM]
    return images.replace(orm=np.concatenate(planes, axis=2))


def _plane_of(images: ImageSet, channel: str, shape: tuple[int, int, int]) -> Array:
    if channel in images:
        return to_uint8(images[channel])[..., :1]
    return np.full(shape, _ORM_WHERE_MISSING[channel], np.uint8)


def is_sheet(images: ImageSet) -> bool:
    """True if an image holds sprites or tiles: nothing outside of them may show."""
    return images.meta.regions is not None or images.meta.tileset is not None


def repeated_axes(images: ImageSet, use: Use) -> str:
    """The axes along which an engine repeats a texture: "", "x", "y" or "xy"."""
    return "" if is_sheet(images) else "xy" if use in SURFACES else images.meta.tiles or ""

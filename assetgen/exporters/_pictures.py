"""What every exporter asks of an image set: its channels as PNG, their file names, how transparent it is."""

from collections.abc import Collection
from typing import Literal

from assetgen.images import Array, ImageSet, split_alpha, to_uint8, to_uint16
from assetgen.parts import Use
from assetgen.pixels.image_files import encode_png

_DEEP_CHANNELS = ("height", "depth")
"""Published with 16 bits a sample: with 8, slopes would come out as stairs."""
PACKED_IN_ORM = ("ao", "roughness", "metallic")
SURFACES: tuple[Use, ...] = ("texture", "pixel_texture", "material")
"""Uses whose pictures repeat over floors and walls."""


def png_name(name: str, channel: str) -> str:
    """`NAME.png` for the colour, `NAME_CHANNEL.png` for the rest."""
    return f"{name}.png" if channel == "color" else f"{name}_{channel}.png"


def pngs(images: ImageSet, *, leave_out: Collection[str] = ()) -> dict[str, bytes]:
    """PNG bytes by channel, colour first: 16 bits a sample for heights and depths, 8 for all others."""
    channels = sorted(set(images.channels) - set(leave_out), key=lambda channel: (channel != "color", channel))
    return {
        channel: encode_png((to_uint16 if channel in _DEEP_CHANNELS else to_uint8)(images[channel]))
        for channel in channels
    }


def transparency(color: Array) -> Literal["opaque", "cut", "soft"]:
    """Opaque throughout, opaque or invisible pixel by pixel, or with something in between (in 8 bits)."""
    alpha = to_uint8(split_alpha(color)[1])
    if (alpha == 255).all():
        return "opaque"
    return "cut" if ((alpha == 0) | (alpha == 255)).all() else "soft"


def is_pixel_art(images: ImageSet, use: Use) -> bool:
    """Whether the engine must never blur it."""
    return use.startswith("pixel_") or bool(images.meta.pixel_art)

"""Pictures on the disk and in the .blend file: beside it and named relatively, or packed into one never saved."""

from pathlib import Path

import bpy

from .preferences import preferences, user_folder

LINEAR = ("normal", "roughness", "metallic", "ao", "height", "orm")
"""Channels that are measures, not colours."""


def is_beside() -> bool:
    """Whether results can lie beside the .blend file, or wherever the preferences say."""
    return bool(bpy.data.filepath) or not preferences().output.startswith("//")


def output_folder() -> Path:
    """Where results go; a folder of the user's until the .blend file is saved."""
    if not is_beside():
        return user_folder("unsaved")
    return Path(bpy.path.abspath(preferences().output or "//assetgen/"))


def load_image(place: Path, channel: str = "color") -> bpy.types.Image:
    """The picture as an image of this file, with the right colour space."""
    image = bpy.data.images.load(str(place), check_existing=True)
    if channel in LINEAR:
        image.colorspace_settings.name = "Non-Color"
    if bpy.data.filepath:
        image.filepath = relative(place)
    elif image.packed_file is None:
        image.pack()
    return image


def relative(place: Path) -> str:
    """The place as seen from the .blend file; absolute where it lies on another drive."""
    try:
        return bpy.path.relpath(str(place))
    except ValueError:
        return str(place)

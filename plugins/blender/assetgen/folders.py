"""Image files beside the .blend file with relative paths, or packed into a file that was never saved."""

import hashlib
from pathlib import Path

import bpy

from .client.http import save
from .client.job import slug
from .client.kept import addressed, readable
from .preferences import preferences, user_folder

LINEAR = ("normal", "roughness", "metallic", "ao", "height", "orm")
"""Channels of linear data, not colour."""


def is_beside() -> bool:
    """Whether the output folder exists: the .blend file is saved, or the folder is not relative to it."""
    return bool(bpy.data.filepath) or not preferences().output.startswith("//")


def output_folder() -> Path:
    """The output folder; a user folder until the .blend file is saved."""
    if not is_beside():
        return user_folder("unsaved")
    return Path(bpy.path.abspath(preferences().output or "//assetgen/"))


def load_image(image_path: Path, channel: str = "color") -> bpy.types.Image:
    """Load an image file with the colour space of its channel."""
    image = bpy.data.images.load(str(image_path), check_existing=True)
    if image.name == image_path.name:
        image.name = readable(image_path.name)
    if channel in LINEAR:
        image.colorspace_settings.name = "Non-Color"
    if bpy.data.filepath:
        image.filepath = relative(image_path)
    elif image.packed_file is None:
        image.pack()
    return image


def save_picture(words: str, data: bytes) -> Path:
    """Save a picture made here beside the results; the same content has the same file. Raises `Trouble`."""
    place = addressed(output_folder() / f"{slug(words)}.png", hashlib.sha256(data).hexdigest())
    if not place.is_file():
        save(data, place)
    return place


def relative(image_path: Path) -> str:
    """The path relative to the .blend file; absolute on another drive."""
    try:
        return bpy.path.relpath(str(image_path))
    except ValueError:
        return str(image_path)

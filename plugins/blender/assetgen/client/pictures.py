"""Preset thumbnails, cached on disk."""

from collections.abc import Iterable
from pathlib import Path

from .http import Server
from .trouble import Trouble


def picture_of(folder: Path, preset: str) -> Path:
    """The path of a preset's thumbnail."""
    return folder / f"{preset}.png"


def bring_pictures(server: Server, presets: Iterable[str], folder: Path) -> list[Path]:
    """Download the thumbnails of these presets; returns the new and changed ones. Raises `Trouble`."""
    changed = []
    for preset in presets:
        data, target = server.thumbnail(preset), picture_of(folder, preset)
        try:
            if not target.is_file() or target.read_bytes() != data:
                part = target.with_name(f".{target.name}.part")
                part.write_bytes(data)
                part.replace(target)
                changed.append(target)
        except OSError as error:
            raise Trouble(
                f"{target} cannot be written ({error.strerror}).", "Free some disk space, or check the permissions."
            ) from error
    return changed

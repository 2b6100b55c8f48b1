"""Preset thumbnails, cached on disk."""

from collections.abc import Iterable
from pathlib import Path

from .http import Server, save


def picture_of(folder: Path, preset: str) -> Path:
    """The path of a preset's thumbnail."""
    return folder / f"{preset}.png"


def bring_pictures(server: Server, presets: Iterable[str], folder: Path) -> list[Path]:
    """Download the thumbnails of these presets; returns the new and changed ones. Raises `Trouble`."""
    changed = []
    for preset in presets:
        data, target = server.thumbnail(preset), picture_of(folder, preset)
        if not target.is_file() or target.read_bytes() != data:
            save(data, target)
            changed.append(target)
    return changed

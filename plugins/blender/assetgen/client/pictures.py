"""Pictures of presets, kept on this disk for pickers."""

from collections.abc import Iterable
from pathlib import Path

from .http import Server
from .trouble import Trouble


def picture_of(folder: Path, preset: str) -> Path:
    """Where the picture of a preset is kept."""
    return folder / f"{preset}.png"


def bring_pictures(server: Server, presets: Iterable[str], folder: Path) -> list[Path]:
    """Bring the pictures of these presets into a folder; those that are new or changed. Raises `Trouble`."""
    changed = []
    for preset in presets:
        data, place = server.thumbnail(preset), picture_of(folder, preset)
        try:
            if not place.is_file() or place.read_bytes() != data:
                part = place.with_name(f".{place.name}.part")
                part.write_bytes(data)
                part.replace(place)
                changed.append(place)
        except OSError as error:
            raise Trouble(f"{place} cannot be written ({error.strerror}).", "Make room there.") from error
    return changed

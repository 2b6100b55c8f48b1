"""CSS for images of a user interface: `border-image` with nine-slice margins, and cursors.

Specification: CSS Backgrounds and Borders 3 (https://www.w3.org/TR/css-backgrounds-3/#border-images).
"""

import re
from pathlib import PurePosixPath

from assetgen.exporters._channels import hotspot, texture_name
from assetgen.images import ImageSet
from assetgen.pixels.texture_files import Textures

_SELECTORS = {"hover": ":hover", "pressed": ":active", "disabled": ":disabled", "empty": ".empty"}
_REPEAT = {"stretch": "stretch", "tile": "round"}


def border_image(images: ImageSet, name: str, textures: Textures[str] | None) -> bytes:
    """A class named after the asset, and one rule for each channel of another state.

    The paths of the images are relative to the style sheet.
    """
    title = PurePosixPath(name).name
    selector = _selector(title)
    left, top, right, bottom = images.meta.borders or (0, 0, 0, 0)
    lines = [
        "border-style: solid;",
        "border-color: transparent;",
        f"border-width: {top}px {right}px {bottom}px {left}px;",
        f'border-image: url("{texture_name(title, "color", textures)}") {top} {right} {bottom} {left} fill '
        f"{_REPEAT[images.meta.middle or 'stretch']};",
        *(["image-rendering: pixelated;"] if images.meta.pixel_art else []),
    ]
    rules = [f"{selector} {{\n" + "".join(f"  {line}\n" for line in lines) + "}\n"]
    for state, suffix in _SELECTORS.items():
        if state in images:
            source = f'border-image-source: url("{texture_name(title, state, textures)}");'
            rules.append(f"{selector}{suffix} {{\n  {source}\n}}\n")
    return "".join(rules).encode()


def cursor(images: ImageSet, name: str, textures: Textures[str] | None) -> bytes:
    """A class that shows the image as the cursor, with its hotspot (CSS Basic User Interface 4)."""
    x, y = hotspot(images)
    title = PurePosixPath(name).name
    file = texture_name(title, "color", textures)
    return f'{_selector(title)} {{\n  cursor: url("{file}") {x} {y}, auto;\n}}\n'.encode()


def _selector(title: str) -> str:
    return "." + re.sub(r"^(?=[0-9-])|[^\w-]", "_", title, flags=re.ASCII)

"""Images that are larger than an engine or a format of files allows."""

from typing import Any

import numpy as np
import pytest

from assetgen.errors import InputError
from assetgen.images import color_image
from assetgen.parts import load_part


@pytest.mark.parametrize(
    ("exporter", "side", "named", "arguments"),
    [
        ("unity", 16_384, "Unity", {}),
        ("unreal", 16_384, "Unreal", {}),
        ("godot", 16_384, "Godot", {}),
        ("aseprite", 65_535, "Aseprite", {}),
        ("preview", 65_535, "GIF", {"format": "gif"}),
        ("preview", 16_383, "WEBP", {"format": "webp"}),
    ],
)
def test_an_image_that_is_too_large_is_refused(exporter: str, side: int, named: str, arguments: dict[str, Any]) -> None:
    write = load_part("exporter", exporter).run
    assert write(color_image(np.zeros((1, side, 3), np.uint8)), "a", **arguments)
    with pytest.raises(InputError, match=rf"has {side + 1} × 1 pixels; {named} reads at most {side} a side\. Make it"):
        write(color_image(np.zeros((1, side + 1, 3), np.uint8)), "a", **arguments)

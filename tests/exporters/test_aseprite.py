"""Files for Aseprite, read back by asetools."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.exporters.aseprite import aseprite
from assetgen.images import Frames, ImageSet, Tag, color_image, layered_image, sequence

# without its dependencies: it pins an old Pillow, and its reader needs none
asetools = pytest.importorskip("asetools.aseprite", reason="pip install --no-deps asetools==0.1.1")


def moving() -> ImageSet:
    """Three frames of a square that moves right, with normals."""
    stills = [np.zeros((6, 8, 4), np.uint8) for _ in range(3)]
    for number, still in enumerate(stills):
        still[1:4, number : number + 3] = (200, 30 * number, 7, 255)
    frames = [color_image(still, pivot=(0.5, 1.0)).replace(normal=still[..., :3]) for still in stills]
    return sequence(frames, Frames((100, 150, 60), (Tag("run", 0, 1), Tag("die", 2, 2, loop=False))))


def read(images: ImageSet, folder: Path) -> Any:
    file = folder / "imp.aseprite"
    images = images.with_meta(pivot=None)  # asetools reads no slices with a pivot
    file.write_bytes(aseprite(images, "imp")["imp.aseprite"])
    return asetools.AsepriteImage(file)


def test_every_frame_has_its_pixels(tmp_path: Path) -> None:
    image = read(moving(), tmp_path)
    assert (image.size, image.frame_count, image.depth) == ((8, 6), 3, 32)
    for frame, still in zip(image.frames, moving().frames, strict=True):
        assert frame.cels[0].pixels == still["color"].tobytes()


def test_other_channels_are_hidden_layers(tmp_path: Path) -> None:
    layers = read(moving(), tmp_path).layers
    assert [(layer.name, layer.visible) for layer in layers] == [("color", True), ("normal", False)]


def test_the_palette_has_the_visible_colours(tmp_path: Path) -> None:
    palette = read(moving(), tmp_path).palette
    assert [tuple(color) for color in palette] == [(0, 0, 0, 0), (200, 0, 7, 255), (200, 30, 7, 255), (200, 60, 7, 255)]


def test_layers_stay_apart(tmp_path: Path) -> None:
    image = read(layered_image(np.full((2, 4, 4, 4), 9, np.uint8)), tmp_path)
    assert [layer.name for layer in image.layers] == ["layer0", "layer1"]


def test_frames_have_their_times_and_tags_their_frames() -> None:
    data = aseprite(moving(), "imp")["imp.aseprite"]
    at, durations = 128, []
    for _ in range(3):
        length, _, _, duration = struct.unpack_from("<IHHH", data, at)
        durations.append(duration)
        at += length
    assert (durations, at) == ([100, 150, 60], len(data))
    assert struct.pack("<HHBH10xH3s", 0, 1, 0, 0, 3, b"run") in data
    assert struct.pack("<HHBH10xH3s", 2, 2, 0, 1, 3, b"die") in data


def test_an_image_of_many_colours_has_no_palette() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    assert struct.unpack_from("<H", aseprite(color_image(noise), "a")["a.aseprite"], 32) == (0,)


def test_the_pivot_is_a_slice() -> None:
    assert (
        struct.pack("<IIIH5sIiiIIii", 1, 2, 0, 5, b"pivot", 0, 0, 0, 8, 6, 4, 6)
        in aseprite(moving(), "a")["a.aseprite"]
    )

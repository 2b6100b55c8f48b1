"""Run other packages that detect pixel grids on every PNG of a folder: `grids.py` starts this with their own Python.

    pip install proper-pixel-art perfect-pixel pixel-snapper unfake     (into an environment of their own)
    PYTHON tests/bench/grid_peers.py PICTURES OUT

Writes OUT/PACKAGE/NAME.png, and OUT/PACKAGE/seconds.json. A picture that a package refuses is missing.
"""

import contextlib
import io
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def proper_pixel_art(file: Path) -> Any:
    from proper_pixel_art import ColorConfig, PixelateConfig, pixelate

    return pixelate(Image.open(file), PixelateConfig(colors=ColorConfig(method="dominant"))).image


def perfect_pixel(file: Path) -> Any:
    from perfect_pixel import get_perfect_pixel

    width, _, pixels = get_perfect_pixel(np.asarray(Image.open(file).convert("RGB")), min_size=2.0)
    return None if width is None else Image.fromarray(np.asarray(pixels, np.uint8))


def pixel_snapper(file: Path) -> Any:
    from pixel_snapper import PixelSnapperConfig, process_image

    return Image.open(io.BytesIO(bytes(process_image(file.read_bytes(), PixelSnapperConfig(k_colors=64)))))


def unfake(file: Path) -> Any:
    from unfake import process_image_sync

    return process_image_sync(str(file), max_colors=64)["image"]


PACKAGES: tuple[Callable[[Path], Any], ...] = (proper_pixel_art, perfect_pixel, pixel_snapper, unfake)


def main() -> None:
    pictures, out = Path(sys.argv[1]), Path(sys.argv[2])
    for package in PACKAGES:
        folder = out / package.__name__
        folder.mkdir(parents=True, exist_ok=True)
        seconds = {}
        for file in sorted(pictures.glob("*.png")):
            begun = time.perf_counter()
            with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
                try:
                    made = package(file)
                except Exception as error:  # a package that fails found nothing
                    print(f"{package.__name__} fails at {file.name}: {error}", file=sys.stderr)
                    made = None
            seconds[file.stem] = time.perf_counter() - begun
            if made is not None:
                made.convert("RGBA").save(folder / file.name)
        (folder / "seconds.json").write_text(json.dumps(seconds))


if __name__ == "__main__":
    main()

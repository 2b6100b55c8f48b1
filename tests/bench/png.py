"""Compare PNG encoding with Pillow: milliseconds of CPU and kilobytes, in one run, on one thread.

    python tests/bench/png.py [IMAGE…]

Without arguments it generates images: a painting of strokes and grain, the same as a sprite on white, the maps of a
material, and pixel art. `published` is the encoding of exporters, `quick` that of the store. The last columns compare
`published` with Pillow at level 6; the goal is four times its speed at 1024², and at most 5 % more bytes.
"""

import io
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from assetgen.images import Array, ImageSet, color_image, to_uint8, to_uint16
from assetgen.parts import Context, load_part
from assetgen.pixels.image_files import encode_png, read_image
from assetgen.sources.fake import fake

SIDE = 1024
STROKES = 6000
SPRITES = 24
REPEATS = 5
Writer = Callable[[Array], bytes]


def main() -> None:
    """Generate or read images, measure, print."""
    pictures = {Path(name).name: [read(Path(name))] for name in sys.argv[1:]} or drawn()
    writers: dict[str, Writer] = {f"Pillow {level}": partial(by_pillow, level=level) for level in (1, 6, 9)}
    writers |= {"published": encode_png, "quick": partial(encode_png, quick=True)}
    print(f"{'ms / KB':28}" + "".join(f"{name:>16}" for name in writers) + f"{'speed':>9}{'bytes':>8}")
    for name, arrays in pictures.items():
        row = {writer: measured(write, arrays) for writer, write in writers.items()}
        cells = "".join(f"{seconds * 1000:8.1f}/{size / 1000:7.1f}" for seconds, size in row.values())
        speed, more = (six / ours for six, ours in zip(row["Pillow 6"], row["published"], strict=True))
        print(f"{name:28}{cells}{speed:8.1f}x{1 / more - 1:+8.1%}", flush=True)
    many = threads(next(iter(pictures.values())))
    print(f"two threads encode {many:.2f} times as many as one in the same time, at this machine's load")


def read(path: Path) -> Array:
    """Read an image; a grey one has one channel, as exporters write it."""
    array = read_image(path)
    grey = array[..., :1]
    return np.ascontiguousarray(grey) if array.shape[2] == 3 and (array == grey).all() else array


def by_pillow(array: Array, level: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(array.squeeze()).save(stream, "PNG", compress_level=level)
    return stream.getvalue()


def measured(write: Writer, arrays: Sequence[Array]) -> tuple[float, int]:
    """The minimum CPU seconds of some repeats, and bytes, summed over all images."""
    seconds = []
    for _ in range(REPEATS):
        started = time.thread_time()
        size = sum(len(write(array)) for array in arrays)
        seconds.append(time.thread_time() - started)
    return min(seconds), size


def threads(arrays: Sequence[Array], each: int = 8) -> float:
    """The speed-up of two threads over one."""
    rates = []
    for count in (1, 2):
        with ThreadPoolExecutor(count) as pool:
            started = time.perf_counter()
            list(pool.map(encode_png, [arrays[0]] * each * count))
            rates.append(count / (time.perf_counter() - started))
    return rates[1] / rates[0]


def drawn() -> Mapping[str, Sequence[Array]]:
    paint = painting(np.random.default_rng(1))
    maps = done("pbr_maps", color_image(paint))
    return {
        f"painting RGB {SIDE}²": [paint],
        f"painting RGBA {SIDE}²": [np.dstack([paint, np.full((SIDE, SIDE), 255, np.uint8)])],
        f"sprite RGBA {SIDE}²": [done("cutout", color_image(on_white(paint)))["color"]],
        f"normals RGB {SIDE}²": [to_uint8(maps["normal"])],
        f"height 16 bit {SIDE}²": [to_uint16(maps["height"])],
        f"{SPRITES} pixel sprites 32²": [pixel_sprite(seed) for seed in range(SPRITES)],
    }


def done(step: str, images: ImageSet, **words: object) -> ImageSet:
    part = load_part("step", step)
    made: ImageSet = part.run(images, **dict(part.params(**words)))
    return made


def painting(rng: np.random.Generator) -> Array:
    """Ever smaller strokes over clouds, in the clouds' colours, with the grain of a canvas."""
    canvas = np.zeros((SIDE, SIDE, 3), np.float32)
    for side in (4, 8, 16, 32):
        canvas += (
            cv2.resize(rng.random((side, side, 3), np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) / side
        )
    canvas = np.ascontiguousarray((canvas / canvas.max() * 220 + 20).clip(0, 255))
    for number in range(STROKES):
        x, y = (int(each) for each in rng.integers(0, SIDE, 2))
        color = tuple(float(each) for each in canvas[y, x] + rng.normal(0, 14, 3))
        length = int(4 + 60 * (1 - number / STROKES) * rng.random())
        axes = (length, max(1, length // 5))
        cv2.ellipse(canvas, (x, y), axes, float(rng.integers(0, 180)), 0, 360, color, -1, cv2.LINE_AA)
    canvas = cv2.GaussianBlur(canvas, (0, 0), 0.8) + rng.normal(0, 1.5, canvas.shape)
    return to_uint8((canvas / 255).astype(np.float32))


def on_white(paint: Array) -> Array:
    """A blob of the painting on white."""
    down, across = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    rim = 0.7 + 0.1 * np.cos(5 * np.arctan2(down, across))
    share = ((rim - np.hypot(across, down)) * SIDE / 4).clip(0, 1)[..., None]
    return to_uint8((paint / 255 * share + 1 - share).astype(np.float32))


def pixel_sprite(seed: int) -> Array:
    images = done("cutout", fake(Context(), prompt="a dragon", seed=seed), alpha="hard")
    return done("pixelate", images, grid=32, colors=16)["color"]


if __name__ == "__main__":
    main()

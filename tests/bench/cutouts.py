"""Compare cut-outs with the true alpha: the key, networks as rembg uses them, and `cutout` with both.

    python tests/bench/cutouts.py FOLDER --network birefnet_lite [--network isnet] [-o sheet.png]

FOLDER/objects has RGBA pictures, FOLDER/backgrounds RGB ones (their names up to the first `_` are the kinds), and
FOLDER/models may have model cards. Each object is put on plain, shaded and given backgrounds, with noise. Means over
all objects: SAD (sum of absolute differences of alpha / 1000), MSE × 1000, IoU of visible pixels, and the mean
difference of the result from the truth on green (0..255), which shows halos.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from assetgen.images import Array, FloatArray, color_image, to_float, to_uint8
from assetgen.pack.library import library_for
from assetgen.pixels.image_files import read_image
from assetgen.steps._matte import find_matte
from assetgen.steps.cutout import cutout
from assetgen.steps.resize import resize

SIDE, OBJECT = 256, 200  # pixels: the picture, and the longer side of the object in it
NOISE = 2 / 255
GREEN = np.array([0.1, 0.8, 0.3], np.float32)


def main() -> None:
    """Print a table by method and kind of background; with -o, save the pictures and their cut-outs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--network", action="append", default=[], help="a model card")
    parser.add_argument("-o", "--sheet", type=Path)
    options = parser.parse_args()
    scores: dict[tuple[str, str], list[tuple[float, ...]]] = defaultdict(list)
    rows = []
    for file in sorted((options.folder / "objects").glob("*.png")):
        truth = centred(read_image(file))
        for kind, picture in pictures(truth, options.folder / "backgrounds", file.stem):
            cuts = dict(cut(picture, options.folder, options.network))
            for method, made in cuts.items():
                for each in (kind, "all"):
                    scores[method, each].append(compared(made, truth))
            print(
                file.stem, kind, {name: round(compared(made, truth)[0], 2) for name, made in cuts.items()}, flush=True
            )
            rows.append(np.hstack([to_float(picture), *(on_green(each) for each in cuts.values())]))
    for (method, kind), found in sorted(scores.items()):
        sad, mse, iou, seen = np.mean(found, axis=0)
        print(f"{method:24} {kind:10} SAD {sad:6.2f}  MSE {mse:6.1f}  IoU {iou:.3f}  on green {seen:5.2f}")
    if options.sheet:
        Image.fromarray(to_uint8(np.vstack(rows))).save(options.sheet)


def centred(color: Array) -> FloatArray:
    """An object (RGBA) scaled to `OBJECT` in the middle of a canvas of `SIDE`."""
    rows, columns = np.nonzero(color[..., 3])
    part = np.ascontiguousarray(color[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1])
    scaled = to_float(resize(color_image(part), scale=OBJECT / max(part.shape[:2]))["color"])
    canvas = np.zeros((SIDE, SIDE, 4), np.float32)
    top, left = ((SIDE - side) // 2 for side in scaled.shape[:2])
    canvas[top : top + scaled.shape[0], left : left + scaled.shape[1]] = scaled
    return canvas


def pictures(truth: FloatArray, folder: Path, name: str) -> Iterator[tuple[str, Array]]:
    """The object on each kind of background; given ones are chosen by the object's name."""
    y, x = np.mgrid[: 1 : SIDE * 1j, : 1 : SIDE * 1j][..., None]
    backgrounds: dict[str, Array] = {
        "white": np.ones((SIDE, SIDE, 3)),
        "grey": np.full((SIDE, SIDE, 3), 0.6),
        "gradient": np.array([0.25, 0.35, 0.6]) * (1 - y) + np.array([0.9, 0.8, 0.6]) * y,
        "shadow": np.ones(3) - 0.45 * np.exp(-(((x - 0.5) / 0.3) ** 2) - ((y - 0.88) / 0.07) ** 2),
    }
    given: dict[str, list[Path]] = defaultdict(list)
    for file in sorted(folder.glob("*.png")):
        given[file.stem.partition("_")[0]].append(file)
    rng = np.random.default_rng(list(name.encode()))
    for kind, files in given.items():
        chosen = Image.open(files[int(rng.integers(len(files)))]).convert("RGB").resize((SIDE, SIDE))
        backgrounds[kind] = to_float(np.asarray(chosen))
    for kind, back in backgrounds.items():
        mixed = truth[..., :3] * truth[..., 3:] + back * (1 - truth[..., 3:]) + rng.normal(0, NOISE, (SIDE, SIDE, 3))
        yield kind, to_uint8(np.clip(mixed, 0, 1).astype(np.float32))


def cut(picture: Array, folder: Path, networks: list[str]) -> Iterator[tuple[str, FloatArray]]:
    """The cut-out by each method, RGBA in 0..1."""
    images, library = color_image(picture), library_for(folder)
    yield "key", to_float(cutout(images)["color"])
    for name in networks:
        mask = find_matte(to_float(picture), library.card(name), "cpu")
        yield f"{name}, as rembg", np.dstack([to_float(picture), mask])  # by default rembg keeps the colours
        yield f"cutout: {name}", to_float(cutout(images, "cpu", network=library.card(name))["color"])


def compared(made: FloatArray, truth: FloatArray) -> tuple[float, float, float, float]:
    """SAD, MSE, IoU and the mean difference on green."""
    off = made[..., 3] - truth[..., 3]
    seen, true = made[..., 3] > 0.5, truth[..., 3] > 0.5
    overlap = float((seen & true).sum() / max(1, int((seen | true).sum())))
    away = np.abs(on_green(made) - on_green(truth)).mean() * 255
    return float(np.abs(off).sum() / 1000), float((off**2).mean() * 1000), overlap, float(away)


def on_green(color: FloatArray) -> FloatArray:
    """RGBA over green."""
    return np.asarray(color[..., :3] * color[..., 3:] + GREEN * (1 - color[..., 3:]), np.float32)


if __name__ == "__main__":
    main()

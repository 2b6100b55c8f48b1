"""Measure how often `pixelate` detects the pixel grid of enlarged art, beside other packages, and one in other images.

    python tests/bench/grids.py                                        random art
    python tests/bench/grids.py SPRITES [--peers PYTHON] [--out OUT]   sprites of native size (RGBA, PNG), harmed

SPRITES are drawn by others: Dungeon Crawl Stone Soup's tiles and Kenney's packs (both CC0) were used. PYTHON is the
interpreter of an environment with the packages of `grid_peers.py`. A grid is exact when width and height in cells are
those of the sprite; the colour error is the mean distance in Oklab to the sprite, where the grid is exact.
"""

import argparse
import io
import itertools
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from assetgen.images import Array, color_image, to_float
from assetgen.pixels.color import oklab_from_srgb
from assetgen.steps._grid import find_grid
from assetgen.steps.pixelate import pixelate

CELLS = (2, 3, 4, 5, 6, 8, 10, 12, 4.5, 6.5)
SEEDS = range(24)
TOLERANCE = 0.25  # of a cell, at the far border: then the middle of every cell is sampled
PLANTED_CELLS = (3, 4, 6, 8, 12, 16, 24, 4.5, 7.3, 11.6)
EACH = 3  # sprites for each cell size and harm


def main() -> None:
    """Print detection rates."""
    options = argparse.ArgumentParser()
    options.add_argument("sprites", type=Path, nargs="?")
    options.add_argument("--peers")
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    if given.sprites:
        compare(given.sprites, given.peers, given.out or Path(tempfile.mkdtemp()))
    else:
        random_art()


def random_art() -> None:
    """Art of random cells: cell and phase must both come out right."""
    harms = {"clean": lambda a: a, "jpeg 85": jpeg, "blur 0.5": blurred, "noise 4": noisy}
    for name, harm in harms.items():
        hits = sum(is_found(cell, seed, harm) for cell, seed in itertools.product(CELLS, SEEDS))
        print(f"{name:9} {hits} of {len(CELLS) * len(SEEDS)} grids found")
    wrong = sum(find_grid(smooth(seed)) is not None for seed in range(100))
    print(f"smooth    {wrong} of 100 pictures taken for a grid")


def compare(sprites: Path, peers: str | None, out: Path) -> None:
    """Print a table: share of exact grids by harm, colour error, seconds a picture."""
    pictures, truth = out / "pictures", plant(sprites, out)
    ours = out / "assetgen"
    ours.mkdir(parents=True, exist_ok=True)
    seconds = {}
    for name in truth:
        image = color_image(np.asarray(Image.open(pictures / f"{name}.png")))
        begun = time.perf_counter()
        made = pixelate(image, cell="auto")["color"]
        seconds[name] = time.perf_counter() - begun
        Image.fromarray(made).convert("RGBA").save(ours / f"{name}.png")
    (ours / "seconds.json").write_text(json.dumps(seconds))
    if peers:
        script = Path(__file__).with_name("grid_peers.py")
        subprocess.run([peers, script, pictures, out], check=True)
    harms = list(HARMS)
    print(f"{'':17}" + "".join(f"{harm:>9}" for harm in [*harms, "all", "colour", "seconds"]))
    for folder in sorted(file.parent for file in out.glob("*/seconds.json")):
        print_row(folder, truth, harms)


def print_row(folder: Path, truth: dict[str, Array], harms: list[str]) -> None:
    exact: dict[str, list[bool]] = {harm: [] for harm in harms}
    errors = []
    for name, art in truth.items():
        file = folder / f"{name}.png"
        made = np.asarray(Image.open(file).convert("RGB")) if file.exists() else np.zeros((1, 1, 3), np.uint8)
        exact[name.split(",")[0]].append(made.shape == art.shape)
        if made.shape == art.shape:
            away = oklab_from_srgb(to_float(made)) - oklab_from_srgb(to_float(art))
            errors.append(np.linalg.norm(away, axis=2).mean())
    shares = [np.mean(each) for each in exact.values()]
    taken = json.loads((folder / "seconds.json").read_text())
    mean = np.mean(list(itertools.chain(*exact.values())))
    cells = "".join(f"{share:9.0%}" for share in [*shares, mean])
    print(f"{folder.name:17}{cells}{np.mean(errors or [np.nan]):9.4f}{np.mean(list(taken.values())):9.3f}", flush=True)


def plant(sprites: Path, out: Path) -> dict[str, Array]:
    """Write enlarged, harmed sprites on plain backgrounds into OUT/pictures; their true pixels by name."""
    files = sorted(sprites.glob("*.png"))
    (out / "pictures").mkdir(parents=True, exist_ok=True)
    truth = {}
    for number, (harm, cell, each) in enumerate(itertools.product(HARMS, PLANTED_CELLS, range(EACH))):
        rng = np.random.default_rng(number)
        art = on_plain(files[int(rng.integers(len(files)))], rng)
        name = f"{harm},{cell},{each}"
        full = HARMS[harm](enlarged(art, cell), cell, rng)
        left, top = (int(rng.integers(0, int(0.4 * cell) + 1)) for _ in range(2))
        Image.fromarray(np.ascontiguousarray(full[top:, left:])).save(out / "pictures" / f"{name}.png")
        truth[name] = art
    return truth


def on_plain(file: Path, rng: np.random.Generator) -> Array:
    """A sprite with a margin of two cells on a plain background."""
    rgba = np.asarray(Image.open(file).convert("RGBA")).astype(float)
    rgba = np.pad(rgba, ((2, 2), (2, 2), (0, 0)))
    back = np.array([(255, 255, 255), (32, 32, 40), (120, 140, 120), (255, 0, 255)][int(rng.integers(4))])
    alpha = rgba[..., 3:] / 255
    return np.rint(rgba[..., :3] * alpha + back * (1 - alpha)).astype(np.uint8)


def enlarged(art: Array, cell: float, kind: Image.Resampling = Image.Resampling.NEAREST) -> Array:
    height, width = art.shape[:2]
    return np.asarray(Image.fromarray(art).resize((round(width * cell), round(height * cell)), kind))


def rung(full: Array, cell: float, rng: np.random.Generator) -> Array:
    """Resized twice by Lanczos."""
    image = Image.fromarray(full)
    larger = image.resize((round(image.width * 1.37), round(image.height * 1.37)), Image.Resampling.LANCZOS)
    return np.asarray(larger.resize(image.size, Image.Resampling.LANCZOS))


def drifted(full: Array, cell: float, rng: np.random.Generator) -> Array:
    """Borders of cells up to a fifth of a cell away from the grid, smoothly."""
    places = []
    for length in full.shape[:2]:
        steps = rng.normal(0, 1, length // 8 + 4)
        curve = np.interp(np.arange(length) / 8, np.arange(len(steps)), cv2.GaussianBlur(steps[None], (0, 0), 3)[0])
        curve *= 0.2 * cell / np.abs(curve).max()
        places.append(np.clip(np.rint(np.arange(length) + curve), 0, length - 1).astype(int))
    return full[places[0]][:, places[1]]


def smeared(full: Array, cell: float, rng: np.random.Generator) -> Array:
    """What an autoencoder leaves: soft edges, coarse colours, faint texture."""
    height, width = full.shape[:2]
    ycc = cv2.cvtColor(full, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    ycc[..., 0] = cv2.GaussianBlur(ycc[..., 0], (0, 0), 0.12 * cell)
    for plane in (1, 2):
        coarse = cv2.resize(ycc[..., plane], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        ycc[..., plane] = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    texture = cv2.GaussianBlur(rng.normal(0, 1, full.shape).astype(np.float32), (0, 0), 1.5)
    texture *= 3 / texture.std()
    return cv2.cvtColor(np.clip(ycc + texture, 0, 255).astype(np.uint8), cv2.COLOR_YCrCb2RGB)


HARMS: dict[str, Callable[[Array, float, np.random.Generator], Array]] = {
    "clean": lambda full, cell, rng: full,
    "jpeg95": lambda full, cell, rng: jpeg(full, 95),
    "jpeg75": lambda full, cell, rng: jpeg(full, 75),
    "blur": lambda full, cell, rng: cv2.GaussianBlur(full, (0, 0), 0.15 * cell),
    "lanczos": rung,
    "noise": lambda full, cell, rng: np.clip(full + rng.normal(0, 8, full.shape), 0, 255).astype(np.uint8),
    "drift": drifted,
    "smear": smeared,
}


def is_found(cell: float, seed: int, harm: Callable[[Array], Array]) -> bool:
    rng = np.random.default_rng(seed)
    colors = rng.integers(0, 256, (8, 3), np.uint8)
    art = colors[rng.integers(0, 8, (28, 32))]
    full = enlarged(art, cell)
    left, top = (int(rng.integers(0, cell)) for _ in range(2)) if cell == round(cell) else (0, 0)
    grid = find_grid(harm(np.ascontiguousarray(full[top:, left:])))
    if grid is None or abs(grid.cell - cell) * full.shape[1] / cell > TOLERANCE * cell:
        return False
    begins = zip(grid.phase, (left, top), strict=True)
    away = [abs((found + begun + cell / 2) % cell - cell / 2) for found, begun in begins]
    return max(away) <= TOLERANCE * cell


def jpeg(array: Array, quality: int = 85) -> Array:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def blurred(array: Array) -> Array:
    return cv2.GaussianBlur(array, (0, 0), 0.5)


def noisy(array: Array) -> Array:
    noise = np.random.default_rng(0).normal(0, 4, array.shape)
    return np.clip(array + noise, 0, 255).astype(np.uint8)


def smooth(seed: int) -> Array:
    noise = np.random.default_rng(seed).normal(0, 1, (128, 128, 3))
    wide = cv2.GaussianBlur(noise, (0, 0), 2 + seed % 12)
    wide = (wide - wide.min()) / (wide.max() - wide.min())
    return (wide * 255).astype(np.uint8)


if __name__ == "__main__":
    main()

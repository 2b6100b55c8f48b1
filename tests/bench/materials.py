"""Compare the maps that `pbr_maps` estimates, and the colour that `delight` leaves, with known ones.

    python tests/bench/materials.py FOLDER [--models NAME,NAME] [--delight NAME] [--side 512] [--sheet FILE.png]

FOLDER holds materials that tile, such as those of ambientCG or Poly Haven: `NAME_color.png`, and where they are known
`NAME_height.png`, `NAME_normal.png` (OpenGL) and `NAME_roughness.png`. Each is estimated from its own colour, and from
that colour under a light: its known relief and hollows shade it, and a broad wave does. Nothing is downloaded.

Columns: correlation of height and of slopes (1 is best); mean angle between normals in degrees, and that of a flat
normal map; mean error of roughness, and of a constant 0.75; mean Oklab difference (×100) of the lit colour to the known
one before and after `delight`, and what `delight` changes in the colour that nothing shades.
"""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np

from assetgen.images import FloatArray, ImageSet, color_image, to_float
from assetgen.pack.library import library_for
from assetgen.pixels.color import linear_from_srgb, oklab_from_srgb, srgb_from_linear
from assetgen.pixels.image_files import encode_png, read_image
from assetgen.steps._surface import height_of_slopes, normals_of_slopes, slopes_of_height, slopes_of_normals
from assetgen.steps._wrap import gaussian_blurs
from assetgen.steps.delight import delight
from assetgen.steps.pbr_maps import pbr_maps

LIGHT = np.array([0.45, 0.55, 0.70], np.float32)
MEAN_TILT = 10  # degrees, of relief whose height has no known scale
COLUMNS = (
    "height",
    "slopes",
    "angle",
    "flat",
    "rough",
    "const",
    "height*",
    "slopes*",
    "angle*",
    "lit",
    "after",
    "harm",
)
Material = Mapping[str, FloatArray]


def main() -> None:
    """Print a line for each material, and the means. Columns with a star are estimated from the lit colour."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", default="")
    parser.add_argument("--delight", default="")
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    library = library_for(options.folder)
    models = tuple(library.card(name) for name in options.models.split(",") if name)
    unshader = library.card(options.delight) if options.delight else None
    rows, sheet = [], []
    print(f"{'':18}", *(f"{name:>8}" for name in COLUMNS))
    for name in sorted(path.name.removesuffix("_color.png") for path in options.folder.glob("*_color.png")):
        known = read_material(options.folder, name, options.side)
        lit = shaded(known)
        made = [pbr_maps(image(color), models=models) for color in (known["color"], lit)]
        unlit = [to_float(delight(image(color), model=unshader)["color"]) for color in (known["color"], lit)]
        rows.append([*compared(made[0], known), *compared(made[1], known)[:3]])
        for color, other in ((lit, known["color"]), (unlit[1], known["color"]), (unlit[0], known["color"])):
            rows[-1].append(difference(color, other))
        print(f"{name:18}", *(f"{value:8.2f}" for value in rows[-1]), flush=True)
        sheet.append(np.concatenate(list(pictures(known, lit, unlit[1], made[1])), axis=1))
    print(f"{'mean':18}", *(f"{value:8.2f}" for value in np.nanmean(np.array(rows), axis=0)))
    if options.sheet:
        options.sheet.write_bytes(encode_png(np.concatenate(sheet)))


def read_material(folder: Path, name: str, side: int) -> Material:
    """The known maps `H×W×C` in 0..1, and `vectors`: unit normals, of the height where they are not known."""
    found: dict[str, FloatArray] = {}
    for kind in ("color", "height", "normal", "roughness"):
        if (path := folder / f"{name}_{kind}.png").is_file():
            pixels = to_float(read_image(path))[..., : 3 if kind in ("color", "normal") else 1]
            found[kind] = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA).reshape(side, side, -1)
    if "normal" in found:
        vectors = found["normal"] * 2 - 1
        return {**found, "vectors": vectors / np.linalg.norm(vectors, axis=2, keepdims=True)}
    slopes = slopes_of_height(found["height"][..., 0], "xy")
    scale = np.tan(np.radians(MEAN_TILT)) / max(float(np.hypot(slopes[..., 0], slopes[..., 1]).mean()), 1e-6)
    return {**found, "vectors": normals_of_slopes(slopes * np.float32(scale))}


def shaded(known: Material) -> FloatArray:
    """The colour under a light from the upper right, with dark hollows and a broad wave of light."""
    side = known["color"].shape[0]
    depth = height_of_slopes(slopes_of_normals(known["vectors"]), "xy")
    around = list(gaussian_blurs(depth, [side / 128, side / 32], "xy"))
    hollows = sum(np.maximum(blurred - depth, 0) for blurred in around) / (2 * max(float(depth.std()), 1e-6))
    direct = np.maximum(known["vectors"] @ (LIGHT / np.linalg.norm(LIGHT)), 0)
    down, across = 2 * np.pi * np.mgrid[:side, :side] / side
    shade = (0.5 * np.exp(-hollows / 2) + 0.55 * direct) * (1 + 0.25 * np.sin(across + 1) * np.cos(down))
    return srgb_from_linear(linear_from_srgb(known["color"]) * (shade / shade.mean())[..., None])


def image(color: FloatArray) -> ImageSet:
    """A colour as an image that tiles."""
    return color_image(np.rint(np.clip(color, 0, 1) * 255).astype(np.uint8), tiles="xy")


def compared(made: ImageSet, known: Material) -> list[float]:
    """The first six columns; NaN for what is not known."""
    vectors = to_float(made["normal"]) * 2 - 1
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    flat = np.broadcast_to(np.array([0, 0, 1], np.float32), vectors.shape)
    angles = [angle(each, known["vectors"]) if "normal" in known else np.nan for each in (vectors, flat)]
    height = correlation(to_float(made["height"]), known["height"]) if "height" in known else np.nan
    slopes = correlation(slopes_of_normals(vectors), slopes_of_normals(known["vectors"]))
    rough = known.get("roughness", np.full((1, 1, 1), np.nan, np.float32))
    errors = [float(np.abs(each - rough).mean()) for each in (to_float(made["roughness"]), np.float32(0.75))]
    return [height, slopes, *angles, *errors]


def correlation(one: FloatArray, other: FloatArray) -> float:
    """Pearson's; 0 where one is constant."""
    one, other = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / scale if scale else 0.0


def angle(one: FloatArray, other: FloatArray) -> float:
    """The mean angle between unit vectors, in degrees."""
    return float(np.degrees(np.arccos((one * other).sum(axis=2).clip(-1, 1))).mean())


def difference(color: FloatArray, other: FloatArray) -> float:
    """The mean difference in Oklab, ×100, at equal mean lightness."""
    away = oklab_from_srgb(color) - oklab_from_srgb(other)
    away[..., 0] -= away[..., 0].mean()
    return 100 * float(np.linalg.norm(away, axis=2).mean())


def pictures(known: Material, lit: FloatArray, unlit: FloatArray, made: ImageSet) -> Iterator[np.ndarray]:
    """Colour, lit, without shading; known and estimated height, normals and roughness."""
    for each in (known["color"], lit, unlit):
        yield thumbnail(each)
    for kind in ("height", "normal", "roughness"):
        grey = np.full((8, 8, 1), 0.5, np.float32)
        yield thumbnail(known.get(kind, grey))
        yield thumbnail(to_float(made[kind]))


def thumbnail(pixels: FloatArray) -> np.ndarray:
    """160 pixels wide, RGB."""
    small = cv2.resize(pixels, (160, 160), interpolation=cv2.INTER_AREA).reshape(160, 160, -1)
    return np.rint(np.broadcast_to(small, (160, 160, 3)) * 255).astype(np.uint8)


if __name__ == "__main__":
    main()

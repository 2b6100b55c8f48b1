"""Generate presets/thumbnails: an example of each shipped preset, by the embedded model.

    python tests/bench/thumbnails.py

No seed is chosen by eye. Look at the images before you commit them: another machine may give
slightly different ones, another version of the model entirely different ones.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from assetgen.controls._figure import Motion
from assetgen.controls.poses import poses
from assetgen.images import ImageSet, Meta, to_uint8
from assetgen.pixels.tile_levels import paint_level

SIDE, COLORS = 96, 128
LEVEL = 5
"""The seed of the tileset's level."""
ROOT = Path(__file__).parents[2]
KEEP = ROOT / "examples/dungeon/keep.glb"
PACK = f"""
pack: thumbnails
engine: plain
model: mini
assets:
  sprite: {{preset: sprite, prompt: a red dragon}}
  pixel_sprite: {{preset: pixel_sprite, prompt: a wizard in a blue robe}}
  cartoon_icon: {{preset: cartoon_icon, prompt: a red apple}}
  "potion_{{red,green,blue}}": {{preset: item_icon, prompt: "a {{red,green,blue}} potion"}}
  orb: {{preset: item_icon, prompt: a purple crystal ball}}
  recolor: {{preset: recolor, members: [potion_blue], recolor: {{hue: blue, to: purple}}}}
  atlas: {{preset: atlas, members: ["potion_*", orb]}}
  icons: {{preset: icon_set, members: ["potion_*", orb]}}
  cursor: {{preset: cursor, prompt: gold}}
  cursor_icon: {{preset: cursor_icon, prompt: a sword}}
  ui_panel: {{preset: ui_panel, prompt: dark planks}}
  ui_frame: {{preset: ui_frame, prompt: gold}}
  ui_button: {{preset: ui_button, prompt: green stone}}
  ui_bar: {{preset: ui_bar, prompt: red crystal}}
  character: {{preset: character, prompt: a knight}}
  isometric_building: {{preset: isometric_building, prompt: a castle tower}}
  decal: {{preset: decal, prompt: a blue rune}}
  tile_texture: {{preset: tile_texture, prompt: wooden planks}}
  pixel_tile: {{preset: pixel_tile, prompt: cobblestone}}
  pbr_material: {{preset: pbr_material, prompt: mossy stone bricks}}
  skybox_strip: {{preset: skybox_strip, prompt: sunset clouds}}
  concept_from_mesh:
    preset: concept_from_mesh
    prompt: a stone castle at sunset
    depth: {{mesh: {KEEP}, azimuth: 35, elevation: 15}}
  grass: {{preset: pixel_tile, prompt: grass, pixelate: {{grid: 24}}}}
  stone: {{preset: pixel_tile, prompt: cobblestone, pixelate: {{grid: 24}}}}
  tileset: {{preset: tileset, members: [grass, stone]}}
  painted_concept: {{preset: painted_concept, prompt: a castle by a lake}}
  "{{idle,bob,flash,shake,dissolve}}": {{preset: "{{idle,bob,flash,shake,dissolve}}", members: [pixel_sprite]}}
  spin: {{preset: spin, members: [orb]}}
  squash_stretch: {{preset: squash_stretch, members: [pixel_sprite], squash_stretch: {{frames: 4}}}}
  animation: {{preset: animation, members: [idle, flash]}}
  bob_and_shake: {{preset: animation, members: [bob, shake]}}
  turnaround:
    {{preset: turnaround, prompt: a stone castle, turntable: {{mesh: {KEEP}, sides: 4, azimuth: 35}}}}
"""
MOTIONS = ("idle", "bob", "squash_stretch", "flash", "shake", "dissolve", "animation")
ALONE = (
    "sprite",
    "cartoon_icon",
    "atlas",
    "character",
    "isometric_building",
    "decal",
    "cursor",
    "cursor_icon",
    "ui_panel",
    "ui_frame",
    "spin",
    "turnaround",
)


def main() -> None:
    """Build the pack, and make a thumbnail of each image."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pack.yaml").write_text(PACK)
        run("build", name, "--game", name)
        run("depth", str(KEEP), "-o", f"{name}/depth.png", "--size", "128x128", "--azimuth", "35", "--elevation", "15")
        for preset, picture in drawn(folder).items():
            save(picture, ROOT / f"presets/thumbnails/{preset}.png")


def run(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "assetgen.cli", *words], check=True)


def drawn(folder: Path) -> dict[str, Image.Image]:
    """Every preset's thumbnail."""

    def read(name: str) -> Image.Image:
        return Image.open(folder / f"{name}.png").convert("RGBA")

    maps = [read(f"pbr_material{tail}") for tail in ("", "_normal", "_roughness")]
    sky = read("skybox_strip")
    return {
        **{name: fitted(read(name)) for name in ALONE},
        **{name: fitted(read(name), grid=True) for name in MOTIONS},
        "sheet": fitted(read("bob_and_shake"), grid=True),
        "walk_cycle": skeletons("walk"),
        "attack": skeletons("attack"),
        "item_icon": fitted(read("potion_blue")),
        "recolor": halved(read("potion_blue"), read("recolor")),
        "icon_set": fitted(read("icons")),
        "ui_button": listed([read(f"ui_button{tail}") for tail in ("", "_hover", "_pressed", "_disabled")]),
        "ui_bar": listed([read("ui_bar"), read("ui_bar_empty")]),
        "pixel_sprite": fitted(read("pixel_sprite"), grid=True),
        "pixel_tile": fitted(read("pixel_tile"), grid=True),
        "tile_texture": repeated(read("tile_texture")),
        "pbr_material": slanted(maps),
        "skybox_strip": fitted(sky.crop((0, 0, sky.height * 2, sky.height))),
        "concept_from_mesh": slanted([deep(folder / "depth.png"), read("concept_from_mesh")]),
        "painted_concept": fitted(read("painted_concept")),
        "tileset": level(read("tileset"), json.loads((folder / "tileset.json").read_text())),
        "parallax": stacked([fitted(read(name)) for name in ("painted_concept", "isometric_building", "character")]),
    }


def fitted(picture: Image.Image, *, grid: bool = False) -> Image.Image:
    """The image scaled to fit and centred; pixel art by a whole factor."""
    picture = picture.crop(picture.getbbox())
    scale = SIDE / max(picture.size)
    scale = max(1, int(scale)) if grid else scale
    size = (round(picture.width * scale), round(picture.height * scale))
    sized = picture.resize(size, Image.Resampling.NEAREST if grid else Image.Resampling.LANCZOS)
    canvas = Image.new("RGBA", (SIDE, SIDE))
    canvas.paste(sized, ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    return canvas


def halved(left: Image.Image, right: Image.Image) -> Image.Image:
    """The left half of one image and the right half of another of the same size."""
    canvas = left.copy()
    canvas.paste(right.crop((right.width // 2, 0, *right.size)), (right.width // 2, 0))
    return fitted(canvas)


def skeletons(motion: Motion) -> Image.Image:
    """The poses of a motion, two by two; models that follow poses are too large for this script."""
    frames = [Image.fromarray(frame["color"]) for frame in poses(motion=motion, frames=4, size=(192, 192)).frames]
    canvas = Image.new("RGBA", (384, 384))
    for number, frame in enumerate(frames):
        canvas.paste(frame, (number % 2 * 192, number // 2 * 192))
    return fitted(canvas)


def level(sheet: Image.Image, facts: dict[str, Any]) -> Image.Image:
    """A level painted with a tileset."""
    del facts["image"]
    images = ImageSet({"color": np.asarray(sheet)}, Meta.from_json({"tileset": facts}))
    side = SIDE // facts["tile_size"][0]
    return Image.fromarray(to_uint8(paint_level(images, columns=side, rows=side, seed=LEVEL)))


def listed(pictures: list[Image.Image]) -> Image.Image:
    """The images one below the other, in the same size."""
    width, height = pictures[0].size
    canvas = Image.new("RGBA", (width, (height + 4) * len(pictures)))
    for number, picture in enumerate(pictures):
        canvas.paste(picture, (0, number * (height + 4)))
    return fitted(canvas)


def stacked(layers: list[Image.Image]) -> Image.Image:
    """Layers as sheets, the back one at the top left; the model that makes real ones is too large for this script."""
    canvas, side, offset = Image.new("RGBA", (SIDE, SIDE)), SIDE * 2 // 3, SIDE // 6
    for number, layer in enumerate(layers):
        sheet = Image.new("RGBA", (side, side), (255, 255, 255, 90))
        sheet.alpha_composite(layer.resize((side, side), Image.Resampling.LANCZOS))
        canvas.alpha_composite(sheet, (number * offset, number * offset))
    return canvas


def repeated(picture: Image.Image) -> Image.Image:
    """The texture tiled two by two."""
    half = picture.resize((SIDE // 2, SIDE // 2), Image.Resampling.LANCZOS)
    canvas = Image.new("RGBA", (SIDE, SIDE))
    for x in (0, SIDE // 2):
        for y in (0, SIDE // 2):
            canvas.paste(half, (x, y))
    return canvas


def slanted(pictures: list[Image.Image]) -> Image.Image:
    """The maps side by side with slanted borders; each shows its part of the same image."""
    canvas = fitted(pictures[0])
    width, slant = SIDE / len(pictures), 10
    for number, picture in enumerate(pictures[1:], 1):
        mask = Image.new("L", (SIDE, SIDE))
        for y in range(SIDE):
            start = round(number * width + slant - 2 * slant * y / SIDE)
            mask.paste(255, (start, y, SIDE, y + 1))
        canvas.paste(fitted(picture), (0, 0), mask)
    return canvas


def deep(path: Path) -> Image.Image:
    """A 16-bit image as 8-bit."""
    return Image.open(path).point(lambda value: value / 256).convert("RGBA")


def save(image: Image.Image, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    small = image.quantize(COLORS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

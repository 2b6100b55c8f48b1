"""Draw the pictures of docs/ from shipped thumbnails, example meshes and published examples.

    python docs/make_pictures.py parts       # before and after each step, and what controls draw
    python docs/make_pictures.py readme      # the pictures of the README; needs Chromium, and examples/dungeon built
    python docs/make_pictures.py typical     # what the embedded models make of plain prompts

Look at the pictures before you commit them. `tests/bench/thumbnails.py` draws the thumbnails of presets.
"""

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from assetgen.build.stages import run_part, run_step
from assetgen.images import Frames, ImageSet, color_image, sequence, to_uint8
from assetgen.parts import ControlArguments, load_part, part_names
from assetgen.pixels.image_files import encode_png

ROOT = Path(__file__).parents[1]
FOLDER = Path(__file__).parent / "pictures"
SIDE, GAP, MOST_SHOWN = 96, 8, 5
COLORS = 128
MESH = ROOT / "examples/dungeon/keep.glb"
PALETTE = ROOT / "presets/palettes/handheld4.hex"
SIMILAR = ("animation", "sheet", "attack", "sprite", "shake", "bob")
"""Presets whose thumbnails are like others."""
STARTS = {"thing": "a fox", "surface": "mossy cobblestone", "scene": "a castle by a lake at sunset"}
"""What controls that draw by a prompt are asked for."""
LINE = (120, 124, 132, 255)


def main(what: str) -> None:
    """Draw the pictures of one kind."""
    if what == "parts":
        for name in part_names("step"):
            save(step_picture(name), FOLDER / f"steps/{name}.png")
        for name in filter(draws_alone, part_names("control")):
            save(control_picture(name), FOLDER / f"controls/{name}.png")
    elif what == "readme":
        from overview import draw_overview, draw_review

        draw_overview(FOLDER / "overview.png")
        save(gallery(), FOLDER / "presets.png")
        draw_review(FOLDER / "review.png")
    elif what == "typical":
        from typical import draw_typical

        draw_typical(FOLDER / "typical.png")
    else:
        raise SystemExit(__doc__)


def gallery() -> Image.Image:
    """The thumbnails of presets, in rows."""
    names = [path.stem for path in sorted((ROOT / "presets/thumbnails").glob("*.png")) if path.stem not in SIMILAR]
    columns, cell = 10, (SIDE + 12, SIDE + 26)
    canvas = Image.new("RGB", (columns * cell[0], -(-len(names) // columns) * cell[1]), "white")
    draw = ImageDraw.Draw(canvas)
    for number, name in enumerate(names):
        x, y = number % columns * cell[0], number // columns * cell[1]
        with Image.open(ROOT / f"presets/thumbnails/{name}.png") as image:
            canvas.paste(image.convert("RGBA"), (x + 6, y + 4), image.convert("RGBA"))
        draw.text((x + cell[0] / 2, y + SIDE + 6), name, "#555b66", ImageFont.load_default(11), "ma")
    return canvas


def draws_alone(name: str) -> bool:
    """Whether a control draws an image without a network and without another asset."""
    return load_part("control", name).traits.detector is None and name != "reference"


def thumbnail(name: str) -> ImageSet:
    """The thumbnail of a preset, RGBA."""
    return color_image(np.asarray(Image.open(ROOT / f"presets/thumbnails/{name}.png").convert("RGBA")))


def run(images: ImageSet, name: str, **arguments: Any) -> ImageSet:
    """Run a step, its arguments validated as those of a preset."""
    part = load_part("step", name)
    valid = part.params.model_validate(arguments)
    return run_step(part, name, images, {key: getattr(valid, key) for key in type(valid).model_fields})


def sprite() -> ImageSet:
    """A figure, 32 pixels."""
    return run(thumbnail("pixel_sprite"), "pixelate", cell=3)


def on_plain(images: ImageSet) -> ImageSet:
    """A cut-out sprite on a plain background, as a model draws it."""
    color = images["color"]
    alpha = color[..., 3:] / 255
    return color_image(np.rint(color[..., :3] * alpha + 176 * (1 - alpha)).astype(np.uint8))


def opaque(images: ImageSet) -> ImageSet:
    """The colours without alpha."""
    return color_image(images["color"][..., :3].copy())


def texture(name: str) -> ImageSet:
    """A texture that tiles."""
    return opaque(thumbnail(name)).with_meta(tiles="xy")


def shifted() -> ImageSet:
    """The frames of a figure that slides."""
    color = sprite()["color"]
    frames = [color_image(np.roll(np.pad(color, ((4, 4), (4, 4), (0, 0))), each, (1, 0)), pixel_art=True) for each in
              ((0, 0), (3, 1), (-3, -2), (2, 2))]  # fmt: skip
    return sequence(frames, Frames((100,) * 4))


def in_a_row() -> ImageSet:
    """The frames of an animation side by side, as a model draws them."""
    frames = run(sprite(), "squash_stretch", frames=3).frames
    return color_image(np.concatenate([frame["color"] for frame in frames], 1))


def tinted() -> ImageSet:
    """The frames of a figure whose colours change."""
    color = sprite()["color"].astype(float)
    tints = ((1, 1, 1, 1), (1.3, 0.9, 0.8, 1), (0.8, 1.1, 1.3, 1), (0.7, 0.7, 0.7, 1))
    frames = [color_image(np.clip(color * tint, 0, 255).astype(np.uint8), pixel_art=True) for tint in tints]
    return sequence(frames, Frames((100,) * 4))


def spotted() -> ImageSet:
    """Pixel art with single pixels of a similar colour."""
    color = sprite()["color"].copy()
    for y, x in np.random.default_rng(3).integers(6, 27, (40, 2)):
        if color[y, x, 3]:
            color[y, x, :3] = np.clip(color[y, x, :3].astype(int) + 26, 0, 255)
    return color_image(color, pixel_art=True)


Before = Callable[[], ImageSet]
STEPS: dict[str, tuple[Before, dict[str, Any]]] = {
    "align": (shifted, {}),
    "bob": (sprite, {}),
    "clean_pixels": (spotted, {}),
    "cutout": (lambda: on_plain(thumbnail("sprite")), {}),
    "delight": (lambda: opaque(thumbnail("painted_concept")), {}),
    "dissolve": (sprite, {"edge": "#ff9a30"}),
    "emission": (lambda: thumbnail("cartoon_icon"), {"brightness": 0.6}),
    "flash": (sprite, {}),
    "idle": (sprite, {}),
    "match_colors": (tinted, {}),
    "nine_slice": (lambda: thumbnail("ui_panel"), {}),
    "outline": (lambda: thumbnail("cartoon_icon"), {"width": 3, "color": "#1b1622"}),
    "palette": (lambda: opaque(thumbnail("painted_concept")), {"palette": PALETTE, "dither": 0.5}),
    "panel": (lambda: texture("tile_texture"), {}),
    "pbr_maps": (lambda: texture("tile_texture"), {}),
    "pixelate": (lambda: thumbnail("character"), {"grid": 32, "colors": 16}),
    "pointer": (lambda: texture("tile_texture"), {"shape": "hand"}),
    "recolor": (lambda: thumbnail("item_icon"), {"hue": "blue", "to": "green"}),
    "resize": (lambda: thumbnail("character"), {"scale": 0.5}),
    "seamless": (lambda: color_image(texture("tile_texture")["color"][:60, :60].copy()), {}),
    "shake": (sprite, {}),
    "spin": (lambda: thumbnail("cartoon_icon"), {}),
    "split_sheet": (in_a_row, {"columns": 3}),
    "sprite_normals": (lambda: thumbnail("character"), {}),
    "squash_stretch": (sprite, {}),
    "trim": (
        lambda: thumbnail("character").map(lambda array: np.pad(array, ((4, 16), (20, 8), (0, 0)))),
        {"padding": 1},
    ),
    "ui_states": (lambda: thumbnail("ui_frame"), {}),
    "upscale": (sprite, {"factor": 2}),
}
"""The image before each step, and the arguments of the step."""


def step_picture(name: str) -> Image.Image:
    """An image before a step, and after it."""
    make, arguments = STEPS[name]
    before = make()
    after = run(before, name, **arguments)
    if name == "seamless":  # the seam shows where the image repeats
        before, after = (each.map(lambda array: np.tile(array, (2, 2, 1))) for each in (before, after))
    still = before.frames[0] if before.meta.frames else before
    zoom = max(1, SIDE // still.size[1])
    return side_by_side(shown(before, zoom), shown(after, zoom))


def control_picture(name: str) -> Image.Image:
    """What a control reads, and what it draws."""
    part = load_part("control", name)
    with tempfile.TemporaryDirectory() as folder:
        tower = on_plain(thumbnail("isometric_building"))["color"]
        (Path(folder) / "tower.png").write_bytes(encode_png(tower))
        arguments: dict[str, Any] = {"size": (SIDE * 2, SIDE * 2)}
        if name in STARTS:
            arguments["prompt"] = STARTS[name]
        if "mesh" in part.params.model_fields:
            arguments |= {"mesh": MESH, "azimuth": 35}
        elif "image" in part.params.model_fields:
            arguments |= {"image": Path(folder) / "tower.png"} | ({"kind": "tile"} if name == "picture" else {})
        valid = part.params.model_validate(arguments)
        own = (key for key in type(valid).model_fields if key not in ControlArguments.model_fields)
        drawn: ImageSet = run_part(part, name, **{key: getattr(valid, key) for key in own})
    before = [picture(tower, 1)] if "image" in arguments else []
    return side_by_side(before, shown(drawn if drawn.meta.frames else color_image(drawn["color"]), 1))


def shown(images: ImageSet, zoom: int) -> list[Image.Image]:
    """The channels of an image, or some frames of a sequence."""
    if not images.meta.frames:
        return [picture(array, zoom) for array in list(images.channels.values())[:MOST_SHOWN]]
    step = -(-len(images.frames) // MOST_SHOWN)
    return [picture(frame["color"], zoom) for frame in images.frames[::step]]


def picture(array: Any, zoom: int) -> Image.Image:
    """An array as a picture, at most twice `SIDE` wide, on a chequerboard where it is transparent."""
    pixels = to_uint8(array)
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).convert("RGBA")
    image = image.resize((image.width * zoom, image.height * zoom), Image.Resampling.NEAREST)
    if zoom == 1 and image.height > SIDE * 3 // 2:
        image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    rows, columns = np.indices((image.height, image.width)) // 8
    back = Image.fromarray(np.where((rows + columns) % 2, 232, 248).astype(np.uint8)).convert("RGBA")
    back.alpha_composite(image)
    return back


def side_by_side(before: Sequence[Image.Image], after: Sequence[Image.Image]) -> Image.Image:
    """Pictures in a row, with an arrow between those before and those after."""
    arrow = Image.new("RGBA", (22, 15))
    for y in range(15):
        for x in range(22):
            if (5 <= y < 10 and x < 14) or (x >= 13 and abs(y - 7) <= 21 - x):
                arrow.putpixel((x, y), LINE)
    pictures = [*before, *([arrow] if before else []), *after]
    height = max(each.height for each in pictures)
    canvas = Image.new("RGBA", (sum(each.width + GAP for each in pictures) - GAP, height))
    x = 0
    for each in pictures:
        canvas.paste(each, (x, (height - each.height) // 2))
        x += each.width + GAP
    return canvas


def save(image: Image.Image, path: Path) -> None:
    """Write a small PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(COLORS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")

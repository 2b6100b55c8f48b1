"""Draw what the embedded models make of plain prompts, with the seeds 0 to 3, none of them chosen."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

PROMPTS = {
    "pixel_sprite": (
        *("a red dragon", "a knight with a sword", "a green slime", "a wizard", "a skeleton archer", "a wolf"),
        *("an orc warrior", "a bat", "a steel sword", "a treasure chest", "a wooden shield", "a pine tree"),
    ),
    "item_icon": ("a health potion", "a loaf of bread", "a spell book", "a purple gem"),
    "cartoon_icon": ("a red apple", "a gold coin"),
    "character": ("a pirate", "a zombie"),
    "tile_texture": ("cobblestone", "wooden planks"),
    "pixel_tile": ("grass", "lava"),
    "painted_concept": ("a pine forest at dawn", "snowy mountains"),
    "skybox_strip": ("sunset clouds", "starry night"),
}
UNDRAWN = {"pixel_sprite": ("a wombat", "a samovar")}
"""Things that start from noise, because no control draws them."""
SEEDS = range(4)
COLUMNS, SIDE, TEXT = 4, 72, 16


def draw_typical(path: Path) -> None:
    """Write the contact sheet; failed assets stay empty."""
    with tempfile.TemporaryDirectory() as folder:
        made = make_all(Path(folder))
        sheet = contact_sheet(made)
    sheet.save(path, optimize=True)


def make_all(folder: Path) -> list[tuple[str, list[Image.Image | None]]]:
    """The images of each prompt, one a seed; None for a rejected one."""
    kinds = (*PROMPTS.items(), *UNDRAWN.items())
    rows = [(preset, prompt) for preset, prompts in kinds for prompt in prompts]
    assets = {
        f"a{number}_{seed}": {"preset": preset, "prompt": prompt, "seed": seed}
        for number, (preset, prompt) in enumerate(rows)
        for seed in SEEDS
    }
    pack = {"pack": "typical", "target": "art", "engine": "plain", "assets": assets}
    (folder / "pack.yaml").write_text(json.dumps(pack))
    subprocess.run([sys.executable, "-m", "assetgen.cli", "build", "--store", "store"], cwd=folder, check=False)
    files = [[folder / f"out/typical/art/a{number}_{seed}.png" for seed in SEEDS] for number in range(len(rows))]
    return [
        (f"{preset}: {prompt}", [opened(file) for file in four])
        for (preset, prompt), four in zip(rows, files, strict=True)
    ]


def opened(file: Path) -> Image.Image | None:
    """The image of a file at about `SIDE` pixels, pixel art with hard edges."""
    if not file.exists():
        return None
    image = Image.open(file).convert("RGBA")
    if max(image.size) <= SIDE // 2:
        scale = SIDE // max(image.size)
        return image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)
    image.thumbnail((SIDE, SIDE))
    return image


def contact_sheet(made: list[tuple[str, list[Image.Image | None]]]) -> Image.Image:
    """The prompts in `COLUMNS` columns, each with its images in a row below it."""
    width, height = len(SEEDS) * (SIDE + 4) + 12, SIDE + TEXT + 8
    sheet = Image.new("RGB", (COLUMNS * width, -(-len(made) // COLUMNS) * height), "#60686f")
    draw = ImageDraw.Draw(sheet)
    for number, (title, images) in enumerate(made):
        left, top = number % COLUMNS * width + 6, number // COLUMNS * height + 4
        draw.text((left, top), title, "white", ImageFont.load_default(12))
        for index, image in enumerate(images):
            if image:
                at = left + index * (SIDE + 4) + (SIDE - image.width) // 2, top + TEXT + (SIDE - image.height) // 2
                sheet.paste(image, at, image)
    return sheet

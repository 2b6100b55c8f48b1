"""Pictures of the README by Chromium: a pack with its files and its game, and the review page."""

import base64
import html
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from PIL import Image

PACK = Path(__file__).parents[1] / "examples/dungeon"
ART = PACK / "game/art/dungeon"
WIDTH, HEIGHT = 2000, 800
ASSETS = {
    "wizard": ["wizard"],
    "red_dragon": ["red_dragon"],
    "wall": ["wall", "wall_normal"],
    "orb": ["orb"],
    "forest": ["forest"],
}
"""Assets of the pack, and the published files that are shown beside them."""
OTHERS = ("keep", "hall", "tower", "floor", "planks", "rune", "torch", "potion_red")
"""Files below the game."""
STYLE = """
* { margin: 0; box-sizing: border-box }
body { width: 2000px; height: 800px; background: #14161b; color: #d7dae0; display: flex }
body { font: 25px/33px 'DejaVu Sans Mono', monospace }
.pack { width: 1010px; padding: 26px 0 0 34px }
.asset { display: flex; justify-content: space-between; align-items: center; height: 130px }
.asset { border-top: 1px solid #2a2e37 }
pre { font: inherit } b { color: #7cc4ff; font-weight: 400 } i { color: #a8d58f; font-style: normal }
.files { display: flex; gap: 10px; padding-right: 24px }
img { image-rendering: pixelated; object-fit: contain }
.files img { width: 114px; height: 114px; flex-shrink: 0 }
.game { width: 990px; padding: 26px 26px 0 14px }
.game > img { width: 950px; height: 534px; display: block; border-radius: 8px }
.others { display: grid; grid-template-columns: repeat(8, 1fr); gap: 10px; margin-top: 24px }
.others img { width: 100%; height: 110px }
p { font: 24px/32px 'DejaVu Sans', sans-serif; color: #9aa1ad; margin-top: 16px }
"""


def draw_overview(path: Path) -> None:
    """Write the wide picture. Requires Chromium in PATH, and `assetgen build examples/dungeon` before."""
    with tempfile.TemporaryDirectory() as name:
        page = Path(name) / "page.html"
        page.write_text(_page(), encoding="utf-8")
        screenshot(page, path, (WIDTH, HEIGHT))


def draw_review(path: Path) -> None:
    """Write a picture of the review page of the starter pack, with its own seeds. Samples for minutes."""
    with tempfile.TemporaryDirectory() as name:
        game = Path(name) / "my_game"
        game.mkdir()
        for words in (["init"], ["review", "-n", "6", "-o", "page.html"]):
            subprocess.run([sys.executable, "-m", "assetgen.cli", *words], check=True, cwd=game)
        screenshot(game / "page.html", path, (1400, 900))


def screenshot(page: Path, path: Path, size: tuple[int, int]) -> None:
    """Write what Chromium shows of a page."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise SystemExit("the pictures of the README need Chromium")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={size[0]},{size[1]}"]
    with tempfile.TemporaryDirectory() as name:
        shot = Path(name) / "shot.png"
        subprocess.run(
            [chromium, *options, f"--screenshot={shot}", page.resolve().as_uri()], check=True, capture_output=True
        )
        Image.open(shot).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.name}  {path.stat().st_size} bytes")


def _page() -> str:
    pack = yaml.safe_load((PACK / "pack.yaml").read_text(encoding="utf-8"))
    head = f"<pre>{_line('pack', pack['pack'])}\n{_line('engine', pack['engine'])}\n<b>assets</b>:</pre>"
    rows = "".join(_row(name, pack["assets"][name], files) for name, files in ASSETS.items())
    others = "".join(_image(ART / f"{name}.png") for name in OTHERS)
    game = f'<div class="game">{_image(PACK / "screenshot.jpg")}<div class="others">{others}</div></div>'
    note = "<p>All art in this game is made by examples/dungeon/pack.yaml, with the model inside the package.</p>"
    game = game.replace("</div></div>", f"</div>{note}</div>")
    return f'<meta charset="utf-8"><style>{STYLE}</style><div class="pack">{head}{rows}</div>{game}'


def _row(name: str, asset: dict[str, object], files: list[str]) -> str:
    keys = "\n".join("    " + _line(key, asset[key]) for key in ("preset", "prompt"))
    images = "".join(_image(ART / f"{each}.png") for each in files)
    return f'<div class="asset"><pre>  <b>{name}</b>:\n{keys}</pre><div class="files">{images}</div></div>'


def _line(key: str, value: object) -> str:
    text = str(value)
    shown = text if len(text) <= 40 else f"{text[:39].rstrip()}…"
    return f"<b>{key}</b>: <i>{html.escape(shown)}</i>"


def _image(path: Path) -> str:
    kind = "jpeg" if path.suffix == ".jpg" else "png"
    return f'<img src="data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}">'

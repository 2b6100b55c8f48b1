"""`assetgen init`: write a starter pack for a game project."""

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from assetgen.cli.options import NewGameOption
from assetgen.errors import InputError

_PACK_FOLDER = "assetgen"
_TARGETS = {"unity": "Assets/art/generated"}  # Unity imports nothing outside of Assets
_STARTER = """\
# Build it with:  assetgen build {place}
pack: {name}
{game}{target:<30}  # everything that is published lies in this folder of the game
engine: {engine}
{hint}model: mini                     # the embedded model, for a first look; `assetgen models list` shows better ones
seed: 1                         # another seed, another set of pictures
assets:
  wizard: {{preset: pixel_sprite, prompt: a wizard in a blue robe}}
  "potion_{{red,green,blue}}":
    {{preset: item_icon, prompt: "a {{red,green,blue}} potion in a round glass flask", seed: 46}}
  items: {{preset: atlas, members: ["potion_*"]}}
  wall: {{preset: tile_texture, prompt: mossy grey stone bricks}}
  floor: {{preset: pbr_material, prompt: grey cobblestone}}
"""
_WEB_ENGINES = {
    "phaser": 'in preload(): this.load.atlas("items", "{path}/items.png", "{path}/items.json")',
    "pixi.js": 'const items = await Assets.load("{path}/items.json"); new Sprite(items.textures.potion_red)',
}
"""How games built on these npm packages load what `plain` writes."""
_GAMEMAKER = "import the pictures in GameMaker as sprites"
_MAX_PACKAGE_BYTES = 1_000_000


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A game project, or a folder for the pack.")] = Path(),
    *,
    new_game: NewGameOption = False,
) -> None:
    """Write a starter pack for a game project and its engine.

    \b
    Examples:
      assetgen init my-game --new-game
      assetgen init
    """
    from assetgen.pack.project import ENGINE_FILES, detect_engine
    from assetgen.store.atomic import write_atomically

    if folder.exists() and not folder.is_dir():
        raise InputError(f"'{folder}' is a file", cure="Name a folder")
    if not folder.exists() and not new_game:
        raise InputError(f"there is no folder '{folder}'", cure="Correct its name, or create it with --new-game")
    web = _web_engine(folder)
    is_game = bool(web) or (folder.is_dir() and any(any(folder.glob(marker)) for _, marker in ENGINE_FILES))
    engine = detect_engine(folder) or "plain"
    target = _TARGETS.get(engine, "art/generated") if is_game else "art"
    public = "public/" if web and (folder / "public").is_dir() else ""  # what Vite and others serve at the root
    hint = _WEB_ENGINES.get(web, _GAMEMAKER if any(folder.glob("*.yyp")) else "")
    pack_folder = folder / _PACK_FOLDER if is_game else folder
    pack = pack_folder / "pack.yaml"
    if pack.exists():
        raise InputError(f"'{pack}' exists already", cure=f"Build it with `assetgen build {pack_folder}`")
    text = _STARTER.format(
        place=pack_folder,
        name=pack_name(folder.resolve().name),
        game="game: ..                        # the game project's root\n" if is_game else "",
        target=f"target: {public}{target}",
        hint=f"# {hint.format(path=target)}\n" if hint else "",
        engine=engine,
    )
    try:
        write_atomically(pack, text.encode())
    except OSError as error:
        raise InputError(f"cannot write '{pack}' ({error.strerror})", cure="Name another folder") from error
    typer.echo(f"wrote {pack}; now run `assetgen build {pack_folder}`")


def _web_engine(folder: Path) -> str:
    """The npm package of `_WEB_ENGINES` that a game project depends on; "" where there is none."""
    from assetgen.files import is_regular_file, read_limited

    path = folder / "package.json"
    if not is_regular_file(path):
        return ""
    try:
        data = json.loads(read_limited(path, _MAX_PACKAGE_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"'{path}' is not JSON that can be read", cure="Correct it, as npm needs it, too") from error
    lists = [data.get(key) for key in ("dependencies", "devDependencies")] if isinstance(data, dict) else []
    return next((name for name in _WEB_ENGINES for each in lists if isinstance(each, dict) and name in each), "")


def pack_name(folder: str) -> str:
    """The pack name for a folder name: `my_game_2` for `My Game 2`."""
    name = re.sub(r"[^a-z0-9]+", "_", folder.lower()).strip("_")
    return name if name[:1].isalpha() else f"pack_{name}".strip("_")

"""`assetgen init`: write a starter pack for a game project."""

import re
from pathlib import Path
from typing import Annotated

import typer

from assetgen.errors import InputError

_PACK_FOLDER = "assetgen"
_STARTER = """\
# Build it with:  assetgen build {place}
pack: {name}
{game}target: {target}                # everything that is published lies in this folder of the game
engine: {engine}
model: mini                     # the embedded model, for a first look; `assetgen models list` shows better ones
seed: 1                         # another seed, another set of pictures
assets:
  wizard: {{preset: pixel_sprite, prompt: a wizard in a blue robe}}
  "potion_{{red,green,blue}}":
    {{preset: item_icon, prompt: "a {{red,green,blue}} potion in a round glass flask", seed: 46}}
  items: {{preset: atlas, members: ["potion_*"]}}
  wall: {{preset: tile_texture, prompt: mossy grey stone bricks}}
  floor: {{preset: pbr_material, prompt: grey cobblestone}}
"""


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A game project, or a folder for the pack.")] = Path(),
) -> None:
    """Write a starter pack for a game project and its engine.

    \b
    Examples:
      assetgen init my-game
      assetgen init
    """
    from assetgen.pack.project import ENGINE_FILES, detect_engine
    from assetgen.store.atomic import write_atomically

    if folder.exists() and not folder.is_dir():
        raise InputError(f"'{folder}' is a file", cure="Name a folder")
    is_game = folder.is_dir() and any(any(folder.glob(marker)) for _, marker in ENGINE_FILES)
    pack_folder = folder / _PACK_FOLDER if is_game else folder
    pack = pack_folder / "pack.yaml"
    if pack.exists():
        raise InputError(f"'{pack}' exists already", cure=f"Build it with `assetgen build {pack_folder}`")
    text = _STARTER.format(
        place=pack_folder,
        name=pack_name(folder.resolve().name),
        game="game: ..                        # the game project's root\n" if is_game else "",
        target="art/generated" if is_game else "art",
        engine=detect_engine(folder) or "plain",
    )
    try:
        write_atomically(pack, text.encode())
    except OSError as error:
        raise InputError(f"cannot write '{pack}' ({error.strerror})", cure="Name another folder") from error
    typer.echo(f"{pack}: now run `assetgen build {pack_folder}`")


def pack_name(folder: str) -> str:
    """The pack name for a folder name: `my_game_2` for `My Game 2`."""
    name = re.sub(r"[^a-z0-9]+", "_", folder.lower()).strip("_")
    return name if name[:1].isalpha() else f"pack_{name}".strip("_")

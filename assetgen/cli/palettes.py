"""`assetgen palettes`: list and show palettes, extract one from a picture or a pack."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.options import GameOption, PresetFolderOption, library_beside
from assetgen.cli.output import print_table, read_all
from assetgen.cli.settings import write_file
from assetgen.errors import InputError, counted

if TYPE_CHECKING:
    from assetgen.images import Array

palettes = typer.Typer(help="List, show and extract palettes.", no_args_is_help=True)


@palettes.command("list")
def list_palettes(folder: PresetFolderOption = Path()) -> None:
    """List all palettes with their number of colours.

    \b
    Examples:
      assetgen palettes list
      assetgen palettes list --pack art
    """
    from assetgen.pixels.palettes import read_palette

    library = library_beside(folder)
    found = read_all(library.palette_names(), lambda name: read_palette(library.palette(name, Path())))
    print_table(
        [(name, problem if colors is None else counted(len(colors), "colour")) for name, colors, problem in found]
    )


@palettes.command("show")
def show_palette(
    name: Annotated[str, typer.Argument(help="The name of a palette, or a file.")], folder: PresetFolderOption = Path()
) -> None:
    """Print the colours of a palette, one a line, as a .hex file has them.

    \b
    Examples:
      assetgen palettes show dungeon16
      assetgen palettes show db32.gpl --pack art > db32.hex
    """
    from assetgen.pixels.palettes import read_palette

    beside = folder if folder.is_dir() else folder.parent
    for color in read_palette(library_beside(folder).palette(name, beside)):
        typer.echo(bytes(color).hex())


@palettes.command("extract")
def extract_palette(
    source: Annotated[Path, typer.Argument(help="A picture, a folder with pack.yaml, or a *.pack.yaml file.")],
    output: Annotated[Path, typer.Argument(metavar="OUT", help="The .hex or .gpl file to write.")],
    *,
    colors: Annotated[int, typer.Option(min=1, max=256, help="At most this many colours.")] = 16,
    game: GameOption = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace OUT if it exists.")] = False,
) -> None:
    """Choose the colours that show a picture, or all published pictures of a pack, best.

    They are colours of the pictures, from dark to light. Each picture of a pack counts the same.

    \b
    Examples:
      assetgen palettes extract painting.png mood.hex
      assetgen palettes extract art art.gpl --colors 32
    """
    from assetgen.pack.library import PACK_SUFFIX
    from assetgen.pixels.image_files import read_image
    from assetgen.pixels.palettes import encode_palette
    from assetgen.pixels.quantize import common_palette

    encode_palette(common_palette([], 1), output)  # before the pictures are read, refuse a file of another kind
    if not overwrite and (output.exists() or output.is_symlink()):
        raise InputError(f"'{output}' exists already", cure="Pass --overwrite to replace it")
    is_pack = source.is_dir() or source.name.endswith((PACK_SUFFIX, ".yaml"))
    found = common_palette(_published(source, game) if is_pack else [read_image(source)], colors)
    if not len(found):
        what = f"'{source}' has no published picture" if is_pack else f"'{source}' is fully transparent"
        raise InputError(what, cure="Build the pack first" if is_pack else "Choose another picture")
    write_file(output, encode_palette(found, output))


def _published(pack: Path, game: Path | None) -> "Iterator[Array]":
    """The colours of every published asset."""
    from assetgen.build.manifest import read_manifest
    from assetgen.pack.file_names import MANIFEST
    from assetgen.pack.project import Project
    from assetgen.pixels.image_files import read_image
    from assetgen.pixels.texture_files import READABLE_SUFFIXES

    project = Project.load(pack, game)
    for name, entry in read_manifest(project.target / MANIFEST, project.pack.pack).items():
        for path in {f"{name}{suffix}" for suffix in READABLE_SUFFIXES} & entry.files.keys():
            yield read_image(project.target / path)

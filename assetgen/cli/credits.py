"""`assetgen credits`: credits, a bill of the models, and the text for store forms."""

from pathlib import Path
from typing import Annotated

import typer

from assetgen.cli.options import PackArgument
from assetgen.errors import InputError


def credits(
    pack: PackArgument = Path(),
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="The folder for the files [default: the pack's]."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files of these names that the command did not write.")
    ] = False,
) -> None:
    """Write credits, a licence bill, and the text for AI forms.

    All facts come from the lock, and no model is loaded:

    \b
      CREDITS.md        models with licences, and the assets made with them
      PACK.cdx.json     the same as CycloneDX 1.6 ML-BOM, with file digests
      AI_DISCLOSURE.md  what Steam, itch.io and other stores ask

    \b
    Examples:
      assetgen credits
      assetgen credits art -o my-game/legal
    """
    from assetgen.cli.settings import write_file
    from assetgen.pack.credits import WRITTEN_BY, credit_files
    from assetgen.pack.project import Project

    project = Project.load(pack)
    folder = output or project.file.folder
    files = {folder / name: data for name, data in credit_files(project).items()}
    for path in files:
        if not overwrite and path.exists() and WRITTEN_BY.encode() not in path.read_bytes():
            cure = "Name another folder with -o, or replace it with --overwrite"
            raise InputError(f"'{path}' exists, and this command did not write it", cure=cure)
    for path, data in files.items():
        write_file(path, data)

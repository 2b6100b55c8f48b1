"""`assetgen plugin`: the plugins for Godot and Blender, packed or put in place."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.build import OverwriteOption
from assetgen.errors import InputError, NotInstalledError
from assetgen.install.plugin_files import Program, zip_name, zipped

if TYPE_CHECKING:
    from assetgen.events import Event

plugin = typer.Typer(help="The plugins for Godot and Blender.", no_args_is_help=True)
install = typer.Typer(help="Put a plugin where it works.", no_args_is_help=True)
plugin.add_typer(install, name="install")


@plugin.command("pack")
def pack(
    program: Annotated[Program, typer.Argument(help="Which plugin.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Where to.")] = Path(),
) -> None:
    """Write a plugin as a zip: Godot's is unpacked at a project's root, Blender's is installed from disk."""
    typer.echo(_packed(program, output))


@install.command("godot")
def install_godot(
    project: Annotated[Path, typer.Argument(help="The folder with project.godot.")],
    overwrite: OverwriteOption = False,
) -> None:
    """Put the plugin into a Godot 4 project, or bring it up to date, and enable it."""
    from assetgen.install.godot_project import install_plugin
    from assetgen.install.plugin_files import plugin_files
    from assetgen.machine import this_machine

    outcome = install_plugin(project, plugin_files(Program.GODOT), this_machine().locks, _tell, overwrite=overwrite)
    for path in outcome.kept:
        typer.echo(f"kept, as it was edited by hand: {project / 'addons/assetgen' / path}", err=True)
    changed = len(outcome.written) + len(outcome.removed)
    news = f"{changed} files changed; restart Godot if it is open" if changed else "nothing to do"
    typer.echo(f"{project / 'addons/assetgen'}: {news}")


@install.command("blender")
def install_blender(
    blender: Annotated[
        Path | None,
        typer.Option(
            envvar="ASSETGEN_BLENDER", metavar="PROGRAM", help="Blender [default: from PATH and usual places]."
        ),
    ] = None,
) -> None:
    """Put the extension into this user's Blender, or bring it up to date, and enable it."""
    from assetgen.install.blender_program import by_hand, install_extension
    from assetgen.machine import user_cache

    archive = _packed(Program.BLENDER, user_cache() / "plugins")
    program = blender or _find_blender()
    if program is None:
        raise NotInstalledError("no Blender was found on this machine", cure=by_hand(archive))
    install_extension(program, archive)
    typer.echo(f"{program}: has the extension; restart Blender if it is open")


def _find_blender() -> Path | None:
    import shutil
    import sys

    from assetgen.install.blender_program import USUAL_PLACES, find_blender

    in_path = shutil.which("blender")
    return Path(in_path) if in_path else find_blender(USUAL_PLACES.get(sys.platform, ()), Path.home())


def _packed(program: Program, folder: Path) -> Path:
    from assetgen.store.atomic import write_atomically

    place = folder / zip_name(program)
    data = zipped(program)
    try:
        write_atomically(place, data)
    except OSError as error:
        raise InputError(f"cannot write '{place}' ({error.strerror})", cure="Name another folder with -o") from error
    return place


def _tell(_waiting: "Event") -> None:
    typer.echo("another installation into this project is at work; waiting for it", err=True)

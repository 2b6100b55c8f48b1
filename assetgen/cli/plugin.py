"""`assetgen plugin`: install the plugins for Godot and Blender, or write them as zip files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.options import OverwriteOption
from assetgen.errors import InputError, NotInstalledError, counted
from assetgen.install.plugin_files import Program, zip_name, zipped

if TYPE_CHECKING:
    from assetgen.events import Event
    from assetgen.parts import Files

plugin = typer.Typer(help="Install or pack the plugins for Godot and Blender.", no_args_is_help=True)
install = typer.Typer(help="Install a plugin.", no_args_is_help=True)
plugin.add_typer(install, name="install")


@plugin.command("pack")
def pack(
    program: Annotated[Program, typer.Argument(help="Which plugin.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The folder for the zip.")] = Path(),
) -> None:
    """Write a plugin as a zip file.

    Unpack the zip for Godot at the root of a project. Install the zip for Blender from disk, in its preferences.

    \b
    Examples:
      assetgen plugin pack godot
      assetgen plugin pack blender -o dist
    """
    typer.echo(_write_zip(program, output))


@install.command("godot")
def install_godot(
    project: Annotated[Path, typer.Argument(help="The folder with project.godot.")],
    overwrite: OverwriteOption = False,
) -> None:
    """Install or update the plugin in a Godot 4 project and enable it.

    It starts its server with this copy of assetgen, which is recorded in addons/assetgen/program.cfg. Git ignores that.

    \b
    Examples:
      assetgen plugin install godot my-game
      assetgen plugin install godot my-game --overwrite
    """
    from assetgen.install.godot_project import install_plugin
    from assetgen.install.own_program import program_file
    from assetgen.install.plugin_files import plugin_files
    from assetgen.machine import this_machine

    files, local = plugin_files(Program.GODOT), program_file(Program.GODOT)
    outcome = install_plugin(project, files, this_machine().locks, _report_wait, local=local, overwrite=overwrite)
    for path in outcome.kept:
        typer.echo(f"kept because it was edited by hand: {project / 'addons/assetgen' / path}", err=True)
    changed = len(outcome.written) + len(outcome.removed)
    result = f"{counted(changed, 'file')} changed; restart Godot if it is open" if changed else "nothing to do"
    typer.echo(f"{project / 'addons/assetgen'}: {result}")


@install.command("blender")
def install_blender(
    blender: Annotated[
        Path | None,
        typer.Option(
            envvar="ASSETGEN_BLENDER",
            metavar="PROGRAM",
            help="Blender's program [default: searched in PATH and its usual folders].",
        ),
    ] = None,
) -> None:
    """Install or update the extension in Blender and enable it.

    It starts its server with this copy of assetgen.

    \b
    Examples:
      assetgen plugin install blender
      assetgen plugin install blender --blender /opt/blender/blender
    """
    from assetgen.install.blender_program import install_extension, installed_blender, manual_install
    from assetgen.install.own_program import program_file
    from assetgen.machine import user_cache

    archive = _write_zip(Program.BLENDER, user_cache() / "plugins", program_file(Program.BLENDER))
    program = blender or installed_blender()
    if program is None:
        raise NotInstalledError("Blender was not found on this machine", cure=manual_install(archive))
    install_extension(program, archive)
    typer.echo(f"{program}: the extension is installed; restart Blender if it is open")


def _write_zip(program: Program, folder: Path, local: "Files | None" = None) -> Path:
    from assetgen.store.atomic import write_atomically

    path = folder / zip_name(program)
    data = zipped(program, local or {})
    try:
        write_atomically(path, data)
    except OSError as error:
        raise InputError(f"cannot write '{path}' ({error.strerror})", cure="Name another folder with -o") from error
    return path


def _report_wait(_waiting: "Event") -> None:
    typer.echo("waiting for another installation into this project", err=True)

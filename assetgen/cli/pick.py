"""`assetgen pick`: choose a candidate of an asset."""

from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.build import exit_code
from assetgen.cli.options import GameOption, JsonOption, NoncommercialOption, PackArgument, StoreOption
from assetgen.errors import InputError

if TYPE_CHECKING:
    from assetgen.build.options import BuildOptions
    from assetgen.events import Event
    from assetgen.machine import Machine
    from assetgen.pack.project import Project


def pick(
    pack: PackArgument,
    asset: Annotated[str, typer.Argument(metavar="ASSET", help="The asset.")],
    number: Annotated[
        int | None, typer.Argument(metavar="N", help="The number of the candidate on the review page.")
    ] = None,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Take the pick back.")] = False,
    no_build: Annotated[bool, typer.Option("--no-build", help="Write the lock only; build later.")] = False,
    game: GameOption = None,
    allow_noncommercial: NoncommercialOption = False,
    json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Choose a candidate, write it into the lock, and build it.

    Later builds repeat the pick from the lock.

    \b
    Examples:
      assetgen pick art red_dragon 3
      assetgen pick art red_dragon --undo
    """
    from assetgen.build.candidates import pick as write_pick
    from assetgen.build.options import BuildOptions
    from assetgen.cli.progress import shown
    from assetgen.machine import this_machine
    from assetgen.pack.project import Project

    if undo == (number is not None):
        raise InputError("pick needs a number or --undo", cure=f"Write `assetgen pick {pack} {asset} 3`")
    project, machine = Project.load(pack, game), this_machine(store)
    what = "the pick is undone" if undo else f"candidate {number} is picked"
    with shown(json=json) as emit:
        write_pick(project, asset, number, machine, emit)
    typer.echo(f"{asset}: {what}" + (f"; now run `assetgen build {pack}`" if no_build else ""), err=json)
    if not no_build:
        _build(project, asset, machine, BuildOptions(allow_noncommercial=allow_noncommercial), json=json)


def _build(project: "Project", asset: str, machine: "Machine", options: "BuildOptions", *, json: bool) -> None:
    """Build a pick into the game, and exit."""
    from assetgen.build.candidates import build_picked
    from assetgen.cli.progress import shown
    from assetgen.events import Failed

    failures: list[int] = []
    with shown(json=json) as emit:

        def count_failures(event: "Event") -> None:
            if isinstance(event, Failed):
                failures.append(event.exit_code)
            emit(event)

        done = build_picked(project, asset, machine, options, count_failures)
    raise typer.Exit(exit_code(failures, sum(each.published + each.reused for each in done)))

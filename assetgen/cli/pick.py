"""`assetgen pick`: choose a candidate of an asset."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.build import exit_code
from assetgen.cli.options import GameOption, JsonOption, NoncommercialOption, StoreOption
from assetgen.errors import InputError

if TYPE_CHECKING:
    from assetgen.build.options import BuildOptions
    from assetgen.events import Event
    from assetgen.machine import Machine
    from assetgen.pack.project import Project

_LONGEST_NUMBER = 9
"""Digits."""


def pick(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[PACK] ASSET [N]",
            help="A pack, by default the one in this folder; an asset; the number of its candidate on the review page.",
        ),
    ],
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
      assetgen pick red_dragon 3
      assetgen pick art red_dragon --undo
    """
    from assetgen.build.candidates import pick as write_pick
    from assetgen.build.options import BuildOptions
    from assetgen.cli.progress import shown
    from assetgen.machine import this_machine
    from assetgen.pack.project import Project

    pack, asset, number = _parsed(words)
    if undo == (number is not None):
        raise InputError("pick needs a number or --undo", cure=f"Write `assetgen pick {pack} {asset} 3`")
    project, machine = Project.load(pack, game), this_machine(store)
    what = "the pick is undone" if undo else f"candidate {number} is picked"
    with shown(json=json) as emit:
        write_pick(project, asset, number, machine, emit)
    typer.echo(f"{asset}: {what}" + (f"; now run `assetgen build {pack}`" if no_build else ""), err=json)
    if not no_build:
        _build(project, asset, machine, BuildOptions(allow_noncommercial=allow_noncommercial), json=json)


def _parsed(words: list[str]) -> tuple[Path, str, int | None]:
    """`[PACK] ASSET [N]` as the pack, the asset and the number."""
    numbered = len(words) > 1 and words[-1].isdecimal() and len(words[-1]) <= _LONGEST_NUMBER
    names = words[:-1] if numbered else words
    if len(names) > 2:
        raise InputError(f"'{names[-1]}' is not the number of a candidate", cure="Write `assetgen pick PACK ASSET 3`")
    return Path(names[0] if len(names) > 1 else ""), names[-1], int(words[-1]) if numbered else None


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

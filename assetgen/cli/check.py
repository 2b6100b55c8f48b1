"""`assetgen check`: compare published files with the pack and the lock."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.options import GameOption, JsonOption, JunitOption
from assetgen.errors import AssetgenError, counted, printable

if TYPE_CHECKING:
    from assetgen.events import Audited, Event

_FAILED = 1


def check(
    packs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PACK...", help="Folders with pack.yaml, or *.pack.yaml files [default: .]."),
    ] = None,
    *,
    game: GameOption = None,
    similar: Annotated[
        bool, typer.Option("--similar", help="Accept images that differ in bytes and look the same (other hardware).")
    ] = False,
    json: JsonOption = False,
    junit: JunitOption = None,
) -> None:
    """Check published files against the pack and the lock.

    Loads no model and needs no GPU. The exit code is 1 where they differ.

    \b
    Examples:
      assetgen check art
      assetgen check art/*.pack.yaml --junit report.xml
    """
    from assetgen.build.junit import write_report
    from assetgen.build.status import check_report
    from assetgen.events import Failed
    from assetgen.pack.project import Project

    found: list[Audited] = []
    suites: list[tuple[str, list[Event]]] = []
    try:
        for pack in packs or [Path()]:
            project = Project.load(pack, game)
            suites.append((project.pack.pack, []))
            for verdict in check_report(project, similar=similar):
                found.append(verdict)
                suites[-1][1].append(verdict)
                _print(verdict, json=json, of_many=len(packs or ()) > 1)
    except AssetgenError as error:
        suites.append((str(pack), [Failed(reason=str(error), exit_code=error.exit_code)]))
        raise
    finally:
        if junit:
            write_report(junit, suites)
    _print_totals(found)
    raise typer.Exit(_FAILED if any(verdict.state != "ok" for verdict in found) else 0)


def _print(verdict: "Audited", *, json: bool, of_many: bool) -> None:
    from assetgen.cli.progress import print_json

    if json:
        print_json(verdict)
    elif verdict.reasons:
        pack = f"{verdict.pack}: " if of_many else ""
        typer.echo(printable(f"{pack}{verdict.asset}: {verdict.state} ({', '.join(verdict.reasons)})"))


def _print_totals(found: "list[Audited]") -> None:
    from assetgen.build.status import count_states

    totals = ", ".join(f"{number} {state}" for state, number in count_states(found).items())
    typer.echo(f"{counted(len(found), 'asset')}: {totals}", err=True)

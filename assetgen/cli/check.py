"""`assetgen check`: compare published files with the pack and the lock."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.options import GameOption, JsonOption, JunitOption
from assetgen.errors import AssetgenError, counted, printable

if TYPE_CHECKING:
    from assetgen.build.comparison import CompareBy
    from assetgen.events import Audited, Event
    from assetgen.pack.project import Project

_FAILED = 1
_ExactOption = Annotated[
    bool | None,
    typer.Option(
        "--exact/--similar",
        help="Compare bytes, or looks, on every machine [default: bytes on the class of machine that the lock names, "
        "looks on others].",
        show_default=False,
    ),
]
_RULES: "dict[bool | None, CompareBy]" = {None: "machine", True: "bytes", False: "looks"}


def check(
    packs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PACK...", help="Folders with pack.yaml, or *.pack.yaml files [default: .]."),
    ] = None,
    *,
    game: GameOption = None,
    exact: _ExactOption = None,
    json: JsonOption = False,
    junit: JunitOption = None,
) -> None:
    """Check published files against the pack and the lock.

    Loads no model and needs no GPU. The exit code is 1 where they differ. Images that were built on other hardware have
    other bytes; they are fine where they look the same, and `assetgen lock adopt` records them.

    \b
    Examples:
      assetgen check art
      assetgen check art/*.pack.yaml --exact --junit report.xml
    """
    from assetgen.build.junit import write_report
    from assetgen.build.status import check_report
    from assetgen.events import failed
    from assetgen.pack.project import Project

    found: list[Audited] = []
    suites: list[tuple[str, list[Event]]] = []
    try:
        for pack in packs or [Path()]:
            project = Project.load(pack, game)
            suites.append((project.pack.pack, []))
            for verdict in check_report(project, _RULES[exact]):
                found.append(verdict)
                suites[-1][1].append(verdict)
                _print(verdict, json=json, of_many=len(packs or ()) > 1)
    except AssetgenError as error:
        suites.append((str(pack), [failed(error)]))
        raise
    finally:
        if junit:
            write_report(junit, suites)
    _end(found)


def judge(project: "Project") -> None:
    """Check one project, print what is wrong, and exit."""
    from assetgen.build.status import check_report

    found = list(check_report(project))
    for verdict in found:
        _print(verdict, json=False, of_many=False)
    _end(found)


def _print(verdict: "Audited", *, json: bool, of_many: bool) -> None:
    from assetgen.cli.progress import print_json

    if json:
        print_json(verdict)
    elif verdict.reasons:
        pack = f"{verdict.pack}: " if of_many else ""
        typer.echo(printable(f"{pack}{verdict.asset}: {verdict.state} ({', '.join(verdict.reasons)})"))


def _end(found: "list[Audited]") -> None:
    """Print the totals, and exit."""
    from assetgen.build.status import count_states

    totals = ", ".join(f"{number} {state}" for state, number in count_states(found).items())
    typer.echo(f"{counted(len(found), 'asset')}: {totals}", err=True)
    if any(verdict.state == "differs" for verdict in found):
        typer.echo(
            "`assetgen lock adopt PACK` accepts these pictures as correct and writes them into the lock", err=True
        )
    raise typer.Exit(_FAILED if any(not verdict.passed for verdict in found) else 0)

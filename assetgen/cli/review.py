"""`assetgen review` and `assetgen pick`: look at candidates, and choose."""

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.build import (
    DeviceOption,
    GameOption,
    JsonOption,
    NoncommercialOption,
    PackArgument,
    PriceOption,
    StoreOption,
    exit_code,
)
from assetgen.errors import InputError

if TYPE_CHECKING:
    from assetgen.build.options import BuildOptions
    from assetgen.events import Event
    from assetgen.machine import Machine
    from assetgen.pack.project import Project
    from assetgen.review.collect import Review
    from assetgen.review.session import Sitting

FAILED = 1


def review(
    context: typer.Context,
    pack: PackArgument,
    *,
    count: Annotated[int, typer.Option("-n", "--count", min=0, max=64, help="Candidates; 0 samples none.")] = 12,
    only: Annotated[str, typer.Option(help="Show the assets whose names match this pattern.")] = "*",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The page [default: out/PACK.html].")] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Answer the page here, so that its picks are made.")] = False,
    no_build: Annotated[bool, typer.Option("--no-build", help="With --serve: picks go into the lock alone.")] = False,
    game: GameOption = None,
    price: PriceOption = "",
    device: DeviceOption = "auto",
    allow_noncommercial: NoncommercialOption = False,
    json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Show candidates of each asset side by side, made for choosing by keyboard: one page, no network.

    Without --serve it is a file that can be sent to anybody; it gathers the commands that make its picks. With --serve
    it opens at an address of this machine, candidates come in as they are made, a pick goes into the lock and into the
    game; Ctrl-C ends it.
    """
    from assetgen.build.options import BuildOptions
    from assetgen.cli.progress import shown
    from assetgen.cli.settings import parse_price
    from assetgen.machine import this_machine
    from assetgen.pack.project import Project
    from assetgen.review.collect import Subject, gather, sample_missing
    from assetgen.review.session import Sitting

    if serve and output:
        raise InputError("--serve and -o exclude each other", cure="Leave out one of them")
    if no_build and not serve:
        raise InputError("--no-build goes with --serve")
    wish = BuildOptions(allow_noncommercial=allow_noncommercial)
    project = Project.load(pack, game)
    subject = Subject(project, str(pack), only, _typed(context, "game", "store"))
    found = gather(subject, this_machine(store, device, parse_price(price)))
    with shown(json=json) as emit:
        if serve:
            _serve(Sitting(found, pack, emit, count, wish, builds=not no_build), json=json)
            return
        for _ in sample_missing(found, count, emit, wish):
            pass
    typer.echo(_write(found, output or Path("out") / f"{project.pack.pack}.html"), err=json)
    raise typer.Exit(FAILED if found.lacking(count) else 0)


def _typed(context: typer.Context, *names: str) -> tuple[str, ...]:
    """Options that the person typed, for commands that the page tells; what the environment says goes without."""
    typed = [name for name in names if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"]
    return tuple(word for name in typed for word in (f"--{name}", str(context.params[name])))


def _write(found: "Review", place: Path) -> Path:
    from assetgen.review import page
    from assetgen.store.atomic import write_atomically

    try:
        write_atomically(place, page(found.facts()))
    except OSError as error:
        raise InputError(f"cannot write '{place}' ({error.strerror})", cure="Name another file with -o") from error
    return place


def _serve(sitting: "Sitting", *, json: bool) -> None:
    from assetgen.review.loopback import answering

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with answering(sitting) as address:
        typer.echo(address, err=json)
        sys.stdout.flush()
        sitting.work()


def pick(
    pack: PackArgument,
    asset: Annotated[str, typer.Argument(metavar="ASSET", help="The asset to choose for.")],
    number: Annotated[
        int | None, typer.Argument(metavar="N", help="The candidate, as the review page numbers it.")
    ] = None,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Take the choice back.")] = False,
    no_build: Annotated[bool, typer.Option("--no-build", help="Write the lock alone; build later.")] = False,
    game: GameOption = None,
    allow_noncommercial: NoncommercialOption = False,
    json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Choose a candidate: it goes into the lock, so that every later build follows it, and into the game."""
    from assetgen.build.candidates import pick as choose
    from assetgen.build.options import BuildOptions
    from assetgen.cli.progress import shown
    from assetgen.machine import this_machine
    from assetgen.pack.project import Project

    if undo == (number is not None):
        raise InputError("pick wants a number, or --undo", cure=f"Write `assetgen pick {pack} {asset} 3`")
    project, machine = Project.load(pack, game), this_machine(store)
    what = "nothing is picked any more" if undo else f"candidate {number} is picked"
    with shown(json=json) as emit:
        choose(project, asset, number, machine, emit)
    typer.echo(f"{asset}: {what}" + (f"; now run `assetgen build {pack}`" if no_build else ""), err=json)
    if not no_build:
        _build(project, asset, machine, BuildOptions(allow_noncommercial=allow_noncommercial), json=json)


def _build(project: "Project", asset: str, machine: "Machine", options: "BuildOptions", *, json: bool) -> None:
    """Put a choice into the game, and exit with the code that fits."""
    from assetgen.build.candidates import build_picked
    from assetgen.cli.progress import shown
    from assetgen.events import Failed

    failures: list[int] = []
    with shown(json=json) as emit:

        def note(event: "Event") -> None:
            if isinstance(event, Failed):
                failures.append(event.exit_code)
            emit(event)

        done = build_picked(project, asset, machine, options, note)
    raise typer.Exit(exit_code(failures, sum(each.published + each.reused for each in done)))

"""`assetgen review`: the candidates of a pack on one page."""

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.options import (
    DeviceOption,
    GameOption,
    JsonOption,
    NoncommercialOption,
    PackArgument,
    PriceOption,
    StoreOption,
)
from assetgen.errors import InputError

if TYPE_CHECKING:
    from assetgen.review.collect import Review
    from assetgen.review.session import ReviewSession

_FAILED = 1
_FOLDER = Path("out")
"""The folder of the page by default."""


def review(
    context: typer.Context,
    pack: PackArgument = Path(),
    *,
    count: Annotated[
        int, typer.Option("-n", "--count", min=0, max=64, help="Candidates an asset; 0: sample none.")
    ] = 12,
    only: Annotated[str, typer.Option(help="Show the assets whose names match this pattern.")] = "*",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The file [default: out/PACK.html].")] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Serve the page, so that it writes the picks.")] = False,
    no_build: Annotated[bool, typer.Option("--no-build", help="With --serve: write picks into the lock only.")] = False,
    game: GameOption = None,
    price: PriceOption = "",
    device: DeviceOption = "auto",
    allow_noncommercial: NoncommercialOption = False,
    json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Show the candidates of each asset on one page, to pick one.

    Writes one HTML file that shows the command for each pick. With --serve, prints the address of a local page, whose
    picks go into the lock and the game; Ctrl-C ends it.

    \b
    Examples:
      assetgen review art
      assetgen review art -n 8 --serve
    """
    from assetgen.build.options import BuildOptions
    from assetgen.cli.progress import shown
    from assetgen.cli.settings import parse_price
    from assetgen.machine import this_machine
    from assetgen.pack.project import Project
    from assetgen.review.collect import ReviewTarget, collect_review, sample_missing
    from assetgen.review.session import ReviewSession

    if serve and output:
        raise InputError("--serve and -o exclude each other", cure="Leave out one of them")
    if no_build and not serve:
        raise InputError("--no-build needs --serve")
    options = BuildOptions(allow_noncommercial=allow_noncommercial)
    target = ReviewTarget(Project.load(pack, game), str(pack), only, _given(context, "game", "store"))
    found = collect_review(target, this_machine(store, device, parse_price(price)))
    with shown(json=json) as emit:
        if serve:
            return _serve(ReviewSession(found, pack, emit, count, options, builds=not no_build), json=json)
        for _ in sample_missing(found, count, emit, options):
            pass
    typer.echo(_write(found, output), err=json)
    raise typer.Exit(_FAILED if found.lacking(count) else 0)


def _given(context: typer.Context, *names: str) -> tuple[str, ...]:
    """The options given on the command line, for the commands on the page; environment variables need none."""
    given = [name for name in names if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"]
    return tuple(word for name in given for word in (f"--{name}", str(context.params[name])))


def _write(review: "Review", output: Path | None) -> Path:
    from assetgen.review import page
    from assetgen.store.atomic import write_atomically

    if output is None:
        _hide_from_godot(_FOLDER)
    path = output or _FOLDER / f"{review.target.project.pack.pack}.html"
    try:
        write_atomically(path, page(review.facts()))
    except OSError as error:
        raise InputError(f"cannot write '{path}' ({error.strerror})", cure="Name another file with -o") from error
    typer.echo("open this page in a browser:", err=True)
    return path


def _hide_from_godot(folder: Path) -> None:
    """Create a folder that Godot does not import, where it is new and lies in a Godot project."""
    here = Path.cwd()
    if folder.exists() or not any((each / "project.godot").is_file() for each in (here, *here.parents)):
        return
    try:
        folder.mkdir()
        (folder / ".gdignore").touch()
    except OSError as error:
        raise InputError(f"cannot write into '{folder}' ({error.strerror})", cure="Name a file with -o") from error


def _serve(session: "ReviewSession", *, json: bool) -> None:
    from assetgen.server.review_page import serve_review

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with serve_review(session) as address:
        typer.echo(address, err=json)
        sys.stdout.flush()
        session.work()

"""`assetgen serve`: the local server that plugins ask."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from assetgen.cli.build import PriceOption, StoreOption, machine
from assetgen.errors import NotInstalledError

INTERRUPTED = 130


def serve(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="A port of 127.0.0.1; 0 takes any free one.")] = 0,
    state: Annotated[
        Path | None, typer.Option(help="Where address and token are written [default: the user's runtime folder].")
    ] = None,
    project: Annotated[list[Path] | None, typer.Option(help="Open this project already.")] = None,
    store: StoreOption = None,
    price: PriceOption = "",
) -> None:
    """Answer plugins and scripts of this machine over HTTP, with warm models and a queue that survives a restart.

    Address and token stand in server.json, which its user alone may read; the contract is in plugins/API.md. It ends
    by Ctrl-C (exit code 130) or SIGTERM (0); what runs then goes on at the next start.
    """
    import platformdirs

    from assetgen.cli.settings import parse_price
    from assetgen.server.state import default_place

    try:
        from assetgen.server.run import Server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("fastapi", "starlette", "uvicorn", "h11"):
            raise
        raise NotInstalledError("the server's packages are missing", cure='pip install "assetgen[server]"') from error
    place = (state or default_place()).absolute()
    folder = place.with_name(f"{place.name}.data") if state else platformdirs.user_data_path("assetgen") / "server"
    server = Server(place, folder, machine(store), port, parse_price(price), tuple(project or ()), _say)
    if server.run() == signal.SIGINT:
        raise typer.Exit(INTERRUPTED)


def _say(line: str) -> None:
    typer.echo(line, err=True)

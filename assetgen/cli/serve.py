"""`assetgen serve`: the local server that plugins ask."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.build import DeviceOption, PriceOption, StoreOption
from assetgen.errors import NotInstalledError

if TYPE_CHECKING:
    from assetgen.machine import Machine
    from assetgen.server.run import Server

INTERRUPTED = 130
LAST_SECONDS = 2.0
"""For threads to end by themselves."""
StateOption = Annotated[
    Path | None, typer.Option(help="Where address and token are written [default: the user's runtime folder].")
]


def serve(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="A port of 127.0.0.1; 0 takes any free one.")] = 0,
    state: StateOption = None,
    project: Annotated[list[Path] | None, typer.Option(help="Open this project already.")] = None,
    store: StoreOption = None,
    price: PriceOption = "",
    device: DeviceOption = "auto",
) -> None:
    """Answer plugins and scripts of this machine over HTTP, with warm models and a queue that survives a restart.

    Address and token stand in server.json, which its user alone may read; the contract is in plugins/API.md. It ends
    by Ctrl-C (exit code 130) or SIGTERM (0); what runs then goes on at the next start.
    """
    from assetgen.cli.settings import parse_price
    from assetgen.machine import this_machine
    from assetgen.server.malloc import limit_malloc_arenas

    limit_malloc_arenas()
    server = server_for(state, this_machine(store, device, parse_price(price)), project or [])
    server.port = port
    with ending():
        if server.run() == signal.SIGINT:
            raise typer.Exit(INTERRUPTED)


@contextlib.contextmanager
def ending() -> Iterator[None]:
    """Once this is over the process ends, within seconds: nobody waits any more for what a thread still looks at."""
    code = INTERRUPTED
    try:
        yield
        code = 0
    finally:
        others = (thread for thread in threading.enumerate() if thread is not threading.main_thread())
        if any(not thread.daemon for thread in others):
            end = threading.Timer(LAST_SECONDS, os._exit, (code,))
            end.daemon = True
            end.start()


def server_for(state: Path | None, machine: "Machine", projects: list[Path]) -> "Server":
    """A server of this user's. Raises `NotInstalledError` where its packages are missing."""
    from assetgen.machine import server_data, server_state

    try:
        from assetgen.server.run import Server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("fastapi", "starlette", "uvicorn", "h11"):
            raise
        raise NotInstalledError("the server's packages are missing", cure='pip install "assetgen[server]"') from error
    place = (state or server_state()).absolute()
    folder = place.with_name(f"{place.name}.data") if state else server_data()
    return Server(place, folder, machine, projects=tuple(projects), tell=_say)


def _say(line: str) -> None:
    typer.echo(line, err=True)

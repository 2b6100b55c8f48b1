"""`assetgen serve`: the local HTTP server for plugins and scripts."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.options import DeviceOption, PriceOption, StoreOption

if TYPE_CHECKING:
    from assetgen.machine import Machine
    from assetgen.server.run import Server

_INTERRUPTED = 130
_LAST_SECONDS = 2.0
"""Time for threads to end by themselves."""
StateOption = Annotated[
    Path | None,
    typer.Option(
        envvar="ASSETGEN_STATE_FILE",
        help="File for address and token [default: server.json in the user's runtime folder].",
    ),
]


def serve(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="A port of 127.0.0.1; 0 uses any free one.")] = 0,
    state: StateOption = None,
    project: Annotated[list[Path] | None, typer.Option(help="Open this project at the start.")] = None,
    store: StoreOption = None,
    price: PriceOption = "",
    device: DeviceOption = "auto",
) -> None:
    """Serve plugins and scripts on this machine over HTTP.

    Models stay loaded, and the queue survives a restart.
    The address and the token are written to server.json, which only its user can read; plugins/API.md describes the
    API. Ctrl-C (exit code 130) or SIGTERM (0) ends it; a running job continues at the next start.

    \b
    Examples:
      assetgen serve
      assetgen serve --project my-game --port 7861
    """
    from assetgen.cli.settings import parse_price
    from assetgen.machine import this_machine
    from assetgen.server.garbage import collect_when_idle
    from assetgen.server.malloc import limit_malloc_arenas

    limit_malloc_arenas()
    collect_when_idle()
    server = server_for(state, this_machine(store, device, parse_price(price)), project or [])
    server.port = port
    with ending():
        if server.run() == signal.SIGINT:
            raise typer.Exit(_INTERRUPTED)


@contextlib.contextmanager
def ending() -> Iterator[None]:
    """When the body ends, end the process within seconds, even if a thread that it started still decodes an upload."""
    before, code = set(threading.enumerate()), _INTERRUPTED
    try:
        yield
        code = 0
    finally:
        if any(not thread.daemon for thread in set(threading.enumerate()) - before):
            end = threading.Timer(_LAST_SECONDS, os._exit, (code,))
            end.daemon = True
            end.start()


def server_for(state: Path | None, machine: "Machine", projects: list[Path]) -> "Server":
    """The server of this user."""
    from assetgen.machine import server_data, server_state
    from assetgen.server.run import Server

    path = (state or server_state()).absolute()
    folder = path.with_name(f"{path.name}.data") if state else server_data()
    return Server(path, folder, machine, projects=tuple(projects), log=_print)


def _print(line: str) -> None:
    typer.echo(line, err=True)

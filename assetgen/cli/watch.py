"""`assetgen watch`: build packs when their files change."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from assetgen.cli.build import exit_code
from assetgen.cli.options import (
    DeviceOption,
    DraftOption,
    GameOption,
    JsonOption,
    NoncommercialOption,
    PriceOption,
    StoreOption,
)
from assetgen.cli.serve import StateOption, ending, server_for
from assetgen.errors import AssetgenError, Cancelled

if TYPE_CHECKING:
    from assetgen.events import Emit, Event
    from assetgen.watch.loop import Order


def watch(
    context: typer.Context,
    places: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Folders with packs below, or pack files.")],
    *,
    game: GameOption = None,
    poll: Annotated[
        float, typer.Option(min=0, max=3600, metavar="SECONDS", help="Poll at this interval, for network folders.")
    ] = 0.0,
    once: Annotated[bool, typer.Option("--once", help="Build every pack once, and exit.")] = False,
    draft: DraftOption = False,
    allow_noncommercial: NoncommercialOption = False,
    price: PriceOption = "",
    device: DeviceOption = "auto",
    json: JsonOption = False,
    store: StoreOption = None,
    state: StateOption = None,
    service: Annotated[
        Literal["systemd", "launchd", "windows"] | None,
        typer.Option(help="Print a service file (Windows: a command) that starts this watch at login."),
    ] = None,
) -> None:
    """Build packs now, and again whenever one of their files changes.

    A mesh or image in the folder `inbox` beside a pack becomes an asset. Errors are printed, and written beside the
    file they concern until it is fixed, as `pack.error.txt` or `inbox/boulder.error.txt`.

    The command also serves plugins, as `assetgen serve` does, unless a server runs already; their jobs run between two
    batches of a build. Ctrl-C (exit code 130) or SIGTERM (0) ends it; sampled images are kept.

    \b
    Examples:
      assetgen watch art --game my-game
      assetgen watch art --service systemd > assetgen-watch-art.service
    """
    from assetgen.build.options import BuildOptions
    from assetgen.cli.settings import parse_price
    from assetgen.machine import this_machine
    from assetgen.watch.loop import Order

    if service:
        typer.echo(_service(service, places, context.params), nl=False)
        return
    options = BuildOptions(draft=draft, allow_noncommercial=allow_noncommercial)
    machine = this_machine(store, device, parse_price(price))
    order = Order(tuple(places), machine, options, game, poll)
    if once:
        _once(order, json=json)
    else:
        _stay(order, state, json=json)


def _once(order: "Order", *, json: bool) -> None:
    from assetgen.cli.progress import shown
    from assetgen.events import Failed, Finished
    from assetgen.watch.loop import build_once

    failures: list[int] = []
    succeeded = 0
    with shown(json=json) as emit:

        def tell(event: "Event") -> None:
            nonlocal succeeded
            if isinstance(event, Failed):
                failures.append(event.exit_code)
            if isinstance(event, Finished):
                succeeded += event.published + event.reused
            _tell(event, emit, json)

        build_once(order, tell)
    raise typer.Exit(exit_code(failures, succeeded))


def _stay(order: "Order", state: Path | None, *, json: bool) -> None:
    from assetgen.cli.progress import shown
    from assetgen.server.malloc import limit_malloc_arenas
    from assetgen.watch.loop import watch

    limit_malloc_arenas()
    stop = threading.Event()
    cancelled = contextlib.suppress(Cancelled)
    with ending(), shown(json=json) as emit, cancelled, _served(order, state, stop) as shared:

        def go_on() -> None:
            if stop.is_set():
                raise Cancelled

        def tell(event: "Event") -> None:
            go_on()
            _tell(event, emit, json)

        def pause() -> None:  # also called while another process has the lock: nothing is told then
            go_on()
            shared.machine.pause()

        watch(replace(shared, machine=replace(shared.machine, pause=pause)), tell, stop)


def _tell(event: "Event", emit: "Emit", json: bool) -> None:
    from assetgen.events import Planned

    if json or not isinstance(event, Planned):
        emit(event)


@contextlib.contextmanager
def _served(order: "Order", state: Path | None, stop: threading.Event) -> Iterator["Order"]:
    """The order of a watch with a server beside it, which lets in between its batches what persons wait for.

    SIGTERM sets `stop`, and ends what the server does.
    """
    from assetgen.server.background import serve_in_background

    folders = [place if place.is_dir() else place.parent for place in order.places if place.exists()]
    server = server_for(state, order.machine, folders)
    server.idle = order.idle

    def end(*_: object) -> None:  # to raise here could break off anything
        stop.set()
        server.stop()

    signal.signal(signal.SIGTERM, end)
    with contextlib.ExitStack() as stack:
        try:
            worker = stack.enter_context(serve_in_background(server))
        except AssetgenError as error:  # mostly that a server runs already; builds need none
            typer.echo(f"plugins are not answered from here: {error}", err=True)
            yield order
            return
        yield replace(
            order,
            machine=replace(order.machine, pause=worker.run_urgent_jobs),
            turn=lambda lock: worker.lend(os.path.realpath(lock)),
        )


def _service(system: Literal["systemd", "launchd", "windows"], places: list[Path], said: Mapping[str, Any]) -> str:
    """The service file for these very words."""
    from assetgen.watch.service import service_name, service_text

    words = [sys.executable, "-m", "assetgen.cli", "watch", *(str(place.resolve()) for place in places)]
    options = {
        "--game": said["game"] and said["game"].resolve(),
        "--poll": said["poll"] and f"{said['poll']:g}",
        "--price": said["price"],
        "--device": said["device"] if said["device"] != "auto" else "",
        "--store": said["store"],
        "--state": said["state"] and said["state"].resolve(),
    }
    words += [word for option, value in options.items() if value for word in (option, str(value))]
    words += [f"--{name.replace('_', '-')}" for name in ("draft", "allow_noncommercial") if said[name]]
    return service_text(system, words, Path.cwd(), service_name(places[0]))

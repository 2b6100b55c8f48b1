"""`assetgen watch`: build packs when their files change."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

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
    from assetgen.watch.loop import WatchOptions
    from assetgen.watch.service import ServiceSystem


def watch(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH...", help="Folders with packs below, or pack files [default: .]."),
    ] = None,
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

    A mesh or image in the folder `inbox` beside a pack becomes an asset. Errors are also written beside the file they
    concern until it is fixed, as `pack.error.txt`. Plugins are served, as by `assetgen serve`, unless a server runs
    already. Ctrl-C (exit code 130) or SIGTERM (0) ends it; sampled images are kept.

    \b
    Examples:
      assetgen watch art --game my-game
      assetgen watch art --service systemd > assetgen-watch-art.service
    """
    from assetgen.build.options import BuildOptions
    from assetgen.cli.settings import parse_price
    from assetgen.machine import this_machine
    from assetgen.watch.loop import WatchOptions

    if service:
        typer.echo(_service(service, paths or [Path()], context), nl=False)
        return
    build = BuildOptions(draft=draft, allow_noncommercial=allow_noncommercial)
    machine = this_machine(store, device, parse_price(price))
    options = WatchOptions(tuple(paths or [Path()]), machine, build, game, poll)
    if once:
        _build_once(options, json=json)
    else:
        _watch_until_ended(options, state, json=json)


def _build_once(options: "WatchOptions", *, json: bool) -> None:
    from assetgen.cli.progress import shown
    from assetgen.events import Failed, Finished
    from assetgen.watch.loop import build_once

    failures: list[int] = []
    succeeded = 0
    with shown(json=json) as emit:

        def record(event: "Event") -> None:
            nonlocal succeeded
            if isinstance(event, Failed):
                failures.append(event.exit_code)
            if isinstance(event, Finished):
                succeeded += event.published + event.reused
            _emit(event, emit, json)

        build_once(options, record)
    raise typer.Exit(exit_code(failures, succeeded))


def _watch_until_ended(options: "WatchOptions", state: Path | None, *, json: bool) -> None:
    from assetgen.cli.progress import shown
    from assetgen.server.garbage import collect_when_idle
    from assetgen.server.malloc import limit_malloc_arenas
    from assetgen.watch.loop import watch

    limit_malloc_arenas()
    collect_when_idle()
    stop = threading.Event()
    cancelled = contextlib.suppress(Cancelled)
    with ending(), shown(json=json) as emit, cancelled, _with_server(options, state, stop) as shared:

        def cancel_if_stopped() -> None:
            if stop.is_set():
                raise Cancelled

        def record(event: "Event") -> None:
            cancel_if_stopped()
            _emit(event, emit, json)

        def pause() -> None:
            cancel_if_stopped()  # no event comes while a build waits for a lock
            shared.machine.pause()

        watch(replace(shared, machine=replace(shared.machine, pause=pause)), record, stop)


def _emit(event: "Event", emit: "Emit", json: bool) -> None:
    from assetgen.events import Planned

    if json or not isinstance(event, Planned):
        emit(event)


@contextlib.contextmanager
def _with_server(options: "WatchOptions", state: Path | None, stop: threading.Event) -> Iterator["WatchOptions"]:
    """Options of a watch beside a running server, whose urgent jobs run between two batches.

    SIGTERM and `POST /shutdown` set `stop` and end the server's work.
    """
    from assetgen.server.background import serve_in_background

    folders = [path if path.is_dir() else path.parent for path in options.paths if path.exists()]
    server = server_for(state, options.machine, folders)
    server.idle = options.idle

    def end(*_: object) -> None:  # an exception here could interrupt anything
        stop.set()
        server.stop()

    signal.signal(signal.SIGTERM, end)
    server.shutdown = end
    with contextlib.ExitStack() as stack:
        try:
            worker = stack.enter_context(serve_in_background(server))
        except AssetgenError as error:  # usually another server runs; builds do not need one
            typer.echo(f"this watch does not serve plugins: {error}", err=True)
            yield options
            return
        yield replace(
            options,
            machine=replace(options.machine, pause=worker.run_urgent_jobs),
            build_context=lambda lock: worker.lend(os.path.realpath(lock)),
        )


def _service(system: "ServiceSystem", paths: list[Path], context: typer.Context) -> str:
    """The service file that runs this command with its options."""
    from assetgen.watch.service import service_name, service_text

    given = context.params
    command = [sys.executable, "-m", "assetgen.cli", "watch", *(str(path.resolve()) for path in paths)]
    options = {
        "--game": given["game"] and given["game"].resolve(),
        "--poll": given["poll"] and f"{given['poll']:g}",
        "--price": given["price"],
        "--device": given["device"] if given["device"] != "auto" else "",
        "--store": given["store"],
        "--state": given["state"] and given["state"].resolve(),
    }
    command += [word for option, value in options.items() if value for word in (option, str(value))]
    command += [f"--{name.replace('_', '-')}" for name in ("draft", "allow_noncommercial") if given[name]]
    return service_text(system, command, Path.cwd(), service_name(paths[0]))

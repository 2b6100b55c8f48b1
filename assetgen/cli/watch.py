"""`assetgen watch`: packs are built whenever something changes that they depend on."""

import contextlib
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from assetgen.cli.build import (
    DraftOption,
    GameOption,
    JsonOption,
    PriceOption,
    StoreOption,
    exit_code,
    game_of,
    machine,
)
from assetgen.errors import Cancelled

if TYPE_CHECKING:
    from assetgen.events import Event
    from assetgen.watch.loop import Order


def watch(
    places: Annotated[list[Path], typer.Argument(metavar="DIR|PACK…", help="Folders with packs below, or pack files.")],
    *,
    game: GameOption = None,
    poll: Annotated[
        float, typer.Option(min=0, max=3600, metavar="SECONDS", help="Look every so often: for network folders.")
    ] = 0.0,
    once: Annotated[bool, typer.Option("--once", help="Build what is there, and end.")] = False,
    draft: DraftOption = False,
    price: PriceOption = "",
    json: JsonOption = False,
    store: StoreOption = None,
    service: Annotated[
        Literal["systemd", "launchd", "windows"] | None,
        typer.Option(help="Print the service file that starts this watch with your session, and end."),
    ] = None,
) -> None:
    """Build packs now and whenever a file changes: the pack, its presets, palettes, meshes, pictures, model cards.

    A mesh or picture that is dropped into the folder `inbox` beside a pack becomes one of its assets. What is wrong is
    told here and beside the file, in `pack.error.txt` or `boulder.error.txt`, until it is mended; keep `*.error.txt`
    out of version control. It ends by Ctrl-C (exit code 130) or SIGTERM (0); what was sampled is kept.

    A service: assetgen watch art --service systemd > ~/.config/systemd/user/assetgen-watch-art.service
    (launchd: ~/Library/LaunchAgents/assetgen-watch-art.plist; windows: run the printed schtasks command).
    """
    from assetgen.cli.settings import parse_price
    from assetgen.rebuild import Wish
    from assetgen.watch.loop import Order

    if service:
        typer.echo(_service(service, places, game, poll=poll, draft=draft, price=price, store=store), nl=False)
        return
    wish = Wish(draft=draft, price=parse_price(price))
    order = Order(tuple(places), machine(store), wish, lambda file: game or game_of(file), poll)
    _run(order, once=once, json=json)


def _run(order: "Order", *, once: bool, json: bool) -> None:
    from assetgen.cli.progress import shown
    from assetgen.events import Failed, Finished, Planned
    from assetgen.watch.loop import build_once, watch

    failures: list[int] = []
    succeeded = 0
    stop = threading.Event()
    with shown(json=json) as emit:

        def tell(event: "Event") -> None:
            nonlocal succeeded
            if stop.is_set():
                raise Cancelled
            if once and isinstance(event, Failed):
                failures.append(event.exit_code)
            if isinstance(event, Finished):
                succeeded += event.published + event.reused
            if json or not isinstance(event, Planned):
                emit(event)

        if once:
            build_once(order, tell)
            raise typer.Exit(exit_code(failures, succeeded))
        signal.signal(signal.SIGTERM, lambda *_: stop.set())  # to raise there could break off anything
        with contextlib.suppress(Cancelled):
            watch(order, tell, stop)


def _service(
    system: Literal["systemd", "launchd", "windows"],
    places: list[Path],
    game: Path | None,
    *,
    poll: float,
    draft: bool,
    price: str,
    store: str | None,
) -> str:
    """The service file for these very words."""
    from assetgen.watch.service import service_name, service_text

    words = [sys.executable, "-m", "assetgen.cli", "watch", *(str(place.resolve()) for place in places)]
    options = {
        "--game": game and str(game.resolve()),
        "--poll": poll and f"{poll:g}",
        "--price": price,
        "--store": store,
    }
    words += [word for option, value in options.items() if value for word in (option, str(value))]
    return service_text(system, words + ["--draft"] * draft, Path.cwd(), service_name(places[0]))

"""What the server offers: presets, their arguments, models; and whether it runs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import bpy

from . import thumbnails
from .client import watch
from .client.form import Field, fields_of
from .client.http import Server, Status
from .client.pictures import bring_pictures, picture_of
from .client.start import Start, stop
from .client.trouble import NoServer, Trouble
from .forms import fill_forms
from .preferences import RECORDED, preferences, project_folder, state_place, user_folder
from .tasks import send
from .windows import redraw

PICTURES = "thumbnails"
OFTEN = 0.2
"""Seconds between two looks at what the watching thread has seen."""


@dataclass
class Catalog:
    """The known state of the server."""

    version: str = ""
    """Empty if no server was found."""
    is_older: bool = False
    is_asked: bool = False
    trouble: Trouble | None = None
    presets: list[dict[str, Any]] = field(default_factory=list)
    models: list[dict[str, Any]] = field(default_factory=list)
    pages: dict[str, list[Field]] = field(default_factory=dict)
    wanted: set[str] = field(default_factory=set)
    queue: tuple[watch.Waiting, ...] = ()
    """The jobs of all clients."""
    word: str = ""
    """What is done with the server just now."""
    where: str = ""
    """Address, process and token with which the catalog was loaded, or could not be."""


catalog = Catalog()
when_known: list[Callable[[], None]] = []
"""Called when the catalog of a server was loaded."""
_watch: watch.Watch | None = None
_seen: watch.Seen | None = None


def server() -> Server:
    """The server from the preferences."""
    return Server(state_place())


def starter() -> Start | None:
    """A thread-safe function that starts a server; None if the preferences forbid it."""
    chosen = preferences()
    if not chosen.starts:
        return None
    program = bpy.path.abspath(chosen.program) if chosen.program else ""
    log = user_folder("log") / "server.log"
    return Start(state_place(), program, RECORDED, round(chosen.price, 4), bpy.app.online_access, log)


def begin_to_watch() -> None:
    """Watch the server from a thread, and apply what it sees; also after another file was opened."""
    global _watch, _seen
    _watch, _seen = watch.Watch(server()), None
    bpy.app.timers.register(_follow, first_interval=OFTEN, persistent=True)


def end_to_watch() -> None:
    """End the thread and the timer."""
    global _watch
    if bpy.app.timers.is_registered(_follow):
        bpy.app.timers.unregister(_follow)
    if _watch:
        _watch.end()
    _watch = None


def watch_queue(is_shown: bool) -> None:
    """Whether the queue of all clients is read."""
    if _watch:
        _watch.reads_queue = is_shown


def connect(begin: bool = False) -> None:
    """Connect to the server and load its catalog; with `begin`, start one if none runs."""
    asked, ready = server(), starter() if begin else None
    _work_on("Starting the server…" if ready else "Looking for the server…", lambda: (ready or asked.handshake)())


def end_server(restart: bool = False) -> None:
    """End the server; with `restart`, start another one. Raises `Trouble` if the preferences forbid that."""
    asked, ready = server(), starter() if restart else None
    if restart and ready is None:
        raise Trouble("The preferences forbid to start the server.", "Start `assetgen serve` in a terminal.")
    if ready:
        _work_on("Restarting the server…", lambda: (stop(asked), ready())[1])
        return
    catalog.is_asked, catalog.word, catalog.trouble = True, "Stopping the server…", None
    send(lambda: stop(asked), lambda _: _unknown(NoServer()), _unknown)


def _work_on(word: str, begin: Callable[[], Status]) -> None:
    asked = server()
    catalog.is_asked, catalog.word, catalog.trouble = True, word, None
    wanted = {*catalog.wanted, *catalog.pages}
    folder = project_folder()

    def look() -> dict[str, Any]:
        status = begin()
        query = _query(asked, folder)
        presets = [each for each in asked.ask("GET", f"/presets{query}") if not each["error"]]
        known = {each["name"] for each in presets} & wanted
        return {
            "status": status,
            "where": watch.where_of(asked),
            "wanted": wanted,
            "presets": presets,
            "models": asked.ask("GET", f"/models{query}"),
            "pages": {name: fields_of(asked.ask("GET", f"/presets/{name}{query}")) for name in known},
        }

    send(look, _known, _unknown)


def _query(asked: Server, folder: Path) -> str:
    """Includes the presets of the project; the history reports a folder that cannot be one."""
    try:
        return f"?project={asked.project(folder)}"
    except Trouble as trouble:
        if trouble.status != 404:
            raise
        return ""


def want_form(preset: str) -> None:
    """Load the arguments of a preset, unless they are known."""
    if preset in catalog.pages or preset in catalog.wanted or not preset:
        return
    catalog.wanted.add(preset)
    if not catalog.version:
        return  # `connect` loads it
    asked, folder = server(), project_folder()
    send(
        lambda: {preset: fields_of(asked.ask("GET", f"/presets/{preset}{_query(asked, folder)}"))},
        _filled,
        lambda trouble: _no_form(preset, trouble),
    )


def _follow() -> float:
    """Apply what the watching thread has seen since the last time; redraw only if it changed."""
    global _seen
    if _watch is None or catalog.is_asked:
        return OFTEN
    _watch.server = server()
    now = _watch.seen
    if now is None or now == _seen:
        return OFTEN
    _seen, catalog.queue = now, now.queue
    try:
        if now.status is None:
            _unknown(now.trouble or NoServer())
        elif now.where != catalog.where:
            catalog.where = now.where
            connect()
    except Trouble as trouble:
        catalog.trouble = trouble
    redraw()
    return OFTEN


def _known(loaded: dict[str, Any]) -> None:
    status: Status = loaded["status"]
    catalog.version, catalog.is_older = status.version, status.is_older
    catalog.presets, catalog.models = loaded["presets"], loaded["models"]
    catalog.is_asked, catalog.where, catalog.trouble = False, loaded["where"], None
    late, catalog.wanted = catalog.wanted - loaded["wanted"], set()
    _filled(loaded["pages"])
    for preset in late:
        want_form(preset)
    asked, folder = server(), _pictures()
    pictured = [each["name"] for each in catalog.presets if each["thumbnail"]]
    send(lambda: bring_pictures(asked, pictured, folder), thumbnails.renew, report)
    for each in when_known:
        each()


def report(trouble: Trouble) -> None:
    """Show an error in the header."""
    catalog.trouble = trouble


def _filled(pages: dict[str, list[Field]]) -> None:
    catalog.pages.update(pages)
    catalog.wanted.difference_update(pages)
    fill_forms(catalog.pages)


def _no_form(preset: str, trouble: Trouble) -> None:
    catalog.wanted.discard(preset)
    catalog.trouble = trouble


def _unknown(trouble: Trouble) -> None:
    """No server, or none that can be used; `where` stays, so that it is not tried again until it changes."""
    catalog.is_asked, catalog.version, catalog.queue = False, "", ()
    if isinstance(trouble, NoServer):
        catalog.where = ""
    catalog.trouble = None if isinstance(trouble, NoServer) else trouble


def preset_icon(preset: str) -> int:
    """The icon of a preset's thumbnail; 0 if it has none, and in background mode."""
    try:
        return 0 if bpy.app.background else thumbnails.icon_of(picture_of(_pictures(), preset))
    except Trouble:
        return 0  # the header shows why, as soon as a server is there


@cache
def _pictures() -> Path:
    return user_folder(PICTURES)


def licence_of(model: str) -> str:
    """The licence of a model; "" if unknown."""
    return next((str(each["licence"]) for each in catalog.models if each["name"] == model), "")

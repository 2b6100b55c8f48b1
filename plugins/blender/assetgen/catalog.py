"""What the server offers: presets, their arguments, models; and whether it runs."""

from dataclasses import dataclass, field
from typing import Any

import bpy

from . import thumbnails
from .client.form import Field, fields_of
from .client.http import Server
from .client.pictures import bring_pictures, picture_of
from .client.start import start
from .client.trouble import NoServer, Trouble
from .forms import fill_forms
from .preferences import preferences, state_place, user_folder
from .tasks import send

PICTURES = "thumbnails"


@dataclass
class Catalog:
    """The known state of the server."""

    version: str = ""
    """Empty if no server was found."""
    is_asked: bool = False
    trouble: Trouble | None = None
    presets: list[dict[str, Any]] = field(default_factory=list)
    models: list[dict[str, Any]] = field(default_factory=list)
    pages: dict[str, list[Field]] = field(default_factory=dict)
    wanted: set[str] = field(default_factory=set)


catalog = Catalog()


def server() -> Server:
    """The server from the preferences."""
    return Server(state_place())


def starter() -> Any:
    """A thread-safe function that starts a server; None if the preferences forbid it."""
    chosen, state_path = preferences(), state_place()
    if not chosen.starts:
        return None
    words = {"program": bpy.path.abspath(chosen.program) if chosen.program else "", "price": round(chosen.price, 4)}
    words |= {"online": bpy.app.online_access, "log": user_folder("log") / "server.log"}
    return lambda: start(state_path, **words)


def connect(begin: bool = False) -> None:
    """Connect to the server and load its catalog; with `begin`, start one if none runs."""
    asked, ready = server(), starter() if begin else None
    catalog.is_asked, catalog.trouble = True, None
    wanted = {*catalog.wanted, *catalog.pages}

    def look() -> dict[str, Any]:
        version = (ready or asked.handshake)()
        presets = [each for each in asked.ask("GET", "/presets") if not each["error"]]
        known = {each["name"] for each in presets} & wanted
        return {
            "version": version,
            "wanted": wanted,
            "presets": presets,
            "models": asked.ask("GET", "/models"),
            "pages": {name: fields_of(asked.ask("GET", f"/presets/{name}")) for name in known},
        }

    send(look, _known, _unknown)


def want_form(preset: str) -> None:
    """Load the arguments of a preset, unless they are known."""
    if preset in catalog.pages or preset in catalog.wanted or not preset:
        return
    catalog.wanted.add(preset)
    if not catalog.version:
        return  # `connect` loads it
    asked = server()
    send(
        lambda: {preset: fields_of(asked.ask("GET", f"/presets/{preset}"))},
        _filled,
        lambda trouble: _no_form(preset, trouble),
    )


def _known(loaded: dict[str, Any]) -> None:
    catalog.version, catalog.presets, catalog.models = loaded["version"], loaded["presets"], loaded["models"]
    catalog.is_asked = False
    late, catalog.wanted = catalog.wanted - loaded["wanted"], set()
    _filled(loaded["pages"])
    for preset in late:
        want_form(preset)
    asked, folder = server(), user_folder(PICTURES)
    pictured = [each["name"] for each in catalog.presets if each["thumbnail"]]
    send(lambda: bring_pictures(asked, pictured, folder), thumbnails.renew, _no_pictures)


def _no_pictures(trouble: Trouble) -> None:
    """Without thumbnails, the list shows names only."""
    catalog.trouble = trouble


def _filled(pages: dict[str, list[Field]]) -> None:
    catalog.pages.update(pages)
    catalog.wanted.difference_update(pages)
    fill_forms(catalog.pages)


def _no_form(preset: str, trouble: Trouble) -> None:
    catalog.wanted.discard(preset)
    catalog.trouble = trouble


def _unknown(trouble: Trouble) -> None:
    catalog.is_asked, catalog.version = False, ""
    catalog.trouble = None if isinstance(trouble, NoServer) else trouble


def preset_icon(preset: str) -> int:
    """The icon of a preset's thumbnail; 0 if it has none, and in background mode."""
    return 0 if bpy.app.background else thumbnails.icon_of(picture_of(user_folder(PICTURES), preset))


def licence_of(model: str) -> str:
    """The licence of a model; "" if unknown."""
    return next((str(each["licence"]) for each in catalog.models if each["name"] == model), "")

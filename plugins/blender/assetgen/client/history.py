"""Everything made in a project, as the server keeps it."""

import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .http import Server
from .kept import keep

LIMIT = 48
"""Entries of one request."""


@dataclass(frozen=True)
class Entry:
    """One finished variation, with what made it. `request` makes exactly this one again."""

    job: str
    number: int
    made: float
    preset: str
    prompt: str
    model: str
    seed: int | None
    score: float | None
    seconds: float
    cost: float | None
    size: tuple[int, int]
    shows: Mapping[str, Any]
    files: tuple[Mapping[str, Any], ...]
    is_missing: bool
    """Some of its files are gone."""
    request: Mapping[str, Any]

    @property
    def key(self) -> str:
        """Its name for buttons, files and data-blocks."""
        return f"{self.job}-{self.number}"

    @property
    def color(self) -> Mapping[str, Any] | None:
        """The file with the colours; None if it was lost."""
        return next((file for file in self.files if file["channel"] == "color"), None)

    @property
    def suffix(self) -> str:
        """The ending of its picture's file name."""
        return Path(str(self.color["path"])).suffix if self.color else ""

    @property
    def is_material(self) -> bool:
        """It has maps beside the colour."""
        return any(file["channel"] == "normal" for file in self.files)


def facts_of(entry: Entry, translated: Callable[[str], str] = str) -> str:
    """`Seed 7 · Score 0.93 · 12.0 s · $0.0004 · 128 × 128`."""
    words = [
        "" if entry.seed is None else f"{translated('Seed')} {entry.seed}",
        "" if entry.score is None else f"{translated('Score')} {entry.score:.2f}",
        f"{entry.seconds:.1f} s" if entry.seconds else "",
        f"${entry.cost:.4f}" if entry.cost else "",
        f"{entry.size[0]} × {entry.size[1]}" if all(entry.size) else "",
    ]
    return " · ".join(word for word in words if word)


def read_page(server: Server, project: str, search: str = "", before: float | None = None) -> tuple[list[Entry], bool]:
    """The newest entries of a project made before a time, and whether there are older ones. Raises `Trouble`."""
    words = {"project": project, "limit": LIMIT, "search": search or None, "before": before}
    query = urllib.parse.urlencode({name: value for name, value in words.items() if value is not None})
    reply = server.ask("GET", f"/history?{query}")
    return [_entry(each) for each in reply["entries"]], bool(reply["more"])


def remove(server: Server, entry: Entry) -> None:
    """Remove an entry with its files from the server. Raises `Trouble`."""
    server.ask("DELETE", f"/history/{entry.job}/{entry.number}")


def bring(server: Server, entry: Entry, folder: Path, stem: str = "", just_color: bool = False) -> dict[str, Path]:
    """Download the files of an entry into a folder, `color` first: by channel. Raises `Trouble`.

    With `stem` they are named `stem.png`, `stem_normal.png`; without, as on the server, by content.
    """
    places: dict[str, Path] = {}
    for file in sorted(entry.files, key=lambda file: file["channel"] != "color"):
        channel, path = str(file["channel"]), Path(str(file["path"]))
        if just_color and channel != "color":
            continue
        ending = path.suffix if channel == "color" else f"_{channel}{path.suffix}"
        if stem:
            places[channel] = folder / f"{stem}{ending}"
            server.download(entry.job, dict(file), places[channel])
        else:
            places[channel] = keep(server, entry.job, dict(file), folder / path.name)
    return places


def again(entry: Entry, seed: int | None = None, count: int = 1) -> dict[str, Any]:
    """The request that makes an entry again; with `seed`, variations of it from that seed on."""
    request = {**entry.request, "kind": "make"}
    return request if seed is None else {**request, "seed": seed, "count": count}


def _entry(reply: Mapping[str, Any]) -> Entry:
    return Entry(
        job=str(reply["job"]),
        number=int(reply["number"]),
        made=float(reply["made"]),
        preset=str(reply["preset"]),
        prompt=str(reply["prompt"] or ""),
        model=str(reply["model"] or ""),
        seed=reply["seed"],
        score=reply["score"],
        seconds=float(reply["seconds"] or 0),
        cost=reply["cost"].get("usd"),
        size=(int(reply["width"] or 0), int(reply["height"] or 0)),
        shows=reply.get("shows") or {"kind": "picture"},
        files=tuple(reply["files"]),
        is_missing=bool(reply.get("missing")),
        request=reply["request"],
    )

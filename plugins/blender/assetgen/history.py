"""Everything made in this project, by any client: pages of it, and what can be done with a result."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import bpy

from . import catalog
from .client.history import Entry, again, bring, read_page, remove
from .client.job import Delivery, Work
from .client.names import file_name
from .client.trouble import Changed, Trouble
from .folders import load_image, output_folder
from .preferences import project_folder, session_folder
from .request import start_job, surface_facts, targets
from .tasks import Task, begin, send
from .windows import undo_step

PAGE = 6
"""Results on a page."""
MOST_SEED = 2**31


@dataclass
class History:
    """What is known of the history of one project; the newest entries first."""

    folder: Path | None = None
    search: str = ""
    entries: list[Entry] = field(default_factory=list)
    more: bool = False
    page: int = 0
    chosen: str = ""
    """The key of the entry whose facts are shown."""
    marked: list[str] = field(default_factory=list)
    """The keys of entries to compare."""
    trouble: Trouble | None = None
    notice: str = ""
    task: Task | None = None
    """The newest task that was begun from an entry; its errors are shown beside the entry."""
    asked: int = 0
    """Number of the newest request: an older response is dropped."""

    @property
    def pages(self) -> int:
        """The number of known pages."""
        return max(-(-len(self.entries) // PAGE), 1)

    @property
    def shown(self) -> list[Entry]:
        """The entries of this page."""
        return self.entries[self.page * PAGE : (self.page + 1) * PAGE]


history = History()
DELETED = Trouble("The files of this result were deleted.", "Press Again: the same seed makes the same picture.")


def entry_of(key: str) -> Entry:
    """The entry with a key. Raises `Trouble`."""
    found = next((entry for entry in history.entries if entry.key == key), None)
    if found is None:
        raise Trouble("This result is no longer in the history.", "Refresh the history.")
    return found


def follow_project() -> None:
    """Load the history anew if the .blend file is in another folder now."""
    if catalog.catalog.version and project_folder() != history.folder:
        refresh()


def refresh(search: str | None = None) -> None:
    """Load the newest entries. Raises `Trouble`."""
    folder = project_folder()
    if search is not None:
        history.search = search.strip()
    if folder != history.folder or search is not None:
        history.page, history.marked = 0, []
    history.folder = folder
    _load(None)


def turn(pages: int) -> None:
    """Turn pages; older entries are loaded when the last known page is near."""
    history.page = min(max(history.page + pages, 0), history.pages - 1)
    if history.more and history.page >= history.pages - 2:
        _load(history.entries[-1].made if history.entries else None)
    _bring_thumbnails()


def thumbnail_of(entry: Entry) -> Path:
    """The file of an entry's picture in this session."""
    return session_folder("history") / f"{entry.key}{entry.suffix}"


def use(context: bpy.types.Context, entry: Entry, what: str) -> Task:
    """Apply an entry to the file as a task of this kind would. Raises `Trouble`."""
    facts = _facts(context, entry, targets(context, what))
    return _begin(what, entry, Delivery(catalog.server(), entry, output_folder()), facts)


def way_of(entry: Entry) -> str:
    """The kind of task that fits an entry."""
    if entry.is_material:
        return "MATERIAL"
    return "TEXTURE" if entry.shows.get("kind") == "tile" else "PICTURE"


def repeat(context: bpy.types.Context, entry: Entry, count: int = 0) -> Task:
    """Make an entry again, or `count` variations with other seeds; the first is applied. Raises `Trouble`."""
    what = way_of(entry)
    try:
        there = targets(context, what)
    except Trouble:
        what, there = "PICTURE", []  # without a selection it is shown as a picture
    facts = _facts(context, entry, there)
    if not count:
        return _begin(what, entry, start_job(entry.prompt, again(entry)), facts)
    seed = random.randrange(MOST_SEED - count)
    facts["origin"]["seed"] = seed
    return _begin(what, entry, start_job(entry.prompt, again(entry, seed, count)), facts, count)


def use_as_reference(entry: Entry, settings: Any) -> None:
    """Bring the picture of an entry, and make it the reference of the next request."""
    asked, folder = catalog.server(), output_folder() / "references"

    def done(places: dict[str, Path]) -> None:
        settings.reference = str(places["color"])
        undo_step("assetgen: reference")

    _fetch(partial(bring, asked, entry, folder, entry.key, just_color=True), done)


def keep(entry: Entry, name: str) -> None:
    """Save an entry under a name beside the other results, and load it as an image. Raises `Trouble`."""
    stem, folder = file_name(name), output_folder()
    if not stem:
        raise Trouble(f"{name!r} has no letter or digit.", "Choose another name.")
    if (folder / f"{stem}{entry.suffix}").exists():
        raise Trouble(f"{folder / stem}{entry.suffix} exists already.", "Choose another name.")

    def done(places: dict[str, Path]) -> None:
        for channel, place in places.items():
            load_image(place, channel).use_fake_user = True
        history.notice = f"{places['color'].name} → {folder}"
        undo_step(f"assetgen: keep as {stem}")

    _fetch(partial(bring, catalog.server(), entry, folder, stem), done)


def take_out(entry: Entry) -> None:
    """Remove an entry and its files from the server; files in the project stay."""
    asked = catalog.server()
    history.marked = [key for key in history.marked if key != entry.key]

    def done(_: None) -> None:
        history.entries = [each for each in history.entries if each.key != entry.key]
        turn(0)

    _fetch(partial(remove, asked, entry), done)


def _begin(what: str, entry: Entry, job: Work, facts: dict[str, Any], count: int = 1) -> Task:
    history.trouble, history.notice = None, ""
    history.task = begin(what, entry.prompt, job, facts, count)
    return history.task


def _facts(context: bpy.types.Context, entry: Entry, there: list[bpy.types.Object]) -> dict[str, Any]:
    settings = context.scene.assetgen
    origin = {"prompt": entry.prompt, "preset": entry.preset, "seed": entry.seed, "model": entry.model}
    facts = {"targets": [item.session_uid for item in there], "as_asset": settings.as_asset}
    facts |= surface_facts(settings, entry.preset)
    return facts | {"origin": {**origin, "licence": catalog.licence_of(entry.model)}}


def _fetch(work: Callable[[], Any], done: Callable[[Any], None]) -> None:
    history.trouble, history.notice, history.task = None, "", None
    send(work, done, _failed)


def _failed(trouble: Trouble) -> None:
    history.trouble = DELETED if isinstance(trouble, Changed) else trouble


def _load(before: float | None) -> None:
    asked, folder, search = catalog.server(), history.folder, history.search
    history.asked += 1
    number = history.asked

    def look() -> tuple[list[Entry], bool]:
        return read_page(asked, asked.project(folder), search, before)

    def done(page: tuple[list[Entry], bool]) -> None:
        if number != history.asked:
            return
        known = {entry.key for entry in history.entries} if before is not None else set()
        kept = history.entries if before is not None else []
        history.entries = [*kept, *(entry for entry in page[0] if entry.key not in known)]
        history.more, history.trouble = page[1], None
        turn(0)

    def failed(trouble: Trouble) -> None:
        if trouble.status == 404 and catalog.catalog.is_older:
            cure = "Update both from one copy of the repository, then restart the server."
            trouble = Trouble("This server is older than the extension: it keeps no history.", cure)
        if number == history.asked:
            history.trouble = trouble

    send(look, done, failed)


def _bring_thumbnails() -> None:
    """Download the pictures of this page."""
    asked = catalog.server()
    for entry in history.shown:
        if entry.color and not thumbnail_of(entry).is_file() and not bpy.app.background:
            work = partial(bring, asked, entry, session_folder("history"), entry.key, just_color=True)
            send(work, lambda _: None, _lost)


def _lost(trouble: Trouble) -> None:
    """A picture that is gone has no thumbnail; its buttons report why."""
    if not isinstance(trouble, Changed):
        history.trouble = trouble

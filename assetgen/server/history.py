"""The history: everything that `make` made in each project, by any client, until it is too many or too large.

An entry is one variation. Its files stay in the folder of its job.
"""

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assetgen.build.attempts import read_acceptance
from assetgen.build.cost import Cost
from assetgen.pack.recipe import Recipe
from assetgen.pixels.image_files import image_size
from assetgen.server.http_errors import MAKE_ROOM, DiskFull, NotFound
from assetgen.server.jobs import Jobs
from assetgen.server.requests import Make
from assetgen.server.responses import History, HistoryEntry, JobFile
from assetgen.server.shows import Shows, shows_image
from assetgen.store.store import Store, meta_from

KEPT_ENTRIES, KEPT_BYTES = 10_000, 4_000_000_000
"""Limits; the oldest entries are removed first. One second of work makes some kilobytes: that is months."""
_TICK = 0.000_001
"""Seconds between two entries of the same time, so that each time is that of one entry."""


@dataclass(frozen=True)
class Variations:
    """The variations of one `make` by name: what the history records of them when their files are there."""

    job: str
    request: Make
    recipes: Mapping[str, Recipe]
    seeds: Mapping[str, int]
    store: Store

    def shows(self, root: Path, file: JobFile) -> Shows | None:
        """How to show a file that has just been written below `root`: None unless it is a colour image."""
        size = image_size((root / file.path).read_bytes()) if file.channel == "color" else None
        known = read_acceptance(self.recipes[file.asset], self.store) if size else None
        files = self.store.read("images", known.attempt.images_key) if known else None
        if not size or not files:
            return {"kind": "picture"} if size else None
        stacked = next(image_size(data) for name, data in files.items() if name.startswith("color."))
        return shows_image(meta_from(files), size, stacked or size)

    def entry(self, root: Path, files: Sequence[JobFile]) -> HistoryEntry:
        """The entry of a variation whose files have just been written below `root`."""
        asset, number = files[0].asset, files[0].number or 1
        recipe, seed = self.recipes[asset], self.seeds[asset]
        known = read_acceptance(recipe, self.store)
        cost = known.cost if known else Cost()
        color = next((file for file in files if file.shows), None)
        size = (image_size((root / color.path).read_bytes()) if color else None) or (0, 0)
        return HistoryEntry(
            job=self.job,
            number=number,
            made=time.time(),
            preset=self.request.preset,
            prompt=self.request.prompt,
            negative=self.request.negative or "",
            model=recipe.facts.model or "",
            seed=seed,
            score=known.quality if known else None,
            seconds=cost.get("seconds", 0.0),
            cost=dict(cost),
            width=size[0],
            height=size[1],
            shows=(color.shows if color else None) or {"kind": "picture"},
            files=list(files),
            missing=[],
            request={**self.request.model_dump(), "count": 1, "seed": seed},
        )


def add_entry(base: sqlite3.Connection, entry: HistoryEntry) -> None:
    """Add an entry inside a transaction. One of the same job and number is replaced."""
    data = entry.model_dump(exclude={"job", "number", "made", "files", "missing"})
    data["paths"] = [file.path for file in entry.files]
    text = f"{entry.prompt} {entry.preset} {entry.model} {entry.seed}".casefold()
    size = sum(file.bytes for file in entry.files)
    project = entry.request.get("project") or ""
    [[latest]] = base.execute("SELECT coalesce(max(made), 0) FROM history")
    made = max(entry.made, latest + _TICK)
    values = (entry.job, entry.number, made, project, text, size, json.dumps(data))
    base.execute("REPLACE INTO history VALUES (?, ?, ?, ?, ?, ?, ?)", values)


@dataclass(frozen=True)
class Search:
    """Which entries: of a project ("" for none), with each of these words, made before a time, so many."""

    project: str
    words: str
    before: float
    limit: int


def find_entries(jobs: Jobs, folder: Path, search: Search) -> History:
    """The entries that match, newest first."""
    words = search.words.casefold().split()
    having = "".join(" AND instr(text, ?) > 0" for _ in words)
    query = (
        f"SELECT job, number, made, data FROM history WHERE project = ? AND made < ?{having} ORDER BY made DESC LIMIT ?"
    )
    rows = jobs.rows(query, search.project, search.before, *words, search.limit + 1)
    found = [_entry(jobs, folder, *row) for row in rows[: search.limit]]
    return History(entries=found, more=len(rows) > search.limit)


def _entry(jobs: Jobs, folder: Path, job: str, number: int, made: float, text: str) -> HistoryEntry:
    data: dict[str, Any] = json.loads(text)
    paths = data.pop("paths")
    files = [file for file in jobs.files(job) if file.path in paths]
    here = {file.path for file in files if (folder / "jobs" / job / file.path).is_file()}
    missing = [path for path in paths if path not in here]
    return HistoryEntry(job=job, number=number, made=made, files=files, missing=missing, **data)


def remove_entry(jobs: Jobs, folder: Path, job: str, number: int) -> None:
    """Remove an entry, and its files that no other entry of its job has. Raises `NotFound`, `DiskFull`."""
    entries = {each: set(json.loads(data)["paths"]) for each, data in _entries_of(jobs, job)}
    if number not in entries:
        raise NotFound(
            f"the history has no variation {number} of job '{job[:40]}'", cure="GET /api/v1/history lists it"
        )
    own = entries.pop(number).difference(*entries.values())
    try:
        for path in own:
            (folder / "jobs" / job / path).unlink(missing_ok=True)
    except OSError as error:
        raise DiskFull(f"cannot remove '{path}' ({error.strerror})", cure=MAKE_ROOM) from error
    with jobs.transaction() as base:
        base.execute("DELETE FROM history WHERE job = ? AND number = ?", (job, number))
        base.executemany("DELETE FROM files WHERE job = ? AND path = ?", [(job, path) for path in own])


def _entries_of(jobs: Jobs, job: str) -> list[tuple[int, str]]:
    return [(number, data) for number, data in jobs.rows("SELECT number, data FROM history WHERE job = ?", job)]


def drop_excess(jobs: Jobs, folder: Path, most: int = KEPT_ENTRIES, most_bytes: int = KEPT_BYTES) -> None:
    """Remove the oldest entries beyond the limits."""
    newest = "OVER (ORDER BY made DESC)"
    sums = f"SELECT job, number, row_number() {newest} AS n, sum(bytes) {newest} AS total FROM history"
    for job, number in jobs.rows(f"SELECT job, number FROM ({sums}) WHERE n > ? OR total > ?", most, most_bytes):
        remove_entry(jobs, folder, job, number)

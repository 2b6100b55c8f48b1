"""What every job is done with, and what a kind of job is: a look at the request, then the work."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assetgen.errors import Cancelled
from assetgen.events import Event, Failed, Planned, Published, Reused, Sampling
from assetgen.machine import Machine
from assetgen.pack.recipe import Recipe
from assetgen.pack.schema import ModelCard
from assetgen.server.files import described
from assetgen.server.http_errors import NoRoom
from assetgen.server.jobs import Job, Jobs, insist


@dataclass(frozen=True)
class ServerContext:
    """Where the server keeps things (`folder`), and what its jobs share."""

    folder: Path
    jobs: Jobs
    machine: Machine

    @property
    def uploads(self) -> Path:
        """The folder of uploads."""
        return self.folder / "uploads"

    def root(self, job: Job) -> Path:
        """The folder of a job's files."""
        return self.folder / job.root


@dataclass(frozen=True)
class Ready:
    """A request that can be done: the lock that it writes ("" for none), where its files go (None: a new folder)."""

    holds: str = ""
    root: Path | None = None


@dataclass
class News:
    """The `Emit` of one job: notes what happens and which files came out; raises `Cancelled` once the job is to stop.
    Where the disk is full, it waits until it is not.

    `numbers` are those of candidates and variations, by asset or by path.
    """

    jobs: Jobs
    job: Job
    root: Path
    stops: Callable[[], bool]
    numbers: dict[str, int] = field(default_factory=dict)
    failures: list[Failed] = field(default_factory=list)
    total: int = 0
    done: int = 0
    share: float = 0.0

    def __call__(self, event: Event) -> None:
        match event:
            case Planned():
                self.total = event.assets
            case Failed():
                self.failures.append(event)
                self.done += bool(event.asset)
            case Published() | Reused() if event.asset:
                self.done += 1
        files = []
        if isinstance(event, Published) and event.asset:
            numbers = (self.numbers.get(path, self.numbers.get(event.asset)) for path in event.files)
            files = [described(self.root, *each, event.asset) for each in zip(event.files, numbers, strict=True)]
        told, progress = json.loads(event.to_json()), self._progress(event)
        try:
            goes_on = not self.stops() and insist(
                lambda: self.jobs.note(self.job.id, told, progress, files), self.stops
            )
        except NoRoom as error:
            raise Cancelled from error
        if not goes_on:
            raise Cancelled

    def _progress(self, event: Event) -> dict[str, Any]:
        """How far it is; `fraction` never falls."""
        total = max(self.total, self.done)
        under_way = len(event.batch) * event.done / max(1, event.total) if isinstance(event, Sampling) else 0.0
        share = min(1.0, (self.done + under_way) / total) if total else 0.0
        self.share = max(self.share, share)
        return {"done": self.done, "total": total, "fraction": round(self.share, 4)}


@dataclass(frozen=True)
class JobType:
    """A kind of job: `look` refuses what cannot be done, without doing anything; `do` gives the job's result."""

    look: Callable[[Any, ServerContext], Ready]
    do: Callable[[Any, ServerContext, News], Mapping[str, Any]]


def check_weights_of(recipes: tuple[Recipe, ...]) -> None:
    """Refuse recipes whose models are not on this machine, better at once than after the queue."""
    from assetgen.diffusion.loading.weight_files import check_model

    kinds: dict[str, set[str]] = {}
    cards: dict[str, ModelCard] = {}
    for recipe in recipes:
        card = recipe.source.arguments.get("model")
        if isinstance(card, ModelCard) and recipe.source.part.name != "fake":
            cards[card.model] = card
            named = {stage.control_kind for stage in recipe.controls}
            kinds.setdefault(card.model, set()).update(named & set(card.controls))
    for name, card in cards.items():
        check_model(card, sorted(kinds[name]))

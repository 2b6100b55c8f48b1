"""What all jobs share (`ServerContext`), and the two functions of a kind of job, `check` and `run` (`JobType`)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from assetgen.errors import Cancelled
from assetgen.events import Event, Failed, Planned, Previewed, Published, Reused, Sampling
from assetgen.images import Array
from assetgen.machine import Machine
from assetgen.pack.recipe import Recipe, models_in_use
from assetgen.pixels.image_files import encode_png
from assetgen.server.files import describe_file
from assetgen.server.history import Variations, add_entry
from assetgen.server.http_errors import DiskFull
from assetgen.server.jobs import Change, CheckedJob, Job, Jobs, retry_while_full
from assetgen.server.responses import JobFailure, JobFile, Outcome, Progress
from assetgen.server.shows import Shows


@dataclass(frozen=True)
class ServerContext:
    """The server's data folder, its jobs, the machine they run on, and previews by job and number, as PNG."""

    folder: Path
    jobs: Jobs
    machine: Machine
    previews: dict[str, dict[int, bytes]] = field(default_factory=dict)

    @property
    def uploads(self) -> Path:
        """The folder of uploads."""
        return self.folder / "uploads"

    def root(self, job: Job) -> Path:
        """The folder of a job's files."""
        return self.folder / job.root


@dataclass
class JobEvents:
    """The `Emit` of one job: saves each event, the progress and the files. Raises `Cancelled` once the job is
    cancelled or the server stops. While the disk is full, it waits.

    `numbers` are the numbers of candidates and variations, by asset or by path; `shows` is how to show candidates, by
    path. `variations` go into the history.
    """

    jobs: Jobs
    job: Job
    root: Path
    is_stopping: Callable[[], bool]
    numbers: dict[str, int] = field(default_factory=dict)
    shows: dict[str, Shows] = field(default_factory=dict)
    variations: Variations | None = None
    previews: dict[int, bytes] = field(default_factory=dict)
    outcome: Outcome = field(default_factory=Outcome)
    total: int = 0
    done: int = 0
    share: float = 1.0  # one image as a part of its asset, which may need several attempts or frames
    fraction: float = 0.0

    def __call__(self, event: Event) -> None:
        match event:
            case Planned():
                self.total = event.assets
                self.share = event.to_sample / max(1, event.images)
            case Failed():
                what, number = event.what or event.reason, self.numbers.get(event.asset)
                failure = JobFailure(asset=event.asset, number=number, what=what, where=event.where, cure=event.cure)
                self.outcome.failures.append(failure)
                self.done += bool(event.asset)
            case Published() | Reused() if event.asset:
                self.outcome.succeeded += 1
                self.done += 1
        files, history = [], None
        if isinstance(event, Published) and event.asset:
            numbers = (self.numbers.get(path, self.numbers.get(event.asset)) for path in event.files)
            described = (
                describe_file(self.root, *each, event.asset) for each in zip(event.files, numbers, strict=True)
            )
            files = [file.model_copy(update={"shows": self._shows(file)}) for file in described]
            history = self.variations.entry(self.root, files) if files and self.variations else None
        more = partial(add_entry, entry=history) if history else lambda _: None
        change = Change(self._progress(event), self.outcome, files, more)
        data = json.loads(event.to_json())

        def save() -> bool:
            return self.jobs.record(self.job.id, data, change)

        try:
            is_running = not self.is_stopping() and retry_while_full(save, self.is_stopping)
        except DiskFull as error:
            raise Cancelled from error
        if not is_running:
            raise Cancelled

    def show(self, images: Mapping[str, Array]) -> None:
        """Keep previews of variations that are being sampled, and emit `Previewed`."""
        found = {number: image for asset, image in images.items() if (number := self.numbers.get(asset))}
        self.previews.update({number: encode_png(image, quick=True) for number, image in found.items()})
        if found:
            self(Previewed(numbers=tuple(found)))

    def _shows(self, file: JobFile) -> Shows | None:
        return self.shows.get(file.path) or (self.variations.shows(self.root, file) if self.variations else None)

    def _progress(self, event: Event) -> Progress:
        total = max(self.total, self.done)
        images = len(event.batch) * event.done / max(1, event.total) if isinstance(event, Sampling) else 0.0
        sampled = images * self.share
        fraction = min(1.0, (self.done + sampled) / total) if total else 0.0
        self.fraction = max(self.fraction, fraction)
        return Progress(done=self.done, total=total, fraction=round(self.fraction, 4))


@dataclass(frozen=True)
class JobType:
    """A kind of job. `check` raises for a request that cannot be done; `run` does it and returns the job's `result`."""

    check: Callable[[Any, ServerContext], CheckedJob]
    run: Callable[[Any, ServerContext, JobEvents], Mapping[str, Any]]


def check_weights_of(recipes: tuple[Recipe, ...]) -> None:
    """Raise where the weights of a recipe's model are not on this machine, before the job is queued."""
    from assetgen.diffusion.loading.weight_files import check_model

    for card, kinds in models_in_use(recipes):
        check_model(card, kinds)

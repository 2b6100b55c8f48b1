"""What Blender itself renders before the server can be asked: one picture at a time, so that Blender stays in hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .client.job import Job

Picture = Callable[[], Any]


@dataclass
class Drawing:
    """Pictures still to be rendered, those that are, and how these become a job."""

    pictures: Sequence[Picture]
    ask: Callable[[list[Any]], Job]
    done: list[Any] = field(default_factory=list)

    @property
    def fraction(self) -> float:
        """How far it is, 0..1."""
        return len(self.done) / len(self.pictures)

    def step(self) -> Job | None:
        """Render the next picture; once all are there, the job. Raises `Trouble`."""
        if len(self.done) < len(self.pictures):
            self.done.append(self.pictures[len(self.done)]())
            return None
        return self.ask(self.done)

    def all(self) -> Job:
        """Render what is left, and the job. Raises `Trouble`."""
        while (job := self.step()) is None:
            pass
        return job

"""Renders needed before a request: one image at a time, so that Blender stays responsive."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .client.job import Work

Picture = Callable[[], Any]


@dataclass
class Drawing:
    """Images to render, finished images, and the function that makes a job of them."""

    pictures: Sequence[Picture]
    ask: Callable[[list[Any]], Work]
    done: list[Any] = field(default_factory=list)

    @property
    def fraction(self) -> float:
        """Progress in 0..1."""
        return len(self.done) / len(self.pictures)

    def step(self) -> Work | None:
        """Render the next image, or return the job if all are rendered. Raises `Trouble`."""
        if len(self.done) < len(self.pictures):
            self.done.append(self.pictures[len(self.done)]())
            return None
        return self.ask(self.done)

    def all(self) -> Work:
        """Render all remaining images and return the job. Raises `Trouble`."""
        while (job := self.step()) is None:
            pass
        return job

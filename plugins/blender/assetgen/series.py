"""Pictures of several cameras, one request after another: each starts from what the earlier ones show."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .bake.carrying import carried
from .bake.painting import View
from .bake.sight import Sight
from .client.http import Server
from .client.job import Candidate, Ended, Failed, Job, Preview, Progress, Work
from .client.png import read_png, write_png
from .client.scene import Scene
from .client.tones import Floats
from .client.trouble import Trouble

PICTURE = "diffusion.image"
MASK = "diffusion.mask"
ANEW = 1.0
"""The strength of a picture that continues earlier ones: what they do not show is sampled from noise."""
Uploads = Mapping[str, tuple[str, bytes]]


@dataclass(frozen=True)
class Shot:
    """One camera: its name, what it sees, and the scene of its request."""

    name: str
    sight: Sight
    scene: Scene


@dataclass
class Series(Work):
    """The pictures of all shots, `count` times with seeds that count up. A candidate has a file for each shot."""

    server: Server
    request: Mapping[str, Any]
    uploads: Uploads
    """Those of the first picture."""
    shots: Sequence[Shot]
    make: Callable[..., Job]
    """Starts a job from `request`, `uploads` and `finish`."""
    goes_on: bool = True
    """Whether pictures start from earlier ones."""
    notice: Trouble | None = None
    """What to report at the end."""

    def __post_init__(self) -> None:
        self.count, self._made = int(self.request["count"]), 0
        super().__init__()

    def _run(self) -> None:
        failed = None
        for number in range(1, self.count + 1):
            try:
                self.updates.put(self._variation(number))
            except _Stopped:
                self.updates.put(Ended("cancelled"))
                return
            except _Refused as refused:
                failed = refused.trouble
                self.updates.put(Failed(number, failed))
                self._made = number * len(self.shots)
        whole = failed if self.count == 1 else None
        self.updates.put(Ended("failed" if whole else "done", whole or self.notice))

    def _variation(self, number: int) -> Candidate:
        files: dict[str, Path] = {}
        views: list[View] = []
        name = ""
        for shot in self.shots:
            found = self._followed(number, self._asked(number, shot, views))
            name = name or found.name
            files[channel(len(views))] = found.files["color"]
            views.append((shot.sight, read_picture(found.files["color"])))
            self._made += 1
        return Candidate(self.id, number, name, files)

    def _asked(self, number: int, shot: Shot, views: Sequence[View]) -> Job:
        """Request the picture of one shot."""
        request = {**self.request, "count": 1, "seed": int(self.request["seed"]) + number - 1}
        uploads = self.uploads if not views else {}
        if views and self._continues():
            settings = dict(request["settings"])
            settings["diffusion"] = {**settings.get("diffusion", {}), "strength": ANEW}
            request["settings"], uploads = settings, _start(shot, views, self.shots[0])
        return self.make(request=request, uploads=uploads, finish=shot.scene.finish)

    def _continues(self) -> bool:
        """Whether pictures start from earlier ones: not where the preset takes no mask, or the server draws a start."""
        if not self.goes_on:
            return False
        models = {model["name"]: model for model in self.server.ask("GET", "/models")}
        if self.shots[0].scene.draws(models.get(self.request["model"], {}), dict(self.request)):
            return False
        page = self.server.ask("GET", f"/presets/{self.request['preset']}")
        source = next((part for part in page["parts"] if part["name"] == "diffusion"), {"schema": {}})
        return {"image", "mask"} <= set(source["schema"].get("properties", {}))

    def _followed(self, number: int, job: Job) -> Candidate:
        """Pass on the progress of a job, and return its picture."""
        found, failed = None, None
        while True:
            update = job.updates.get()
            self.id = self.id or job.id
            if self._cancelled.is_set():
                job.cancel()
            if isinstance(update, Candidate):
                found = update
            elif isinstance(update, Failed):
                failed = update.trouble
            elif isinstance(update, Preview):
                self.updates.put(replace(update, number=number))
            elif isinstance(update, Progress):
                whole = (self._made + update.fraction) / (self.count * len(self.shots))
                self.updates.put(replace(update, fraction=whole))
            elif isinstance(update, Ended):
                if self._cancelled.is_set() or update.status == "cancelled":
                    raise _Stopped
                if found is None:
                    raise _Refused(update.trouble or failed or Trouble("Nothing was made.", "Try another seed."))
                return found


class _Stopped(Exception):
    """The series was cancelled."""


class _Refused(Exception):
    """One picture failed, so its variation is not whole."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble


def channel(number: int) -> str:
    """The channel of a shot's picture in a candidate: `color` for the first."""
    return f"view {number + 1}" if number else "color"


def read_picture(file: Path) -> Floats:
    """The colours of a PNG, `height × width × 3` in 0..1."""
    return (read_png(file.read_bytes())[..., :3] / np.float32(255)).astype(np.float32)


def _start(shot: Shot, views: Sequence[View], first: Shot) -> Uploads:
    """The picture that earlier ones show of a shot, and the mask of what is missing."""
    scale, (wide, high) = views[0][1].shape[1] / first.scene.units[0], shot.scene.units
    picture, missing = carried(shot.sight, views, (round(wide * scale), round(high * scale)))
    color = np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    mask = np.where(missing, 255, 0).astype(np.uint8)[..., None]
    return {PICTURE: ("start.png", write_png(color)), MASK: ("mask.png", write_png(mask))}

"""Measured times of this machine, and forecasts from them.

One file in the user's cache. Times are moving averages, so that a new driver or a busy day is forgotten in time. Images
are grouped by model, size, steps and controls; a group that was never sampled on this machine has no forecast.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assetgen.build.attempts import Attempt
from assetgen.build.cost import HOUR
from assetgen.build.stages import batch_key
from assetgen.events import Drawn, Finished
from assetgen.pack.recipe import Recipe, json_digest
from assetgen.store.atomic import write_atomically

_NEWEST = 0.3
"""Weight of a new measurement in the moving average."""
FINISHING, LOADING = "finishing", "loading"
"""Groups that are not images: steps, checks and export of one asset; loading libraries and models."""


@dataclass(frozen=True)
class Measurement:
    """One group of images: seconds per image, measured watts (0 without a counter), peak bytes, device."""

    seconds: float
    watts: float = 0.0
    memory: int = 0
    device: str = ""

    def updated(self, other: "Measurement") -> "Measurement":
        """The moving average with a newer measurement, which replaces that of another device."""
        if self.device != other.device:
            return other
        seconds = self.seconds + _NEWEST * (other.seconds - self.seconds)
        return Measurement(seconds, other.watts, max(self.memory, other.memory), other.device)


def group_of(recipe: Recipe) -> str:
    """Key of the images that take the same time."""
    return json_digest("kind", repr(batch_key(recipe.source.part, recipe.source.arguments, recipe.controls)))[:32]


def read_history(path: Path) -> dict[str, Measurement]:
    """Measurements by group; empty where the file is missing or damaged, because it only serves forecasts."""
    try:
        found: Any = json.loads(path.read_bytes())
        return {group: _measurement(**each) for group, each in found.items()}
    except (OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return {}


def _measurement(seconds: Any, watts: Any, memory: Any, device: Any) -> Measurement:
    return Measurement(float(seconds), float(watts), int(memory), str(device))


def record(path: Path, measurements: Iterable[tuple[str, Measurement]]) -> None:
    """Add measurements by group to the history. Without any, no file is written."""
    new = list(measurements)
    if not new:
        return
    known = read_history(path)
    for group, each in new:
        known[group] = known[group].updated(each) if group in known else each
    text = json.dumps({group: asdict(each) for group, each in sorted(known.items())}, indent=1)
    with contextlib.suppress(OSError):  # without a writable cache folder only forecasts are lost
        write_atomically(path, text.encode())


def measured(drawn: Sequence[tuple[Recipe, Drawn]], finished: Finished) -> Iterator[tuple[str, Measurement]]:
    """The measurements of a build, by group."""
    for recipe, event in drawn:
        yield group_of(recipe), Measurement(event.seconds, event.watts, event.memory, event.device)
    if drawn:
        loading = finished.profile.get("sampling", 0.0) - sum(event.seconds for _, event in drawn)
        yield LOADING, Measurement(max(0.0, loading))
    if finished.published:
        spent = sum(finished.profile.get(what, 0.0) for what in ("steps", "checks", "export", "publish"))
        yield FINISHING, Measurement(spent / finished.published)


@dataclass(frozen=True)
class Forecast:
    """Forecast of a build: seconds, watt-hours (0 if not measured), peak bytes, and images without a forecast."""

    seconds: float
    watt_hours: float
    memory: int
    unknown: int


def forecast(to_sample: Sequence[Attempt], to_finish: int, history: Mapping[str, Measurement]) -> Forecast:
    """A forecast from measured times. Drafts and atlases, which need no model, count as finishing only.

    `to_sample` holds the attempt that each asset begins with.
    """
    sampled = [attempt for attempt in to_sample if attempt.recipe.source.part.traits.batch]
    found = [history.get(group_of(attempt.recipe)) for attempt in sampled for _ in attempt.round]
    known = [each for each in found if each]
    extra = [history[LOADING].seconds] if known and LOADING in history else []
    extra += [history[FINISHING].seconds * to_finish] if FINISHING in history else []
    energy = sum(each.seconds * each.watts for each in known) / HOUR if all(each.watts for each in known) else 0.0
    memory = max((each.memory for each in known), default=0)
    return Forecast(sum(each.seconds for each in known) + sum(extra), energy, memory, found.count(None))

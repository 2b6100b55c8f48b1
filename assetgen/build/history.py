"""How long sampling took on this machine, and from that how long it will take.

One file in the user's cache, for this machine alone. Times are moving averages, so that a new driver or a busy day is
outlived. A kind of picture (model, size, steps, controls) that was never sampled here has no forecast.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assetgen.build.cost import HOUR
from assetgen.build.stages import batch_key
from assetgen.events import Drawn, Finished
from assetgen.pack.recipe import Recipe, json_digest
from assetgen.store.atomic import write_atomically

NEWEST = 0.3
"""The share of a new measurement in its moving average."""
FINISHING, LOADING = "finishing", "loading"
"""Kinds of their own: steps, checks and export of one asset; libraries and models into memory."""


@dataclass(frozen=True)
class Past:
    """What is known of one kind of picture: seconds each, measured watts (0 without a counter), peak bytes, device."""

    seconds: float
    watts: float = 0.0
    memory: int = 0
    device: str = ""

    def newer(self, other: "Past") -> "Past":
        """The average with a newer measurement; another device begins anew."""
        if self.device != other.device:
            return other
        seconds = self.seconds + NEWEST * (other.seconds - self.seconds)
        return Past(seconds, other.watts, max(self.memory, other.memory), other.device)


def kind_of(recipe: Recipe) -> str:
    """What pictures must share to take the same time."""
    return json_digest("kind", repr(batch_key(recipe.source.part, recipe.source.arguments, recipe.controls)))[:32]


def read_history(place: Path) -> dict[str, Past]:
    """Past measurements by kind; empty where there are none (or none that can be read: they only forecast)."""
    try:
        found: Any = json.loads(place.read_bytes())
        return {kind: _past(**past) for kind, past in found.items()}
    except (OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return {}


def _past(seconds: Any, watts: Any, memory: Any, device: Any) -> Past:
    return Past(float(seconds), float(watts), int(memory), str(device))


def remember(place: Path, measured: Iterable[tuple[str, Past]]) -> None:
    """Add measurements, by kind; without any nothing is written."""
    new = list(measured)
    if not new:
        return
    known = read_history(place)
    for kind, past in new:
        known[kind] = known[kind].newer(past) if kind in known else past
    text = json.dumps({kind: asdict(past) for kind, past in sorted(known.items())}, indent=1)
    with contextlib.suppress(OSError):  # a cache folder that cannot be written costs forecasts, nothing else
        write_atomically(place, text.encode())


def measured(drawn: Sequence[tuple[Recipe, Drawn]], finished: Finished) -> Iterator[tuple[str, Past]]:
    """What a build measured."""
    for recipe, event in drawn:
        yield kind_of(recipe), Past(event.seconds, event.watts, event.memory, event.device)
    if drawn:
        loading = finished.profile.get("sampling", 0.0) - sum(event.seconds for _, event in drawn)
        yield LOADING, Past(max(0.0, loading))
    if finished.published:
        spent = sum(finished.profile.get(what, 0.0) for what in ("steps", "checks", "export", "publish"))
        yield FINISHING, Past(spent / finished.published)


@dataclass(frozen=True)
class Forecast:
    """Forecast of a build: seconds, watt-hours (0 if not measured), peak bytes, and the number of unknown pictures."""

    seconds: float
    watt_hours: float
    memory: int
    unknown: int


def forecast(to_sample: Sequence[Recipe], to_finish: int, past: Mapping[str, Past]) -> Forecast:
    """From what was measured here. Drawings and atlases, which no model makes, count as finishing alone."""
    kinds = [past.get(kind_of(recipe)) for recipe in to_sample if recipe.source.part.traits.batch]
    known = [kind for kind in kinds if kind]
    extra = [past[LOADING].seconds] if known and LOADING in past else []
    extra += [past[FINISHING].seconds * to_finish] if FINISHING in past else []
    energy = sum(kind.seconds * kind.watts for kind in known) / HOUR if all(kind.watts for kind in known) else 0.0
    memory = max((kind.memory for kind in known), default=0)
    return Forecast(sum(kind.seconds for kind in known) + sum(extra), energy, memory, kinds.count(None))

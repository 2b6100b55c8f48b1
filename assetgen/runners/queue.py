"""Which worker makes what next: models stay where they are warm, batches keep their shape, nothing is lost.

A *slice* is some tries that can be sampled together, a whole number of batches as far as they reach. Nothing here knows
of processes or time: workers are names, and who owns them tells what became of them.
"""

import math
from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from assetgen.build.attempts import Attempt
from assetgen.build.stages import batch_key
from assetgen.pack.schema import ModelCard

IN_FLIGHT = 2
"""Slices that a worker holds: one is sampled while the other's steps, checks and export go on."""
RETRIES = 3
"""How often a try is sent again after the worker that had it died."""
SHARES = 4
"""Slices a worker gets of a large group, so that none of them waits long for the last one."""
LARGEST = 32
"""Tries a slice: what dies with a worker, and what it keeps in memory."""
DEFAULT_BATCH = 4
"""Batches of this size fit a slice where a model card names none."""


@dataclass(eq=False)
class Slice:
    """Tries that go to one worker: `model` is what it must have in memory, `group` what they share to be a batch.

    `open` holds, by asset, those of which nothing was heard yet; `deaths` counts the workers that died over it.
    """

    model: Hashable
    group: Hashable
    open: dict[str, Attempt]
    deaths: int = 0

    def split(self) -> "list[Slice]":
        """Each try alone, to find the one that kills."""
        return [Slice(self.model, self.group, {name: attempt}, self.deaths) for name, attempt in self.open.items()]


def cut(tries: Iterable[Attempt], workers: int) -> list[Slice]:
    """Slices for so many workers, in the order of the tries."""
    groups: dict[tuple[str, Hashable], list[Attempt]] = defaultdict(list)
    for attempt in tries:
        recipe = attempt.recipe
        groups[attempt.model, batch_key(recipe.source.part, attempt.arguments, recipe.controls)].append(attempt)
    found = []
    for (model, group), members in groups.items():
        length = _length(len(members), workers, _batch(members[0]))
        parts = (members[start : start + length] for start in range(0, len(members), length))
        found += [Slice(model, group, {attempt.recipe.name: attempt for attempt in part}) for part in parts]
    return found


def _batch(attempt: Attempt) -> int:
    """A number of tries that is whole batches on each kind of device."""
    card = attempt.recipe.source.arguments.get("model")
    sizes: Sequence[int] = tuple(card.batch.values()) if isinstance(card, ModelCard) else ()
    return math.lcm(*sizes) if sizes else DEFAULT_BATCH


def _length(count: int, workers: int, batch: int) -> int:
    """Whole batches: at least one, more where that leaves every worker its shares."""
    fair = count // (max(1, workers) * SHARES * batch)
    return batch * max(1, min(fair, LARGEST // batch))


@dataclass
class Line:
    """The slices that wait for one model, by group, and how many workers have that model in memory."""

    groups: dict[Hashable, deque[Slice]] = field(default_factory=dict)
    length: int = 0
    holders: int = 0

    def add(self, slice: Slice) -> None:
        """Put a slice at the end of its group."""
        self.groups.setdefault(slice.group, deque()).append(slice)
        self.length += 1

    def pop(self, group: Hashable) -> Slice:
        """The next slice of this group, else of the first one that has any."""
        chosen = group if group in self.groups else next(iter(self.groups))
        slices = self.groups[chosen]
        self.length -= 1
        found = slices.popleft()
        if not slices:
            del self.groups[chosen]
        return found


@dataclass
class Queue:
    """Slices that wait, and those that workers have."""

    lines: dict[Hashable, Line] = field(default_factory=dict)
    suspects: deque[Slice] = field(default_factory=deque)
    held: dict[str, list[Slice]] = field(default_factory=dict)
    last: dict[str, Slice] = field(default_factory=dict)

    def add(self, slices: Iterable[Slice]) -> None:
        """Put slices at the end."""
        for each in slices:
            self._line(each.model).add(each)

    @property
    def unfinished(self) -> bool:
        """Whether anything waits or is under way."""
        return bool(self.suspects or any(self.held.values()) or any(line.length for line in self.lines.values()))

    def has_room(self, worker: str) -> bool:
        """Whether a worker may get another slice. What killed one is made alone, so that nothing else dies with it."""
        held = self.held.get(worker, ())
        return len(held) < IN_FLIGHT and not any(each.deaths for each in held)

    def hand_out(self, workers: Iterable[str]) -> list[tuple[str, Slice]]:
        """What each of these workers begins now: everyone gets one before anyone gets two."""
        ranks = sorted(filter(self.has_room, workers), key=lambda worker: len(self.held.get(worker, ())))
        return [(worker, found) for _ in range(IN_FLIGHT) for worker in ranks if (found := self.take(worker))]

    def take(self, worker: str) -> Slice | None:
        """What a worker makes next, which it has from now on; None where there is nothing for it."""
        if not self.has_room(worker):
            return None
        if self.suspects and not self.held.get(worker):
            found = self.suspects.popleft()
        elif line := self._line_for(worker):
            last = self.last.get(worker)
            found = line.pop(last.group if last else None)
        else:
            return None
        self._forget(worker)
        self._line(found.model).holders += 1
        self.last[worker] = found
        self.held.setdefault(worker, []).append(found)
        return found

    def _line_for(self, worker: str) -> Line | None:
        """That of the model it has, while there is work for it; else the one with most work for each who has its model.

        To load another model pays only where those who have it would not be done with their next slice.
        """
        last = self.last.get(worker)
        if last and self._line(last.model).length:
            return self._line(last.model)
        worth = (line for line in self.lines.values() if line.length and line.length >= line.holders)
        return max(worth, key=lambda line: line.length / (line.holders + 1), default=None)

    def _line(self, model: Hashable) -> Line:
        return self.lines.setdefault(model, Line())

    def _forget(self, worker: str) -> None:
        if before := self.last.pop(worker, None):
            self._line(before.model).holders -= 1

    def end(self, worker: str, slice: Slice) -> None:
        """A worker is done with a slice."""
        self.held[worker].remove(slice)

    def died(self, worker: str) -> list[Attempt]:
        """A worker is gone: what it had is made again, whole at first, then each try alone. Gives what is given up."""
        self._forget(worker)
        return [attempt for each in self.held.pop(worker, []) for attempt in self._again(each)]

    def broke(self, worker: str, slice: Slice) -> list[Attempt]:
        """A slice came to no end, though its worker lives. Gives what is given up."""
        self.held[worker].remove(slice)
        return self._again(slice)

    def _again(self, slice: Slice) -> list[Attempt]:
        slice.deaths += 1
        if slice.deaths > RETRIES:
            return list(slice.open.values())
        if slice.open:
            self.suspects.extend(slice.split() if slice.deaths > 1 else [slice])
        return []

    def give_up(self) -> list[Attempt]:
        """Everything that waits, when nobody is left to make it."""
        waiting = [each for line in self.lines.values() for slices in line.groups.values() for each in slices]
        left = [*self.suspects, *waiting]
        self.suspects.clear()
        self.lines.clear()
        return [attempt for each in left for attempt in each.open.values()]

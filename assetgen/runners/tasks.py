"""Split a build into tasks, and choose the next task of a worker so that models are loaded seldom."""

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from assetgen.build.attempts import Attempt
from assetgen.build.stages import batch_key
from assetgen.pack.schema import ModelCard

_TASKS_PER_WORKER = 4
"""Of a large group, so that no worker waits long for the last one."""
_LARGEST = 32
"""Attempts in a task: what dies with a worker, and what it keeps in memory."""
RETRIES = 3
"""How often an attempt is run again after its worker died."""
_DEFAULT_BATCH = 4
"""Batch size where a model card has none."""


@dataclass(eq=False)
class Task:
    """Attempts that one worker samples together, by asset; `deaths` counts the workers that died while it ran, and
    `nodes` are the ids of their machines."""

    model: str
    attempts: dict[str, Attempt]
    deaths: int = 0
    nodes: frozenset[str] = frozenset()

    def retry(self, node: str) -> "list[Task]":
        """What to run after a worker died: the task again, then each attempt alone, finally nothing."""
        self.deaths += 1
        self.nodes |= {node}
        if self.deaths > RETRIES:
            return []
        if self.deaths == 1:
            return [self]
        return [Task(self.model, {name: attempt}, self.deaths, self.nodes) for name, attempt in self.attempts.items()]


def split_into_tasks(attempts: Iterable[Attempt], workers: int) -> list[Task]:
    """Tasks for this number of workers, in the order of the attempts; each is a number of whole batches, except the
    last of a group of attempts that can share a batch."""
    groups: dict[tuple[str, Hashable], list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        recipe = attempt.recipe
        groups[attempt.model, batch_key(recipe.source.part, attempt.arguments, recipe.controls)].append(attempt)
    tasks = []
    for (model, _), members in groups.items():
        batch = _batch_size(members[0])
        share = len(members) // (workers * _TASKS_PER_WORKER * batch)
        length = batch * max(1, min(share, _LARGEST // batch))
        parts = (members[start : start + length] for start in range(0, len(members), length))
        tasks += [Task(model, {attempt.recipe.name: attempt for attempt in part}) for part in parts]
    return tasks


def _batch_size(attempt: Attempt) -> int:
    """A number of attempts that is whole batches on each kind of device."""
    card = attempt.recipe.source.arguments.get("model")
    sizes = tuple(card.batch.values()) if isinstance(card, ModelCard) else ()
    return math.lcm(*sizes) if sizes else _DEFAULT_BATCH


def next_task(
    waiting: Sequence[Task], running: Sequence[Task], loaded: str | None, others: Iterable[str | None]
) -> Task | None:
    """The next task of a worker that runs these tasks and has `loaded` this model; the other workers have `others`.

    A task whose worker died runs alone, so that it ends no other task again. A worker keeps its model while there are
    tasks for it, then loads the one with the most tasks for each worker that has it; but none whose workers will take
    all of its tasks next.
    """
    if any(task.deaths for task in running):
        return None
    if not running and (suspect := next((task for task in waiting if task.deaths), None)):
        return suspect
    counts = Counter(task.model for task in waiting if not task.deaths)
    holders = Counter(others)
    model = loaded
    if loaded not in counts:
        worthwhile = [name for name in counts if counts[name] >= holders[name]]
        model = max(worthwhile, key=lambda name: counts[name] / (holders[name] + 1), default=None)
    return next((task for task in waiting if task.model == model and not task.deaths), None)

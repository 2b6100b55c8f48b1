"""Sample a build on a Ray cluster. Ray places the workers, restarts dead ones, and carries calls and results."""

import contextlib
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Self

import ray
from ray import ObjectRef
from ray.actor import ActorHandle
from ray.exceptions import RayError, RayTaskError

from assetgen.build.attempts import Attempt
from assetgen.build.sampling import Completion, FinishedAttempt, Sampler
from assetgen.errors import AssetgenError, BuildError, InputError
from assetgen.events import Event, Failed, Joined, Lost
from assetgen.runners.cluster import CORES, Node, check_address, connect, is_alive, usable_nodes
from assetgen.runners.inputs import send_inputs
from assetgen.runners.tasks import Task, next_task, split_into_tasks
from assetgen.runners.worker import CONCURRENCY, TASKS_AT_ONCE, Accepted, Setup, TaskResult, Worker, WorkerRestarted

_POLL = 0.5
"""Seconds between two calls of the machine's `pause`, at most."""
_NEW_MACHINES = 5.0
"""Seconds between two checks for machines that joined the cluster."""
_PATIENCE = 600.0
"""Seconds without any worker after which a build fails: a cloud needs minutes to start a machine."""
_GRACE = 30.0
"""Seconds for cancelled tasks to reach the end of a sampler step."""


@dataclass(eq=False)
class Actor:
    """A worker in the cluster: its `name` is empty until it has joined the build, and again after it died. `tasks` are
    those that it runs, by number; `model` is the one that it has loaded. A `leaving` one gets no more tasks."""

    handle: ActorHandle
    node: Node
    name: str = ""
    model: str | None = None
    tasks: dict[int, Task] = field(default_factory=dict)
    leaving: bool = False


Results = Iterable[tuple[Attempt, Completion]]


class RayRunner:
    """A `Runner` on a Ray cluster, used as a context: it connects for the first attempt, and keeps its workers."""

    def __init__(self, address: str | None, cores: int = CORES) -> None:
        check_address(address)
        self.address, self.cores = address, cores
        self.setup: Setup | None = None
        self.actors: list[Actor] = []
        self.calls: dict[ObjectRef, partial[Results]] = {}
        self.waiting: list[Task] = []
        self.sent: set[str] = set()
        self.numbered = 0
        self.known: set[str] = set()
        self.losses: dict[str, list[frozenset[str]]] = {}
        self.last_seen = self.next_look = 0.0
        self.joined, self.refusal = False, ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Stop what runs, and disconnect."""
        if self.setup is None:
            if ray.is_initialized():  # the store could not be written
                ray.shutdown()
            return
        self.setup = None
        with contextlib.suppress(RayError, ConnectionError):
            stops = [actor.handle.stop.remote() for actor in self.actors if actor.tasks]
            if stops:
                ray.wait(stops, num_returns=len(stops), timeout=_GRACE)
            for actor in self.actors:
                ray.kill(actor.handle)
        ray.shutdown()

    def __call__(self, sampler: Sampler, attempts: Sequence[Attempt]) -> Iterator[tuple[Attempt, Completion]]:
        """See `Runner`."""
        attempts = list(self._send_inputs(sampler, attempts))
        if not attempts:
            return
        self.setup = self.setup or self._connect(sampler)
        self._add_actors()
        self.waiting = split_into_tasks(attempts, max(1, len(self.actors)))
        self.last_seen = time.monotonic()
        while self.waiting or any(actor.tasks for actor in self.actors):
            sampler.machine.pause()
            self._add_actors()
            for ref in self._returned():
                if call := self.calls.pop(ref, None):
                    yield from call(sampler, ref)
            self._check_workers(sampler)
            self._dismiss()
            self._assign()

    def _send_inputs(self, sampler: Sampler, attempts: Sequence[Attempt]) -> Iterator[Attempt]:
        for attempt in sampler.with_members(attempts):
            try:
                send_inputs(attempt.recipe, sampler.store, self.sent)
                yield attempt
            except AssetgenError as error:
                sampler.fail(attempt.recipe, error)

    def _connect(self, sampler: Sampler) -> Setup:
        """Connect, and mark the store: a worker that cannot see the marker has another store."""
        connect(self.address)
        marker = secrets.token_hex(32)
        sampler.store.write_json("inputs", marker, {})
        return Setup(sampler.store.address, marker, sampler.machine.price)

    def _add_actors(self) -> None:
        """Create an actor for each GPU of the cluster, or for each few cores; more when machines join."""
        if time.monotonic() < self.next_look:
            return
        self.next_look = time.monotonic() + _NEW_MACHINES
        nodes = usable_nodes(ray.nodes(), self.cores)
        for actor in self.actors:  # workers without a GPU leave once a machine with one has joined
            actor.leaving |= not actor.node.gpus and any(node.gpus for node in nodes)
        for node in nodes:
            if node.id not in self.known:
                self.known.add(node.id)
                worker = ray.remote(**node.options, max_concurrency=CONCURRENCY, max_restarts=-1)(Worker)
                for _ in range(node.count):
                    actor = Actor(worker.remote(node.cores), node)
                    self.actors.append(actor)
                    self._join(actor)

    def _dismiss(self) -> None:
        """End the leaving workers that run no task."""
        for actor in [actor for actor in self.actors if actor.leaving and not actor.tasks]:
            self._remove(actor)

    def _remove(self, actor: Actor) -> None:
        ray.kill(actor.handle)
        self.actors.remove(actor)
        self.calls = {ref: call for ref, call in self.calls.items() if call.args[0] is not actor}

    def _join(self, actor: Actor) -> None:
        """Let a worker join as soon as Ray has started it: retries without limit wait for that."""
        ref = actor.handle.join.options(max_task_retries=-1).remote(self.setup)
        self.calls[ref] = partial(self._on_join, actor)

    def _on_join(self, actor: Actor, sampler: Sampler, ref: ObjectRef) -> Results:
        try:
            answer: Joined | str = ray.get(ref)
        except RayError as error:
            answer = _last_line(error)
        if isinstance(answer, str):
            if answer != self.refusal:
                sampler.report(Lost(worker=actor.node.name, reason=answer))
            self._remove(actor)
            if is_alive(actor.node):
                self.refusal = answer
        else:
            actor.name, self.joined = answer.worker, True
            sampler.report(answer)
            self._ask_updates(actor)
        return ()

    def _ask_updates(self, actor: Actor) -> None:
        self.calls[actor.handle.updates.remote()] = partial(self._on_updates, actor)

    def _on_updates(self, actor: Actor, sampler: Sampler, ref: ObjectRef) -> Results:
        try:
            messages: list[Event | TaskResult] = ray.get(ref)
        except RayError:
            self._lose(actor, sampler, "its process or its machine ended")
            if actor in self.actors:
                self._join(actor)
            return
        self._ask_updates(actor)
        for message in messages:
            if not isinstance(message, TaskResult):
                sampler.report(message)
            elif task := actor.tasks.pop(message.number, None):
                self.losses.pop(actor.node.id, None)
                yield from _read_result(sampler, task, message)

    def _assign(self) -> None:
        """Give tasks to the workers: one to each before any gets a second."""
        for limit in range(1, TASKS_AT_ONCE + 1):
            for actor in self.actors:
                if not actor.name or actor.leaving or len(actor.tasks) >= limit:
                    continue
                others = (other.model for other in self.actors if other is not actor)
                allowed = [task for task in self.waiting if self._may_take(actor, task)]
                if task := next_task(allowed, list(actor.tasks.values()), actor.model, others):
                    self.waiting.remove(task)
                    self._run(actor, task)

    def _may_take(self, actor: Actor, task: Task) -> bool:
        """Whether the worker's machine has not lost this task yet, or all machines have."""
        return actor.node.id not in task.nodes or all(
            other.leaving or other.node.id in task.nodes for other in self.actors
        )

    def _run(self, actor: Actor, task: Task) -> None:
        self.numbered += 1
        actor.tasks[self.numbered] = task
        actor.model = task.model
        ref = actor.handle.run.remote(self.numbered, list(task.attempts.values()))
        self.calls[ref] = partial(self._on_run, actor, self.numbered)

    def _on_run(self, actor: Actor, number: int, sampler: Sampler, ref: ObjectRef) -> Results:
        """Fail a task that broke, such as one with a part that the worker does not have. Results are among the updates,
        and a worker's death is noticed there."""
        try:
            ray.get(ref)
        except WorkerRestarted:  # Ray started the worker again just before this call
            if task := actor.tasks.pop(number, None):
                self.waiting.append(task)
        except RayTaskError as error:
            if task := actor.tasks.pop(number, None):
                _fail(sampler, task, BuildError(f"its worker failed ({_last_line(error)})"))
        except RayError:
            pass
        return ()

    def _lose(self, actor: Actor, sampler: Sampler, reason: str) -> None:
        """Take back the tasks of a worker that died; stop to use a machine whose workers die of different tasks."""
        sampler.report(Lost(worker=actor.name, reason=reason))
        tasks, actor.tasks, actor.name, actor.model = actor.tasks, {}, "", None
        for task in tasks.values():
            if again := task.retry(actor.node.id):
                self.waiting += again
            else:
                what = f"the worker that sampled it died {task.deaths} times (the last time: {reason})"
                _fail(sampler, task, BuildError(what, cure="Check that the machine has enough memory"))
        self._note_loss(actor.node, frozenset().union(*(task.attempts for task in tasks.values())), sampler)

    def _note_loss(self, node: Node, assets: frozenset[str], sampler: Sampler) -> None:
        """Remember what a machine lost since its last result. An asset that ends every worker is not its fault."""
        losses = self.losses.setdefault(node.id, [])
        is_faulty = any(assets.isdisjoint(others) for others in losses)
        losses.append(assets)
        if not is_faulty or all(actor.node.id == node.id for actor in self.actors):
            return
        what = "its workers died twice in a row; this build does not use it any more"
        sampler.report(Lost(worker=node.name, reason=what))
        for actor in [actor for actor in self.actors if actor.node.id == node.id]:
            self.waiting += actor.tasks.values()
            self._remove(actor)

    def _returned(self) -> list[ObjectRef]:
        """The calls that have returned; waits a moment for one."""
        refs = list(self.calls)
        if not refs:
            time.sleep(_POLL)
            return []
        first, _ = ray.wait(refs, num_returns=1, timeout=_POLL)
        return list(ray.wait(refs, num_returns=len(refs), timeout=0)[0]) if first else []

    def _check_workers(self, sampler: Sampler) -> None:
        """Fail what waits if no worker has been there for long, or none can take part."""
        if any(actor.name for actor in self.actors):
            self.last_seen = time.monotonic()
        if time.monotonic() - self.last_seen < _PATIENCE and (self.actors or not self.refusal):
            return
        reason = self.refusal or "none started"
        if not self.joined:
            raise InputError(f"no worker of the cluster can take part: {reason}", cure="See `ray status`")
        for task in self.waiting:
            _fail(sampler, task, BuildError(f"no worker is left ({reason})", cure="Build again"))
        self.waiting = []


def _read_result(sampler: Sampler, task: Task, result: TaskResult) -> Results:
    sampler.counts.update(result.counts)
    sampler.costs.update(result.costs)
    with sampler.clock:
        for what, seconds in result.seconds.items():
            sampler.seconds[what] += seconds
    for asset, attempt in task.attempts.items():
        outcome = result.outcomes[asset]
        if isinstance(outcome, Failed):
            sampler.failed.add(asset)
            sampler.report(outcome)
        else:
            yield attempt, partial(_complete, sampler, attempt, outcome)


def _complete(sampler: Sampler, attempt: Attempt, outcome: Accepted | None) -> FinishedAttempt | Attempt:
    """The files that a worker put into the store, or the attempt that follows a rejected one."""
    if outcome is None:
        following = attempt.next()
        assert following, "a worker fails an asset whose last attempt is rejected"
        return following
    files = sampler.store.read("files", attempt.recipe.files_key)
    if files is None:
        raise BuildError("its files are damaged in the store", cure="Build again")
    return FinishedAttempt(replace(attempt, attempt=outcome.attempt), files, outcome.fingerprints, outcome.cost)


def _fail(sampler: Sampler, task: Task, error: AssetgenError) -> None:
    for attempt in task.attempts.values():
        sampler.fail(attempt.recipe, error)


def _last_line(error: Exception) -> str:
    """The line of Ray's long messages that names the cause."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200] if lines else type(error).__name__

"""Machines of a real Ray cluster that crash, cannot take part, or join later."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray

from assetgen.events import Event, Joined, Lost
from assetgen.runners.cluster import usable_nodes
from assetgen.runners.ray_runner import RayRunner
from assetgen.runners.worker import WorkerRestarted

NUMBERS = ", ".join(map(str, range(40)))
MANY = f'pack: p\nassets: {{"gem_{{n}}": {{preset: drawing, prompt: "gem {{n}}", matrix: {{n: [{NUMBERS}]}}}}}}\n'


def node(id: str, **resources: float) -> dict[str, Any]:
    return {"NodeID": id, "NodeManagerHostname": id, "Alive": True, "Resources": resources}


def machine_of(pid: int) -> str:
    """The process that started a worker: one on each machine."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]


@pytest.fixture
def two_machines(cluster: Any) -> Iterator[None]:
    machines = [cluster.add(gpus=1), cluster.add(gpus=1)]
    yield
    for machine in machines:
        cluster.remove(machine)


def test_each_machine_divides_its_own_cores_among_its_gpus() -> None:
    nodes = usable_nodes([node("a", CPU=4, GPU=4), node("b", CPU=32, GPU=2), node("c", CPU=64), node("d", CPU=0)], 4)
    assert [(each.id, each.count, each.cores) for each in nodes] == [("a", 4, 1), ("b", 2, 16)]
    nodes = usable_nodes([node("a", CPU=3), node("b", CPU=9), node("c", GPU=1)], 4)
    assert [(each.id, each.count, each.cores) for each in nodes] == [("a", 1, 3), ("b", 2, 4)]


@pytest.mark.usefixtures("two_machines")
def test_a_machine_whose_workers_die_twice_in_a_row_is_reported_and_not_used_any_more(
    workspace: Any, on_ray: RayRunner
) -> None:
    faulty: list[str] = []
    killed: set[int] = set()
    stopped: list[int] = []  # the other machine's worker keeps its work until the faulty machine is not used any more

    def emit(event: Event) -> None:
        if isinstance(event, Joined):
            pid = int(event.worker.rpartition("/")[2])
            faulty[:] = faulty or [machine_of(pid)]
            if machine_of(pid) == faulty[0]:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
            elif len(killed) < 2:
                os.kill(pid, signal.SIGSTOP)
                stopped.append(pid)
        elif isinstance(event, Lost) and len(killed) == 2:
            while stopped:
                os.kill(stopped.pop(), signal.SIGCONT)

    done = workspace.write(MANY).build(on_ray, emit)[-1]
    reasons = [event.reason for event in workspace.of(Lost)]
    assert (done.published, workspace.failures, len(killed)) == (40, {}, 2)
    assert reasons[-1] == "its workers died twice in a row; this build does not use it any more"


def test_a_machine_that_cannot_take_part_is_reported(workspace: Any, cluster: Any, on_ray: RayRunner) -> None:
    patch = workspace.folder.parent / "patch"
    patch.mkdir()
    (patch / "sitecustomize.py").write_text("import assetgen\nassetgen.__version__ = '0.0'\n")
    paths = os.pathsep.join([str(patch), os.environ.get("PYTHONPATH", "")])
    machines = [cluster.add(gpus=1), cluster.add(gpus=2, PYTHONPATH=paths)]
    stopped: list[int] = []  # the other machine's worker keeps its work until the one that differs is reported

    def is_reported() -> bool:  # not a machine of an earlier test, which Ray may still list
        return any(event.reason.startswith("it has assetgen 0.0, and the build ") for event in workspace.of(Lost))

    def emit(event: Event) -> None:
        if isinstance(event, Joined) and not is_reported():
            stopped.append(int(event.worker.rpartition("/")[2]))
            os.kill(stopped[-1], signal.SIGSTOP)
        while stopped and is_reported():
            os.kill(stopped.pop(), signal.SIGCONT)

    done = workspace.write(MANY).build(on_ray, emit)[-1]
    for machine in machines:
        cluster.remove(machine)
    assert done.published == 40
    assert is_reported(), workspace.of(Lost)


def test_workers_without_a_gpu_leave_when_a_machine_with_one_joins(
    workspace: Any, cluster: Any, on_ray: RayRunner
) -> None:
    machines: list[Any] = []

    def emit(event: Event) -> None:
        if isinstance(event, Joined) and not machines:
            machines.append(cluster.add(gpus=1))
            on_ray.next_look = 0.0

    done = workspace.write(MANY).build(on_ray, emit)[-1]
    cluster.remove(machines[0])
    assert (done.published, [actor.node.gpus for actor in on_ray.actors]) == (40, [True])


def test_tasks_of_a_worker_that_was_restarted_just_before_are_run_again(workspace: Any, on_ray: RayRunner) -> None:
    restarted: list[bool] = []

    def emit(event: Event) -> None:
        if isinstance(event, Joined) and not restarted:
            restarted.append(True)
            handle = next(actor.handle for actor in on_ray.actors if actor.name == event.worker)
            ray.kill(handle, no_restart=False)
            with pytest.raises(WorkerRestarted):
                while True:
                    with contextlib.suppress(ray.exceptions.ActorUnavailableError, ray.exceptions.ActorDiedError):
                        ray.get(handle.updates.remote())
                    time.sleep(0.05)

    done = workspace.write(MANY).build(on_ray, emit)[-1]
    assert (done.published, workspace.failures, restarted) == (40, {}, [True])

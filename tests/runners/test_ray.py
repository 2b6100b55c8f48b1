"""Builds on a real Ray cluster: the same files as a local build, also when workers die."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assetgen.diffusion.loading.warm_cache import unload_models
from assetgen.errors import Cancelled, InputError
from assetgen.events import Drawn, Event, Joined, Loading, Lost, Published, Sampling
from assetgen.runners.ray_runner import RayRunner

DRAWN = """
pack: p
engine: godot
assets:
  "gem_{n}": {preset: drawing, prompt: "gem {n}", matrix: {n: [1, 2, 3, 4, 5, 6, 7, 8, 9]}}
  wall: {preset: pattern, prompt: bricks}
  sheet: {preset: atlas, members: ["gem_*"], atlas: {max_size: 256}}
"""
QUICK = "pack: p\nassets: {'a_{n}': {preset: quick, prompt: 'thing {n}', matrix: {n: [1, 2, 3, 4, 5, 6, 7, 8]}}}\n"
ONE = "pack: p\nassets: {a: {preset: drawing, prompt: x}}\n"
BAD = """
pack: p
assets:
  good: {preset: drawing, prompt: x}
  bad: {preset: pattern, prompt: y, seam: {limit: 0.0001}}
"""


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def test_files_and_store_equal_those_of_a_local_build(workspace: Any, on_ray: RayRunner, tmp_path: Path) -> None:
    workspace.write(DRAWN).build(on_ray)
    local = type(workspace)(tmp_path / "local").write(DRAWN)
    local.build()
    assert (workspace.game(), workspace.failures) == (local.game(), {})
    assert {level: workspace.saved(level).keys() for level in ("sampled", "images", "accepted", "files")} == {
        level: local.saved(level).keys() for level in ("sampled", "images", "accepted", "files")
    }


def test_a_build_with_nothing_to_do_does_not_connect(workspace: Any, ray_at: Callable[[str], RayRunner]) -> None:
    workspace.write(ONE).build()
    assert workspace.build(ray_at("127.0.0.1:1"))[-1].reused == 1


def test_rejected_images_are_sampled_again_and_then_reported(workspace: Any, on_ray: RayRunner) -> None:
    done = workspace.write(BAD).build(on_ray)[-1]
    assert "its checks rejected all 3 attempts" in workspace.failures["bad"]
    assert (done.published, done.failed, done.sampled) == (1, 1, 4)


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Context in which torch computes with this many threads."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@pytest.fixture(scope="module")
def quick(make_workspace: Callable[[Path], Any], cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A workspace whose images a model made on the cluster; building it again would start PyTorch in two workers."""
    with RayRunner(cluster.address, cores=1) as on_ray:
        built = make_workspace(tmp_path_factory.mktemp("quick") / "workspace").write(QUICK)
        built.build(on_ray)
    return built


@pytest.mark.model
def test_a_models_images_have_the_bytes_of_a_local_build(quick: Any, workspace: Any) -> None:
    local = workspace.write(QUICK)
    unload_models()  # a model that another test of this process used
    with torch_threads(1):  # those of a worker of one core: on some processors their number changes the last bit
        local.build()
    assert (local.failures, quick.failures, len(quick.game())) == ({}, {}, 10)
    assert quick.game() == local.game()
    assert 1 <= len(quick.of(Loading)) <= len(quick.of(Joined)), "each worker loads the model once"


@pytest.mark.model
def test_events_of_an_asset_arrive_in_order_and_with_its_cost(quick: Any) -> None:
    done = quick.events[-1]
    steps = [event for event in quick.of(Sampling) if "a_1" in event.batch]
    first, last = quick.events.index(steps[0]), quick.events.index(steps[-1])
    assert [event.done for event in steps] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert isinstance(quick.events[1], Joined) and quick.events.index(quick.of(Loading)[0]) < first
    assert [type(event) for event in quick.events[last:] if event.asset == "a_1"] == [Drawn, Published]
    assert (done.sampled, done.cost["seconds"] > 0) == (8, True)


@pytest.mark.model
def test_images_that_a_killed_worker_had_saved_are_not_sampled_again(workspace: Any, on_ray: RayRunner) -> None:
    saved: dict[str, int] = {}

    def emit(event: Event) -> None:
        if isinstance(event, Sampling) and event.done == 2 and not saved and workspace.saved("sampled"):
            saved.update(workspace.saved("sampled"))
            for pid in workspace.workers:
                kill(pid)

    more = ", ".join(map(str, range(1, 25)))  # several tasks for each worker: some are done when others begin
    done = workspace.write(QUICK.replace("1, 2, 3, 4, 5, 6, 7, 8", more)).build(on_ray, emit)[-1]
    assert (done.published, done.failed, len(workspace.of(Lost)) > 0, len(saved) > 0) == (24, 0, True, True)
    assert {key: workspace.saved("sampled")[key] for key in saved} == saved, "what was saved is not sampled again"


@pytest.mark.model
def test_a_cancelled_build_ends_between_two_steps_and_saves_nothing_unfinished(
    workspace: Any, on_ray: RayRunner
) -> None:
    def emit(event: Event) -> None:
        if isinstance(event, Sampling) and event.done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        workspace.write(QUICK).build(on_ray, emit)
    on_ray.__exit__()
    assert (workspace.saved("sampled"), list(workspace.folder.rglob("*.part"))) == ({}, [])


def test_a_store_that_the_workers_cannot_read_is_an_error(workspace: Any, on_ray: RayRunner) -> None:
    with pytest.raises(InputError, match=r"cannot read the build's store 'memory://here'\. Set one that all"):
        workspace.write(ONE).build(on_ray, store="memory://here")


def test_ray_client_address_builds_a_pack(workspace: Any, cluster: Any) -> None:
    """Runs in another process, because a process cannot leave Ray's client mode.

    Where a process that Ray's client server forks ends at once, its client waits for ever: it is begun anew.
    """
    folder = workspace.write(ONE).folder
    arguments = ("build", folder, "--runner", "ray", "--address", f"ray://127.0.0.1:{cluster.client_port}")
    options = ("--game", folder / "game", "--store", folder / "store")
    command = [sys.executable, "-m", "assetgen.cli", *arguments, *options]
    for _ in range(3):
        with contextlib.suppress(subprocess.TimeoutExpired):
            done = subprocess.run(command, capture_output=True, text=True, timeout=90)
            assert (done.returncode, "1 published" in done.stderr, done.stdout) == (0, True, ""), done.stderr
            return
    pytest.fail("no client of three connected")


def test_each_gpu_gets_a_worker_and_machines_without_gpus_get_none(
    workspace: Any, cluster: Any, on_ray: RayRunner
) -> None:
    machine = cluster.add(gpus=2)
    workspace.write(DRAWN).build(on_ray)
    cluster.remove(machine)
    assert (workspace.failures, len(workspace.of(Joined))) == ({}, 2)


def test_work_of_a_lost_machine_goes_to_one_that_joins(workspace: Any, cluster: Any, on_ray: RayRunner) -> None:
    machines = [cluster.add(gpus=1)]

    def emit(event: Event) -> None:
        if isinstance(event, Joined) and len(machines) == 1:
            machines.append(cluster.add(gpus=1))
            cluster.remove(machines[0])
            kill(workspace.workers[0])

    done = workspace.write(DRAWN).build(on_ray, emit)[-1]
    cluster.remove(machines[1])
    first, *others = (event.worker for event in workspace.of(Joined))
    lost = {event.worker for event in workspace.of(Lost)}
    assert (done.failed, first in lost, bool({*others} - lost - {first})) == (0, True, True)

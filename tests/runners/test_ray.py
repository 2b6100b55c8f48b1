"""Builds on a Ray that really runs: the same files as here, whatever happens to the workers."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assetgen.errors import Cancelled, InputError
from assetgen.events import Drawn, Event, Joined, Loading, Lost, Published, Sampling
from assetgen.runners.remote import Remote

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


def test_files_and_store_are_those_of_a_build_here(place: Any, on_ray: Remote, tmp_path: Path) -> None:
    place.write(DRAWN).build(on_ray)
    local = type(place)(tmp_path / "local").write(DRAWN)
    local.build()
    assert (place.game(), place.failures) == (local.game(), {})
    assert {level: place.saved(level).keys() for level in ("sampled", "images", "accepted", "files")} == {
        level: local.saved(level).keys() for level in ("sampled", "images", "accepted", "files")
    }


def test_a_build_with_nothing_to_do_calls_no_cluster(place: Any, ray_at: Callable[[str], Remote]) -> None:
    place.write(ONE).build()
    assert place.build(ray_at("127.0.0.1:1"))[-1].reused == 1


def test_rejected_pictures_are_tried_again_and_then_reported(place: Any, on_ray: Remote) -> None:
    done = place.write(BAD).build(on_ray)[-1]
    assert "rejected by its checks after 3 tries" in place.failures["bad"]
    assert (done.published, done.failed, done.sampled) == (1, 1, 4)


@pytest.mark.model
def test_a_models_pictures_have_the_bytes_they_have_here(place: Any, on_ray: Remote, tmp_path: Path) -> None:
    place.write(QUICK).build(on_ray)
    local = type(place)(tmp_path / "local").write(QUICK)
    local.build()
    assert (local.failures, place.failures, len(place.game())) == ({}, {}, 9)
    assert place.game() == local.game()
    assert 1 <= len(place.of(Loading)) <= len(place.of(Joined)), "each worker loads the model once"


@pytest.mark.model
def test_news_of_an_asset_come_in_order_and_with_its_cost(place: Any, on_ray: Remote) -> None:
    done = place.write(QUICK).build(on_ray)[-1]
    steps = [event for event in place.of(Sampling) if "a_1" in event.batch]
    first, last = place.events.index(steps[0]), place.events.index(steps[-1])
    assert [event.done for event in steps] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert isinstance(place.events[1], Joined) and place.events.index(place.of(Loading)[0]) < first
    assert [type(event) for event in place.events[last:] if event.asset == "a_1"] == [Drawn, Published]
    assert (done.sampled, done.cost["seconds"] > 0) == (8, True)


@pytest.mark.model
def test_a_killed_worker_costs_only_what_it_had_not_saved(place: Any, on_ray: Remote) -> None:
    stood: dict[str, int] = {}

    def emit(event: Event) -> None:
        if isinstance(event, Sampling) and event.done == 2 and not stood and place.saved("sampled"):
            stood.update(place.saved("sampled"))
            for pid in place.workers:
                kill(pid)

    more = ", ".join(map(str, range(1, 25)))  # several slices for each worker: some stand saved when others begin
    done = place.write(QUICK.replace("1, 2, 3, 4, 5, 6, 7, 8", more)).build(on_ray, emit)[-1]
    assert (done.published, done.failed, len(place.of(Lost)) > 0, len(stood) > 0) == (24, 0, True, True)
    assert {key: place.saved("sampled")[key] for key in stood} == stood, "what was saved is not sampled again"


@pytest.mark.model
def test_a_cancelled_build_ends_between_two_steps_and_saves_nothing_unfinished(place: Any, on_ray: Remote) -> None:
    def emit(event: Event) -> None:
        if isinstance(event, Sampling) and event.done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        place.write(QUICK).build(on_ray, emit)
    on_ray.__exit__()
    assert (place.saved("sampled"), list(place.folder.rglob("*.part"))) == ({}, [])


def test_a_store_that_workers_do_not_share_is_told_in_one_sentence(place: Any, on_ray: Remote) -> None:
    with pytest.raises(InputError, match=r"does not see the store 'memory://here' of the build\. Name one that all"):
        place.write(ONE).build(on_ray, store="memory://here")


def test_a_cluster_is_reached_from_outside_too(place: Any, cluster: Any) -> None:
    """In a process of its own: Ray's client cannot be left again."""
    folder = place.write(ONE).folder
    words = ("build", folder, "--runner", "ray", "--address", f"ray://127.0.0.1:{cluster.client_port}")
    places = ("--game", folder / "game", "--store", folder / "store")
    done = subprocess.run([sys.executable, "-m", "assetgen.cli", *words, *places], capture_output=True, text=True)
    assert (done.returncode, "1 published" in done.stderr, done.stdout) == (0, True, ""), done.stderr


def test_every_gpu_of_a_machine_gets_a_worker_of_its_own_and_cpus_then_get_none(
    place: Any, cluster: Any, on_ray: Remote
) -> None:
    machine = cluster.add(gpus=2)
    place.write(DRAWN).build(on_ray)
    cluster.remove(machine)
    assert (place.failures, len(place.of(Joined))) == ({}, 2)


def test_a_machine_that_leaves_is_missed_and_one_that_comes_is_used(place: Any, cluster: Any, on_ray: Remote) -> None:
    machines = [cluster.add(gpus=1)]

    def emit(event: Event) -> None:
        if isinstance(event, Joined) and len(machines) == 1:
            machines.append(cluster.add(gpus=1))
            cluster.remove(machines[0])
            kill(place.workers[0])

    done = place.write(DRAWN).build(on_ray, emit)[-1]
    cluster.remove(machines[1])
    first, *others = (event.worker for event in place.of(Joined))
    lost = {event.worker for event in place.of(Lost)}
    assert (done.failed, first in lost, bool({*others} - lost - {first})) == (0, True, True)

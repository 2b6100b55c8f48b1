"""Sampling: what a source receives and how its images are saved meanwhile, with parts of an installed package."""

import errno
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from assetgen import parts as registry
from assetgen.build.attempts import Attempt
from assetgen.build.background import UNSAVED_LIMIT
from assetgen.build.candidates import make_candidates, pick
from assetgen.build.options import BuildOptions
from assetgen.build.run import build_pack
from assetgen.build.sampling import by_model
from assetgen.errors import Cancelled
from assetgen.events import Checked, Emit, Event, Failed, Finished, Planned, Sampling, Warned, ignore
from assetgen.machine import Machine
from assetgen.pack.library import load_pack
from assetgen.pack.lock import read_lock
from assetgen.pack.project import Project
from assetgen.pack.renames import resolve_with_lock
from assetgen.store.backends import Backend
from assetgen.store.store import Store

PARTS = '''
import threading
import numpy as np
from assetgen.errors import InputError
from assetgen.events import Sampling
from assetgen.images import ImageSet, color_image
from assetgen.parts import Context, BatchSource, Verdict, part
from assetgen.sources.fake import fake

def run(jobs):
    for job in jobs:
        context = job.context
        seen = [control.images.meta.extra["drawn by"] for control in context.controls]
        context.emit(Sampling(done=0, total=context.remaining, batch=(context.asset, *seen)))
        yield fake(context, prompt=job.arguments["prompt"], seed=job.arguments["seed"], size=job.arguments["size"])

@part(version=1, batch=BatchSource(lambda words, controls: words["size"], run))
def gauge(context: Context, *, prompt: str = "", seed: int = 0, size: tuple[int, int] = (16, 16)) -> ImageSet:
    """An image whose grey is the number of images that follow."""

@part(version=1)
def grey(*, level: int = 128) -> ImageSet:
    """A grey image; records the thread that draws it."""
    if level > 255:
        raise InputError("there is no such grey")
    return color_image(np.full((8, 8, 3), level, np.uint8), extra={"drawn by": threading.current_thread().name})

@part(version=1, ranks=True)
def grade(images: ImageSet, *, least: float = 0.0) -> Verdict:
    """The brighter the better."""
    grey = float(images["color"].mean()) / 255
    return Verdict(grey, grey >= least, f"its grey is {grey:.2f}", quality=grey)
'''
ENTRIES = """[assetgen.sources]
gauge = gauge:gauge
[assetgen.controls]
grey = gauge:grey
[assetgen.checks]
grade = gauge:grade
"""
PRESET = 'preset: gauged\nuse: sprite\nsource: {gauge: {prompt: "{prompt}"}}\nsteps: [cutout]\n'
GRADED = 'preset: graded\nuse: sprite\nsource: {gauge: {prompt: "{prompt}"}}\nchecks: [grade]\nbest_of: 4\n'
THREE_AND_ONE = """
pack: p
assets:
  a: {preset: gauged, prompt: x}
  b: {preset: gauged, prompt: x}
  wide: {preset: gauged, prompt: x, gauge: {size: [32, 16]}}
  c: {preset: gauged, prompt: x}
"""
COUNT = UNSAVED_LIMIT + 8
MANY = "pack: p\nassets: {'a_{n}': {preset: gauged, prompt: 'x {n}', matrix: {n: NUMBERS}}}\n"
MANY = MANY.replace("NUMBERS", str(list(range(10, 10 + COUNT))))
GREY = "pack: p\nassets: {'a_{n}': {preset: gauged, prompt: x, grey: {level: '{n}'}, matrix: {n: [1, 999, 2]}}}\n"


@dataclass
class Slow:
    """A store backend that saves a sampled image when the gate opens, and fails for some as if the disk were full."""

    inner: Backend
    gate: threading.Event = field(default_factory=threading.Event)
    delay: float = 0.0
    refused: set[int] = field(default_factory=set)
    saved: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def write(self, path: str, data: bytes) -> None:
        if path.startswith("sampled/"):
            self.gate.wait()
            time.sleep(self.delay)
            self.saved.append(path)
            if len(self.saved) in self.refused:
                raise OSError(errno.ENOSPC, "No space left on device")
        self.inner.write(path, data)


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package with the source `gauge`, the control `grey` and the check `grade`, as pip installs it, and presets."""
    dist_info = tmp_path / "site/gauge-1.dist-info"
    dist_info.mkdir(parents=True)
    (dist_info / "METADATA").write_text("Metadata-Version: 2.1\nName: gauge\nVersion: 1\n")
    (dist_info / "entry_points.txt").write_text(ENTRIES)
    (tmp_path / "site/gauge.py").write_text(PARTS)
    (tmp_path / "gauged.yaml").write_text(PRESET)
    (tmp_path / "graded.yaml").write_text(GRADED)
    monkeypatch.syspath_prepend(tmp_path / "site")
    registry._plugged.cache_clear()
    yield
    registry._plugged.cache_clear()
    registry.load_part.cache_clear()


@pytest.fixture
def slow(tmp_path: Path) -> Slow:
    return Slow(Store(tmp_path / "store").backend)


@pytest.fixture
def build(tmp_path: Path, slow: Slow) -> Callable[..., list[Event]]:
    """Build a pack's text with the slow store; returns the events."""

    def run(text: str, emit: Emit = ignore) -> list[Event]:
        (tmp_path / "pack.yaml").write_text(text)
        events: list[Event] = []

        def note(event: Event) -> None:
            events.append(event)
            emit(event)

        build_pack(Project.load(tmp_path, tmp_path / "game"), machine(tmp_path, slow), BuildOptions(), note)
        return events

    return run


Build = Callable[..., list[Event]]


def machine(folder: Path, slow: Slow) -> Machine:
    store = Store(folder / "store")
    store.backend = slow
    return Machine(store, folder)


def asked(events: list[Event]) -> list[Sampling]:
    return [event for event in events if isinstance(event, Sampling)]


def finished(events: list[Event]) -> Finished:
    [last] = [event for event in events if isinstance(event, Finished)]
    return last


def failures(events: list[Event]) -> list[Failed]:
    return [event for event in events if isinstance(event, Failed)]


def test_a_source_gets_the_number_of_images_that_follow_with_the_same_settings(build: Build, slow: Slow) -> None:
    slow.gate.set()
    assert {event.batch[0]: event.total for event in asked(build(THREE_AND_ONE))} == {"a": 3, "b": 2, "c": 1, "wide": 1}


def test_images_in_the_store_do_not_count_as_following(build: Build, slow: Slow) -> None:
    slow.gate.set()
    build(THREE_AND_ONE)
    events = build(THREE_AND_ONE.replace("gauged, prompt: x}", "gauged, prompt: y}", 2))
    assert {event.batch[0]: event.total for event in asked(events)} == {"a": 2, "b": 1}


def test_sampling_continues_during_saves_up_to_the_limit_of_unsaved_images(build: Build, slow: Slow) -> None:
    batches = threading.Semaphore(0)
    building = threading.Thread(
        target=build, args=(MANY, lambda e: batches.release() if isinstance(e, Sampling) else None)
    )
    building.start()
    reached = all(batches.acquire(timeout=60) for _ in range(UNSAVED_LIMIT + 1))
    more = batches.acquire(timeout=0.2)
    slow.gate.set()
    building.join(60)
    assert (reached, more, building.is_alive(), len(slow.saved)) == (True, False, False, COUNT)


def test_an_image_that_cannot_be_saved_fails_alone(build: Build, slow: Slow) -> None:
    slow.gate.set()
    slow.refused = {3}
    events = build(MANY)
    [failure] = failures(events)
    assert (finished(events).published, finished(events).sampled) == (COUNT - 1, COUNT)
    assert "cannot save into the store" in failure.reason and "No space left on device" in failure.reason


def test_a_cancelled_build_ends_after_saving_the_sampled_images(build: Build, slow: Slow, tmp_path: Path) -> None:
    slow.gate.set()
    slow.delay = 0.1

    def emit(event: Event) -> None:
        if isinstance(event, Sampling) and event.batch == ("a_15",):
            raise Cancelled

    with pytest.raises(Cancelled):
        build(MANY, emit)
    assert (len(slow.saved), list((tmp_path / "store").rglob("*.part"))) == (5, [])
    assert finished(build(MANY)).sampled == COUNT - 5


def test_control_images_are_drawn_ahead_and_a_broken_one_fails_alone(build: Build, slow: Slow) -> None:
    slow.gate.set()
    events = build(GREY)
    assert [event.batch[0] for event in asked(events)] == ["a_1", "a_2"]
    assert all(event.batch[1].startswith("assetgen-background") for event in asked(events))
    assert ["there is no such grey" in failure.reason for failure in failures(events)] == [True]


def test_candidates_are_finished_during_sampling_and_fail_alone(slow: Slow, tmp_path: Path) -> None:
    slow.gate.set()
    slow.refused = {2}
    (tmp_path / "pack.yaml").write_text(MANY)
    events: list[tuple[Event, str]] = []
    [recipe, *_] = resolve_with_lock(load_pack(tmp_path), {})
    emit: Emit = lambda event: events.append((event, threading.current_thread().name))  # noqa: E731
    made = make_candidates([recipe], 5, machine(tmp_path, slow), emit)
    assert len({candidate.number for candidate in made}) == 4
    threads = {name for event, name in events if not isinstance(event, Sampling)}
    assert all(name.startswith("assetgen-worker") for name in threads), threads


def test_each_model_is_loaded_once_in_any_order_of_images(tmp_path: Path) -> None:
    entries = [
        f"  a{n}: {{preset: painted_concept, prompt: x, model: m{n % 2}, diffusion: {{size: [{8 * (n // 2 + 1)}, 8]}}}}"
        for n in range(6)
    ]
    (tmp_path / "pack/models").mkdir(parents=True)
    for name in ("m0", "m1"):
        card = f"model: {name}\nfamily: stable_diffusion\nweights: {{folder: no_{name}}}\nlicence: CC0-1.0\n"
        (tmp_path / f"pack/models/{name}.yaml").write_text(f"{card}native: [64, 64]\n")
    (tmp_path / "pack/pack.yaml").write_text("pack: p\nassets:\n" + "\n".join(entries))
    recipes = resolve_with_lock(load_pack(tmp_path / "pack"), {})
    groups = by_model([[Attempt(recipe, 0)] for recipe in recipes])
    assert [group[0].recipe.name for group in groups] == ["a0", "a2", "a4", "a1", "a3", "a5"]


def graded(**settings: Any) -> str:
    """A pack with one asset that is the brightest of four attempts."""
    return f"pack: p\nassets: {{a: {json.dumps({'preset': 'graded', 'prompt': 'x', **settings})}}}\n"


def grades(events: list[Event]) -> dict[int, float]:
    """The score of each judged attempt."""
    return {event.attempt: event.score for event in events if isinstance(event, Checked)}


def accepted(folder: Path) -> int:
    return (read_lock(folder / "pack.lock") or {})["a"].attempt


def test_attempts_that_are_compared_are_planned_as_images(build: Build, slow: Slow) -> None:
    slow.gate.set()
    [planned] = [event for event in build(graded()) if isinstance(event, Planned)]
    assert (planned.to_sample, planned.images) == (1, 4)


def test_the_best_of_several_attempts_is_kept(build: Build, slow: Slow, tmp_path: Path) -> None:
    slow.gate.set()
    found = grades(build(graded()))
    assert len(set(found.values())) == 4
    assert accepted(tmp_path) == max(found, key=lambda attempt: found[attempt])


def test_a_second_build_of_the_best_of_several_samples_nothing(build: Build, slow: Slow) -> None:
    slow.gate.set()
    build(graded())
    assert finished(build(graded())).sampled == 0


def test_rejected_rounds_are_followed_by_single_attempts(build: Build, slow: Slow) -> None:
    slow.gate.set()
    events = build(graded(grade={"least": 2}, tries=6))
    assert sorted(grades(events)) == [0, 1, 2, 3, 4, 5]
    [failure] = [event for event in events if isinstance(event, Failed)]
    assert f"rejected all 6 attempts (grade {grades(events)[5]:.3g}" in failure.reason


def test_the_best_of_the_rejected_attempts_is_published_on_request(build: Build, slow: Slow, tmp_path: Path) -> None:
    slow.gate.set()
    events = build(graded(grade={"least": 2}, on_fail="best"))
    found = grades(events)
    assert accepted(tmp_path) == max(found, key=lambda attempt: found[attempt])
    [warning] = [event for event in events if isinstance(event, Warned)]
    assert warning.reason.startswith("a: its checks rejected all 4 attempts, so the best is published (grade ")


def test_a_pick_is_not_compared_with_others(build: Build, slow: Slow, tmp_path: Path) -> None:
    slow.gate.set()
    build(graded())
    other = (accepted(tmp_path) + 1) % 4
    pick(Project.load(tmp_path, tmp_path / "game"), "a", other + 1, machine(tmp_path, slow), ignore)
    assert set(grades(build(graded()))) == {other}


def test_several_attempts_count_in_the_lock_only_where_they_are_compared(
    build: Build, slow: Slow, tmp_path: Path
) -> None:
    slow.gate.set()
    build(graded())
    assert "best_of: 4" in (tmp_path / "pack.lock").read_text()
    build(graded(best_of=1))
    assert "best_of" not in (tmp_path / "pack.lock").read_text()

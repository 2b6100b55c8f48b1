"""A review that its page works with: picks at once, sampling and builds one after another, updates for the page.

The server calls `pick`, `sample_more` and `updates` from any thread. `work` runs in one thread, which uses the model.
Builds and re-rolls that are requested while the first candidates are sampled run between two batches.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assetgen.build.candidates import MAX_CANDIDATES, build_picked, dependents
from assetgen.build.candidates import pick as write_pick
from assetgen.build.options import BuildOptions
from assetgen.errors import AssetgenError, InputError
from assetgen.events import Compiling, Emit, Event, Failed, Loading, Published, Sampling
from assetgen.pack.lock import LockEntry
from assetgen.pack.project import Project
from assetgen.pack.recipe import Recipe
from assetgen.review import page
from assetgen.review.collect import Review, ReviewTarget, add_asset, asset_state, reviewed_recipes, sample_missing

POLL = 1.0
"""Seconds between two checks for Ctrl-C while a thread waits."""


@dataclass
class ReviewSession:
    """One served review. `count` is the number of candidates of each asset, and how many more a re-roll makes;
    `options` are those of the build after a pick."""

    review: Review
    pack: Path
    emit: Emit
    count: int = 12
    options: BuildOptions = field(default_factory=BuildOptions)
    builds: bool = True
    version: int = 0
    busy: str = ""
    closed: bool = False
    log: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    tasks: deque[Callable[[], None]] = field(default_factory=deque)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def page(self) -> bytes:
        """The page in its present state, as UTF-8."""
        with self.changed:
            facts = {**self.review.facts(), "version": self.version, "busy": self.busy, "count": self.count}
        return page(facts, served=True)

    def updates(self, after: int, seconds: float) -> dict[str, Any]:
        """The updates since a version; waits at most so many seconds for the first one."""
        until = time.monotonic() + seconds
        with self.changed:
            while self.version <= after and not self.closed and (left := until - time.monotonic()) > 0:
                self.changed.wait(min(left, POLL))
            found = [update for version, update in self.log if version > after]
            return {"version": self.version, "busy": self.busy, "closed": self.closed, "updates": found}

    def pick(self, asset: str, number: int | None) -> None:
        """Write a choice into the lock, and queue its build. Raises `InputError` where the pack has changed."""
        self._require_choice(asset)
        target = self._load_target()
        found = self._recipes_of(asset, target)
        if not found or found[0].sampled_key() != self.review.recipes[asset].sampled_key():
            raise InputError(f"'{asset}' has changed in the pack", cure="Press r to make its candidates")
        write_pick(target.project, asset, number, self.review.machine, self.emit)
        self._change(asset, {"picked": number})
        if self.builds:
            self._queue(lambda: self._build(asset))

    def sample_more(self, asset: str) -> None:
        """Queue more candidates of an asset; where its prompt has changed, the first ones of the new prompt."""
        self._require_choice(asset)
        self._queue(lambda: self._sample_more(asset))

    def work(self) -> None:
        """Make the missing candidates, then run queued tasks until `close`."""
        if self.count:
            self._queue(lambda: self._sample(self.review, self.count, interrupted=True))
        while not self.closed:
            with self.changed:
                while not self.tasks and not self.closed:
                    self.changed.wait(POLL)
            self._run_tasks()

    def close(self) -> None:
        """Stop `work`, and answer every request that waits for updates."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def _require_choice(self, asset: str) -> None:
        if asset not in self.review.recipes:
            raise InputError(f"there is no asset '{asset}' on this page")
        if self.review.assets[asset]["fixed"]:
            raise InputError(f"'{asset}' has no candidates: another seed does not change it")

    def _load_target(self) -> ReviewTarget:
        """The target with the pack as it is now."""
        project = Project.load(self.pack, self.review.target.project.game)
        return replace(self.review.target, project=project)

    def _queue(self, task: Callable[[], None]) -> None:
        with self.changed:
            self.tasks.append(task)
            self.changed.notify_all()

    def _run_tasks(self) -> None:
        while self.tasks and not self.closed:
            task = self.tasks.popleft()
            try:
                task()
            except AssetgenError as error:
                self._show_message(str(error), is_error=True)
            self._set_busy("")

    def _build(self, asset: str) -> None:
        self._set_busy(f"building {asset}")
        project = self._load_target().project
        done = build_picked(project, asset, self.review.machine, self.options, self._on_event)
        lock = project.read_lock()
        self._change(asset, asset_state(self.review, self.review.recipes[asset], lock))
        for recipe in dependents(reviewed_recipes(self._load_target(), self.review.machine), asset):
            if recipe.name in self.review.assets and self.review.assets[recipe.name]["fixed"]:
                self._replace(recipe, lock)
        if not any(finished.failed for finished in done):
            self._show_message(f"{asset}: in the game")

    def _recipes_of(self, asset: str, target: ReviewTarget) -> list[Recipe]:
        """The recipe of an asset as the pack is now, if it has one."""
        recipes = reviewed_recipes(replace(target, only=asset), self.review.machine)
        return [recipe for recipe in recipes if recipe.name == asset]

    def _sample_more(self, asset: str) -> None:
        target = self._load_target()
        found = self._recipes_of(asset, target)
        if not found:
            raise InputError(f"'{asset}' is no longer in the pack")
        is_new = found[0].images_key() != self.review.recipes[asset].images_key()
        with self.changed:
            self.review.target = target
        if is_new:
            self._replace(found[0], target.project.read_lock())
        have = [each["number"] for each in self.review.assets[asset]["candidates"]]
        count = (self.count or len(have) + 1) if is_new else max(have, default=0) + (self.count or 4)
        alone = Review(self.review.target, self.review.machine, {asset: found[0]}, self.review.assets)
        self._sample(alone, min(MAX_CANDIDATES, count))

    def _sample(self, review: Review, count: int, *, interrupted: bool = False) -> None:
        """Make candidates; with `interrupted`, queued tasks run between batches."""
        machine = replace(review.machine, pause=self._run_tasks) if interrupted else review.machine
        sampling = Review(review.target, machine, review.recipes, review.assets)
        for candidate in sample_missing(sampling, count, self._on_event, self.options):
            name = candidate.recipe.name
            new = {key: self.review.assets[name][key] for key in ("tiles", "pixels")}
            found = [each for each in self.review.assets[name]["candidates"] if each["number"] == candidate.number]
            self._add_update({"asset": name, "new": new, "candidate": found[0]})

    def _replace(self, recipe: Recipe, lock: Mapping[str, LockEntry]) -> None:
        """Show an asset as the pack is now."""
        with self.changed:
            add_asset(self.review, recipe, lock)
        self._change(recipe.name, dict(self.review.assets[recipe.name]))

    def _on_event(self, event: Event) -> None:
        """Pass an event on, and show on the page what a person waits for."""
        self.emit(event)
        match event:
            case Loading():
                self._set_busy(f"loading {event.model}")
            case Compiling():
                self._set_busy(f"compiling {event.model}, a minute or more")
            case Sampling():
                names = ", ".join(dict.fromkeys(event.batch))
                self._set_busy(f"sampling {names:.60}: step {event.done} of {event.total}")
            case Failed():
                self._show_message(f"{event.asset}: {event.reason}", is_error=True)
            case Published() if event.kept:
                kept = ", ".join(event.kept)
                self._show_message(f"{kept}: edited by hand and kept; `build --overwrite` replaces it", is_error=True)

    def _change(self, asset: str, new: dict[str, Any]) -> None:
        with self.changed:
            self.review.assets[asset] |= new
        self._add_update({"asset": asset, "new": new})

    def _show_message(self, message: str, *, is_error: bool = False) -> None:
        self._add_update({"message": message, "is_error": is_error})

    def _set_busy(self, busy: str) -> None:
        with self.changed:
            if busy != self.busy:
                self.busy = busy
                self.version += 1
                self.changed.notify_all()

    def _add_update(self, update: dict[str, Any]) -> None:
        with self.changed:
            self.version += 1
            self.log.append((self.version, update))
            self.changed.notify_all()

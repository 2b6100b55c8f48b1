"""A review that a page works with: picks at once, candidates and builds one after another, news for who listens.

Whoever answers the page calls `pick`, `more` and `news` from any thread; `work` runs on one, which has the model.
Builds and re-rolls that are asked for while many candidates are sampled come in between two batches.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assetgen.build.candidates import MAX_CANDIDATES, build_picked
from assetgen.build.candidates import pick as choose
from assetgen.build.options import BuildOptions
from assetgen.errors import AssetgenError, InputError
from assetgen.events import Compiling, Emit, Event, Failed, Loading, Published, Sampling
from assetgen.pack.project import Project
from assetgen.review import page
from assetgen.review.collect import Review, open_asset, planned, sample_missing, standing

POLL = 1.0
"""Seconds after which a wait looks whether it was interrupted."""


@dataclass
class Sitting:
    """One review at work. `count` is how many candidates each asset gets, and how many more a re-roll makes; a pick is
    built as `wish` says."""

    review: Review
    pack: Path
    emit: Emit
    count: int = 12
    wish: BuildOptions = field(default_factory=BuildOptions)
    builds: bool = True
    version: int = 0
    busy: str = ""
    closed: bool = False
    log: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    orders: deque[Callable[[], None]] = field(default_factory=deque)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def page(self) -> bytes:
        """The page as things are now."""
        with self.changed:
            facts = {**self.review.facts(), "version": self.version, "busy": self.busy, "count": self.count}
        return page(facts, served=True)

    def news(self, after: int, wait: float) -> dict[str, Any]:
        """What happened since a version; waits so many seconds for the first of it."""
        until = time.monotonic() + wait
        with self.changed:
            while self.version <= after and not self.closed and (left := until - time.monotonic()) > 0:
                self.changed.wait(min(left, POLL))
            told = [each for version, each in self.log if version > after]
            return {"version": self.version, "busy": self.busy, "closed": self.closed, "news": told}

    def pick(self, asset: str, number: int | None) -> None:
        """Write a choice into the lock, and build it next. Raises `InputError` where the pack changed meanwhile."""
        project = Project.load(self.pack, self.review.subject.project.game)
        subject = replace(self.review.subject, project=project, only=asset)
        found = [recipe for recipe in planned(subject) if recipe.name == asset]
        if asset not in self.review.recipes:
            raise InputError(f"there is no asset '{asset}' on this page")
        if not found or found[0].sampled_key() != self.review.recipes[asset].sampled_key():
            raise InputError(f"the pack asks for another '{asset}' now", cure="Press r for its candidates")
        choose(project, asset, number, self.review.machine, self.emit)
        self._change(asset, {"picked": number})
        if self.builds:
            self._order(lambda: self._build(asset))

    def more(self, asset: str) -> None:
        """Have more candidates made of an asset; of a changed prompt the first ones."""
        if asset not in self.review.recipes:
            raise InputError(f"there is no asset '{asset}' on this page")
        self._order(lambda: self._more(asset))

    def work(self) -> None:
        """Make the candidates that are missing, then do what the page asks for, until `close`."""
        if self.count:
            self._order(lambda: self._sample(self.review, self.count, interrupted=True))
        while not self.closed:
            with self.changed:
                while not self.orders and not self.closed:
                    self.changed.wait(POLL)
            self._do_orders()

    def close(self) -> None:
        """End the work and all waiting for news."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def _order(self, what: Callable[[], None]) -> None:
        with self.changed:
            self.orders.append(what)
            self.changed.notify_all()

    def _do_orders(self) -> None:
        while self.orders and not self.closed:
            order = self.orders.popleft()
            try:
                order()
            except AssetgenError as error:
                self._say(str(error), bad=True)
            self._be("")

    def _build(self, asset: str) -> None:
        self._be(f"building {asset}")
        project = Project.load(self.pack, self.review.subject.project.game)
        done = build_picked(project, asset, self.review.machine, self.wish, self._note)
        self._change(asset, standing(self.review, self.review.recipes[asset]))
        if not any(finished.failed for finished in done):
            self._say(f"{asset}: in the game")

    def _more(self, asset: str) -> None:
        project = Project.load(self.pack, self.review.subject.project.game)
        subject = replace(self.review.subject, project=project)
        [*found] = [recipe for recipe in planned(replace(subject, only=asset)) if recipe.name == asset]
        if not found:
            raise InputError(f"'{asset}' is no longer in the pack")
        fresh = found[0].images_key() != self.review.recipes[asset].images_key()
        with self.changed:
            self.review.subject = subject
            if fresh:
                open_asset(self.review, found[0])
        if fresh:
            self._change(asset, dict(self.review.assets[asset]))
        have = [each["number"] for each in self.review.assets[asset]["candidates"]]
        count = (
            min(MAX_CANDIDATES, self.count or len(have) + 1)
            if fresh
            else min(MAX_CANDIDATES, max(have, default=0) + (self.count or 4))
        )
        alone = Review(self.review.subject, self.review.machine, {asset: found[0]}, self.review.assets)
        self._sample(alone, count)

    def _sample(self, review: Review, count: int, *, interrupted: bool = False) -> None:
        """Make candidates; while it is `interrupted`, other orders are done between batches."""
        machine = replace(review.machine, pause=self._do_orders) if interrupted else review.machine
        sampling = Review(review.subject, machine, review.recipes, review.assets)
        for candidate in sample_missing(sampling, count, self._note, self.wish):
            name = candidate.recipe.name
            new = {key: self.review.assets[name][key] for key in ("tiles", "pixels")}
            found = [each for each in self.review.assets[name]["candidates"] if each["number"] == candidate.number]
            self._tell({"asset": name, "new": new, "candidate": found[0]})

    def _note(self, event: Event) -> None:
        """Tell the page what it wants to know, and everything to who started us."""
        self.emit(event)
        match event:
            case Loading():
                self._be(f"loading {event.model}")
            case Compiling():
                self._be(f"compiling {event.model}, a minute or more")
            case Sampling():
                names = ", ".join(dict.fromkeys(event.batch))
                self._be(f"sampling {names:.60}: step {event.done} of {event.total}")
            case Failed():
                self._say(f"{event.asset}: {event.reason}", bad=True)
            case Published() if event.kept:
                self._say(
                    f"{', '.join(event.kept)}: edited by hand, and kept; `build --overwrite` replaces it", bad=True
                )

    def _change(self, asset: str, new: dict[str, Any]) -> None:
        with self.changed:
            self.review.assets[asset] |= new
        self._tell({"asset": asset, "new": new})

    def _say(self, words: str, *, bad: bool = False) -> None:
        self._tell({"said": words, "bad": bad})

    def _be(self, busy: str) -> None:
        with self.changed:
            if busy != self.busy:
                self.busy = busy
                self.version += 1
                self.changed.notify_all()

    def _tell(self, new: dict[str, Any]) -> None:
        with self.changed:
            self.version += 1
            self.log.append((self.version, new))
            self.changed.notify_all()

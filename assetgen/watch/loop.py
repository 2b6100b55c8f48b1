"""From changes to builds: each pack by itself, when its files have been quiet for a while and are written whole."""

import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from assetgen.build.idle_unloading import IdleUnloader
from assetgen.build.options import BuildOptions
from assetgen.build.run import build_pack
from assetgen.errors import AssetgenError, InputError
from assetgen.events import Changed, Emit, Event, Failed, Finished, Watching
from assetgen.machine import Machine
from assetgen.pack.inbox import files_below
from assetgen.pack.library import INBOX, PackFile, load_pack
from assetgen.pack.project import Project, default_game
from assetgen.watch.discovery import find_packs, inputs_of, is_pack, linked_below, real
from assetgen.watch.error_notes import remove_notes, write_notes
from assetgen.watch.file_events import Listener, Touch
from assetgen.watch.settled_files import Digests, State, is_recent, is_whole


@dataclass(frozen=True)
class Pace:
    """Seconds. How long a file must be quiet: after it was closed or put in its place, while it is being written, and
    when it is gone, as some editors remove it before they write it. Then: how long to wait for a file that cannot be
    read yet, and for changes that do not end; when to look again, in case the system forgot to tell of something.
    """

    whole: float = 0.08
    writing: float = 0.25
    gone: float = 0.4
    patience: float = 3.0
    longest: float = 30.0
    again: float = 1.0


@dataclass(frozen=True)
class Order:
    """What to watch, and how to build it: `places` are folders and pack files, `game` is a game folder that
    overrides the ones that the packs name.

    Each build is made within a `turn`, which is told the lock that the build writes: there it waits for others in this
    process that use the same models.
    """

    places: tuple[Path, ...]
    machine: Machine
    options: BuildOptions
    game: Path | None = None
    poll: float = 0
    pace: Pace = field(default_factory=Pace)
    turn: Callable[[Path], AbstractContextManager[None]] = lambda _: nullcontext()
    idle: IdleUnloader = field(default_factory=IdleUnloader)


def build_once(order: Order, emit: Emit) -> None:
    """Build every pack as soon as its files are whole. Raises `InputError` where there is none."""
    watch = _Watch(order, emit)
    watch.find()
    if not watch.packs:
        what = f"there is no pack in {', '.join(map(str, order.places))}"
        raise InputError(what, cure="`assetgen init` writes one")
    while any(pack.due for pack in watch.packs.values()):
        watch.build_due()
        time.sleep(max(0.0, min(watch.wait() or 0.0, order.pace.writing)))


def watch(order: Order, emit: Emit, stop: threading.Event | None = None) -> None:
    """Build every pack now, and whenever it changes, until `stop` is set. Mistakes in packs are news, as `Failed`."""
    watch = _Watch(order, emit)
    watch.listener = Listener(order.poll)
    try:
        watch.follow()
        watch.find()
        while not (stop and stop.is_set()):
            watch.build_due()
            wait = watch.wait()
            if stop:
                wait = STOP_WITHIN if wait is None else min(wait, STOP_WITHIN)
            watch.notice(watch.listener.take(wait))
            order.idle.unload_models()
    finally:
        watch.listener.close()


STOP_WITHIN = 0.2
"""Seconds between looks at `stop`."""


@dataclass
class _Pack:
    """A watched pack: what it depends on, what that was when it was built, and when it is to be built next.

    `spots` are where the system tells of its inputs and inbox, links followed; `due` says by touched path when that
    will have been quiet for long enough.
    """

    place: Path
    inputs: frozenset[Path]
    spots: dict[Path, Path] = field(default_factory=dict)
    inboxes: dict[Path, Path] = field(default_factory=dict)
    built: State | None = None
    due: dict[Path, float] = field(default_factory=dict)
    since: float = 0.0
    heard: float = 0.0
    whole: State = field(default_factory=dict)

    @property
    def inbox(self) -> Path:
        return self.place.parent / INBOX

    @property
    def lock(self) -> Path:
        return self.place.with_suffix(".lock")

    def known_as(self, touch: Touch) -> Path | None:
        """The pack's own path of what was touched, or None where that is nothing to it."""
        if path := self.spots.get(touch.path):
            return path
        for spot, inbox in self.inboxes.items():
            if touch.path.is_relative_to(spot):
                return inbox / touch.path.relative_to(spot)
        if touch.is_folder and any(spot.is_relative_to(touch.path) for spot in (*self.spots, *self.inboxes)):
            return touch.path
        return None

    def touch(self, path: Path, quiet: float, when: float) -> None:
        """Build it when this path has been quiet."""
        self.since = self.since if self.due else when
        self.heard = max(self.heard, when)
        self.due[path] = when + quiet

    def is_due(self, now: float, longest: float) -> bool:
        return bool(self.due) and (max(self.due.values()) <= now or self.since + longest <= now)

    def places_itself(self) -> None:
        """Find out where the system will tell of its files."""
        parents: dict[Path, Path] = {}
        self.spots = {}
        for path in (*self.inputs, self.lock):
            parent = parents.get(path.parent) or parents.setdefault(path.parent, real(path.parent))
            self.spots[parent / path.name] = path
            if path.is_symlink():
                self.spots[real(path)] = path
        linked = linked_below(self.inbox) if self.inbox.is_dir() else []
        self.inboxes = dict.fromkeys((real(self.inbox), *linked), self.inbox)


class _Watch:
    """The packs that are watched, and what was heard."""

    def __init__(self, order: Order, emit: Emit) -> None:
        self.order, self.emit, self.pace = order, emit, order.pace
        for place in order.places:
            if not place.exists():
                raise InputError(f"there is no '{place}'", cure="Name a folder with packs, or a pack file")
        self.packs: dict[Path, _Pack] = {}
        self.listener: Listener | None = None
        self.linked: list[Path] = []
        self.digests = Digests()
        self.look: float | None = None
        self.look_for_packs: float | None = None

    def find(self) -> None:
        """Look which packs there are: new ones are built, those that are gone are forgotten."""
        self.look_for_packs = None
        found = [pack.absolute() for place in self.order.places for pack in find_packs(place)]
        gone = [place for place in self.packs if place not in found]
        for place in gone:
            remove_notes(place)
            del self.packs[place]
        now = time.monotonic()
        new = [place for place in dict.fromkeys(found) if place not in self.packs]
        for place in new:
            self.packs[place] = _Pack(place, frozenset([place]))
            self.packs[place].touch(place, 0.0, now)
        self.linked = [path for place in self.order.places for path in linked_below(place)]
        for pack in self.packs.values():
            pack.places_itself()
        self.follow()
        if self.listener and (new or gone or not self.packs):
            self.emit(Watching(packs=tuple(map(str, self.packs))))

    def follow(self) -> None:
        """Follow the folders that matter now."""
        if self.listener:
            self.listener.follow(_folders(self.order.places, self.linked, self.packs.values()))

    def notice(self, touches: Sequence[Touch]) -> None:
        """Put off builds until what was touched is quiet."""
        for touch in touches:
            if touch.is_folder or is_pack(touch.path.name) or touch.path.is_dir():
                self.look_for_packs = touch.time + self.pace.whole
            for pack in self.packs.values():
                if path := pack.known_as(touch):
                    self.digests.touched([path])
                    pack.touch(path, max(getattr(self.pace, touch.what), self.order.poll), touch.time)
                    self.look = touch.time + self.pace.again

    def wait(self) -> float | None:
        """Seconds until there is something to do; None where that is up to others."""
        times = [max(pack.due.values()) for pack in self.packs.values() if pack.due]
        times += [time for time in (self.look, self.look_for_packs) if time is not None]
        soonest = min((*times, time.monotonic() + self.order.idle.left))
        return max(0.0, soonest - time.monotonic()) if soonest < math.inf else None

    def build_due(self) -> None:
        """Build the packs whose files are quiet."""
        now = time.monotonic()
        if self.look_for_packs is not None and self.look_for_packs <= now:
            self.find()
        if self.look is not None and self.look <= now:
            self.look = None
            for pack in self.packs.values():
                pack.touch(pack.place, 0.0, now)
        for pack in list(self.packs.values()):
            if pack.is_due(time.monotonic(), self.pace.longest):
                self.settle(pack)

    def settle(self, pack: _Pack) -> None:
        """Build a pack if any of its files is another than before, and all of these can be read."""
        state = self.state(pack)
        before = pack.built or {}
        changed = sorted(path for path in {*state, *before} if state.get(path) != before.get(path))
        if pack.built is not None and not changed:
            pack.due.clear()
        elif not pack.place.exists():
            pack.due.clear()
            self.look_for_packs = time.monotonic()
        elif self.is_early(pack, changed, state):
            pack.due[pack.place] = time.monotonic() + self.pace.writing
        else:
            self.build(pack, state, changed if pack.built is not None else [])

    def state(self, pack: _Pack) -> State:
        """What its files are now."""
        return self.digests.of((*pack.inputs, pack.lock, *files_below(pack.inbox)))

    def is_early(self, pack: _Pack, changed: Sequence[Path], state: State) -> bool:
        """Whether a changed file seems to be half written, and has not seemed so for long."""
        if time.monotonic() - pack.heard > self.pace.patience:
            return False
        for path in changed:
            if pack.whole.get(path) == state.get(path) or (pack.built is None and not is_recent(path)):
                continue
            if not is_whole(path):
                return True
            pack.whole[path] = state.get(path, "")
        return False

    def build(self, pack: _Pack, state: State, changed: Sequence[Path]) -> None:
        """Build a pack, and note what is wrong with it. What changes meanwhile is heard afterwards."""
        failures: list[Failed] = []
        file: PackFile | None = None

        def note(event: Event) -> None:
            if isinstance(event, Failed):
                failures.append(event)
            if isinstance(event, Finished):  # while the lock is still ours
                self.keep_lock(pack)
            self.emit(event)

        pack.due.clear()
        self.emit(Changed(pack=str(pack.place), files=tuple(_told(path, pack.place.parent) for path in changed)))
        try:
            pack.built = state
            file = self.load(pack)
            project = Project(file, self.order.game or default_game(file))
            with self.order.turn(project.lock_path), self.order.idle.used():
                build_pack(project, self.order.machine, self.order.options, note)
        except AssetgenError as error:
            note(Failed(reason=str(error), exit_code=error.exit_code))
        except Exception as error:  # a mistake of ours about one pack must not end the watch over all others
            note(Failed(reason=f"{pack.place}: assetgen broke ({type(error).__name__}: {error})"))
        pack.whole.clear()
        self.digests.keep(path for each in self.packs.values() for path in each.built or ())
        write_notes(pack.place, file, failures)

    def load(self, pack: _Pack) -> PackFile:
        """The pack, and what it depends on now: its state is noted before it is read, or a change could be missed."""
        file = load_pack(pack.place)
        inputs = inputs_of(file)
        if inputs != pack.inputs:
            pack.inputs = inputs
            pack.places_itself()
            self.follow()
            pack.built = self.state(pack)
            file = load_pack(pack.place)
        return file

    def keep_lock(self, pack: _Pack) -> None:
        """A lock that we wrote is no change; one that somebody else writes later, as by a pick, is."""
        self.digests.touched([pack.lock])
        others = {path: digest for path, digest in (pack.built or {}).items() if path != pack.lock}
        pack.built = others | self.digests.of([pack.lock])


def _folders(places: Iterable[Path], linked: Iterable[Path], packs: Iterable[_Pack]) -> dict[Path, bool]:
    """The folders to follow, True for those with all below: none lies below another of these."""
    deep = {path for path in linked if path.is_dir()}
    flat: set[Path] = set()
    for place in places:
        folder = real(place)
        flat.add(_standing(folder.parent))
        if folder.is_dir():
            deep.add(folder)
    for pack in packs:
        deep |= {inbox for inbox in pack.inboxes if inbox.is_dir()}
        flat |= {_standing(parent) for parent in {spot.parent for spot in (*pack.spots, *pack.inboxes)}}
    tops = {path for path in deep if not any(path != other and path.is_relative_to(other) for other in deep)}
    flat = {path for path in flat if not any(path.is_relative_to(top) for top in tops)}
    return dict.fromkeys(tops, True) | dict.fromkeys(flat, False)


def _standing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next((path for path in (folder, *folder.parents) if path.is_dir()), folder)


def _told(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)

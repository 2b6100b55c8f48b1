"""Build packs when their files have changed and are completely written."""

import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from assetgen.build.idle_unloading import IdleUnloader
from assetgen.build.options import BuildOptions
from assetgen.build.run import build_pack
from assetgen.errors import AssetgenError, InputError
from assetgen.events import Changed, Emit, Event, Failed, Finished, Watching, failed
from assetgen.machine import Machine
from assetgen.pack.inbox import MAX_INBOX_FILES, files_below
from assetgen.pack.library import INBOX, PackFile, load_pack
from assetgen.pack.project import Project, default_game
from assetgen.watch.discovery import find_packs, inputs_of, linked_folders, real_path
from assetgen.watch.error_notes import remove_notes, write_notes
from assetgen.watch.file_events import ChangeListener
from assetgen.watch.file_state import Digests, FileState, is_complete, is_recent

_STOP_WITHIN = 0.2
"""Seconds between checks of `stop`."""


@dataclass(frozen=True)
class Timing:
    """Waiting times in seconds.

    `quiet`: without a change before files are compared. `gone`: for a removed file, which some editors write anew.
    `incomplete`: for a file that cannot be read to its end. `retry`: between two reads of such a file. `again`: until
    files are compared once more, in case the system dropped an event.
    """

    quiet: float = 0.1
    gone: float = 0.4
    incomplete: float = 3.0
    retry: float = 0.25
    again: float = 1.0


@dataclass(frozen=True)
class WatchOptions:
    """What to watch and how to build it.

    `paths` are folders and pack files; `game` overrides the game folder of every pack; `poll` is an interval in
    seconds, 0 for file system events. `build_context` gets the path of the lock that a build writes and returns the
    context of that build, in which no one else uses the models.
    """

    paths: tuple[Path, ...]
    machine: Machine
    build: BuildOptions
    game: Path | None = None
    poll: float = 0
    timing: Timing = field(default_factory=Timing)
    build_context: Callable[[Path], AbstractContextManager[None]] = lambda _: nullcontext()
    idle: IdleUnloader = field(default_factory=IdleUnloader)


def build_once(options: WatchOptions, emit: Emit) -> None:
    """Build every pack as soon as its files are complete. Raises `InputError` if there is no pack."""
    watcher = _Watcher(options, emit)
    watcher.find_packs()
    wait = watcher.build_changed()
    if not watcher.packs:
        paths = ", ".join(map(str, options.paths))
        raise InputError(f"there is no pack in {paths}", cure="`assetgen init` writes one")
    while wait < math.inf:
        time.sleep(wait)
        wait = watcher.build_changed()


def watch(options: WatchOptions, emit: Emit, stop: threading.Event) -> None:
    """Build every pack now, and again whenever it changes, until `stop` is set. Errors of packs are `Failed` events."""
    watcher = _Watcher(options, emit)
    listener = ChangeListener(options.timing.quiet, options.timing.again, options.poll)
    listening: tuple[str, ...] | None = None
    try:
        while not stop.is_set():
            watcher.find_packs()
            listener.follow(watcher.folders())
            if listening != (listening := tuple(map(str, watcher.packs))):
                emit(Watching(packs=listening))
            wait = min(watcher.build_changed(), options.poll or math.inf)
            listener.follow(watcher.folders())
            until = time.monotonic() + wait
            while not (stop.is_set() or listener.wait(min(wait, _STOP_WITHIN)) or time.monotonic() >= until):
                options.idle.unload_models()
    finally:
        listener.close()


@dataclass
class _WatchedPack:
    """A pack, its inputs, and the state of its files at the last build (None before the first).

    `pending` is a changed state that is not built yet, since `since`. `complete` holds files known to be complete.
    """

    path: Path
    inputs: frozenset[Path]
    built: FileState | None = None
    pending: FileState | None = None
    since: float = 0.0
    complete: FileState = field(default_factory=dict)

    @property
    def inbox(self) -> Path:
        return self.path.parent / INBOX

    @property
    def lock(self) -> Path:
        return self.path.with_suffix(".lock")


class _Watcher:
    """The watched packs."""

    def __init__(self, options: WatchOptions, emit: Emit) -> None:
        for path in options.paths:
            if not path.exists():
                raise InputError(f"there is no '{path}'", cure="Give a folder with packs, or a pack file")
        self.options, self.emit = options, emit
        self.packs: dict[Path, _WatchedPack] = {}
        self.digests = Digests()

    def find_packs(self) -> None:
        """Add packs that are new."""
        for path in (pack.absolute() for each in self.options.paths for pack in find_packs(each)):
            self.packs.setdefault(path, _WatchedPack(path, frozenset([path])))

    def folders(self) -> dict[Path, bool]:
        """The folders to follow; True includes all folders below. None of them lies inside a folder with True."""
        deep = {path for each in self.options.paths for path in (real_path(each), *linked_folders(each))}
        flat = {path.parent for path in map(real_path, self.options.paths)}
        for pack in self.packs.values():
            deep |= {real_path(pack.inbox), *linked_folders(pack.inbox)}
            flat |= _parents((*pack.inputs, pack.lock, pack.inbox))
        deep = {path for path in deep if os.path.isdir(path)}  # noqa: PTH112
        tops = {path for path in deep if not any(path != other and path.is_relative_to(other) for other in deep)}
        flat = {_nearest_folder(path) for path in flat}
        return dict.fromkeys(tops, True) | {
            path: False for path in flat if not any(path.is_relative_to(top) for top in tops)
        }

    def build_changed(self) -> float:
        """Build the packs whose files changed. Returns the seconds until a changed pack may be ready; else infinity."""
        return min((self._build_if_changed(pack) for pack in list(self.packs.values())), default=math.inf)

    def _build_if_changed(self, pack: _WatchedPack) -> float:
        state, before = self._state(pack), pack.built or {}
        changed = sorted(path for path in {*state, *before} if state.get(path) != before.get(path))
        if pack.built is not None and not changed:
            pack.pending = None
            return math.inf
        if state != pack.pending:
            pack.pending, pack.since = state, time.monotonic()
        if time.monotonic() - pack.since < self._delay(pack, changed, state):
            return self.options.timing.retry
        if pack.path not in state and not os.path.lexists(pack.path):
            remove_notes(pack.path)
            del self.packs[pack.path]
            return 0.0
        self._build(pack, state, changed if pack.built is not None else [])
        return math.inf

    def _state(self, pack: _WatchedPack) -> FileState:
        return self.digests.of((*pack.inputs, pack.lock, *islice(files_below(pack.inbox), MAX_INBOX_FILES)))

    def _delay(self, pack: _WatchedPack, changed: Sequence[Path], state: FileState) -> float:
        """Seconds that the changed state must last before it is built."""
        timing = self.options.timing
        for path in changed:
            if path in state:
                if pack.complete.get(path) == state[path] or (pack.built is None and not is_recent(path)):
                    continue
                if not is_complete(path):
                    return timing.incomplete
                pack.complete[path] = state[path]
        gone = timing.gone if any(path not in state for path in changed) else 0.0
        return max(gone, self.options.poll if pack.built is not None else 0.0)  # polling has no quiet time of its own

    def _build(self, pack: _WatchedPack, state: FileState, changed: Sequence[Path]) -> None:
        """Build a pack, and write its errors beside their files."""
        failures: list[Failed] = []
        file: PackFile | None = None

        def record(event: Event) -> None:
            if isinstance(event, Failed):
                failures.append(event)
            if isinstance(event, Finished):  # while this process still holds the build lock
                self._accept_lock(pack)
            self.emit(event)

        self.emit(Changed(pack=str(pack.path), files=tuple(_relative(path, pack.path.parent) for path in changed)))
        pack.built = state
        try:
            file = self._load(pack)
            project = Project(file, self.options.game or default_game(file))
            with self.options.build_context(project.lock_path), self.options.idle.used():
                build_pack(project, self.options.machine, self.options.build, record)
        except AssetgenError as error:
            record(failed(error))
        except Exception as error:  # an internal error of one pack must not end the watch of all others
            record(Failed(reason=f"{pack.path}: internal error ({type(error).__name__}: {error})"))
        pack.pending = None
        pack.complete.clear()
        self.digests.keep(path for each in self.packs.values() for path in each.built or ())
        write_notes(pack.path, file, failures)

    def _load(self, pack: _WatchedPack) -> PackFile:
        """Load the pack and update its inputs; their state is taken before they are read, so that no change is lost."""
        file = load_pack(pack.path)
        inputs = inputs_of(file)
        if inputs != pack.inputs:
            pack.inputs = inputs
            pack.built = self._state(pack)
            file = load_pack(pack.path)
        return file

    def _accept_lock(self, pack: _WatchedPack) -> None:
        """Ignore the lock that this build wrote. One that another program writes later, such as a pick, is a change."""
        others = {path: digest for path, digest in (pack.built or {}).items() if path != pack.lock}
        pack.built = others | self.digests.of([pack.lock])


def _parents(paths: Iterable[Path]) -> set[Path]:
    """The folders in which changes of these files are seen, with links resolved."""
    parents = {real_path(folder) for folder in {path.parent for path in paths}}
    return parents | {real_path(path).parent for path in paths if os.path.islink(path)}  # noqa: PTH114


def _nearest_folder(folder: Path) -> Path:
    """The folder, or its nearest parent that exists."""
    return next((path for path in (folder, *folder.parents) if os.path.isdir(path)), folder)  # noqa: PTH112


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)

"""Hearing of changes in folders: watchdog's events, with the noise of editors left out, one for each path."""

import threading
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from assetgen.errors import InputError, NotInstalledError
from assetgen.pack.inbox import is_ignored

if TYPE_CHECKING:
    from watchdog.observers.api import ObservedWatch

What = Literal["whole", "writing", "gone"]
KINDS: Mapping[str, What] = {
    "closed": "whole",
    "moved": "whole",
    "created": "writing",
    "modified": "writing",
    "deleted": "gone",
}
"""Kinds of watchdog's events. `moved` is how most programs save; only in-place ones are seen while they write."""


@dataclass(frozen=True)
class Touch:
    """The last that was heard of a path: what, and when by the monotonic clock."""

    path: Path
    what: What
    time: float
    is_folder: bool = False


class Listener:
    """Follows folders and collects touches, the last one of each path; by looking every `poll` seconds where it is not
    0, as network folders tell nobody of changes."""

    def __init__(self, poll: float = 0) -> None:
        self._observer = _observer(poll)
        self._watches: dict[Path, tuple[tuple[int, bool], ObservedWatch]] = {}
        self._touches: dict[Path, Touch] = {}
        self._lost: set[Path] = set()
        self._news = threading.Condition()
        self._observer.start()

    def follow(self, folders: Mapping[Path, bool]) -> None:
        """Follow these folders from now on, and no others; True for those with all below. Missing ones are left out."""
        wanted = {path: (stat.st_ino, deep) for path, deep in folders.items() if (stat := _stat(path))}
        stale = [path for path, (known, _) in self._watches.items() if wanted.get(path) != known or path in self._lost]
        self._lost.difference_update(stale)
        for path in stale:
            self._observer.unschedule(self._watches.pop(path)[1])
        for path in [path for path in wanted if path not in self._watches]:
            try:
                handler: Any = self
                watch = self._observer.schedule(handler, str(path), recursive=wanted[path][1])
            except FileNotFoundError:
                continue
            except OSError as error:
                cure = "Raise fs.inotify.max_user_watches, watch fewer folders, or look every few seconds with --poll 2"
                raise InputError(f"cannot watch '{path}' ({error.strerror or error})", cure=cure) from error
            self._watches[path] = (wanted[path], watch)

    def dispatch(self, event: Any) -> None:
        """What watchdog calls, on its own thread."""
        what = KINDS.get(event.event_type)
        if what is None or (event.is_directory and event.event_type == "modified"):
            return
        if event.event_type == "moved":
            self._hear(event.src_path, "gone", event.is_directory)
            self._hear(event.dest_path, what, event.is_directory)
        else:
            self._hear(event.src_path, what, event.is_directory)

    def take(self, seconds: float | None) -> list[Touch]:
        """The touches since the last call; waits so long for one (None: until there is one, or `wake`)."""
        with self._news:
            if not self._touches:
                self._news.wait(seconds)
            taken, self._touches = list(self._touches.values()), {}
        return taken

    def wake(self) -> None:
        """End the waiting of `take`."""
        with self._news:
            self._news.notify_all()

    def close(self) -> None:
        """Stop listening."""
        self._observer.stop()
        self._observer.join()

    def _hear(self, place: str, what: What, is_folder: bool) -> None:
        path = Path(place)
        if place and not is_ignored(path.name):
            with self._news:
                if is_folder and what == "gone" and path in self._watches:
                    self._lost.add(path)  # another folder of its name may come to have its number
                self._touches[path] = Touch(path, what, time.monotonic(), is_folder)
                self._news.notify_all()


def _observer(poll: float) -> Any:
    try:
        from watchdog.observers import Observer
        from watchdog.observers.polling import PollingObserver
    except ImportError as error:
        raise NotInstalledError("watching folders needs watchdog", cure='pip install "assetgen[server]"') from error
    # watchdog warns, and goes on well, where folders are made while it looks at them
    warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)
    return PollingObserver(timeout=poll) if poll else Observer()


def _stat(path: Path) -> Any:
    try:
        return path.stat() if path.is_dir() else None
    except OSError:
        return None

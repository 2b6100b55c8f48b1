"""Wait for changes in folders, with watchfiles."""

import contextlib
import errno
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from assetgen.errors import InputError
from assetgen.pack.inbox import is_ignored

_LONGEST_MS = 5000
"""Changes that never pause are reported after this time."""


class ChangeListener:
    """Reports that something changed in the followed folders; which file it was does not matter.

    A change is reported after `quiet` seconds without another one, and once more `again` seconds later, in case the
    system dropped an event. With `poll`, there are no file system events: a change is reported at every interval.
    """

    def __init__(self, quiet: float, again: float, poll: float = 0) -> None:
        self._quiet, self._again, self._poll = quiet, again, poll
        self._changed = threading.Event()
        self._stop = threading.Event()
        self._folders: Mapping[Path, tuple[int, bool]] = {}
        self._error: OSError | None = None

    def follow(self, folders: Mapping[Path, bool]) -> None:
        """Follow these folders and no others; True includes all folders below. Missing folders are skipped.

        Raises `InputError` where the system refuses to watch so many folders.
        """
        if self._error:
            cure = (
                "Raise fs.inotify.max_user_watches and max_user_instances, watch fewer folders, or poll with --poll 2"
            )
            raise InputError(f"cannot watch folders ({self._error})", cure=cure) from self._error
        found: dict[Path, tuple[int, bool]] = {}
        for path, deep in folders.items():
            with contextlib.suppress(FileNotFoundError):
                found[path] = (path.stat().st_ino, deep)
        if self._poll or found == self._folders:
            return
        before, self._stop, self._folders = self._stop, threading.Event(), found
        for deep in (True, False):
            if paths := [path for path, (_, is_deep) in found.items() if is_deep == deep]:
                threading.Thread(target=self._listen, args=(paths, deep, self._stop), daemon=True).start()
        before.set()

    def wait(self, seconds: float) -> bool:
        """Wait at most `seconds` for a change. True if there was one."""
        if self._poll:
            time.sleep(seconds)
            return False
        changed = self._changed.wait(seconds)
        self._changed.clear()
        return changed

    def close(self) -> None:
        """Stop following folders."""
        self._stop.set()

    def _listen(self, paths: Iterable[Path], deep: bool, stop: threading.Event) -> None:
        import watchfiles

        report_again = True  # what changed before the listener was ready
        try:
            for changes in watchfiles.watch(
                *paths,
                watch_filter=lambda _, path: not is_ignored(Path(path).name),
                debounce=_LONGEST_MS,
                step=round(self._quiet * 1000),
                rust_timeout=round(self._again * 1000),
                yield_on_timeout=True,
                stop_event=stop,
                recursive=deep,
                raise_interrupt=False,
                ignore_permission_denied=True,
            ):
                if any(change == watchfiles.Change.deleted and Path(path) in self._folders for change, path in changes):
                    self._folders = {}  # the system stops to follow a removed folder, also if a new one has its name
                if changes or report_again:
                    self._changed.set()
                report_again = bool(changes)
        except (OSError, RuntimeError) as error:
            if stop.is_set():  # another listener has replaced this one
                return
            if "creating" in str(error):  # watchfiles' RuntimeError without a free inotify instance
                self._error = OSError(errno.EMFILE, str(error))
            elif isinstance(error, FileNotFoundError | RuntimeError):
                self._folders = {}  # a folder was removed, or a file name is not UTF-8: follow again
            else:
                self._error = error
            self._changed.set()

"""Where save points lie: a folder of this machine, or any place that fsspec reaches by a URL.

A place holds bytes by relative path, `/` between folders. What goes wrong there is an `OSError`; absence is not wrong.
"""

import contextlib
import os
import re
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from assetgen.errors import InputError, NotInstalledError
from assetgen.store.atomic import PART_PREFIX, PART_SUFFIX, write_atomically

_TIME_FIELDS = ("mtime", "LastModified", "last_modified", "modified", "updated", "modify", "created")
"""The names that fsspec's implementations give to the time of a file's last change."""
_PIP_NAMES = {"smbclient": "smbprotocol"}
"""Packages whose name differs from that of the module."""


@dataclass(frozen=True)
class StoredFile:
    """One file of a place: relative path, size, and when it was last used (seconds since 1970)."""

    path: str
    bytes: int
    used: float


class Backend(Protocol):
    """What a store needs of the place it lies at. Every method may be called from several threads at once."""

    @property
    def address(self) -> str:
        """What `open_place` takes for the same place from anywhere; passwords are in it."""

    def read(self, path: str) -> bytes | None:
        """The file's bytes; None where there is no such file."""

    def has(self, path: str) -> bool:
        """Whether there is such a file."""

    def write(self, path: str, data: bytes) -> None:
        """Write a file so that readers see all of it or nothing."""

    def remove(self, path: str) -> None:
        """Remove a file; one that is gone already is no error."""

    def mark_used(self, path: str) -> None:
        """Note that the file was used now, where the place can; never fails."""

    def entries(self) -> Iterator[StoredFile]:
        """Every file; those that vanish meanwhile are left out."""


def open_backend(place: str | Path) -> Backend:
    """A URL's place where there is `://` in it, else that of a local folder (`~` is the user's home)."""
    if isinstance(place, str) and "://" in place:
        return FsspecBackend(place)
    try:
        return LocalBackend(Path(place).expanduser())
    except RuntimeError as error:
        raise InputError(f"there is no home folder for '{place}'", cure="Write the folder out in full") from error


@dataclass(frozen=True)
class LocalBackend:
    """A folder of this machine, or of a shared disk that is mounted here. It is made by the first write."""

    folder: Path

    def __str__(self) -> str:
        return str(self.folder)

    @property
    def address(self) -> str:
        """See `Place`."""
        return str(self.folder.absolute())

    def read(self, path: str) -> bytes | None:
        """See `Place`."""
        try:
            return (self.folder / path).read_bytes()
        except FileNotFoundError:
            return None

    def has(self, path: str) -> bool:
        """See `Place`."""
        return (self.folder / path).is_file()

    def write(self, path: str, data: bytes) -> None:
        """See `Place`. Not flushed to disk: who keeps files here must notice one that a power cut tore."""
        write_atomically(self.folder / path, data, durable=False)

    def remove(self, path: str) -> None:
        """See `Place`. Folders stay: another builder may be about to write into them."""
        (self.folder / path).unlink(missing_ok=True)

    def mark_used(self, path: str) -> None:
        """See `Place`. The time of last change tells it, as many disks do not keep that of the last reading."""
        with contextlib.suppress(OSError):  # another user's file
            os.utime(self.folder / path)

    def entries(self) -> Iterator[StoredFile]:
        """See `Place`."""
        for folder, _, names in os.walk(self.folder, onerror=_raise_unless_gone):
            for file in map(Path(folder).joinpath, names):
                with contextlib.suppress(FileNotFoundError):
                    stat = file.stat()
                    yield StoredFile(file.relative_to(self.folder).as_posix(), stat.st_size, stat.st_mtime)


class FsspecBackend:
    """What fsspec reaches: an object store (s3, gcs, …), another machine's disk (sftp, smb, …), memory.

    Few of them can mark a file as used, so the time of its writing counts as that of its last use.
    """

    def __init__(self, url: str) -> None:
        from fsspec import AbstractFileSystem

        self._url = url
        files, root = _connect(url)
        self._root = root.rstrip("/")
        # Object stores (fsspec's asynchronous implementations, and memory) have atomic puts, and their move is a copy.
        # Elsewhere a file can be seen while it grows: there it is written beside its place and moved.
        self._moves = not files.async_impl and type(files).mv is not AbstractFileSystem.mv
        # What talks over one connection (sftp, ftp) is not safe to share; fsspec itself keeps one for each thread.
        self._shared = files if files.async_impl else None

    def __str__(self) -> str:
        return _without_password(self._url)

    @property
    def address(self) -> str:
        """See `Place`."""
        return self._url

    def read(self, path: str) -> bytes | None:
        """See `Place`."""
        with _as_os_errors():
            try:
                return bytes(self._files().cat_file(self._at(path)))
            except FileNotFoundError:
                return None

    def has(self, path: str) -> bool:
        """See `Place`. `exists` would not do: it takes a network that failed for absence."""
        with _as_os_errors():
            try:
                return bool(self._files().info(self._at(path))["type"] == "file")
            except FileNotFoundError:
                return False

    def write(self, path: str, data: bytes) -> None:
        """See `Place`."""
        with _as_os_errors():
            files, goal = self._files(), self._at(path)
            if self._moves:
                self._write_and_move(files, goal, data)
            else:
                files.pipe_file(goal, data)

    def remove(self, path: str) -> None:
        """See `Place`."""
        with _as_os_errors():
            try:
                self._files().rm_file(self._at(path))
            except Exception:  # as with all errors here, not every implementation says that it is absence
                if self.has(path):
                    raise

    def mark_used(self, path: str) -> None:
        """Nothing: see the class."""

    def entries(self) -> Iterator[StoredFile]:
        """See `Place`. A file whose time the place does not tell counts as used now."""
        with _as_os_errors():
            found = self._find()
        for path, info in found.items():
            if info.get("type") == "file":
                relative = path.removeprefix(self._root).lstrip("/")
                yield StoredFile(relative, int(info.get("size") or 0), _time_of(info))

    def _files(self) -> Any:
        """The file system, without what it remembers of folders that other builders change."""
        from fsspec.core import url_to_fs

        files = self._shared or url_to_fs(self._url)[0]
        files.invalidate_cache()
        return files

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"

    def _write_and_move(self, files: Any, goal: str, data: bytes) -> None:
        folder = goal.rpartition("/")[0]
        for _ in folder.split("/"):  # another builder may make any of them under our hands; else the writing tells
            with contextlib.suppress(Exception):
                files.makedirs(folder, exist_ok=True)
                break
            files.invalidate_cache()
        part = f"{folder}/{PART_PREFIX}{uuid.uuid4().hex}{PART_SUFFIX}"
        try:
            files.pipe_file(part, data)
            files.mv(part, goal)
        except BaseException:
            with contextlib.suppress(Exception):  # it may not be there, and the first error is the one to tell
                files.rm_file(part)
            raise

    def _find(self) -> dict[str, dict[str, Any]]:
        files = self._files()
        if files.async_impl:  # one listing of all is much quicker there than one a folder
            try:
                return dict(files.find(self._root, detail=True))
            except FileNotFoundError:
                return {}
        walk = files.walk(self._root, detail=True, on_error=_raise_unless_gone)  # `find` leaves out what fails
        return {info["name"]: info for _, _, inside in walk for info in inside.values()}


def short_reason(error: Exception) -> str:
    """Why something failed, for a sentence's brackets: one line, as services answer with whole pages."""
    told = getattr(error, "strerror", None) or str(error)
    return next(iter(told.splitlines()), "")[:200] or type(error).__name__


def _connect(url: str) -> tuple[Any, str]:
    """fsspec's file system for a URL, and the path in it."""
    from fsspec.core import url_to_fs

    shown = _without_password(url)
    try:
        files, root = url_to_fs(url)
    except ImportError as error:
        missing = getattr(error.__cause__ or error, "name", None) or "fsspec[full]"
        package = missing.partition(".")[0]
        cure = f'pip install "{_PIP_NAMES.get(package, package)}"'
        raise NotInstalledError(f"the store '{shown}' needs a package that is not installed", cure=cure) from error
    except ValueError as error:
        cure = "Name a folder like ~/assetgen-store, or a URL like s3://bucket/folder"
        raise InputError(f"'{shown}' is no place for a store ({short_reason(error)})", cure=cure) from error
    except Exception as error:  # as in `_as_os_errors`
        cure = "Check its address, the network and your access, or name a folder with --store"
        raise InputError(f"cannot reach the store '{shown}' ({short_reason(error)})", cure=cure) from error
    return files, str(root)


@contextlib.contextmanager
def _as_os_errors() -> Iterator[None]:
    """fsspec's implementations raise errors without a common base: those of botocore, of aiohttp, of paramiko."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise OSError(short_reason(error)) from error


def _raise_unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _time_of(info: dict[str, Any]) -> float:
    """When a file was last changed, as far as fsspec's implementation tells; else now."""
    for stamp in (info[name] for name in _TIME_FIELDS if name in info):
        with contextlib.suppress(ValueError):
            match stamp:
                case int() | float():
                    return float(stamp)
                case datetime():
                    return (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).timestamp()
                case str() if stamp[:14].isdigit():  # YYYYMMDDHHMMSS, RFC 3659
                    return datetime.strptime(stamp[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()
                case str():
                    return datetime.fromisoformat(stamp).timestamp()
    return time.time()


def _without_password(url: str) -> str:
    return re.sub(r"://([^/@:]*):[^/]*@", r"://\1:…@", url)

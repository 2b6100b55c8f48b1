"""Storage backends: a local folder, or any URL that fsspec supports.

A backend holds bytes by relative path, with `/` between folders. Failures are `OSError`s; a missing file is no failure.
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
"""Keys of the modification time in the file information of fsspec's implementations."""
_PIP_NAMES = {"smbclient": "smbprotocol"}
"""Package names on PyPI that differ from the module name."""


@dataclass(frozen=True)
class StoredFile:
    """One stored file: relative path, size, and time of last use (seconds since 1970)."""

    path: str
    bytes: int
    used: float


class Backend(Protocol):
    """What a store needs from its storage. Methods may be called from several threads at once."""

    @property
    def address(self) -> str:
        """The argument that makes `open_backend` open this backend elsewhere. It may contain a password."""

    def read(self, path: str) -> bytes | None:
        """The file's bytes; None if it does not exist."""

    def has(self, path: str) -> bool:
        """Whether the file exists."""

    def write(self, path: str, data: bytes) -> None:
        """Write a file atomically: readers see all of it or the state before."""

    def remove(self, path: str) -> None:
        """Remove a file if it exists."""

    def mark_used(self, path: str) -> None:
        """Set the file's time of last use to now, where the storage can. Never fails."""

    def entries(self) -> Iterator[StoredFile]:
        """Every file, without those that are removed meanwhile."""


def open_backend(location: str | Path) -> Backend:
    """The backend of a URL (text with `://`) or of a local folder (`~` is the user's home).

    Raises `InputError` if it cannot be opened and `NotInstalledError` if the URL needs a missing package.
    """
    if isinstance(location, str) and "://" in location:
        return FsspecBackend(location)
    try:
        return LocalBackend(Path(location).expanduser())
    except RuntimeError as error:
        raise InputError(f"there is no home folder for '{location}'", cure="Write the full path") from error


@dataclass(frozen=True)
class LocalBackend:
    """A local folder or a mounted shared disk. The first write creates it."""

    folder: Path

    def __str__(self) -> str:
        return str(self.folder)

    @property
    def address(self) -> str:
        """See `Backend`."""
        return str(self.folder.absolute())

    def read(self, path: str) -> bytes | None:
        """See `Backend`."""
        try:
            return (self.folder / path).read_bytes()
        except FileNotFoundError:
            return None

    def has(self, path: str) -> bool:
        """See `Backend`."""
        return (self.folder / path).is_file()

    def write(self, path: str, data: bytes) -> None:
        """See `Backend`. Not flushed to disk: after a power cut, readers must detect a torn file."""
        write_atomically(self.folder / path, data, durable=False)

    def remove(self, path: str) -> None:
        """See `Backend`. Empty folders stay: another process may be about to write into them."""
        (self.folder / path).unlink(missing_ok=True)

    def mark_used(self, path: str) -> None:
        """See `Backend`. Sets the modification time, since many disks do not record access times."""
        with contextlib.suppress(OSError):  # a file of another user
            os.utime(self.folder / path)

    def entries(self) -> Iterator[StoredFile]:
        """See `Backend`."""
        for folder, _, names in os.walk(self.folder, onerror=_raise_unless_gone):
            for file in map(Path(folder).joinpath, names):
                with contextlib.suppress(FileNotFoundError):
                    stat = file.stat()
                    yield StoredFile(file.relative_to(self.folder).as_posix(), stat.st_size, stat.st_mtime)


class FsspecBackend:
    """Anything that fsspec supports: object stores (s3, gcs, …), remote disks (sftp, smb, …), memory.

    Few of them can update a file's time, so the time of writing counts as the time of last use.
    """

    def __init__(self, url: str) -> None:
        from fsspec import AbstractFileSystem

        self._url = url
        files, root = _connect(url)
        self._root = root.rstrip("/")
        # Object stores (fsspec's asynchronous implementations, and memory) have atomic puts, and their move is a copy.
        # Elsewhere readers could see an unfinished file: there it is written to a temporary name and moved.
        self._moves = not files.async_impl and type(files).mv is not AbstractFileSystem.mv
        # Implementations with one connection (sftp, ftp) are not thread-safe; fsspec keeps one instance per thread.
        self._shared = files if files.async_impl else None

    def __str__(self) -> str:
        return _without_password(self._url)

    @property
    def address(self) -> str:
        """See `Backend`."""
        return self._url

    def read(self, path: str) -> bytes | None:
        """See `Backend`."""
        with _as_os_errors():
            try:
                return bytes(self._files().cat_file(self._at(path)))
            except FileNotFoundError:
                return None

    def has(self, path: str) -> bool:
        """See `Backend`. Not `exists`, which returns False on a network failure."""
        with _as_os_errors():
            try:
                return bool(self._files().info(self._at(path))["type"] == "file")
            except FileNotFoundError:
                return False

    def write(self, path: str, data: bytes) -> None:
        """See `Backend`."""
        with _as_os_errors():
            files, goal = self._files(), self._at(path)
            if self._moves:
                self._write_and_move(files, goal, data)
            else:
                files.pipe_file(goal, data)

    def remove(self, path: str) -> None:
        """See `Backend`."""
        with _as_os_errors():
            try:
                self._files().rm_file(self._at(path))
            except Exception:  # implementations raise different errors for a missing file
                if self.has(path):
                    raise

    def mark_used(self, path: str) -> None:
        """Do nothing: see the class."""

    def entries(self) -> Iterator[StoredFile]:
        """See `Backend`. A file without a modification time counts as used now."""
        with _as_os_errors():
            found = self._find()
        for path, info in found.items():
            if info.get("type") == "file":
                relative = path.removeprefix(self._root).lstrip("/")
                yield StoredFile(relative, int(info.get("size") or 0), _time_of(info))

    def _files(self) -> Any:
        """The file system with an empty listing cache, since other processes change the folders."""
        from fsspec.core import url_to_fs

        files = self._shared or url_to_fs(self._url)[0]
        files.invalidate_cache()
        return files

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"

    def _write_and_move(self, files: Any, goal: str, data: bytes) -> None:
        folder = goal.rpartition("/")[0]
        for _ in folder.split("/"):  # another process may create one meanwhile; a real failure shows in writing
            with contextlib.suppress(Exception):
                files.makedirs(folder, exist_ok=True)
                break
            files.invalidate_cache()
        part = f"{folder}/{PART_PREFIX}{uuid.uuid4().hex}{PART_SUFFIX}"
        try:
            files.pipe_file(part, data)
            files.mv(part, goal)
        except BaseException:
            with contextlib.suppress(Exception):  # it may not exist, and the first error is the one to report
                files.rm_file(part)
            raise

    def _find(self) -> dict[str, dict[str, Any]]:
        files = self._files()
        if files.async_impl:  # one recursive listing is much faster there than one per folder
            try:
                return dict(files.find(self._root, detail=True))
            except FileNotFoundError:
                return {}
        walk = files.walk(self._root, detail=True, on_error=_raise_unless_gone)  # `find` would skip folders that fail
        return {info["name"]: info for _, _, inside in walk for info in inside.values()}


def short_reason(error: Exception) -> str:
    """The first line of an error's text, at most 200 characters: some services answer with whole pages."""
    text = getattr(error, "strerror", None) or str(error)
    return next(iter(text.splitlines()), "")[:200] or type(error).__name__


def _connect(url: str) -> tuple[Any, str]:
    """fsspec's file system for a URL, and the path inside it."""
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
        cure = "Give a folder like ~/assetgen-store, or a URL like s3://bucket/folder"
        raise InputError(f"'{shown}' is not a valid location for a store ({short_reason(error)})", cure=cure) from error
    except Exception as error:  # as in `_as_os_errors`
        cure = "Check the URL, the network and your access, or give a folder with --store"
        raise InputError(f"cannot reach the store '{shown}' ({short_reason(error)})", cure=cure) from error
    return files, str(root)


@contextlib.contextmanager
def _as_os_errors() -> Iterator[None]:
    """Turn every error into an `OSError`: those of botocore, aiohttp and paramiko have no common base class."""
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
    """The modification time in fsspec's file information; now if there is none."""
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

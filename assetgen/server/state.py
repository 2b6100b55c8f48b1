"""The state file, where plugins find the server: address, token, process id and version. Only its user can read it."""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from assetgen.errors import InputError
from assetgen.store.atomic import write_atomically

_PRIVATE_FOLDER = 0o700


class ServerRunning(InputError):
    """Another server uses this state file."""


@dataclass(frozen=True)
class ServerState:
    """The contents of the state file. `url` has no slash at its end."""

    url: str
    token: str
    pid: int
    version: str


def check_state_file(path: Path) -> None:
    """Raise `InputError` for a folder in place of the state file."""
    if path.is_dir():
        raise InputError(f"'{path}' is a folder", cure=f"Name a file: --state {path / 'server.json'}")


def write_state(path: Path, state: ServerState) -> None:
    """Write the file atomically with mode 0600. Raises `InputError` where that fails."""
    check_state_file(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
        for folder in (path.parent.parent, path.parent):
            _check_owner(folder)
        write_atomically(path, json.dumps(asdict(state)).encode(), mode=0o600)
    except OSError as error:
        raise InputError(f"cannot write '{path}' ({error.strerror})", cure="Use another file with --state") from error


def read_state(path: Path) -> ServerState | None:
    """The state, or None where the file is missing or incomplete."""
    try:
        return ServerState(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def remove_state(path: Path, state: ServerState) -> None:
    """Remove the file, unless another server has replaced it."""
    if read_state(path) == state:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def own_state_file(path: Path) -> Iterator[None]:
    """Hold the lock of this state file while the body runs. Raises `ServerRunning` where another process holds it.

    The operating system frees the lock when the process ends, also when it is killed.
    """
    import filelock

    lock = filelock.FileLock(path.with_name(f".{path.name}.lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        owner = read_state(path)
        who = f"process {owner.pid} at {owner.url}" if owner else "another process"
        cure = "Use that server, stop it, or choose another file with --state"
        raise ServerRunning(f"a server already uses '{path}': {who}", cure=cure) from error
    except OSError as error:
        raise InputError(f"cannot write '{path}' ({error.strerror})", cure="Use another file with --state") from error
    try:
        yield
    finally:
        lock.release()


def _check_owner(folder: Path) -> None:
    """Reject a folder of another user, who could have created it to read the token."""
    if hasattr(os, "getuid"):
        owner = folder.stat().st_uid
        if owner not in (os.getuid(), 0):
            raise PermissionError(13, f"the folder '{folder}' belongs to another user")

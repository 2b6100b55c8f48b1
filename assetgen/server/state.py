"""The file that tells plugins where the server is: address, token, process, version. Only its user may read it."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from assetgen.errors import InputError

FILE = "server.json"
PRIVATE_FOLDER = 0o700


class Taken(InputError):
    """Another server runs for this state file."""


@dataclass(frozen=True)
class State:
    """What the state file says; `url` has no slash at its end."""

    url: str
    token: str
    pid: int
    version: str


def write_state(place: Path, state: State) -> None:
    """Write the file whole, with mode 0600 from its first byte on. Raises `InputError` where that cannot be."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        for folder in (place.parent.parent, place.parent):
            _check_owner(folder)
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=place.parent)  # mkstemp's mode is 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump(asdict(state), stream)
            Path(temporary).replace(place)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(f"cannot write '{place}' ({error.strerror})", cure="Name another with --state") from error


def read_state(place: Path) -> State | None:
    """What the file says, or None where there is none (or it is not whole)."""
    try:
        return State(**json.loads(place.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def remove_state(place: Path, state: State) -> None:
    """Remove the file, unless another server has written its own there."""
    if read_state(place) == state:
        place.unlink(missing_ok=True)


@contextlib.contextmanager
def held(place: Path) -> Iterator[None]:
    """The right to be the server of this state file. Raises `Taken` that says who has it.

    The system frees it with the process, however that ends: a file that a killed server left behind stops nobody.
    """
    import filelock

    lock = filelock.FileLock(place.with_name(f".{place.name}.lock"))
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        who = read_state(place)
        told = f"process {who.pid} at {who.url}" if who else "another process"
        cure = "Use that one, end it, or name another file with --state"
        raise Taken(f"a server runs already for '{place}': {told}", cure=cure) from error
    except OSError as error:
        raise InputError(f"cannot write '{place}' ({error.strerror})", cure="Name another with --state") from error
    try:
        yield
    finally:
        lock.release()


def _check_owner(folder: Path) -> None:
    """Refuse a folder of somebody else's: in a shared one, another user could have made it first to read the token."""
    if hasattr(os, "getuid"):
        found = folder.stat()
        if found.st_uid not in (os.getuid(), 0):
            raise PermissionError(13, f"the folder '{folder}' belongs to another user")

"""The file that holds jobs, projects and uploads: its tables, and how it is opened, whatever became of it."""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from assetgen.errors import InputError

VERSION = 1
"""Of the tables. A change of them that this code could not read counts it up."""
TABLES = """
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, client TEXT NOT NULL,
    request TEXT NOT NULL, holds TEXT NOT NULL, root TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'queued',
    seq INTEGER NOT NULL DEFAULT 0, starts INTEGER NOT NULL DEFAULT 0, made REAL NOT NULL, started REAL, ended REAL,
    progress TEXT NOT NULL DEFAULT '{}', error TEXT, result TEXT NOT NULL DEFAULT '{}');
CREATE INDEX IF NOT EXISTS jobs_by_status ON jobs (status);
CREATE TABLE IF NOT EXISTS events (
    job TEXT NOT NULL, seq INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (job, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
    job TEXT NOT NULL, path TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (job, path));
CREATE TABLE IF NOT EXISTS projects (id TEXT PRIMARY KEY, path TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, data TEXT NOT NULL, used REAL NOT NULL);
"""


def opened(place: Path, tell: Callable[[str], None]) -> sqlite3.Connection:
    """The file, opened, with its tables. A damaged one is laid aside, which is told: nobody could mend it.

    Raises `InputError` where it cannot be opened, or where a newer assetgen wrote it.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _connected(place)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            aside = place.with_name(f"{place.name}.damaged")
            for end in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    place.with_name(place.name + end).replace(aside.with_name(aside.name + end))
            tell(f"the queue of jobs was damaged ({error}) and begins anew; the old one is '{aside}'")
            return _connected(place)
    except (OSError, sqlite3.Error) as error:
        cure = "Get write access to that folder, or name another with --state"
        raise InputError(f"cannot open '{place}' ({getattr(error, 'strerror', None) or error})", cure=cure) from error


def _connected(place: Path) -> sqlite3.Connection:
    base = sqlite3.connect(place, check_same_thread=False, isolation_level=None)
    try:
        [[version]] = base.execute("PRAGMA user_version")
        if version > VERSION:
            raise InputError(f"'{place}' is of a newer assetgen", cure="Update assetgen, or name another --state")
        base.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {TABLES}")
        base.execute(f"PRAGMA user_version={VERSION}")
        [[state]] = base.execute("PRAGMA quick_check(1)")
        if state != "ok":
            raise sqlite3.DatabaseError(state)
    except BaseException:
        base.close()
        raise
    return base

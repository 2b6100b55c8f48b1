"""The SQLite file of jobs, projects and uploads."""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from assetgen.errors import InputError
from assetgen.server.private import create_private, private_folder

VERSION = 1
"""Version of the tables. Increase it with every incompatible change."""
_ADDED_COLUMNS = {"outcome": "TEXT NOT NULL DEFAULT '{}'", "samples": "INTEGER NOT NULL DEFAULT 1"}
"""Columns of `jobs` that were added later."""
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
CREATE TABLE IF NOT EXISTS history (
    job TEXT NOT NULL, number INTEGER NOT NULL, made REAL NOT NULL, project TEXT NOT NULL, text TEXT NOT NULL,
    bytes INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (job, number));
CREATE INDEX IF NOT EXISTS history_by_project ON history (project, made);
CREATE TABLE IF NOT EXISTS projects (id TEXT PRIMARY KEY, path TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, data TEXT NOT NULL, used REAL NOT NULL);
"""


def open_database(path: Path, warn: Callable[[str], None]) -> sqlite3.Connection:
    """Open the file and create its tables. A damaged file is renamed and reported with `warn`.

    Raises `InputError` where it cannot be opened, or was written by a newer assetgen.
    """
    try:
        private_folder(path.parent)
        try:
            return _connected(path)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            aside = path.with_name(f"{path.name}.damaged")
            for suffix in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
            warn(f"the job queue was damaged ({error}) and starts empty; the old file is '{aside}'")
            return _connected(path)
    except (OSError, sqlite3.Error) as error:
        cure = "Make its folder writable, or choose another one with --state"
        raise InputError(f"cannot open '{path}' ({getattr(error, 'strerror', None) or error})", cure=cure) from error


def _connected(path: Path) -> sqlite3.Connection:
    create_private(path)
    base = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    try:
        [[version]] = base.execute("PRAGMA user_version")
        if version > VERSION:
            raise InputError(
                f"'{path}' was written by a newer assetgen", cure="Update assetgen, or use another --state"
            )
        base.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {TABLES}")
        present = {name for _, name, *_ in base.execute("PRAGMA table_info(jobs)")}
        for name in _ADDED_COLUMNS.keys() - present:
            base.execute(f"ALTER TABLE jobs ADD COLUMN {name} {_ADDED_COLUMNS[name]}")
        base.execute(f"PRAGMA user_version={VERSION}")
        [[state]] = base.execute("PRAGMA quick_check(1)")
        if state != "ok":
            raise sqlite3.DatabaseError(state)
    except BaseException:
        base.close()
        raise
    return base

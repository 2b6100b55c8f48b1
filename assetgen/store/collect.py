"""Maintain a store: measure it, remove old entries, find damaged ones.

Builds may run meanwhile. Entries that disappear are no error; a limit in bytes spares entries used in the last hour, so
that a build still finds what it has just saved; and other files are left alone, in case the folder is wrong.
"""

import re
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import get_args

from assetgen.errors import InputError
from assetgen.store.atomic import PART_PREFIX, PART_SUFFIX
from assetgen.store.backends import StoredFile
from assetgen.store.store import CHECK_ACCESS, Level, Store, unpack_entry

_LEVELS: tuple[Level, ...] = get_args(Level)
_ENTRY = re.compile(rf"({'|'.join(_LEVELS)})/([^/]{{1,2}})/\2[^/]*\.zip")
_PART = re.compile(rf"(.*/)?{re.escape(PART_PREFIX)}[^/]*{re.escape(PART_SUFFIX)}")
_BUSY_SECONDS = 3600.0
"""Entries used since then may be in use: a build reads the members of an atlas long after it saved them."""
_THREADS = 8
"""Entries read or removed in parallel. Object stores scale well; sshd refuses more than ten new connections."""
_UNITS = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "H": 3600.0, "D": 86400.0, "W": 604800.0}
_SIZES = ("KB", "MB", "GB", "TB")


@dataclass(frozen=True)
class Amount:
    """Number of entries and their total size in bytes."""

    entries: int
    bytes: int


@dataclass(frozen=True)
class KeepLimits:
    """Limits for entries to keep: total `bytes`, and `seconds` since the last use. An entry must satisfy both."""

    bytes: float = float("inf")
    seconds: float = float("inf")


@dataclass(frozen=True)
class Collected:
    """What was removed (or would be) and what is left. `in_use`: bytes above the limit that may be in use.

    `parts` counts temporary files of killed builds.
    """

    removed: Amount
    left: Amount
    in_use: int
    parts: int


@dataclass(frozen=True)
class Verified:
    """Entries read, and the damaged ones by path, with whether they could be removed.

    `parts` counts the removed temporary files of killed builds.
    """

    read: Amount
    damaged: dict[str, bool]
    parts: int


def parse_keep(limits: Sequence[str]) -> KeepLimits:
    """Parse limits like `["5GB", "30d"]`; the smaller of two sizes or ages applies. Sizes are decimal."""
    sizes: list[float] = []
    ages: list[float] = []
    for text in limits:
        match = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([a-zA-Z]{1,2})", text.strip())
        unit = match[2].upper() if match else ""
        if match is None or unit not in _UNITS:
            raise InputError(f"--keep '{text}' is neither a size nor an age", cure="Write it like 5GB or 30d")
        (sizes if unit in _SIZES else ages).append(float(match[1]) * _UNITS[unit])
    return KeepLimits(min(sizes, default=KeepLimits.bytes), min(ages, default=KeepLimits.seconds))


def store_sizes(store: Store) -> dict[Level, Amount]:
    """Entries and bytes of each level. Raises `InputError` if the store cannot be listed, as the functions below do."""
    entries, _ = _listed(store)
    return {level: _amount(found for found in entries if found.path.startswith(f"{level}/")) for level in _LEVELS}


def total_size(amounts: Iterable[Amount]) -> Amount:
    """The sum of several amounts."""
    every = list(amounts)
    return Amount(sum(amount.entries for amount in every), sum(amount.bytes for amount in every))


def collect(store: Store, keep: KeepLimits, *, dry_run: bool = False) -> Collected:
    """Remove entries beyond the limits, the longest unused first, and temporary files of killed builds.

    The limit in bytes spares entries used in the last hour; the limit in seconds spares none. Where the backend does
    not record use (URLs), the time since writing counts.
    """
    now = time.time()
    entries, parts = _listed(store)
    gone = [found for found in entries if _age(found, now) >= keep.seconds]
    left = sorted((found for found in entries if _age(found, now) < keep.seconds), key=lambda found: found.used)
    excess, cut = sum(found.bytes for found in left) - keep.bytes, 0
    while excess > 0 and cut < len(left) and _age(left[cut], now) >= _BUSY_SECONDS:
        excess -= left[cut].bytes
        cut += 1
    gone += left[:cut]
    if not dry_run:
        _remove(store, [found.path for found in (*gone, *parts)])
    return Collected(_amount(gone), _amount(left[cut:]), in_use=int(max(0.0, excess)), parts=len(parts))


def verify_store(store: Store) -> Verified:
    """Read every entry, remove damaged ones and temporary files of killed builds. Does not mark entries as used."""
    entries, parts = _listed(store)
    with store.errors_as(InputError, "read from", CHECK_ACCESS), ThreadPoolExecutor(_THREADS) as readers:
        whole = list(readers.map(lambda found: _is_whole(store, found.path), entries))
    damaged = [found.path for found, is_whole in zip(entries, whole, strict=True) if is_whole is False]
    there = (found for found, is_whole in zip(entries, whole, strict=True) if is_whole is not None)
    removed = [store.drop(part.path) for part in parts]
    return Verified(_amount(there), {path: store.drop(path) for path in damaged}, parts=sum(removed))


def _listed(store: Store) -> tuple[list[StoredFile], list[StoredFile]]:
    """The entries, and the temporary files that are too old to be in use."""
    now = time.time()
    with store.errors_as(InputError, "list", CHECK_ACCESS):
        found = list(store.backend.entries())
    entries = [one for one in found if _ENTRY.fullmatch(one.path)]
    parts = [one for one in found if _PART.fullmatch(one.path) and _age(one, now) >= _BUSY_SECONDS]
    return sorted(entries, key=lambda one: one.path), parts


def _age(found: StoredFile, now: float) -> float:
    """Seconds since the last use; 0 for a time in the future, from another machine's clock."""
    return max(0.0, now - found.used)


def _amount(found: Iterable[StoredFile]) -> Amount:
    sizes = [one.bytes for one in found]
    return Amount(len(sizes), sum(sizes))


def _remove(store: Store, paths: Sequence[str]) -> None:
    with store.errors_as(InputError, "remove from", "Get write access to it"), ThreadPoolExecutor(_THREADS) as threads:
        for _ in threads.map(store.backend.remove, paths):
            pass


def _is_whole(store: Store, path: str) -> bool | None:
    """Whether an entry is undamaged; None if it no longer exists."""
    data = store.backend.read(path)
    return None if data is None else unpack_entry(data) is not None

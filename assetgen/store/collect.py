"""Looking after a store: what lies in it, what may go, what is damaged.

Builders may be at work meanwhile. What vanishes under our hands is no error; a limit in bytes takes nothing that was
used in the last hour, so that a build finds again what it has just saved; and nothing is touched that a store did not
write, should somebody name the wrong folder.
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
"""What was used since may be in use: a build reads the images of an atlas's members long after it saved them."""
_THREADS = 8
"""Entries read or removed at once: services answer many as quickly as one, sshd refuses more than ten newcomers."""
_UNITS = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "H": 3600.0, "D": 86400.0, "W": 604800.0}
_SIZES = ("KB", "MB", "GB", "TB")


@dataclass(frozen=True)
class Amount:
    """How many entries, and how many bytes they take."""

    entries: int
    bytes: int


@dataclass(frozen=True)
class KeepLimits:
    """Limits; an entry stays while all of them keep it. `bytes` in total, `seconds` since it was last used."""

    bytes: float = float("inf")
    seconds: float = float("inf")


@dataclass(frozen=True)
class Collected:
    """What a collection removed (or would) and what is left; `in_use`: bytes above the limit that it spared.

    `parts` counts what killed builds left half written.
    """

    removed: Amount
    left: Amount
    in_use: int
    parts: int


@dataclass(frozen=True)
class Verified:
    """How many entries were read, and which are damaged: by path, whether they could be removed.

    `parts` counts what killed builds left half written, and is removed.
    """

    read: Amount
    damaged: dict[str, bool]
    parts: int


def parse_keep(words: Sequence[str]) -> KeepLimits:
    """`["5GB", "30d"]` as limits; of two of one kind the smaller counts. Sizes are decimal."""
    sizes: list[float] = []
    ages: list[float] = []
    for word in words:
        match = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([a-zA-Z]{1,2})", word.strip())
        unit = match[2].upper() if match else ""
        if match is None or unit not in _UNITS:
            raise InputError(f"--keep '{word}' is neither a size nor an age", cure="Write it like 5GB or 30d")
        (sizes if unit in _SIZES else ages).append(float(match[1]) * _UNITS[unit])
    return KeepLimits(min(sizes, default=KeepLimits.bytes), min(ages, default=KeepLimits.seconds))


def store_sizes(store: Store) -> dict[Level, Amount]:
    """What each level holds. Raises `InputError` where the store cannot be listed, as do the functions below."""
    entries, _ = _listed(store)
    return {level: _amount(found for found in entries if found.path.startswith(f"{level}/")) for level in _LEVELS}


def total_size(amounts: Iterable[Amount]) -> Amount:
    """All of them together."""
    every = list(amounts)
    return Amount(sum(amount.entries for amount in every), sum(amount.bytes for amount in every))


def collect(store: Store, keep: KeepLimits, *, dry_run: bool = False) -> Collected:
    """Remove what the limits do not keep, the longest unused first, and what killed builds left half written.

    The limit in bytes spares what was used in the last hour; the one in seconds is taken at its word. Where the place
    cannot mark use (URLs), the time since writing counts.
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
    """Read every entry, drop the damaged ones, and what killed builds left half written. Marks nothing as used."""
    entries, parts = _listed(store)
    with store.errors_as(InputError, "read from", CHECK_ACCESS), ThreadPoolExecutor(_THREADS) as readers:
        whole = list(readers.map(lambda found: _is_whole(store, found.path), entries))
    damaged = [found.path for found, is_whole in zip(entries, whole, strict=True) if is_whole is False]
    there = (found for found, is_whole in zip(entries, whole, strict=True) if is_whole is not None)
    removed = [store.drop(part.path) for part in parts]
    return Verified(_amount(there), {path: store.drop(path) for path in damaged}, parts=sum(removed))


def _listed(store: Store) -> tuple[list[StoredFile], list[StoredFile]]:
    """The entries, and the half-written files that nobody can be writing any more."""
    now = time.time()
    with store.errors_as(InputError, "list", CHECK_ACCESS):
        found = list(store.backend.entries())
    entries = [one for one in found if _ENTRY.fullmatch(one.path)]
    parts = [one for one in found if _PART.fullmatch(one.path) and _age(one, now) >= _BUSY_SECONDS]
    return sorted(entries, key=lambda one: one.path), parts


def _age(found: StoredFile, now: float) -> float:
    """Seconds since the last use. A time to come is another machine's clock: it counts as now."""
    return max(0.0, now - found.used)


def _amount(found: Iterable[StoredFile]) -> Amount:
    sizes = [one.bytes for one in found]
    return Amount(len(sizes), sum(sizes))


def _remove(store: Store, paths: Sequence[str]) -> None:
    with store.errors_as(InputError, "remove from", "Get write access to it"), ThreadPoolExecutor(_THREADS) as hands:
        for _ in hands.map(store.backend.remove, paths):
            pass


def _is_whole(store: Store, path: str) -> bool | None:
    """None where the entry vanished."""
    data = store.backend.read(path)
    return None if data is None else unpack_entry(data) is not None

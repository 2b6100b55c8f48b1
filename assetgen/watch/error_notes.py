"""Errors of a pack, written beside the files they concern: `pack.error.txt`, `inbox/boulder.error.txt`."""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from assetgen.errors import AssetgenError
from assetgen.events import Failed
from assetgen.files import read_limited
from assetgen.pack.inbox import NOTE_SUFFIX, inbox_files
from assetgen.pack.library import INBOX, PackFile
from assetgen.store.atomic import write_atomically

_FIRST_WORDS = "assetgen could not build this"
"""How every note begins; other files are never removed."""
_MAX_BYTES = 10_000_000
_HEAD = f"{_FIRST_WORDS}. This note is removed when the error is fixed.\n\n"


def write_notes(pack: Path, file: PackFile | None, failures: Sequence[Failed]) -> None:
    """Write the errors of a build of the pack file `pack` beside their files, and remove outdated notes.

    Notes that cannot be written are skipped: the log has the errors, too.
    """
    reasons: dict[Path, list[str]] = {}
    paths = _inbox_paths(file)
    for failure in failures:
        path = paths.get(failure.asset) or _concerned_file(pack, failure.reason)
        reasons.setdefault(_note_path(path), []).append(failure.reason)
    for note in _existing_notes(pack):
        if note not in reasons:
            with contextlib.suppress(OSError):
                note.unlink(missing_ok=True)
    for note, lines in reasons.items():
        text = (_HEAD + "\n".join(lines) + "\n").encode("utf-8", "replace")
        with contextlib.suppress(OSError):
            # a folder that was moved or removed is not created again for a note
            if note.parent.is_dir() and _content(note) != text:
                write_atomically(note, text)


def remove_notes(pack: Path) -> None:
    """Remove all notes of a pack file that no longer exists."""
    write_notes(pack, None, ())


def _note_path(path: Path) -> Path:
    """`pack.error.txt` for `pack.yaml`."""
    return path.with_name(path.name.removesuffix(path.suffix) + NOTE_SUFFIX)


def _inbox_paths(file: PackFile | None) -> Mapping[str, Path]:
    """The inbox file of each asset that has one."""
    if file is None:
        return {}
    with contextlib.suppress(AssetgenError):
        return {name: path for path, name in inbox_files(file) if name not in file.pack.assets}
    return {}


def _concerned_file(pack: Path, reason: str) -> Path:
    """The inbox file that an error begins with, else the pack file."""
    first = reason.partition(": ")[0]
    for name in (first, first.rpartition(":")[0]):
        if name and Path(name).is_relative_to(pack.parent / INBOX) and os.path.isfile(name):  # noqa: PTH113
            return Path(name)
    return pack


def _existing_notes(pack: Path) -> Iterator[Path]:
    """The notes of a pack and its inbox that assetgen wrote."""
    inbox = pack.parent / INBOX
    for note in [_note_path(pack), *(sorted(inbox.rglob(f"*{NOTE_SUFFIX}")) if inbox.is_dir() else ())]:
        if _content(note).startswith(_FIRST_WORDS.encode()):
            yield note


def _content(note: Path) -> bytes:
    """The bytes of a file; none if it is missing, or is too large for a note."""
    with contextlib.suppress(OSError):
        return read_limited(note, _MAX_BYTES)
    return b""

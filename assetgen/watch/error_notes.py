"""What is wrong, beside the file that it is wrong with: `pack.error.txt`, `inbox/boulder.error.txt`."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from assetgen.errors import AssetgenError
from assetgen.events import Failed
from assetgen.pack.inbox import NOTE_SUFFIX, inbox_files
from assetgen.pack.library import INBOX, PackFile
from assetgen.store.atomic import write_atomically

HEAD = "assetgen could not build this; the note goes when it is mended.\n\n"


def note_place(path: Path) -> Path:
    """Where the note on a file is: `pack.error.txt` for `pack.yaml`."""
    return path.with_name(path.name.removesuffix(path.suffix) + NOTE_SUFFIX)


def write_notes(place: Path, file: PackFile | None, failures: Sequence[Failed]) -> None:
    """Put the sentences of a build of the pack file `place` beside what they are about, and remove the notes of before.

    Where that may not be, the log has them, too.
    """
    wanted: dict[Path, list[str]] = {}
    about = _files(file)
    for failure in failures:
        subject = about.get(failure.asset) or _subject(place, failure.reason)
        wanted.setdefault(note_place(subject), []).append(failure.reason)
    for note in _standing(place):
        if note not in wanted:
            with contextlib.suppress(OSError):
                note.unlink(missing_ok=True)
    for note, sentences in wanted.items():
        text = (HEAD + "\n".join(sentences) + "\n").encode("utf-8", "replace")
        with contextlib.suppress(OSError):
            is_gone = not note.parent.is_dir()  # a folder that was moved or removed is not made again for a note
            if not is_gone and (not note.exists() or note.read_bytes() != text):
                write_atomically(note, text)


def remove_notes(place: Path) -> None:
    """Remove all notes on a pack, as when it is gone."""
    write_notes(place, None, ())


def _files(file: PackFile | None) -> Mapping[str, Path]:
    """The dropped file of each asset that has one."""
    if file is None:
        return {}
    with contextlib.suppress(AssetgenError):
        return {name: path for path, name in inbox_files(file) if name not in file.pack.assets}
    return {}


def _subject(place: Path, reason: str) -> Path:
    """The file in the inbox that a sentence begins with, else the pack."""
    first = reason.partition(": ")[0]
    for name in (first, first.rpartition(":")[0]):
        if name and Path(name).is_relative_to(place.parent / INBOX) and Path(name).is_file():
            return Path(name)
    return place


def _standing(place: Path) -> Iterator[Path]:
    """The notes of ours on a pack and in its inbox."""
    inbox = place.parent / INBOX
    for note in [note_place(place), *(sorted(inbox.rglob(f"*{NOTE_SUFFIX}")) if inbox.is_dir() else ())]:
        with contextlib.suppress(OSError, ValueError):
            if note.read_text(encoding="utf-8").startswith(HEAD):
                yield note

"""The errors that users see: where, what, cure. Cancelling work."""

import re
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar

_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
"""Control characters, line breaks, invisible characters, marks that reverse the text after them, and surrogates of
bytes that are not UTF-8."""

_MAX_MESSAGE = 2_000  # characters
_LISTED = 12
"""Known names that a hint lists."""


def printable(text: str) -> str:
    """Text from files and file names as one line for people: characters that a terminal executes or hides are escaped.

    The escapes are those of Python's `repr`, such as `\\u202e`.
    """
    return _UNPRINTABLE.sub(lambda found: repr(found[0])[1:-1], text)


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun: `1 asset`, `2 assets`. `plural` is for nouns that do not end in `s`."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def did_you_mean(word: str, known: Iterable[str], first: Sequence[str] = (), listing: str = "") -> str:
    """A hint for a misspelt word: the closest known one, or some known ones, those of `first` before others.

    `listing` is the command that lists all of them.
    """
    import difflib

    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"Did you mean '{near[0]}'?"
    if not known:
        return "There is none."
    ordered = [each for each in first if each in known] + [each for each in known if each not in first]
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    where = f" (`{listing}` shows all)" if more and listing else ""
    return f"Known: {', '.join(ordered[:_LISTED])}{more}{where}."


class AssetgenError(Exception):
    """A failure that a user can act on. `exit_code` is the exit code of the command line."""

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", cure: str = "") -> None:
        super().__init__(what, where, cure)
        self.what, self.where, self.cure = what, where, cure

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        cure = f" {_ended(self.cure)}" if self.cure else ""
        return printable(_shortened(f"{where}{_ended(self.what)}{cure}"))

    def at(self, where: str) -> "AssetgenError":
        """The same error with a location, unless it already has one."""
        return self if self.where else type(self)(self.what, where=where, cure=self.cure)


def _shortened(text: str) -> str:
    """A message that quotes a very long name, without its middle."""
    return text if len(text) <= _MAX_MESSAGE else f"{text[: _MAX_MESSAGE // 2]}…{text[-_MAX_MESSAGE // 2 :]}"


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?")) else f"{sentence}."


class InputError(AssetgenError):
    """Invalid input: a pack, preset, mesh, image or option."""


class Cancelled(BaseException):
    """Raised by an `Emit`, or by `check_cancelled`, to cancel the build.

    Not an `Exception`, so that no handler swallows it.
    """


is_cancelled: ContextVar[Callable[[], bool]] = ContextVar("is_cancelled", default=lambda: False)
"""Whether the work of this thread is cancelled."""


def check_cancelled() -> None:
    """Raise `Cancelled` where the work of this thread is cancelled. For loops in parts that take seconds."""
    if is_cancelled.get()():
        raise Cancelled


class NotInstalledError(AssetgenError):
    """A package, program or weight file is missing; `cure` holds the install command."""

    exit_code = 3


class BuildError(AssetgenError):
    """One asset failed; the rest of the pack continues."""

    exit_code = 1


class PublishError(AssetgenError):
    """Files could not be written to the game folder; its existing files are intact."""

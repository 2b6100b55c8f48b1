"""The command line. Each command parses its arguments, makes one call into assetgen, and prints text or JSON.

This module imports only what Python has loaded already: an interrupted import prints a traceback.
"""

import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator

_CANCELLED = 130


def main(arguments: list[str] | None = None) -> None:
    """Run the command line with `arguments`, by default those of the process.

    Exit codes: 0 done, 1 some assets failed, 2 bad input, 3 not installed, 130 cancelled.
    """
    given = sys.argv[1:] if arguments is None else arguments
    options = given[: given.index("--")] if "--" in given else given
    if "--version" in options:
        given = ["--version"]
    with _exit_at_interrupt():  # imports take a second, and an interrupted one prints a traceback
        from assetgen.cli.commands import app
        from assetgen.errors import AssetgenError, InputError

    debug = "--debug" in options
    _prepare_streams()
    try:
        app(args=[argument for argument in given if argument != "--debug"])
    except AssetgenError as error:
        if debug:
            raise
        _print_error(str(error))
        sys.exit(error.exit_code)
    except OSError as error:  # such as a full disk for stdout, a path that is too long, or a folder without access
        if debug:
            raise
        what = f"cannot use '{error.filename}'" if error.filename else "cannot write the output"
        cannot = InputError(f"{what} ({error.strerror})", cure="--debug shows where")
        _print_error(str(cannot))
        sys.exit(cannot.exit_code)
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):
            sys.exit(_CANCELLED)
        if ended.code == _CANCELLED:
            _print_error("cancelled; finished work is kept")
        raise


@contextlib.contextmanager
def _exit_at_interrupt() -> Iterator[None]:
    """Ctrl-C ends the process at once."""
    before = signal.getsignal(signal.SIGINT)
    can_set = before is signal.default_int_handler
    with contextlib.suppress(ValueError):  # only the main thread can set signal handlers
        if can_set:
            signal.signal(signal.SIGINT, lambda *_: os._exit(_CANCELLED))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            if can_set:
                signal.signal(signal.SIGINT, before)


def _prepare_streams() -> None:
    """Open closed streams, whose numbers the next opened file would get; print what has no encoding as escapes."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number
            setattr(sys, name, open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def relative(text: str) -> str:
    """A message with paths below the current folder written relative to it."""
    with contextlib.suppress(OSError):  # a folder that was removed
        here = os.path.join(os.getcwd(), "")  # noqa: PTH109, PTH118 - pathlib is not imported yet
        return text.replace(here, "") if len(here) > 1 else text
    return text


def _print_error(text: str) -> None:
    """Print a line on stderr, if that is still possible."""
    with contextlib.suppress(OSError):
        print(f"assetgen: {relative(text)}", file=sys.stderr, flush=True)
